"""Codes and their prior; likelihoods and bounds."""

import numpy as np
import torch
from torch import Tensor

from course_utils import losses, metrics
from course_utils.datasets import Splits
from course_utils.evaluation.common import N_IMAGES, N_TEST_CODES, random_subset, test_images
from course_utils.methods import VAE, Method

HOLES_K = 7
N_PARZEN = 10_000  # samples under the window (Goodfellow et al. 2014, section 5; AAE section 3)
PARZEN_WIDTHS = tuple(np.logspace(-1, 0, 10).tolist())  # in units of the pixel range


@torch.no_grad()
def codes(method: Method, data: Splits) -> dict[str, float]:
    """How well the codes of the test images match ``method.prior``, and what the decoder makes of them.

    One code z ~ q(z|x) an image is drawn (of a stochastic encoder; a deterministic one has no choice), since it is
    their distribution q(z) that has to equal the prior, not that of the posterior means.

    energy_distance, energy_p_value, mmd2: `metrics.two_sample_test` and `losses.mmd2` of 2,000 codes (or all, if
    fewer) against as many samples of the prior. holes_percent: `metrics.holes` of all codes, and
    holes_percent_if_perfect its value for q(z) = p(z). code_std: the standard deviation of a code entry, root mean
    square over the entries. reconstruction_squared_error: half the squared error an image of decoding z.
    """
    x = test_images(method, data).x
    z = method.encoder.sample(x)
    some = random_subset(z, N_TEST_CODES)
    p = method.prior.sample(len(some))
    energy = metrics.two_sample_test(some, p)
    return {
        "energy_distance": energy.statistic,
        "energy_p_value": energy.p_value,
        "mmd2": losses.mmd2(some, p).item(),
        "holes_percent": 100 * metrics.holes(z, method.prior, k=HOLES_K),
        "holes_percent_if_perfect": 100 * 2**-HOLES_K,
        "code_std": z.var(0).mean().sqrt().item(),
        "reconstruction_squared_error": losses.squared_error(method.decoder(z), x).item(),
    }


@torch.no_grad()
def likelihood(method: VAE, data: Splits) -> dict[str, float]:
    """ELBO and IWAE bound (50 draws) of 1,000 random test images (or all, if fewer), means in nats an image.

    elbo, iwae_50: of the images as they are. With a Bernoulli likelihood their grey values stand for
    probabilities of ink, and with a Gaussian one the bound is on a density of pixel values, so neither compares with
    the numbers of papers. For a Bernoulli likelihood there are therefore also elbo_binarised and iwae_50_binarised,
    of the same images with each pixel drawn once as 0 or 1: that is a log-probability like the published ones
    (Burda et al. 2016, section 5), though of a model that may have been trained on grey values.
    """
    x = random_subset(test_images(method, data).x, N_IMAGES)
    numbers = bounds(method, x)
    if method.likelihood == "bernoulli":
        numbers |= {f"{name}_binarised": value for name, value in bounds(method, torch.bernoulli(x)).items()}
    return numbers


def bounds(vae: Method, x: Tensor) -> dict[str, float]:
    """ELBO and IWAE bound (50 draws) of images x (B, ...), means in nats an image; ``vae.log_weight`` gives both."""
    # the ELBO of one draw an image is noisy: take the mean of ten
    elbo = torch.stack([metrics.iwae_bound(vae, x, k=1) for _ in range(10)])
    return {"elbo": elbo.mean().item(), "iwae_50": metrics.iwae_bound(vae, x, k=50).mean().item()}


@torch.no_grad()
def parzen(method: Method, data: Splits) -> dict[str, float]:
    """Parzen-window log-likelihood of the test images under 10,000 samples of the model, in nats an image.

    The protocol of Goodfellow et al. 2014, section 5, and of table 1 of the AAE paper: the width of the window is
    chosen on (1,000) validation images, and the standard error is over the test images.
    """
    test = test_images(method, data).x
    samples = torch.cat([method.sample(1_000) for _ in range(N_PARZEN // 1_000)])
    validation = random_subset(data.validation.x.to(test.device), N_IMAGES)
    width = metrics.choose_parzen_width(samples, validation, PARZEN_WIDTHS)
    log_density = metrics.parzen_log_likelihood(samples, test, width)
    return {
        "parzen_log_likelihood": log_density.mean().item(),
        "parzen_standard_error": (log_density.std() / len(test) ** 0.5).item(),
        "parzen_width": width,
    }
