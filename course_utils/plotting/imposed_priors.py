"""Figures of priors whose parts belong to classes (notebook 08)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.distributions import Distribution, SwissRoll
from course_utils.plotting.images import tile
from course_utils.plotting.priors import _arrow, draw_prior
from course_utils.plotting.style import CLASS_COLORS, figure

CLASS_MARKERS = "os^Dv<>PX*"
N_DRAWN = 3000  # codes in a panel: more hide each other

# name -> (x, y, text) of a box of the diagram; arrows name the boxes they join
_BOXES = {
    "x": (0.6, 2.6, "$x$\nimage"),
    "encoder": (2.4, 2.6, "encoder\n$q(z|x)$"),
    "z": (4.2, 2.6, "$z$\ncode"),
    "decoder": (6.0, 2.6, "decoder\n$p(x|z)$"),
    "x_hat": (7.8, 2.6, "$\\hat{x}$\nimage again"),
    "prior": (1.6, 0.5, "prior $p(z|y)$\nits part $y$"),
    "discriminator": (4.2, 0.5, "discriminator\nwhich is which?"),
    "label": (6.9, 0.5, "label $y$, one-hot\nor “hidden”"),
}
_NETWORKS = ("encoder", "decoder", "discriminator")
_RECONSTRUCTION = [("x", "encoder"), ("encoder", "z"), ("z", "decoder"), ("decoder", "x_hat")]
_REGULARISATION = [("prior", "discriminator"), ("z", "discriminator"), ("label", "discriminator")]


def labelled_aae_diagram() -> Figure:
    """The labelled AAE: solid arrows for the reconstruction phase, dashed ones for the regularisation."""
    fig, ax = figure(size=(9.5, 3.7))
    for name, (x, y, text) in _BOXES.items():
        network = name in _NETWORKS
        ax.text(x, y, text, ha="center", va="center", zorder=3)
        half = 0.95 if name == "label" else 0.66
        style = {"fc": "0.9" if network else "white", "ec": "black" if network else "0.6", "lw": 1.8 if network else 1}
        ax.add_patch(FancyBboxPatch((x - half, y - 0.34), 2 * half, 0.68, boxstyle="round,pad=0.05", **style))
    for arrows, dash, color in ((_RECONSTRUCTION, "-", "black"), (_REGULARISATION, "--", CLASS_COLORS[3])):
        for start, end in arrows:
            shift = np.array([0.3, 0]) if start == "label" else np.zeros(2)  # its box is wider
            _arrow(ax, np.array(_BOXES[start][:2]) - shift, _BOXES[end][:2], dash, color)
    ax.text(8.9, 2.6, "phase 1:\nreconstruction", va="center", fontsize=12)
    ax.text(8.9, 0.5, "phase 2:\nregularisation", va="center", fontsize=12, color=CLASS_COLORS[3])
    ax.set(xlim=(-0.3, 10.8), ylim=(-0.1, 3.2))
    ax.set_axis_off()
    return fig


def codes_in_parts(
    panels: dict[str, tuple[Tensor, Tensor, Distribution]], limit: float = 3.4, columns: int = 2
) -> Figure:
    """One panel for each title: (codes (N, 2), classes (N,), prior), at most 3,000 codes of each.

    Every class has a colour and a marker; its number stands at its part of the prior, which is outlined in black.
    """
    rows = -(-len(panels) // columns)
    fig, axes = figure(rows, columns, size=(5.2, 5.2), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, (z, y, prior)) in zip(axes.flat, panels.items(), strict=False):
        z, y = z[:N_DRAWN].detach().cpu(), y[:N_DRAWN].cpu()
        draw_prior(ax, prior, limit)
        for k in range(prior.n_classes):
            look = {"color": CLASS_COLORS[k % 10], "marker": CLASS_MARKERS[k % 10]}
            ax.scatter(*z[y == k].T, s=12, alpha=0.6, linewidths=0, rasterized=True, zorder=2, **look)
            box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": CLASS_COLORS[k % 10], "alpha": 0.9}
            ax.annotate(str(k), _anchor(prior, k), ha="center", va="center", fontsize=12, fontweight="bold", bbox=box)
        ax.set(xlabel="$z_1$", ylabel="$z_2$", xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", title=title)
    return fig


def _anchor(prior: Distribution, k: int) -> list[float]:
    """Where the number of part k stands: in the middle of a piece of the roll, at the outer end of a petal."""
    if isinstance(prior, SwissRoll):
        u = torch.tensor([(k + 0.5) / prior.n_classes], device=prior._origin.device)
        return prior.at(u)[0].tolist()
    end = torch.tensor([[3.0, 0.0]], device=prior.means.device)
    return prior.at(end, torch.tensor([k]))[0].tolist()


def component_grids(images: Tensor, percent: Tensor, titles: Sequence[str]) -> Figure:
    """Images (K, n, n, C, H, W) decoded at percentiles (n,) of both axes of K components, ascending; a panel each.

    images[k, i, j] lies at percent[j] of the first axis and at percent[-1 - i] of the second, which points up.
    """
    n = len(percent)
    fig, axes = figure(1, len(images), size=(4.3, 4.5), squeeze=False)
    for ax, sheet, title in zip(axes[0], images, titles, strict=True):
        ax.imshow(tile(sheet.flatten(0, 1), n).numpy(), cmap="gray", vmin=0, vmax=1, extent=(0, n, 0, n))
        _percentile_ticks(ax, percent)
        ax.set_title(title)
    return fig


def field_panels(fields: Tensor, percent: Tensor, titles: Sequence[str], name: str) -> Figure:
    """What was measured (K, n, n) at the places of `component_grids`: one map each, one scale for all, with numbers."""
    n = len(percent)
    fields = fields.cpu()
    finite = fields[fields.isfinite()]
    low, high = finite.min().item(), finite.max().item()
    fig, axes = figure(1, len(fields), size=(4.3, 4.2), squeeze=False)
    for ax, field, title in zip(axes[0], fields, titles, strict=True):
        shown = ax.imshow(field.numpy(), cmap="cividis", vmin=low, vmax=high, extent=(0, n, 0, n))
        for i, j in np.ndindex(n, n):
            color = "black" if field[i, j] > (low + high) / 2 else "white"
            ax.text(j + 0.5, n - i - 0.5, f"{field[i, j]:.1f}", ha="center", va="center", color=color, fontsize=9)
        _percentile_ticks(ax, percent)
        ax.set_title(title)
    fig.colorbar(shown, ax=axes[0].tolist(), label=name, shrink=0.8)
    return fig


def _percentile_ticks(ax, percent: Tensor) -> None:
    ticks = np.arange(0, len(percent), 2) + 0.5
    names = [f"{p:.0f}" for p in percent[::2].tolist()]
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)
    ax.set(xlabel="long axis, percentile", ylabel="short axis, percentile")


def walk_sheet(images: Tensor) -> Figure:
    """Images (K, n, C, H, W) along a roll: one row a class's part, from its start on the left to its end."""
    n_parts, n, _, height, width = images.shape
    fig, ax = figure(size=(0.62 * n + 0.8, 0.62 * n_parts + 0.6))
    ax.imshow(tile(images.flatten(0, 1), n).numpy(), cmap="gray", vmin=0, vmax=1)
    ax.set_yticks([(height + 1) * (k + 0.5) - 0.5 for k in range(n_parts)], range(n_parts))
    ends = [0.5 * width, (n / 2) * (width + 1), (n - 0.5) * (width + 1)]
    ax.set_xticks(ends, ["start", "middle", "end"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="place in the part of the roll", ylabel="part of class")
    return fig


def along_parts(
    place: Tensor, curves: Tensor, dots: tuple[Tensor, Tensor], names: Sequence[str], ylabel: str
) -> Figure:
    """A panel a class: a curve (K, n) over the places (n,) in [0, 1] of its part, and dots at (places (m,), (K, m)).

    names: what the curve is, and what the dots are. A thin dashed line marks zero.
    """
    columns = -(-len(curves) // 2)
    fig, axes = figure(2, columns, size=(2.5, 2.4), squeeze=False, sharex=True, sharey=True)
    for ax in axes.flat[len(curves) :]:
        ax.set_axis_off()
    for k, (ax, curve, values) in enumerate(zip(axes.flat, curves.cpu(), dots[1].cpu(), strict=False)):
        ax.axhline(0, color="0.5", lw=1, ls="--")
        ax.plot(place.cpu(), curve, color=CLASS_COLORS[0], lw=2.2, label=names[0])
        ax.plot(dots[0].cpu(), values, "o", color="black", ms=5, label=names[1])
        ax.set_title(str(k))
    for ax in axes[-1]:
        ax.set_xlabel("place in its part")
    for ax in axes[:, 0]:
        ax.set_ylabel(ylabel)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return fig


def shares_by_class(shares: dict[str, Tensor]) -> Figure:
    """For each class and each name a mark: shares (K,) in [0, 1] as percent; the legend has their means."""
    fig, ax = figure(size=(9.5, 4))
    width = 0.7 / len(shares)
    for i, (name, share) in enumerate(shares.items()):
        percent = 100 * share.cpu().numpy()
        place = np.arange(len(share)) - 0.35 + width * (i + 0.5)
        look = {"color": CLASS_COLORS[i], "marker": CLASS_MARKERS[i]}
        ax.plot(place, percent, ls="", ms=8, mec="black", mew=0.6, label=f"{name} (mean {percent.mean():.1f})", **look)
    n = len(next(iter(shares.values())))
    for border in range(n - 1):
        ax.axvline(border + 0.5, color="0.85", lw=1)
    ax.set(xlabel="digit", ylabel="% of its test images in its own part", xticks=range(n))
    fig.legend(loc="outside lower center", ncols=2, frameon=False)
    return fig
