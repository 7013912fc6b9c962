"""Two samples of points in the plane, compared cell by cell."""

import torch
from torch import Tensor

from course_utils.metrics.common import pair


def misplaced_mass(x: Tensor, y: Tensor, extent: float = 3.5, cells: int = 35) -> float:
    """The share of probability, in [0, 1], that would have to move to turn one histogram into the other.

    x (n, 2) and y (m, 2) are counted on a grid of `cells` by `cells` over [-extent, extent]^2 (points outside go to the
    cells at the edge): half the sum of |p - q|, the total variation distance of the histograms. Counts are noisy, so
    that equal distributions do not score zero: compare with the value of two samples of the data. Raises ValueError
    for bad shapes.
    """
    x, y = pair(x, y)
    if x.shape[1] != 2:
        raise ValueError(f"misplaced_mass compares points in the plane, (n, 2), got {tuple(x.shape)}")
    p, q = (_histogram(points, extent, cells) for points in (x, y))
    return 0.5 * (p - q).abs().sum().item()


def _histogram(points: Tensor, extent: float, cells: int) -> Tensor:
    """The share of points in each cell, (cells^2,)."""
    index = ((points + extent) / (2 * extent) * cells).long().clamp(0, cells - 1)
    return torch.bincount(index[:, 0] * cells + index[:, 1], minlength=cells**2).double() / len(points)
