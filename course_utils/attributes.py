"""Attributes of an image that can be measured: the truth behind every claim about "style"."""

import torch
from torch import Tensor


def slant(x: Tensor) -> Tensor:
    """The slant of the ink of each image x (N, 1, H, W), (N,): pixels to the right for a pixel of height.

    0 is upright, positive leans right (as / does), 1 is 45 degrees. From the second central moments of the ink,
    mu11 / mu02 (Teague 1980): the slope of the regression of column on height. NaN where it is not defined: an image
    with no ink, or with all its ink on one row. Raises ValueError for another shape.
    """
    if x.ndim != 4 or x.shape[1] != 1:
        raise ValueError(f"slant takes images (N, 1, H, W), got shape {tuple(x.shape)}")
    ink = x[:, 0]
    height, width = ink.shape[1:]
    up = torch.arange(height - 1, -1, -1, device=x.device, dtype=x.dtype)[:, None]  # (H, 1), 0 at the bottom
    right = torch.arange(width, device=x.device, dtype=x.dtype)  # (W,)

    def mean(values: Tensor) -> Tensor:
        return (ink * values).sum((1, 2), keepdim=True) / ink.sum((1, 2), keepdim=True)

    up = up - mean(up)
    right = right - mean(right)
    return (mean(up * right) / mean(up.square())).flatten()
