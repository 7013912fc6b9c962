"""The shape of q(z|x) (notebook 07)."""

import torch
from torch import Tensor

from course_utils import judge, metrics, networks
from course_utils.datasets import Splits
from course_utils.evaluation.codes import codes
from course_utils.evaluation.common import N_TEST_CODES, random_subset, test_images
from course_utils.methods import Method

N_POSTERIORS, N_DRAWS = 500, 300  # images whose q(z|x) is looked at, and codes drawn from each
STEP = 0.05  # the length, in code units, over which the slope of a decoder is taken


@torch.no_grad()
def draws(encoder: torch.nn.Module, x: Tensor, n: int = N_DRAWS) -> Tensor:
    """n codes z ~ q(z|x) of each image x (B, ...): clouds (B, n, latent_dim), for `metrics.normality_test`."""
    return torch.stack([encoder.sample(x) for _ in range(n)], dim=1)


@torch.no_grad()
def posteriors(method: Method, data: Splits) -> dict[str, float]:
    """`codes`, the shape of q(z|x) of 500 random test images from 300 draws each, and what the decoder makes of it.

    posterior_width_percent: the standard deviation of the codes of one image in percent of that of all codes, root
    mean square over images and entries; 0 for a point. Where there is a width, also what `metrics.normality_test`
    says: non_gaussian_percent, the share of images with p <= 0.05 (of true Gaussians: 5 %); gaussian_distance, the
    median over images, and gaussian_distance_top, what the most extreme twentieth of them exceeds; all without the
    flat_percent of images whose codes lie on a line, which have no Gaussian of two dimensions to compare with.
    clear_percent: samples of the model to one class of which the `judge` gives at least 90 %. slope: by how much an
    image changes (root of the summed squared differences) per unit of the code, at samples of the prior.
    """
    x = random_subset(test_images(method, data).x, N_POSTERIORS)
    clouds = draws(method.encoder, x)
    samples = method.sample(N_TEST_CODES)
    numbers = codes(method, data)
    offsets = clouds - clouds[:, :1]  # exactly zero for a point, where a mean of equal numbers may be rounded
    width = offsets.var(1).mean().sqrt().item() / numbers["code_std"]
    numbers |= {
        "posterior_width_percent": 100 * width,
        "clear_percent": 100 * (judge.probabilities(samples).max(1).values >= 0.9).float().mean().item(),
        "slope": slope(method.decoder, method.prior.sample(N_TEST_CODES)),
        "encoder_parameters": networks.count_parameters(method.encoder),
    }
    return numbers | (normality(clouds) if width else {})


def normality(clouds: Tensor) -> dict[str, float]:
    """What `metrics.normality_test` says of clouds (B, n, d), over all that are not flat."""
    flat = metrics.is_flat(clouds)
    if flat.all():
        return {"flat_percent": 100.0}
    test = metrics.normality_test(clouds[~flat.to(clouds.device)])
    return {
        "flat_percent": 100 * flat.double().mean().item(),
        "non_gaussian_percent": 100 * (test.p_value <= 0.05).double().mean().item(),
        "gaussian_distance": test.statistic.median().item(),
        "gaussian_distance_top": test.statistic.quantile(0.95).item(),
    }


@torch.no_grad()
def slope(decoder: torch.nn.Module, z: Tensor) -> float:
    """The mean change of the decoded image for a step of `STEP` in a random direction from each z (B, d), per unit."""
    direction = torch.nn.functional.normalize(torch.randn_like(z), dim=1)
    change = (decoder(z + STEP * direction) - decoder(z)).flatten(1).norm(dim=1)
    return change.mean().item() / STEP
