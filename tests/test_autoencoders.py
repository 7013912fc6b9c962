"""Denoising and hashing autoencoders, the damage they undo, and what their recipes are measured by."""

import math

import pytest
import tiny
import torch
from torch import nn

from course_utils import datasets, experiments, metrics, networks, recipes, runtime
from course_utils.losses import squared_error
from course_utils.methods import Autoencoder, DenoisingAutoencoder, SemanticHashing
from course_utils.methods.autoencoder import Downsample, GaussianNoise
from course_utils.recipes import autoencoders


class AddOne(nn.Module):
    """A damage with a known answer."""

    def forward(self, x):
        return x + 1


def pair(latent_dim: int = 4):
    runtime.seed_everything(0)
    encoder = networks.DeterministicEncoder(networks.mlp(tiny.IMAGE, (16,)), latent_dim)
    return encoder, networks.MLPDecoder(latent_dim, tiny.IMAGE, (16,))


# ---- damage -----------------------------------------------------------------------------------------------------


def test_noise_has_the_strength_it_was_given():
    torch.manual_seed(0)
    x = torch.rand(1, 1, 28, 28).expand(400, -1, -1, -1)
    noise = GaussianNoise(0.3)(x) - x
    n = noise.numel()
    assert noise.std().item() == pytest.approx(0.3, abs=5 * 0.3 / math.sqrt(2 * n))
    assert noise.mean().item() == pytest.approx(0, abs=5 * 0.3 / math.sqrt(n))


def test_each_image_gets_noise_of_its_own_strength():
    torch.manual_seed(0)
    stds = GaussianNoise(0.2, 0.8)(torch.zeros(2_000, 1, 28, 28)).flatten(1).std(1)
    # uniform between 0.2 and 0.8; the estimate from 784 pixels is off by 2.5 % (one standard deviation)
    assert 0.2 * 0.85 < stds.min() < 0.25
    assert 0.75 < stds.max() < 0.8 * 1.15
    assert stds.mean().item() == pytest.approx(0.5, abs=5 * 0.6 / math.sqrt(12 * 2_000))


def test_downsample_takes_the_mean_of_squares():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert Downsample(2)(x).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GaussianNoise(-0.1), "low <= high"),
        (lambda: GaussianNoise(0.5, 0.2), "0.5 and 0.2"),
        (lambda: Downsample(3)(torch.zeros(1, 1, 28, 28)), "not divisible by 3"),
        (lambda: SemanticHashing(*pair(), noise=-1.0), "cannot be negative"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- training steps ---------------------------------------------------------------------------------------------


def test_the_target_is_the_clean_image():
    method = DenoisingAutoencoder(*pair(), AddOne())
    x = tiny.batch()["x"]
    with torch.no_grad():
        x_hat = method.restore(x + 1)
    loss = method.training_step({"x": x})["reconstruction"].item()
    assert loss == pytest.approx(squared_error(x_hat, x).item(), rel=1e-5)
    assert loss != pytest.approx(squared_error(x_hat, x + 1).item(), rel=0.1)


def test_codes_are_of_images_as_the_encoder_takes_them():
    method = DenoisingAutoencoder(*pair(), AddOne())
    x = tiny.batch()["x"]
    assert torch.equal(method.encode(x), method.encoder(x)), "no damage is added"
    assert torch.equal(method.restore(x), method.decoder(method.encode(x)))


def test_without_damage_it_is_the_plain_autoencoder():
    plain, denoising = Autoencoder(*pair()), DenoisingAutoencoder(*pair(), nn.Identity())
    for _ in range(3):
        losses = [method.training_step(tiny.batch())["reconstruction"] for method in (plain, denoising)]
    assert torch.equal(*losses)


def test_hashing_decodes_a_noisy_sigmoid_of_the_code():
    method = SemanticHashing(*pair(), noise=2.0)
    x = tiny.batch()["x"]
    torch.manual_seed(5)
    with torch.no_grad():
        logits = method.encoder(x)
        z = 1 / (1 + torch.exp(-(logits + 2 * torch.randn(logits.shape))))
        expected = squared_error(method.decoder(z), x).item()
    torch.manual_seed(5)
    assert method.training_step({"x": x})["reconstruction"].item() == pytest.approx(expected, rel=1e-5)


def test_bits_are_the_rounded_codes():
    method = SemanticHashing(*pair(), noise=2.0)
    x = tiny.batch()["x"]
    with torch.no_grad():
        assert torch.equal(method.bits(x), method.encode(x).round().bool())
        assert torch.equal(method.reconstruct(x), method.decoder(method.encode(x)))


@pytest.mark.parametrize("method", [DenoisingAutoencoder(*pair(), AddOne()), SemanticHashing(*pair())], ids=["d", "h"])
def test_a_step_moves_encoder_and_decoder(method):
    before = tiny.state(method)
    method.training_step(tiny.batch())
    assert all(not torch.equal(value, before[name]) for name, value in method.state_dict().items())


# ---- what training should lead to -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def separable() -> datasets.Splits:
    """Points of 8x8 pixels with variance in three directions only, falling by four each time."""
    generator = torch.Generator().manual_seed(0)
    directions, _ = torch.linalg.qr(torch.randn(64, 3, generator=generator))
    x = 0.5 + (torch.randn(2_000, 3, generator=generator) * torch.tensor([2.0, 1.0, 0.5])) @ directions.T
    images = datasets.Images(x.view(-1, 1, 8, 8), torch.zeros(len(x), dtype=torch.int64))
    return datasets.Splits("made", images, images, images)


def test_a_linear_autoencoder_finds_the_principal_subspace(separable):
    runtime.seed_everything(0)
    encoder = networks.DeterministicEncoder(networks.mlp(tiny.IMAGE, ()), 2)
    method = Autoencoder(encoder, networks.MLPDecoder(2, tiny.IMAGE, (), out="identity"), lr=1e-2)
    for step in range(1_500):
        i = torch.randperm(2_000)[:200]
        if step == 1_200:
            method.optimizers["autoencoder"].param_groups[0]["lr"] = 1e-3
        method.training_step({"x": separable.train.x[i]})
    numbers = autoencoders.against_pca(method, separable)
    assert numbers["largest_angle"] < 3
    assert numbers["reconstruction_squared_error"] == pytest.approx(numbers["pca_squared_error"], rel=0.02)
    assert numbers["pca_squared_error"] == pytest.approx(0.5 * 0.25, rel=0.1)  # the variance left out


def test_noise_makes_codes_binary(separable):
    extreme = []
    for noise in (0.0, 4.0):
        runtime.seed_everything(0)
        encoder = networks.DeterministicEncoder(networks.mlp(tiny.IMAGE, (32,)), 4)
        method = SemanticHashing(encoder, networks.MLPDecoder(4, tiny.IMAGE, (32,), out="identity"), noise, lr=1e-2)
        for _ in range(300):
            method.training_step({"x": separable.train.x[torch.randperm(2_000)[:100]]})
        with torch.no_grad():
            z = method.encode(separable.test.x)
        extreme.append(((z < 0.05) | (z > 0.95)).float().mean().item())
    assert extreme[1] > extreme[0] + 0.3


# ---- evaluation -------------------------------------------------------------------------------------------------


class Perfect(nn.Module):
    """Restores anything: it knows the answer. In place of a method for `denoising` and `enlarging`."""

    def __init__(self, x, corrupt=None):
        super().__init__()
        self.x, self.corrupt = x, corrupt
        self.anchor = nn.Parameter(torch.zeros(1))

    def restore(self, damaged):
        return self.x + 0.1


def test_denoising_and_enlarging_are_measured_in_decibels(separable):
    x = separable.test.x
    torch.manual_seed(0)
    numbers = autoencoders.denoising(Perfect(x), separable)
    assert numbers["psnr_restored_0.5"] == pytest.approx(20, abs=1e-3)  # wrong by 0.1 everywhere
    assert numbers["psnr_noisy_0.5"] == pytest.approx(-20 * math.log10(0.5), abs=0.1)
    numbers = autoencoders.enlarging(Perfect(x, Downsample(4)), separable)
    assert numbers["psnr_restored"] == pytest.approx(20, abs=1e-3)
    assert numbers["psnr_bicubic"] < 15, "the points are noise to an interpolation"
    flat = datasets.Images(torch.full((3, 1, 8, 8), 0.25), torch.zeros(3, dtype=torch.int64))
    numbers = autoencoders.enlarging(Perfect(flat.x, Downsample(4)), datasets.Splits("flat", flat, flat, flat))
    assert numbers["psnr_bicubic"] > 100, "an even grey is enlarged to itself"


def test_retrieval_is_the_precision_of_the_bits():
    digits = datasets.load("digits")
    method = experiments.get("semantic_hashing").method(seed=0).requires_grad_(False)
    numbers = experiments.evaluate("semantic_hashing", method, digits)
    distances = metrics.hamming_distances(method.bits(digits.test.x), method.bits(digits.train.x))
    expected = metrics.precision_at_k(distances, digits.test.y, digits.train.y, [100]).item()  # 300 images: all queries
    assert numbers["precision_at_100_bits"] == pytest.approx(100 * expected, rel=1e-4)
    assert numbers["precision_at_100_pca_reals"] > numbers["precision_at_100_pca_bits"] > 30


def test_recipes_have_the_code_sizes_of_their_names():
    for d in (2, 4, 8, 16, 32):
        assert recipes.ALL[f"autoencoder_{d}d"].method().encoder.latent_dim == d
    assert recipes.ALL["super_resolution_7x7"].method().encoder.trunk.in_shape == (1, 7, 7)
    assert recipes.ALL["semantic_hashing_without_noise"].method().noise == 0
