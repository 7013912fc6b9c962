"""Is a cloud of points Gaussian? Clouds are (B, n, d) tensors: B of them, n points each."""

import functools
import math
from typing import NamedTuple

import torch
from scipy.special import gamma, hyp1f1
from torch import Tensor

from course_utils.metrics.common import seeded

_PAIRS = 4_000_000  # distances held in memory at once


class NormalityTest(NamedTuple):
    """How far each cloud is from the Gaussian of its own mean and covariance, and how often chance brings as much."""

    statistic: Tensor
    p_value: Tensor


class Mardia(NamedTuple):
    """Skewness and kurtosis of points in any number of dimensions."""

    skewness: Tensor
    kurtosis: Tensor


def is_flat(z: Tensor) -> Tensor:
    """Whether each cloud of z (B, n, d) lies in a point, a line or a plane of fewer than d dimensions, (B,)."""
    return _factor(_centred(z)[0])[1]


def standardised(z: Tensor) -> Tensor:
    """Each cloud of z (B, n, d) moved and stretched to mean 0 and covariance I (with divisor n), in float64.

    Raises ValueError for another shape, or for a cloud that `is_flat`: it has no inverse covariance.
    """
    centred, scale = _centred(z)
    if not (scale > 0).all():
        raise ValueError("a cloud has no width in some direction (a deterministic posterior?): it has no covariance")
    factor, flat = _factor(centred)
    if flat.any():
        raise ValueError("the points of a cloud lie on a line or a plane: its covariance has no inverse")
    return torch.linalg.solve_triangular(factor, centred.mT, upper=False).mT


def _centred(z: Tensor) -> tuple[Tensor, Tensor]:
    """The clouds with mean 0 and each entry divided by its scale (B, 1, d), where it has one."""
    if z.ndim != 3 or z.shape[1] <= z.shape[2]:
        raise ValueError(f"clouds must be (B, n, d) with more points than dimensions, got {tuple(z.shape)}")
    if not z.isfinite().all():
        raise ValueError("the clouds hold NaN or infinite numbers: did the training diverge?")
    z = z.detach().cpu().double()
    z = z - z.mean(1, keepdim=True)
    scale = z.square().mean(1, keepdim=True).sqrt()
    return z / scale.where(scale > 0, torch.ones_like(scale)), scale  # a thin cloud must not look flat for its units


def _factor(centred: Tensor) -> tuple[Tensor, Tensor]:
    """The Cholesky factors of the covariances (B, d, d), and which of them are singular (B,)."""
    factor, failed = torch.linalg.cholesky_ex(centred.mT @ centred / centred.shape[1])
    return factor, (failed > 0) | ~(factor.diagonal(dim1=1, dim2=2) > 1e-3).all(1)


def mardia(z: Tensor) -> Mardia:
    """Multivariate skewness and kurtosis, (B,) each, of clouds z (B, n, d) (Mardia 1970).

    A Gaussian has skewness 0 and kurtosis d (d + 2). In one dimension they are the square of the usual skewness and
    the usual kurtosis. Neither changes when a cloud is moved, stretched or turned.
    """
    y = standardised(z)
    skewness = torch.stack([(cloud @ cloud.T).pow(3).mean() for cloud in y])  # mean over all pairs of (y_i . y_j)^3
    return Mardia(skewness, y.square().sum(2).square().mean(1))


def distance_to_gaussian(z: Tensor) -> Tensor:
    """The energy distance, (B,), between each standardised cloud of z (B, n, d) and N(0, I) (Szekely and Rizzo 2005).

    2 E|Y - Z| - E|Z - Z'| - E|Y - Y'|, with Y a point of the cloud and Z of the Gaussian: zero exactly for a Gaussian.
    The expectations over Z are exact; no point is compared with itself, so on Gaussian clouds the estimate lies near
    zero, on either side. It does not change when a cloud is moved, stretched or turned.
    """
    y = standardised(z)
    n, d = y.shape[1:]
    scale = gamma((d + 1) / 2) / gamma(d / 2)
    # E|a - Z| of each point a
    to_gaussian = math.sqrt(2) * scale * torch.from_numpy(hyp1f1(-0.5, d / 2, -0.5 * y.square().sum(2).numpy()))
    pieces = y.split(max(1, _PAIRS // n**2))
    how = "donot_use_mm_for_euclid_dist"  # the other way rounds off small distances
    among = torch.cat([torch.cdist(piece, piece, compute_mode=how).sum((1, 2)) for piece in pieces]) / (n * (n - 1))
    return 2 * to_gaussian.mean(1) - 2 * scale - among


def normality_test(z: Tensor, n_simulated: int = 500, seed: int = 0) -> NormalityTest:
    """Is each cloud of z (B, n, d) a sample of some Gaussian? `distance_to_gaussian` and its p-values, (B,) each.

    The distance is the same for all Gaussians, whatever their mean and covariance. So `n_simulated` samples of N(0, I),
    of the same n and d, show what chance alone brings: p = (1 + number of them at least as far) / (1 + n_simulated).
    Of truly Gaussian clouds, a share alpha has p <= alpha; so in a hundred clouds expect five with p <= 0.05.
    """
    distance = distance_to_gaussian(z)
    chance = _chance(n_simulated, *z.shape[1:], seed)
    as_far = (chance >= distance[:, None]).sum(1)
    return NormalityTest(distance, (1 + as_far).double() / (1 + n_simulated))


@functools.cache  # the same for every cloud of n points in d dimensions
def _chance(n_simulated: int, n: int, d: int, seed: int) -> Tensor:
    """`distance_to_gaussian` of samples that are Gaussian, (n_simulated,)."""
    with seeded(seed):
        return distance_to_gaussian(torch.randn(n_simulated, n, d, dtype=torch.float64))
