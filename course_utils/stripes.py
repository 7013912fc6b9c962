"""Digits with stripes, the zebras of notebook 17: what CycleGAN translates into plain digits and back.

The stripes of an image begin at a place of its own, their phase. A plain digit does not say which, so from it to a
striped one there are many right answers; and from a striped digit to the plain one, as many as strokes fit its gaps.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from course_utils.datasets import Images, Splits

PERIOD = 6.0  # pixels from one stripe to the next


def striped(x: Tensor, phases: Tensor) -> Tensor:
    """Digits x (N, 1, H, W) with the ink of every other band of half a `PERIOD` taken away, along the falling diagonal.

    phases (N,): by which share of a period, from 0 to 1, the bands of each image are shifted. Raises ValueError for
    shapes that do not fit.
    """
    if x.ndim != 4 or x.shape[1] != 1 or phases.shape != x.shape[:1]:
        raise ValueError(
            f"stripes need images (N, 1, H, W) and phases (N,), got {tuple(x.shape)} and {tuple(phases.shape)}"
        )
    return x * (torch.sin(_angles(x) + 2 * math.pi * phases.to(x)[:, None, None, None]) > 0).to(x)


def phase(x: Tensor) -> Tensor:
    """The phase (N,), from 0 to 1, of the stripes of images x (N, 1, H, W): that of the wave which fits their ink best.

    About right for striped digits, and some number for other images.
    """
    angles = _angles(x)
    across, along = ((x * wave).sum((1, 2, 3)) for wave in (angles.cos(), angles.sin()))
    return (torch.atan2(across, along) / (2 * math.pi)) % 1


def phase_error(one: Tensor, other: Tensor) -> Tensor:
    """How far phases (N,) are from others, in periods and the shorter way around: 0 to 1/2, by chance 1/4."""
    apart = (one - other).abs() % 1
    return torch.minimum(apart, 1 - apart)


def pairs(data: Splits, seed: int = 0) -> Splits:
    """Each digit with itself in stripes: images (N, 1, H, 2W), the striped one to the left, labels as before.

    The phases are drawn with `seed`, evenly from 0 to 1.
    """
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    return replace(data, **{name: _side_by_side(part, part, seed) for name, part in parts.items()})


def unpaired(data: Splits, seed: int = 0) -> Splits:
    """`pairs`, but the training images show one digit in stripes beside another one without, and no digit is in both.

    Striped are every second of the training images, plain the others: half as many images. The labels are those of
    the plain digits.
    """
    n = len(data.train) // 2
    zebras, horses = (data.train.chosen(torch.arange(start, 2 * n, 2)) for start in (0, 1))
    return replace(pairs(data, seed), train=_side_by_side(zebras, horses, seed))


def _angles(x: Tensor) -> Tensor:
    """The angle of the wave of phase 0 at each pixel, (H, W)."""
    rows, columns = torch.meshgrid(*(torch.arange(n, device=x.device) for n in x.shape[2:]), indexing="ij")
    return 2 * math.pi / PERIOD * (rows + columns) / math.sqrt(2)


def _side_by_side(zebras: Images, horses: Images, seed: int) -> Images:
    """Digits in stripes to the left of plain digits, with the labels of the latter."""
    phases = torch.rand(len(zebras), generator=torch.Generator().manual_seed(seed))
    x = zebras.floats()
    return Images(torch.cat([striped(x, phases.to(x.device)), horses.floats()], dim=3), horses.y)
