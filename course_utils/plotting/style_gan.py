"""Figures of StyleGAN (notebook 17): the generator, and images that mix the styles of two others."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure

SIZES = ("7x7", "7x7", "14x14", "14x14", "28x28", "28x28")
_GAP = 1.55  # from one layer to the next


def style_gan_diagram() -> Figure:
    """StyleGAN's generator: z to w to the left, the layers in a row; every layer takes w, and noise of its own."""
    fig, ax = figure(size=(13.5, 4.0))
    style = {"ls": "--", "color": CLASS_COLORS[3]}
    _box(ax, 0, 3.2, "$z$\nnoise, round")
    _box(ax, 1.9, 3.2, "mapping $f$", network=True)
    _box(ax, 3.8, 3.2, "$w = f(z)$\nstyle")
    _way(ax, (0.72, 3.2), (1.18, 3.2))
    _way(ax, (2.62, 3.2), (3.08, 3.2))
    _box(ax, 1.9, 1.4, "constant\nlearned, 7x7")
    places = [3.9 + _GAP * i for i in range(len(SIZES))]
    ax.plot([4.52, places[-1]], [3.2, 3.2], lw=2, **style)
    ax.text(places[-1] + 0.15, 3.2, "the style\nof each layer", va="center", color=style["color"])
    ax.text(places[-1] + 0.15, 0.15, "noise", va="center", color="0.35")
    for i, (place, size) in enumerate(zip(places, SIZES, strict=True)):
        _box(ax, place, 1.4, f"layer {i + 1}\n{size}", network=True, half=0.55)
        _way(ax, (2.62 if i == 0 else place - _GAP + 0.6, 1.4), (place - 0.6, 1.4))
        _way(ax, (place, 3.2 if i else 2.8), (place, 1.84), **style)
        _way(ax, (place, 0.15), (place, 0.96), ls=":", color="0.35")
    _box(ax, places[-1] + 1.75, 1.4, "$x_{fake}$\nimage", half=0.6)
    _way(ax, (places[-1] + 0.6, 1.4), (places[-1] + 1.1, 1.4))
    ax.set(xlim=(-0.9, places[-1] + 2.5), ylim=(-0.1, 3.8))
    ax.set_axis_off()
    return fig


def _box(ax: Axes, x: float, y: float, text: str, network: bool = False, half: float = 0.67) -> None:
    look = {"fc": "0.88", "ec": "black", "lw": 1.8} if network else {"fc": "white", "ec": "0.5", "lw": 1}
    ax.add_patch(FancyBboxPatch((x - half, y - 0.36), 2 * half, 0.72, boxstyle="round,pad=0.04", zorder=2, **look))
    ax.text(x, y, text, ha="center", va="center", zorder=3, fontsize=13)


def _way(ax: Axes, start: tuple[float, float], end: tuple[float, float], **look) -> None:
    arrow = {"arrowstyle": "-|>", "lw": 1.8, "color": "black", "shrinkA": 0, "shrinkB": 0, **look}
    ax.annotate("", end, start, arrowprops=arrow)


def mixing_panels(a: Tensor, b: Tensor, mixed: dict[str, Tensor]) -> Figure:
    """A panel for each title: images a (A, C, H, W) across, b (B, C, H, W) down, and their mixtures within.

    mixed: (B, A, C, H, W) each. A line divides a and b from the mixtures.
    """
    n_a, n_b, (rows, columns) = len(a), len(b), a.shape[2:]
    fig, axes = figure(1, len(mixed), size=(4.3, 4.3 * (n_b + 1) / (n_a + 1) + 0.3), squeeze=False)
    for ax, (title, inside) in zip(axes[0], mixed.items(), strict=True):
        cells = torch.ones(n_b + 1, n_a + 1, *a.shape[1:])
        cells[0, 1:], cells[1:, 0], cells[1:, 1:] = a.cpu(), b.cpu(), inside.cpu()
        ax.imshow(tile(cells.flatten(0, 1), n_a + 1), cmap="gray", vmin=0, vmax=1)
        ax.axvline(columns, color=CLASS_COLORS[3], lw=4)
        ax.axhline(rows, color=CLASS_COLORS[3], lw=4)
        ax.text(0.75 * columns, 0.3 * rows, "A", ha="center", va="center", fontsize=14)
        ax.text(0.25 * columns, 0.75 * rows, "B", ha="center", va="center", fontsize=14)
        ax.plot([0, columns], [0, rows], color="0.6", lw=1)
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig
