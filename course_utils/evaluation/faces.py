"""Faces: what can be measured without a judge of faces."""

import torch
from torch import Tensor

from course_utils import losses, metrics
from course_utils.datasets import Images, Splits
from course_utils.evaluation.common import random_subset
from course_utils.methods import VAEGAN, AttributeVAEGAN

N_FACES = 2_000


@torch.no_grad()
def faces(method: VAEGAN, data: Splits) -> dict[str, float]:
    """Of 2,000 random test images decoded from their mean codes, and of as many samples.

    reconstruction_squared_error: half the squared error of pixels, summed; reconstruction_ms_ssim; kl: of q(z|x) from
    N(0, I), in nats; and the `metrics.sharpness` of images, reconstructions and samples.
    """
    x, _ = _some(method, data.test)
    return _numbers(x, method.reconstruct(x), method.sample(len(x)), method.encoder(x))


@torch.no_grad()
def attribute_faces(method: AttributeVAEGAN, data: Splits) -> dict[str, float]:
    """`faces`, each reconstruction and each sample with the attributes of a test image."""
    x, a = _some(method, data.test)
    return _numbers(x, method.reconstruct(x, a), method.sample(a), method.encoder(x, a))


def _some(method, test: Images) -> tuple[Tensor, Tensor | None]:
    where = next(method.parameters()).device
    chosen = test.chosen(random_subset(torch.arange(len(test)), N_FACES))
    return chosen.floats().to(where), None if chosen.attributes is None else chosen.attributes.to(where)


def _numbers(x: Tensor, x_hat: Tensor, x_fake: Tensor, posterior: tuple[Tensor, Tensor]) -> dict[str, float]:
    sharpness = {"test": x, "reconstruction": x_hat, "sample": x_fake}
    return {
        "reconstruction_squared_error": losses.squared_error(x_hat, x).item(),
        "reconstruction_ms_ssim": metrics.ms_ssim(x_hat, x).mean().item(),
        "kl": losses.kl_to_standard_normal(*posterior).item(),
        **{f"{name}_sharpness": metrics.sharpness(images).nanmean().item() for name, images in sharpness.items()},
    }
