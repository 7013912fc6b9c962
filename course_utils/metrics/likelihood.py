"""Likelihoods of images under a model, and bounds on them, in nats."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


@torch.no_grad()
def iwae_bound(vae, x: Tensor, k: int, chunk: int = 5_000) -> Tensor:
    """The importance-weighted lower bound of log p(x) with k draws (Burda et al. 2016, equation 8), in nats, (B,).

    log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x), from ``vae.log_weight``. k = 1 is the ELBO; in expectation
    the bound never falls with k and tends to log p(x). `chunk`: (image, draw) pairs in one forward pass.
    """
    if k < 1 or chunk < 1:
        raise ValueError(f"k and chunk must be at least 1, got k={k}, chunk={chunk}")
    return torch.cat([_iwae(vae, part, k, max(1, chunk // len(part))) for part in x.split(chunk)])


def _iwae(vae, x: Tensor, k: int, at_once: int) -> Tensor:
    draws = [at_once] * (k // at_once) + [k % at_once] * (k % at_once > 0)
    log_weights = [vae.log_weight(x.expand(n, *x.shape).flatten(0, 1)).unflatten(0, (n, -1)) for n in draws]
    return torch.cat(log_weights).logsumexp(0) - math.log(k)


@torch.no_grad()
def parzen_log_likelihood(samples: Tensor, x: Tensor, width: float, chunk: int = 500) -> Tensor:
    """log density of each x (B, ...) under a Gaussian bump on each of the samples (n, ...), in nats, (B,).

    log 1/n sum_i N(x; sample_i, width^2 I): the Parzen window of Goodfellow et al. 2014, section 5. Images are
    taken as vectors. `chunk`: how many x at once.
    """
    if width <= 0:
        raise ValueError(f"the width of the window must be positive, got {width}")
    if samples.shape[1:] != x.shape[1:]:
        raise ValueError(f"samples and x must be of one shape, got {tuple(samples.shape)} and {tuple(x.shape)}")
    samples, x = samples.flatten(1), x.flatten(1)
    constant = math.log(len(samples)) + samples.shape[1] / 2 * math.log(2 * math.pi * width**2)
    pieces = [torch.cdist(part, samples).square_().div_(-2 * width**2).logsumexp(1) for part in x.split(chunk)]
    return torch.cat(pieces) - constant


def choose_parzen_width(samples: Tensor, validation: Tensor, widths: Sequence[float]) -> float:
    """The one of `widths` under which `validation`, not the test images, has the highest mean log density."""
    return max(widths, key=lambda width: parzen_log_likelihood(samples, validation, width).mean().item())
