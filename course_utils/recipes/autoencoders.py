"""Recipes of plain, linear, denoising and hashing autoencoders (notebook 01)."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from course_utils import evaluation, metrics, networks
from course_utils.datasets import Splits
from course_utils.losses import squared_error
from course_utils.methods import Autoencoder, DenoisingAutoencoder, SemanticHashing
from course_utils.methods.autoencoder import Downsample, GaussianNoise
from course_utils.recipes.base import IMAGE, Recipe, by_mode

N_QUERIES = 1_000
NOISE_LEVELS = (0.1, 0.5)


def mlp_pair(latent_dim: int, hidden: tuple[int, ...] = (512, 512), in_shape=IMAGE, out: str = "sigmoid"):
    """Encoder of `in_shape` and decoder to images, MLPs of the same widths; no widths: one linear layer each."""
    encoder = networks.DeterministicEncoder(networks.mlp(in_shape, hidden), latent_dim)
    return encoder, networks.MLPDecoder(latent_dim, IMAGE, hidden, out=out)


def linear_pair(latent_dim: int):
    """One linear layer to the code, one linear layer back to the pixels."""
    return mlp_pair(latent_dim, hidden=(), out="identity")


# ---- what they are measured by ----------------------------------------------------------------------------------


@torch.no_grad()
def reconstruction(method: Autoencoder, data: Splits) -> dict[str, float]:
    """Half the squared error a test image, and that of PCA, fitted on training images, with a code of the same size."""
    x = evaluation.test_images(method, data).x
    mean, directions, _ = metrics.principal_components(data.train.x.to(x.device), method.encoder.latent_dim)
    return {
        "reconstruction_squared_error": squared_error(method.reconstruct(x), x).item(),
        "pca_squared_error": squared_error(metrics.project(x, mean, directions), x).item(),
    }


@torch.no_grad()
def against_pca(method: Autoencoder | SemanticHashing, data: Splits) -> dict[str, float]:
    """`reconstruction`, and the largest and the median angle, in degrees, between what decoder and PCA span."""
    weight = method.decoder.head.weight
    _, directions, _ = metrics.principal_components(data.train.x.to(weight.device), weight.shape[1])
    angles = metrics.principal_angles(weight, directions)
    numbers = {"largest_angle": angles.max().item(), "median_angle": angles.median().item()}
    return numbers | reconstruction(method, data)


@torch.no_grad()
def denoising(method: DenoisingAutoencoder, data: Splits) -> dict[str, float]:
    """PSNR of the test images in dB: with noise of standard deviation 0.1 and 0.5, and after its removal."""
    x = evaluation.test_images(method, data).x
    numbers = {}
    for std in NOISE_LEVELS:
        noisy = GaussianNoise(std)(x)
        numbers[f"psnr_noisy_{std}"] = metrics.psnr(noisy, x).mean().item()
        numbers[f"psnr_restored_{std}"] = metrics.psnr(method.restore(noisy), x).mean().item()
    return numbers


@torch.no_grad()
def enlarging(method: DenoisingAutoencoder, data: Splits) -> dict[str, float]:
    """PSNR in dB of test images enlarged from what ``method.corrupt`` leaves: by bicubic interpolation, by us."""
    x = evaluation.test_images(method, data).x
    small = method.corrupt(x)
    bicubic = F.interpolate(small, size=x.shape[2:], mode="bicubic", align_corners=False).clamp(0, 1)
    return {
        "psnr_bicubic": metrics.psnr(bicubic, x).mean().item(),
        "psnr_restored": metrics.psnr(method.restore(small), x).mean().item(),
    }


@torch.no_grad()
def retrieval(method: SemanticHashing, data: Splits) -> dict[str, float]:
    """Precision at 100 in percent: 1,000 random test images (or all, if fewer) search all training images.

    By the Hamming distance of the bits, by that of as many sign bits of PCA, and by as many real numbers of PCA.
    """
    device = next(method.parameters()).device
    train, test = data.train.to(device), data.test.to(device)
    some = torch.randperm(len(test), device=device)[:N_QUERIES]
    x, y = test.x[some], test.y[some]
    mean, directions, _ = metrics.principal_components(train.x, method.encoder.latent_dim)
    real = [(images.flatten(1) - mean) @ directions for images in (x, train.x)]
    distances = {
        "bits": metrics.hamming_distances(method.bits(x), method.bits(train.x)),
        "pca_bits": metrics.hamming_distances(real[0] > 0, real[1] > 0),
        "pca_reals": torch.cdist(*real),
    }
    return {
        f"precision_at_100_{name}": 100 * metrics.precision_at_k(d, y, train.y, [100]).item()
        for name, d in distances.items()
    }


# ---- the recipes ------------------------------------------------------------------------------------------------

_LINEAR = (
    "Baldi and Hornik 1989, Bourlard and Kamp 1988 (8-D code, linear output); ours: Adam at 1e-2, since at the usual "
    "1e-3 the last direction needs far more steps; rate divided by 10 at one half and at four fifths"
)
_PLAIN = (
    "Hinton and Salakhutdinov 2006 (deep encoder, mirrored decoder); ours: 512-512 ReLU units, no layer-wise "
    "pretraining, squared error, Adam 1e-3"
)
_DENOISING = "Vincent et al. 2008, section 2.3 (damaged input, clean target); ours: 512-512 ReLU units, 64-D code"
_HASHING = (
    "Salakhutdinov and Hinton 2009 (noise before the sigmoid code); ours: 512-512 ReLU units, 32 bits, "
    "no pretraining, squared error, Adam 1e-3"
)


def _linear(name: str, what: str, build: Callable) -> Recipe:
    return Recipe(name, f"{what}; {_LINEAR}", build, against_pca, epochs=by_mode(10, 10, 40), decay_at=(0.5, 0.8))


def _deep(name: str, source: str, build: Callable, evaluate: Callable) -> Recipe:
    return Recipe(name, source, build, evaluate, epochs=by_mode(5, 5, 50), decay_at=(0.7,))


def _plain(latent_dim: int) -> Recipe:
    build = lambda: Autoencoder(*mlp_pair(latent_dim))  # noqa: E731
    return _deep(f"autoencoder_{latent_dim}d", _PLAIN, build, reconstruction)


RECIPES = [
    _linear("linear_autoencoder", "linear encoder", lambda: Autoencoder(*linear_pair(8), lr=1e-2)),
    _linear("sigmoid_autoencoder", "one sigmoid layer", lambda: SemanticHashing(*linear_pair(8), noise=0.0, lr=1e-2)),
    *(_plain(latent_dim) for latent_dim in (2, 4, 8, 16, 32)),
    _deep(
        "denoising_autoencoder",
        f"{_DENOISING}; noise of a standard deviation drawn between 0 and 1 for each image",
        lambda: DenoisingAutoencoder(*mlp_pair(64), GaussianNoise(0.0, 1.0)),
        denoising,
    ),
    _deep(
        "super_resolution_7x7",
        f"{_DENOISING}; the damage: 28x28 pixels averaged to 7x7",
        lambda: DenoisingAutoencoder(*mlp_pair(64, in_shape=(1, 7, 7)), Downsample(4)),
        enlarging,
    ),
    _deep(
        "semantic_hashing",
        f"{_HASHING}; noise of standard deviation 4 chosen among 0, 1, 2 and 4 on validation images",
        lambda: SemanticHashing(*mlp_pair(32), noise=4.0),
        retrieval,
    ),
    _deep(
        "semantic_hashing_without_noise",
        f"{_HASHING}, but without the noise",
        lambda: SemanticHashing(*mlp_pair(32), noise=0.0),
        retrieval,
    ),
]
