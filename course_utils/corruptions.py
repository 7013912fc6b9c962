"""Noise on the images that an encoder sees in training: each an ``nn.Module`` that takes and returns (B, C, H, W)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GaussianNoise(nn.Module):
    """x + std * noise, noise ~ N(0, I). Not clipped: the noise has mean zero everywhere."""

    def __init__(self, std: float):
        super().__init__()
        if std < 0:
            raise ValueError(f"std must not be negative, got {std}")
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        return x + self.std * torch.randn_like(x)


class RandomAffine(nn.Module):
    """Each image rotated, sheared, scaled and shifted a little, at random: knowledge about images, not about digits.

    degrees: rotation, uniform in +- degrees. shear: horizontal shear, uniform in +- shear (tangent of the angle).
    scale: both sides scaled by factors of their own, uniform in 1 +- scale. shift: uniform in +- shift pixels, both
    directions. Bilinear interpolation, zeros outside the image.
    """

    def __init__(self, degrees: float = 0.0, shear: float = 0.0, scale: float = 0.0, shift: float = 0.0):
        super().__init__()
        if min(degrees, shear, scale, shift) < 0 or scale >= 1:
            raise ValueError(
                "degrees, shear, scale and shift must not be negative, and scale must be below 1, "
                f"got {degrees}, {shear}, {scale}, {shift}"
            )
        self.degrees = degrees
        self.shear = shear
        self.scale = scale
        self.shift = shift

    def forward(self, x: Tensor) -> Tensor:
        grid = F.affine_grid(self.matrices(x), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    def matrices(self, x: Tensor) -> Tensor:
        """Where in x each pixel of the result comes from: (B, 2, 3), coordinates from -1 to 1 as (x, y)."""
        n, _, height, width = x.shape
        uniform = 2 * torch.rand(6, n, device=x.device, dtype=x.dtype) - 1  # each in (-1, 1)
        angle = uniform[0] * math.radians(self.degrees)
        shear = uniform[1] * self.shear
        wide, high = 1 + self.scale * uniform[2], 1 + self.scale * uniform[3]
        right, down = uniform[4] * 2 * self.shift / width, uniform[5] * 2 * self.shift / height
        cos, sin = angle.cos(), angle.sin()
        rows = [wide * cos, high * (shear * cos - sin), right, wide * sin, high * (shear * sin + cos), down]
        return torch.stack(rows, 1).view(n, 2, 3)
