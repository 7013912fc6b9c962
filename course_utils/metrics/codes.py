"""Codes against the prior they should follow."""

import copy
import math
from typing import NamedTuple

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from course_utils.distributions import Distribution, Gaussian
from course_utils.losses import gaussian_log_prob, kl_to_standard_normal
from course_utils.metrics.common import points, seeded


class KLDecomposition(NamedTuple):
    """E_x KL(q(z|x) || p) = I(x; z) + KL(q(z) || p), each estimated, in nats."""

    kl: float
    mutual_information: float
    marginal_kl: float


def holes(z: Tensor, prior: Distribution, k: int = 7, n_probe: int = 2000, seed: int = 0) -> float:
    """The share, in [0, 1], of the prior's mass with no code z (n, dim) nearby. 2^-k is perfect, 1 is the worst.

    "Nearby" adapts to the density: n reference points (as many as codes) and `n_probe` probes are drawn from the
    prior, and a probe lies in a hole if no code is as close to it as its k-th nearest reference point.

    Why 2^-k: pool the codes and the reference points. A probe is in a hole exactly if its k nearest points of the
    pool are all reference points. If q(z) = p(z), the pool is 2n equal draws of which n are called "reference" at
    random, so this happens with probability n/(2n) * (n-1)/(2n-1) * ... * (n-k+1)/(2n-k+1), that is 2^-k for n much
    larger than k (0.8 % for k = 7). If half of the prior's mass has no codes, about half of the probes are in holes.

    Raises ValueError if the shape of z does not fit the prior, or with fewer than k codes.
    """
    z = points(z, "z")
    if z.shape[1] != prior.dim:
        raise ValueError(f"codes z must be (n, {prior.dim}) for this prior, got {tuple(z.shape)}")
    if not 1 <= k <= len(z):
        raise ValueError(f"k must lie between 1 and the number of codes, {len(z)}, got {k}")
    with seeded(seed):
        reference, probes = points(prior.sample(len(z)), "prior"), points(prior.sample(n_probe), "prior")
    radius = cKDTree(reference.numpy()).query(probes.numpy(), k=[k])[0][:, 0]
    nearest_code = cKDTree(z.numpy()).query(probes.numpy())[0]
    return float((nearest_code > radius).mean())


@torch.no_grad()
def kl_decomposition(
    mu: Tensor, logvar: Tensor, prior: Distribution, n_samples: int = 1, seed: int = 0
) -> KLDecomposition:
    """E_x KL(q(z|x) || p) = I(x; z) + KL(q(z) || p) over a data set of N images, in nats (Hoffman and Johnson 2016).

    mu and logvar (N, d) are the Gaussian posteriors of all N images; q(z) is their average, so that
    I(x; z) <= log N. The right-hand terms are means over `n_samples` draws z ~ q(z|x) an image; all N posteriors
    are evaluated at each draw (time grows with N^2 n_samples). The left-hand side is computed independently:
    in closed form for a `Gaussian` prior, else from draws of its own. So the two sides agree only up to
    Monte Carlo error, and comparing them is a check.
    """
    if mu.ndim != 2 or mu.shape != logvar.shape:
        raise ValueError(f"mu and logvar must both be (N, d), got {tuple(mu.shape)} and {tuple(logvar.shape)}")
    mu, logvar = points(mu, "mu"), points(logvar, "logvar")
    prior = copy.deepcopy(prior).cpu().double()
    information, marginal, kl = [], [], []
    with seeded(seed):
        for _ in range(n_samples):
            z = _draw(mu, logvar)
            log_q = _log_mixture(z, mu, logvar)
            information.append(gaussian_log_prob(z, mu, logvar) - log_q)
            marginal.append(log_q - prior.log_prob(z))
            kl.append(_kl(mu, logvar, prior))
    return KLDecomposition(*(torch.stack(terms).mean().item() for terms in (kl, information, marginal)))


def _kl(mu: Tensor, logvar: Tensor, prior: Distribution) -> Tensor:
    """E_x KL(q(z|x) || p): in closed form, or from one draw an image."""
    if isinstance(prior, Gaussian):  # the KL does not change when both sides are divided by the prior's std
        return kl_to_standard_normal(mu / prior.std, logvar - 2 * math.log(prior.std))
    z = _draw(mu, logvar)
    return (gaussian_log_prob(z, mu, logvar) - prior.log_prob(z)).mean()


def _draw(mu: Tensor, logvar: Tensor) -> Tensor:
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def _log_mixture(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log 1/N sum_j N(z; mu_j, diag exp(logvar_j)) of each row of z (S, d), in pieces of about 4 million numbers."""
    n, d = mu.shape
    constant = logvar.sum(1) + d * math.log(2 * math.pi) + 2 * math.log(n)

    def piece(part: Tensor) -> Tensor:
        squares = ((part[:, None] - mu).square() * torch.exp(-logvar)).sum(2)  # (part, N)
        return torch.logsumexp(-0.5 * (squares + constant), dim=1)

    return torch.cat([piece(part) for part in z.split(max(1, 4_000_000 // (n * d)))])
