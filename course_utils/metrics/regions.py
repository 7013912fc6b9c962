"""How sharp images are in the middle, and how sharp at the border."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class RegionSharpness(NamedTuple):
    """The sharpness of each image in its middle and around it, (N,) each."""

    centre: Tensor
    border: Tensor


def region_sharpness(x: Tensor, margin: int = 7) -> RegionSharpness:
    """`sharpness` of images x (N, C, H, W) in the middle, and in the frame `margin` pixels wide around it, (N,) each.

    As there sqrt(sum |grad x|^2 / sum x^2), each sum over one of the two regions: of a step between two neighbours one
    half belongs to each, of a step to the black outside of the image all to the pixel inside. NaN where a region is
    all black. Raises ValueError for another shape, or a margin that leaves no middle.
    """
    if x.ndim != 4 or not 1 <= margin < min(x.shape[2:]) / 2:
        raise ValueError(f"needs images (N, C, H, W) larger than twice the margin {margin}, got {tuple(x.shape)}")
    power = x.square().sum(1)
    energy = _steps(x, 2) + _steps(x, 3)
    middle = torch.zeros_like(power[:1])
    middle[:, margin:-margin, margin:-margin] = 1
    return RegionSharpness(*(_root_of_share(energy, power, region) for region in (middle, 1 - middle)))


def _root_of_share(energy: Tensor, power: Tensor, region: Tensor) -> Tensor:
    energy, power = ((each * region).sum((1, 2)) for each in (energy, power))
    return torch.where(power > 0, energy / power, torch.nan).sqrt()


def _steps(x: Tensor, dim: int) -> Tensor:
    """The squared steps of x (N, C, H, W) along that dimension, shared by their pixels, summed over C: (N, H, W)."""
    pads = (0, 0, 1, 1) if dim == 2 else (1, 1, 0, 0)
    squares = nn.functional.pad(x, pads).diff(dim=dim).square().sum(1, keepdim=True)
    before, after = squares.narrow(dim, 0, x.shape[dim]), squares.narrow(dim, 1, x.shape[dim])
    shared = 0.5 * (before + after)
    shared.narrow(dim, 0, 1).add_(0.5 * before.narrow(dim, 0, 1))  # nobody is there to take the other half
    shared.narrow(dim, -1, 1).add_(0.5 * after.narrow(dim, -1, 1))
    return shared[:, 0]
