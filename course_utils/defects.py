"""Defects planted in images, each with the mask of the pixels that it changed: the truth for localisation."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.metrics.common import seeded

CHANGED = 0.1  # a pixel belongs to the defect if its value moved by more than this
MARGIN = 4  # blobs and patches keep their centres so many pixels away from the edge


class Damaged(NamedTuple):
    """Images x (B, C, H, W) with a defect each, and mask (B, H, W), bool: the pixels that it changed."""

    x: Tensor
    mask: Tensor


def stroke_cut(x: Tensor, radius: float = 3.0) -> Tensor:
    """A disc of that radius, in pixels, cut out of the ink: its centre is a random pixel of ink."""
    return torch.where(_discs(_centres(x.amax(1) > 0.5), x, radius)[:, None], 0.0, x)


def blob(x: Tensor, radius: float = 2.5) -> Tensor:
    """A disc of full ink around a random pixel without any."""
    return torch.where(_discs(_centres(_inside(x.amax(1) < CHANGED)), x, radius)[:, None], 1.0, x)


def noise_patch(x: Tensor, side: int = 7) -> Tensor:
    """A square of `side` pixels (odd) of uniform noise at a random place."""
    anywhere = _inside(torch.ones_like(x[:, 0], dtype=torch.bool))
    row, column = _distances(_centres(anywhere), x)
    square = (row <= side // 2) & (column <= side // 2)
    return torch.where(square[:, None], torch.rand_like(x), x)


DEFECTS: dict[str, Callable[[Tensor], Tensor]] = {
    "stroke_cut": stroke_cut,
    "blob": blob,
    "noise_patch": noise_patch,
}


def plant(name: str, x: Tensor, seed: int = 0) -> Damaged:
    """Plant a defect of that kind in each of the images x (B, C, H, W), in [0, 1]; the places are drawn with `seed`.

    The global random state stays as it was. Raises ValueError for an unknown kind, images of another shape or range,
    or images in which there is no place for it.
    """
    if name not in DEFECTS:
        raise ValueError(f"unknown defect {name!r}: use one of {', '.join(DEFECTS)}")
    if x.ndim != 4 or min(x.shape[2:]) <= 2 * MARGIN or not (x.min() >= 0 and x.max() <= 1):  # NaN is neither
        raise ValueError(
            f"defects are planted in images (B, C, H, W) with values in [0, 1] and sides above {2 * MARGIN}, "
            f"got {tuple(x.shape)} with values from {x.min():.3g} to {x.max():.3g}"
        )
    with seeded(seed):
        damaged = DEFECTS[name](x)
    return Damaged(damaged, ((damaged - x).abs() > CHANGED).any(1))


def _inside(allowed: Tensor) -> Tensor:
    """The places (B, H, W) that are allowed and not near the edge."""
    inside = torch.zeros_like(allowed)
    inside[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = True
    return allowed & inside


def _centres(allowed: Tensor) -> Tensor:
    """For each image one of the allowed places (B, H, W): row and column, (B, 2)."""
    if not allowed.flatten(1).any(1).all():
        raise ValueError("an image has no place for this defect: is it all black, or all white?")
    place = torch.multinomial(allowed.flatten(1).float(), 1)[:, 0]
    width = allowed.shape[2]
    return torch.stack([place // width, place % width], 1)


def _distances(centres: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """How far the rows (B, H, 1) and the columns (B, 1, W) are from the centres (B, 2)."""
    rows, columns = (torch.arange(n, device=x.device) for n in x.shape[2:])
    return (rows - centres[:, :1]).abs()[:, :, None], (columns - centres[:, 1:]).abs()[:, None, :]


def _discs(centres: Tensor, x: Tensor, radius: float) -> Tensor:
    row, column = _distances(centres, x)
    return row.square() + column.square() <= radius**2
