"""VAE, GAN and what lies between: samples, reconstructions, and where they are sharp (notebook 13)."""

import torch
from torch import Tensor

from course_utils import judge, losses, metrics
from course_utils.datasets import Splits
from course_utils.evaluation.common import test_images
from course_utils.evaluation.images import image_quality, images
from course_utils.evaluation.style import seen_percent
from course_utils.methods import VAEGAN, Method

N_SANE = 2_000  # images on each side of the quick look at a short training
# What a short training must reach to count as sane; the recipes say after how many steps.
SANE_CLASS_PERCENT = 80.0  # reconstructions in which the judge sees the class of the image
SANE_RAREST_PERCENT = 1.0  # of samples, of the class that is sampled most rarely


@torch.no_grad()
def samples_by_region(method: Method, data: Splits) -> dict[str, float]:
    """`images`, and the sharpness of samples and of test images in the middle and at the border, without black ones."""
    test = test_images(method, data).x
    numbers = images(method, data)
    return {**numbers, **_regions("samples", method.sample(len(test))), **_regions("test", test)}


@torch.no_grad()
def samples_and_reconstructions(method: Method, data: Splits) -> dict[str, float]:
    """`samples_by_region`, and of the test images, decoded from their mean codes, what became of them.

    reconstruction_squared_error: half the squared error of pixels, summed. reconstruction_class_percent: in which the
    judge sees the class of the image (test_class_percent: the same of the images themselves). reconstruction_fid: of
    as many of them as `images` takes samples, to as many other test images. kl: of q(z|x) from N(0, I), in nats.
    """
    test = test_images(method, data)
    x_hat = method.reconstruct(test.x)
    return {
        **samples_by_region(method, data),
        "reconstruction_squared_error": losses.squared_error(x_hat, test.x).item(),
        "reconstruction_class_percent": seen_percent(x_hat, test.y),
        "test_class_percent": seen_percent(test.x, test.y),
        "reconstruction_fid": _fid_of_halves(test.x, x_hat),
        "kl": losses.kl_to_standard_normal(*method.encoder(test.x)).item(),
        **_regions("reconstructions", x_hat),
    }


@torch.no_grad()
def sanity(method: VAEGAN, data: Splits) -> dict[str, float]:
    """A quick look at a short training, on 2,000 test images and as many samples.

    reconstruction_class_percent: as in `samples_and_reconstructions`. rarest_class_percent: the share of the samples
    that the judge takes for the class it sees most rarely. sane: 1 if they reach `SANE_CLASS_PERCENT` and
    `SANE_RAREST_PERCENT`, else 0. fid, kl and reconstruction_squared_error as there; feature_size: the root of the
    mean square of the discriminator's features of test images.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SANE]
    x, y = test.x[chosen], test.y[chosen]
    x_hat, x_fake = method.reconstruct(x), method.sample(len(x))
    seen = judge.probabilities(x_fake).argmax(1).bincount(minlength=data.n_classes)
    right, rarest = seen_percent(x_hat, y), 100 * seen.min().item() / len(x)
    _, features = method.discriminator.look(x, method.layer)
    return {
        "sane": float(right >= SANE_CLASS_PERCENT and rarest >= SANE_RAREST_PERCENT),
        "reconstruction_class_percent": right,
        "rarest_class_percent": rarest,
        "fid": image_quality(x, x_fake)["fid"],
        "reconstruction_squared_error": losses.squared_error(x_hat, x).item(),
        "kl": losses.kl_to_standard_normal(*method.encoder(x)).item(),
        "feature_size": features.square().mean().sqrt().item(),
    }


def _regions(name: str, x: Tensor) -> dict[str, float]:
    by_region = metrics.region_sharpness(x)
    means = {region: getattr(by_region, region).nanmean().item() for region in ("centre", "border")}
    return {f"{name}_{region}_sharpness": mean for region, mean in means.items()}


def _fid_of_halves(x: Tensor, x_hat: Tensor) -> float:
    """FID between images and the reconstructions of OTHER images: with the same ones it would be flattered."""
    order = torch.randperm(len(x), device=x.device)
    half = len(x) // 2
    return metrics.fid(judge.features(x[order[:half]]), judge.features(x_hat[order[half:]]))
