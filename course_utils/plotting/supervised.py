"""Figures of style apart from class (notebook 09)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.plotting.gans import HATCHES
from course_utils.plotting.images import tile
from course_utils.plotting.priors import _arrow
from course_utils.plotting.style import CLASS_COLORS, figure

# name -> (x, y, text, is it a network?)
_BOXES = {
    "x": (0.6, 2.4, "$x$\nimage", False),
    "encoder": (2.4, 2.4, "encoder\n$q(z|x)$", True),
    "z": (4.2, 2.4, "$z$\nstyle", False),
    "decoder": (6.0, 2.4, "decoder\n$p(x|z,y)$", True),
    "x_hat": (7.8, 2.4, "$\\hat{x}$\nimage again", False),
    "y": (6.0, 4.1, "$y$\nclass", False),
    "prior": (2.4, 0.7, "prior $p(z)$\nsamples", False),
    "discriminator": (4.2, 0.7, "discriminator\nwhich is which?", True),
}
_RECONSTRUCTION = [("x", "encoder"), ("encoder", "z"), ("z", "decoder"), ("decoder", "x_hat"), ("y", "decoder")]
_REGULARISATION = [("prior", "discriminator"), ("z", "discriminator")]


def supervised_aae_diagram() -> Figure:
    """The supervised AAE: solid arrows for the reconstruction phase, dashed ones for the regularisation."""
    fig, ax = figure(size=(9.5, 4.4))
    for x, y, text, is_network in _BOXES.values():
        ax.text(x, y, text, ha="center", va="center", zorder=3)
        look = {"fc": "0.9", "ec": "black", "lw": 1.8} if is_network else {"fc": "white", "ec": "0.6", "lw": 1}
        ax.add_patch(FancyBboxPatch((x - 0.66, y - 0.34), 1.32, 0.68, boxstyle="round,pad=0.05", **look))
    for arrows, dash, color in ((_RECONSTRUCTION, "-", "black"), (_REGULARISATION, "--", CLASS_COLORS[3])):
        for start, end in arrows:
            _arrow(ax, _BOXES[start][:2], _BOXES[end][:2], dash, color)
    ax.text(8.8, 2.4, "phase 1:\nreconstruction", va="center")
    ax.text(5.3, 0.7, "phase 2: regularisation", va="center", color=CLASS_COLORS[3])
    ax.set(xlim=(-0.3, 10.6), ylim=(0.1, 4.7))
    ax.set_axis_off()
    return fig


def grouped_bars(
    groups: dict[str, dict[str, float]], ylabel: str, reference: dict[str, float] | None = None, digits: int = 0
) -> Figure:
    """For each group one bar a name, side by side, with its value above; `reference` names values to mark by a line.

    All groups have the same names.
    """
    names = list(next(iter(groups.values())))
    fig, ax = figure(size=(max(7.5, 2.4 * len(groups)), 3.9))
    width = 0.84 / len(names)
    for i, name in enumerate(names):
        place = np.arange(len(groups)) - 0.42 + width * (i + 0.5)
        values = [group[name] for group in groups.values()]
        look = {"color": CLASS_COLORS[i], "edgecolor": "black", "lw": 0.6, "hatch": HATCHES[i % len(HATCHES)]}
        bars = ax.bar(place, values, width, label=name, **look)
        ax.bar_label(bars, [f"{v:.{digits}f}" for v in values], fontsize=10, padding=1)
    for name, value in (reference or {}).items():
        ax.axhline(value, color="black", lw=1.4, ls="--")
        ax.annotate(name, (1, value), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points")
    ax.set_xticks(range(len(groups)), groups)
    ax.set_ylabel(ylabel)
    ax.set_xlabel("")
    ax.margins(y=0.12)
    ax.legend(frameon=False, ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return fig


def style_transfer(source: Tensor, drawn: Tensor, columns: str = "drawn as") -> Figure:
    """Images (S, C, H, W) to the left, and beside each of them its style in all classes (S, K, C, H, W)."""
    n, k = drawn.shape[:2]
    fig, (left, right) = figure(1, 2, size=(0.35 * (k + 1.6), 0.66 * n + 0.7), width_ratios=(1, k))
    _draw_sheet(left, source, 1, ["image"])
    _draw_sheet(right, drawn.flatten(0, 1), k, [str(c) for c in range(k)])
    right.set_xlabel(columns)
    left.set_ylabel("one style a row")
    return fig


def _draw_sheet(ax: Axes, images: Tensor, columns: int, names: list[str]) -> None:
    """Images (N, C, H, W) row by row, the columns named above."""
    width = images.shape[-1] + 1
    ax.imshow(tile(images, columns), cmap="gray", vmin=0, vmax=1)
    ax.set_xticks([width * (i + 0.5) - 0.5 for i in range(columns)], names)
    ax.set_yticks([])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def source_against_drawn(panels: dict[str, tuple[Tensor, Tensor]]) -> Figure:
    """One panel an attribute: its value in the source (N,) against that in the drawings (N, K), as densities.

    The dashed diagonal: the same value. Points that are NaN are left out.
    """
    fig, axes = figure(1, len(panels), size=(4.2, 3.9), squeeze=False)
    for ax, (name, (source, drawn)) in zip(axes[0], panels.items(), strict=True):
        x = source[:, None].expand_as(drawn).flatten().cpu()
        y = drawn.flatten().cpu()
        measured = x.isfinite() & y.isfinite()
        x, y = x[measured].numpy(), y[measured].numpy()
        low, high = np.quantile(np.concatenate([x, y]), [0.002, 0.998])
        ax.hexbin(x, y, gridsize=40, bins="log", cmap="Greys", extent=(low, high, low, high), linewidths=0.2)
        ax.plot([low, high], [low, high], "--", color=CLASS_COLORS[3], lw=1.6)
        ax.set(title=name, xlabel="in the source image", ylabel="in the drawings", xlim=(low, high), ylim=(low, high))
    return fig


def along_directions(
    rows: dict[str, Tensor],
    amounts: Tensor,
    values: dict[str, dict[str, Tensor]],
    ylabel: str,
    xlabel: str = "moved by (standard deviations)",
) -> Figure:
    """For each direction a strip of images (T, C, H, W), and below it how attributes change along it, (T,) each.

    amounts (T,): how far along the direction each image lies. The panels share their y axis.
    """
    fig, axes = figure(2, len(rows), size=(4.8, 2.1), squeeze=False, height_ratios=(1, 3), sharey="row")
    step = (amounts[-1] - amounts[0]).item() / (len(amounts) - 1)
    edges = (amounts[0].item() - step / 2, amounts[-1].item() + step / 2)
    for (strip, chart), (name, images) in zip(axes.T, rows.items(), strict=True):
        picture = tile(images, len(images))
        strip.imshow(picture, cmap="gray", vmin=0, vmax=1, aspect="auto", extent=(*edges, 0, 1))
        strip.set_axis_off()
        strip.set_title(name)
        for i, (attribute, v) in enumerate(values[name].items()):
            chart.plot(amounts, v.cpu(), marker="osD^v"[i % 5], ms=5, lw=1.8, color=CLASS_COLORS[i], label=attribute)
        chart.set(xlim=edges, xlabel=xlabel)
    axes[1, 0].set_ylabel(ylabel)
    axes[1, -1].legend(frameon=False, fontsize=10)
    return fig
