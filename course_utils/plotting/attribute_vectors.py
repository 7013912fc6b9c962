"""Figures of images asked for by attribute vectors (notebook 14)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.plotting.diagrams import arrow
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure

# name -> (x, y, text, is it a network?)
_BOXES = {
    "a": (4.6, 4.3, "$a$: attribute vector of $x$", False),
    "x": (0.7, 2.4, "$x$\nimage", False),
    "encoder": (2.6, 2.4, "encoder\n$q(z|x,a)$", True),
    "z": (4.6, 2.4, "$z$\nthe rest", False),
    "z_prior": (4.6, 0.7, "sample of\n$N(0, I)$", False),
    "decoder": (6.6, 2.4, "decoder\n$p(x|z,a)$", True),
    "x_hat": (8.6, 2.4, "$\\hat{x}$\nimage again", False),
    "x_fake": (8.6, 0.7, "$x_{fake}$\nsample", False),
    "discriminator": (10.6, 2.4, "discriminator\nreal, with this $a$?", True),
}
_WAY = [
    ("x", "encoder"),
    ("encoder", "z"),
    ("z", "decoder"),
    ("z_prior", "decoder"),
    ("decoder", "x_hat"),
    ("decoder", "x_fake"),
    ("x_hat", "discriminator"),
    ("x_fake", "discriminator"),
]
_TOLD = ("encoder", "decoder", "discriminator")


def attribute_vae_gan_diagram() -> Figure:
    """The VAE/GAN of images with attributes: dashed arrows show where the attribute vector goes in."""
    fig, ax = figure(size=(12, 4.6))
    for x, y, text, is_network in _BOXES.values():
        ax.text(x, y, text, ha="center", va="center", zorder=3, fontsize=11)
        look = {"fc": "0.9", "ec": "black", "lw": 1.8} if is_network else {"fc": "white", "ec": "0.6", "lw": 1}
        half = 1.4 if y > 4 else 0.86
        ax.add_patch(FancyBboxPatch((x - half, y - 0.36), 2 * half, 0.72, boxstyle="round,pad=0.05", zorder=2, **look))
    for start, end in _WAY:
        arrow(ax, _BOXES[start][:2], _BOXES[end][:2], "-", "black")
    for network in _TOLD:
        place = _BOXES[network][:2]
        look = {"arrowstyle": "-|>", "ls": "--", "lw": 2, "color": CLASS_COLORS[3], "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (place[0], place[1] + 0.44), (place[0], 4.3), arrowprops=look)
    ax.plot([2.6, 10.6], [4.3, 4.3], "--", color=CLASS_COLORS[3], lw=2, zorder=1)
    ax.text(8.6, 4.45, "beside what the network sees", ha="center", va="bottom", color=CLASS_COLORS[3])
    # the image itself goes around, above the others
    ax.plot([0.7, 0.7, 10.0, 10.0], [2.84, 3.35, 3.35, 2.86], color="black", lw=2, zorder=1)
    ax.annotate("", (10.0, 2.84), (10.0, 3.0), arrowprops={"arrowstyle": "-|>", "lw": 2, "shrinkA": 0, "shrinkB": 0})
    ax.set(xlim=(-0.4, 11.9), ylim=(0.1, 4.95))
    ax.set_axis_off()
    return fig


def number_tables(
    panels: dict[str, Tensor],
    rows: Sequence[str],
    columns: Sequence[str],
    ylabel: str = "",
    darkest: float | None = None,
) -> Figure:
    """Tables (R, C) of numbers side by side, shaded by how far they are from 0; all share the names of their rows.

    darkest: the number that is shaded darkest; left out, the largest.
    """
    limit = darkest or max(table.abs().max().item() for table in panels.values())
    size = (0.62 * len(columns) + 1.2, 0.5 * len(rows) + 1.5)
    fig, axes = figure(1, len(panels), size=size, squeeze=False, sharey=True)
    for ax, (title, table) in zip(axes[0], panels.items(), strict=True):
        _draw_table(ax, table.cpu(), limit)
        ax.set_xticks(range(len(columns)), columns, rotation=40, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(rows)), rows)
        ax.set_title(title)
    axes[0, 0].set_ylabel(ylabel)
    return fig


def _draw_table(ax: Axes, table: Tensor, limit: float) -> None:
    ax.imshow(table.abs(), cmap="Greys", vmin=0, vmax=1.3 * limit, aspect="auto")
    for (i, j), value in np.ndenumerate(table.numpy()):
        dark = abs(value) > 0.65 * limit
        written = f"{round(float(value), 2) + 0.0:+.2f}"  # + 0.0: no "-0.00"
        ax.text(j, i, written, ha="center", va="center", color="white" if dark else "black", fontsize=10)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def queries_and_samples(x: Tensor, samples: dict[str, Tensor]) -> Figure:
    """Left the images x (Q, C, H, W) whose attributes were asked for; then for each model its samples (Q, S, C, H, W).

    One query a row, S samples of different z in a row.
    """
    counts = [1, *(images.shape[1] for images in samples.values())]
    fig, axes = figure(
        1, len(counts), size=(0.6 * sum(counts) / len(counts) + 0.15, 0.62 * len(x) + 0.6), squeeze=False
    )
    fig.get_layout_engine().set(w_pad=0.05)
    axes[0, 0].get_gridspec().set_width_ratios(counts)
    sheets = {"asked": x[:, None], **samples}
    for ax, n, (name, images) in zip(axes[0], counts, sheets.items(), strict=True):
        ax.imshow(tile(images.flatten(0, 1), n), cmap="gray", vmin=0, vmax=1)
        ax.set(title=name, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("one query a row")
    return fig


def asked_against_measured(
    strips: dict[str, Tensor], asked: Tensor, measured: dict[str, Tensor], usual: float = 2.0
) -> Figure:
    """For each attribute a strip of images (T, C, H, W), and below it what the ruler finds, (T, N) for N codes z.

    asked (T,): the values asked for, in standard deviations. Line: the mean over the codes; band: half of them lie in
    it. Dashed: measured as asked. Shaded: beyond `usual`, where few images are.
    """
    fig, axes = figure(2, len(strips), size=(3.1, 2.2), squeeze=False, height_ratios=(1, 4), sharey="row")
    step = (asked[-1] - asked[0]).item() / (len(asked) - 1)
    edges = (asked[0].item() - step / 2, asked[-1].item() + step / 2)
    for (strip, chart), (name, images) in zip(axes.T, strips.items(), strict=True):
        strip.imshow(tile(images, len(images)), cmap="gray", vmin=0, vmax=1, aspect="auto", extent=(*edges, 0, 1))
        strip.set_axis_off()
        strip.set_title(name)
        found = measured[name].double().cpu()
        low, high = torch.nanquantile(found, torch.tensor([0.25, 0.75], dtype=torch.float64), dim=1)
        chart.fill_between(asked, low, high, color=CLASS_COLORS[0], alpha=0.35, lw=0)
        chart.plot(asked, found.nanmean(1), "o-", color=CLASS_COLORS[0], ms=5, lw=2)
        chart.plot(edges, edges, "--", color="black", lw=1.3)
        for side in ((edges[0], -usual), (usual, edges[1])):
            chart.axvspan(*side, color="0.9", lw=0, zorder=0)
        chart.set(xlim=edges, xlabel="asked for")
    axes[1, 0].set_ylabel("measured\n(standard deviations)")
    return fig


def runs_by_model(panels: dict[str, dict[str, Sequence[float]]], xlabels: Sequence[str]) -> Figure:
    """One panel a measure, one line a model: the value of each run as a mark, their mean as a bar across the line.

    The axes need not begin at 0. A model without runs has an empty line that says so.
    """
    fig, axes = figure(1, len(panels), size=(3.7, 2.6), squeeze=False)
    for ax, xlabel, (title, models) in zip(axes[0], xlabels, panels.items(), strict=True):
        for i, values in enumerate(models.values()):
            look = {"marker": "osD^v"[i % 5], "color": CLASS_COLORS[i], "edgecolor": "black", "lw": 0.6}
            ax.scatter(values, [i] * len(values), s=60, zorder=3, **look)
            if len(values):
                ax.vlines(np.mean(values), i - 0.3, i + 0.3, color="black", lw=2)
            else:
                ax.annotate("not run yet", (0.5, i), xycoords=("axes fraction", "data"), ha="center", va="center")
        ax.set(title=title, xlabel=xlabel, yticks=range(len(models)), ylim=(len(models) - 0.4, -0.6))
        ax.set_yticklabels(models)
        ax.grid(axis="y", color="0.9")
        ax.locator_params(axis="x", nbins=5)
    return fig


def two_witnesses(rows: dict[str, tuple[Tensor, Tensor]], names: Sequence[str], limit: float = 4.0) -> Figure:
    """For each set of images a row of panels, one an attribute: the ruler (N, A) across, the regressor (N, A) up.

    Darker: more images. Dashed: both say the same. All within -limit to limit.
    """
    fig, axes = figure(len(rows), len(names), size=(2.5, 2.4), squeeze=False, sharex=True, sharey=True)
    for line, (title, (ruler, regressor)) in zip(axes, rows.items(), strict=True):
        for i, (ax, name) in enumerate(zip(line, names, strict=True)):
            x, y = ruler[:, i].cpu().numpy(), regressor[:, i].cpu().numpy()
            ax.hexbin(x, y, gridsize=32, bins="log", cmap="Greys", extent=(-limit, limit) * 2, linewidths=0.2)
            ax.plot([-limit, limit], [-limit, limit], "--", color=CLASS_COLORS[3], lw=1.6)
            ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
            if ax in axes[0]:
                ax.set_title(name)
            if ax in axes[-1]:
                ax.set_xlabel("ruler")
        line[0].set_ylabel(f"{title}\nregressor")
    return fig
