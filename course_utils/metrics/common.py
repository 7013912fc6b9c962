"""What the metrics share: checked points, and randomness that leaves the global state alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def points(x: Tensor, name: str) -> Tensor:
    """Points (n, d) as float64 on the CPU. Raises ValueError for another shape, or if any is NaN or infinite."""
    if x.ndim != 2:
        raise ValueError(f"{name} must be (n, d), one row a point, got shape {tuple(x.shape)}")
    if not x.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinite numbers: did the training diverge?")
    return x.detach().cpu().double()


def pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = points(x, "x"), points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must have the same dimension, got {tuple(x.shape)} and {tuple(y.shape)}")
    if min(len(x), len(y)) < 2:
        raise ValueError(f"at least two points on each side are needed, got {len(x)} and {len(y)}")
    return x, y


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from `seed` inside, and leave the global random state as it was.

    The seed is scrambled: codes drawn right after ``torch.manual_seed(seed)`` must not be drawn here once more,
    as the very points that they are compared with.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed ^ 0x5EED5EED)
        yield
