"""Do two samples come from one distribution? Points are (n, d) tensors, one row a sample."""

from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.metrics.common import pair, seeded

BANDWIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0)  # those of losses.mmd2, for codes of about unit scale


class TwoSampleTest(NamedTuple):
    """A discrepancy between two samples, and how often chance alone would make one as large."""

    statistic: float
    p_value: float


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of samples x (n, d) and y (m, d) (Szekely and Rizzo 2013).

    |.| is the Euclidean distance, and so is the unit of the result. Zero exactly when the distributions are equal.
    This is the unbiased estimate (no point is compared with itself): on equal distributions its mean is zero, so it
    is then often slightly negative.
    (``scipy.stats.energy_distance`` is the square root of the biased estimate, in one dimension only.)
    """
    x, y = pair(x, y)
    return _discrepancy(_kernel("energy", torch.cat([x, y])), _first(len(x), len(y))).item()


def two_sample_test(
    x: Tensor, y: Tensor, statistic: str = "energy", n_permutations: int = 200, seed: int = 0
) -> TwoSampleTest:
    """Do samples x (n, d) and y (m, d) come from one distribution? A permutation test.

    If they do, it makes no difference which points are called x: the statistic is computed again for
    `n_permutations` random relabellings of the pooled points, and p = (1 + number of relabellings at least as
    large as observed) / (1 + n_permutations) (Phipson and Smyth 2010). Reject equality at significance level
    alpha when p <= alpha: on equal distributions this happens with probability at most alpha, whatever they are.
    The smallest p there can be is 1 / (1 + n_permutations). A large p does not prove equality: the power grows
    with the number of points.

    statistic: ``"energy"`` (`energy_distance`) or ``"mmd"`` (`losses.mmd2`, its sum of Gaussian kernels with
    bandwidths `BANDWIDTHS`: sensitive to fine structure in codes of about unit scale, blind far from it).
    Memory grows with (n + m)^2: 4,000 points in all take about half a gigabyte.
    Raises ValueError for bad shapes or an unknown statistic.
    """
    x, y = pair(x, y)
    kernel = _kernel(statistic, torch.cat([x, y]))
    with seeded(seed):
        order = torch.rand(len(x) + len(y), n_permutations).argsort(0)
    observed = _first(len(x), len(y))
    found, *permuted = _discrepancy(kernel, torch.cat([observed, observed[order].squeeze(2)], 1)).tolist()
    # a relabelling that changes nothing must count as "at least as large" in spite of rounding
    tolerance = 1e-12 * kernel.abs().mean().item()
    as_large = sum(value >= found - tolerance for value in permuted)
    return TwoSampleTest(found, (1 + as_large) / (1 + n_permutations))


def _kernel(statistic: str, points: Tensor) -> Tensor:
    """k(a, b) of all pairs of points (N, d), (N, N), with zeros on the diagonal: no point is compared with itself.

    The energy distance is the MMD of the kernel -|a - b| (Sejdinovic et al. 2013): one formula serves both.
    """
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    if statistic == "energy":
        return -distances
    if statistic == "mmd":
        squares = distances.square_()
        return sum(torch.exp(squares / (-2 * s**2)) for s in BANDWIDTHS).fill_diagonal_(0)
    raise ValueError(f"unknown statistic {statistic!r}: use 'energy' or 'mmd'")


def _discrepancy(kernel: Tensor, is_x: Tensor) -> Tensor:
    """mean k(x, x') + mean k(y, y') - 2 mean k(x, y) for each column of `is_x` (N, P), 1 for x and 0 for y; (P,)."""
    n = int(is_x[:, 0].sum())
    m = len(is_x) - n
    with_all = kernel.sum(1) @ is_x  # sum k(x, x') + sum k(x, y)
    xx = (is_x * (kernel @ is_x)).sum(0)
    xy = with_all - xx
    yy = kernel.sum() - with_all - xy
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


def _first(n: int, m: int) -> Tensor:
    """The observed labelling: the first n points are x, the other m are y; (n + m, 1)."""
    return torch.cat([torch.ones(n, 1), torch.zeros(m, 1)]).double()
