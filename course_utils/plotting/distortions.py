"""Figures for images that were distorted by a stated squared error."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import metrics
from course_utils.distortions import Distorted, describe
from course_utils.plotting.style import figure

COLUMNS = 5


def distortion_grid(x: Tensor, distorted: dict[str, Distorted]) -> Figure:
    """An image x (1, C, H, W) in [0, 1] and its distortions by name, with what each changed, in numbers, below.

    The numbers compare with x: mean squared error (MSE), structural similarity (SSIM) and its multi-scale variant.
    Raises ValueError unless x is one image in grey or colour.
    """
    if x.ndim != 4 or len(x) != 1 or x.shape[1] not in (1, 3):
        raise ValueError(f"the figure shows one image, (1, 1, H, W) or (1, 3, H, W), got {tuple(x.shape)}")
    images = torch.cat([x, *(d.x for d in distorted.values())])
    titles = ["as it was", *(describe(name, d.strength).replace(", ", "\n", 1) for name, d in distorted.items())]
    rows = -(-len(images) // COLUMNS)
    fig, axes = figure(rows, COLUMNS, size=(2.3, 3.5), squeeze=False)
    fig.get_layout_engine().set(h_pad=0.12)  # inches: numbers belong to the image above them
    for ax, image, title, numbers in zip(axes.flat, images, titles, _numbers(x, images), strict=False):
        draw_image(ax, image)
        ax.set_title(title)
        ax.set_xlabel(numbers)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    return fig


def draw_image(ax, image: Tensor) -> None:
    """An image (C, H, W) in [0, 1] in a thin frame: many distorted images are as light as the page at their edge."""
    pixels = image.detach().cpu().permute(1, 2, 0).numpy()
    ax.imshow(pixels if pixels.shape[2] == 3 else pixels[..., 0], cmap="gray", vmin=0, vmax=1)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(True)


def _numbers(x: Tensor, images: Tensor) -> list[str]:
    """What to write below each of the images (N, C, H, W)."""
    reference = x.expand_as(images)
    measures = [measure(images, reference) for measure in (metrics.mse, metrics.ssim, metrics.ms_ssim)]
    return [
        f"MSE {mse:.4f}\nSSIM {ssim:.2f}\nMS-SSIM {ms_ssim:.2f}"
        for mse, ssim, ms_ssim in zip(*(values.tolist() for values in measures), strict=True)
    ]
