"""Figures of images."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.style import figure


def tile(images: Tensor, columns: int) -> Tensor:
    """(N, C, H, W) to one picture (rows * H, columns * W) or (..., 3), white gaps of one pixel between."""
    n, channels, height, width = images.shape
    rows = -(-n // columns)
    padded = torch.ones(rows * columns, channels, height + 1, width + 1)
    padded[:n, :, :height, :width] = images.detach().float().cpu().clamp(0, 1)
    sheet = padded.view(rows, columns, channels, height + 1, width + 1).permute(0, 3, 1, 4, 2)
    sheet = sheet.reshape(rows * (height + 1), columns * (width + 1), channels)
    return sheet[..., 0] if channels == 1 else sheet


def image_grid(images: Tensor, columns: int = 10, title: str = "") -> Figure:
    """Images (N, C, H, W) in [0, 1] on a grid, row by row."""
    rows = -(-len(images) // columns)
    fig, ax = figure(size=(0.7 * columns, 0.7 * rows + 0.3))
    ax.imshow(tile(images, columns), cmap="gray", vmin=0, vmax=1)
    ax.set_axis_off()
    ax.set_title(title)
    return fig


def image_rows(rows: dict[str, Tensor], size: float = 0.75) -> Figure:
    """Rows of images (N, C, H, W), the same N in each, every row with its name to the left."""
    n = max(len(images) for images in rows.values())
    fig, axes = figure(len(rows), 1, size=(size * n + 1.5, size), squeeze=False)
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        ax.imshow(tile(images, n), cmap="gray", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    return fig
