"""Figures of the VAE/GAN (notebook 13): who judges what, which loss moves which network, what losses want of pixels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "os^Dv"
NETWORKS = ("encoder", "decoder", "discriminator")
# name -> (x, y, text) of a box
_BOXES = {
    "x": (0.0, 2.6, "$x$\nimage"),
    "encoder": (1.9, 2.6, "encoder"),
    "z": (3.7, 2.6, "$z$\ncode of $x$"),
    "prior": (3.7, 0.7, "$z$ ~ $p(z)$\nnoise"),
    "decoder": (5.6, 1.65, "decoder =\ngenerator"),
    "x_hat": (7.5, 2.6, "$\\hat{x}$"),
    "x_fake": (7.5, 0.7, "$x_{fake}$"),
    "discriminator": (9.4, 1.65, "discriminator"),
    "kl": (3.7, 4.3, "prior loss\nmoves the encoder"),
    "feature": (8.4, 4.3, "feature loss: $Dis_l(\\hat{x})$ like $Dis_l(x)$\nmoves encoder and decoder"),
    "gan": (13.1, 1.65, "GAN loss: which is $x$?\nmoves discriminator and decoder"),
}
_ARROWS = [
    ("x", "encoder"),
    ("encoder", "z"),
    ("z", "decoder"),
    ("prior", "decoder"),
    ("decoder", "x_hat"),
    ("decoder", "x_fake"),
    ("x_hat", "discriminator"),
    ("x_fake", "discriminator"),
]
_TO_LOSSES = [("z", "kl"), ("discriminator", "feature"), ("discriminator", "gan")]


def vae_gan_diagram() -> Figure:
    """The VAE/GAN: three networks in grey, three losses with dashed frames, and which network each of them moves."""
    fig, ax = figure(size=(13.5, 4.6))
    half = {}
    for name, (x, y, text) in _BOXES.items():
        wide = 0.3 + 0.052 * max(map(len, text.replace("$", "").replace("\\hat", "").split("\n")))
        half[name] = np.array([max(0.62, wide), 0.42])
        look = {"fc": "0.88", "ec": "black", "lw": 1.8} if name in NETWORKS else {"fc": "white", "ec": "0.5", "lw": 1}
        look |= {"ls": "--", "ec": CLASS_COLORS[3], "lw": 1.8} if name in ("kl", "feature", "gan") else {}
        corner = (x - half[name][0], y - half[name][1])
        ax.add_patch(FancyBboxPatch(corner, *(2 * half[name]), boxstyle="round,pad=0.03", zorder=2, **look))
        ax.text(x, y, text, ha="center", va="center", zorder=3, fontsize=13)
    for pairs, style in (
        (_ARROWS, {"ls": "-", "color": "black"}),
        (_TO_LOSSES, {"ls": "--", "color": CLASS_COLORS[3]}),
    ):
        for start, end in pairs:
            _arrow(ax, start, end, half, style)
    # the images themselves take the way below, past encoder and decoder
    ax.plot([0.0, 0.0, 9.4], [2.15, -0.2, -0.2], lw=1.8, color="black", zorder=1)
    ax.annotate("", (9.4, 1.2), (9.4, -0.22), arrowprops=_look({"ls": "-", "color": "black"}))
    ax.set(xlim=(-0.8, 15.5), ylim=(-0.4, 5))
    ax.set_axis_off()
    return fig


def _look(style: dict) -> dict:
    return {"arrowstyle": "-|>", "lw": 1.8, "shrinkA": 0, "shrinkB": 0, **style}


def _arrow(ax: Axes, start: str, end: str, half: dict[str, np.ndarray], style: dict) -> None:
    """An arrow from the edge of one box to the edge of another."""
    a, b = (np.array(_BOXES[name][:2]) for name in (start, end))
    way = b - a
    with np.errstate(divide="ignore"):
        out, into = (np.min((half[name] + 0.05) / np.abs(way)) for name in (start, end))
    ax.annotate("", b - into * way, a + out * way, arrowprops=_look(style))


def gradient_table(norms: dict[str, dict[str, float | None]], used: dict[str, Sequence[str]]) -> Figure:
    """How strongly each loss (row) pulls at each network (column): norms of gradients, None where there is no path.

    used: for each loss the networks that the method lets it move, in a thick frame. Shades go by the logarithm.
    """
    losses, networks = list(norms), list(next(iter(norms.values())))
    values = np.array([[np.nan if norms[a][b] is None else norms[a][b] for b in networks] for a in losses], dtype=float)
    fig, ax = figure(size=(2.1 * len(networks) + 2.2, 0.95 * len(losses) + 0.7))
    shades = np.log10(np.where(values > 0, values, np.nan))
    top = np.nanmax(shades)
    ax.imshow(shades, cmap="Greys", vmin=top - 6, vmax=top + 1, aspect="auto")
    for i, loss in enumerate(losses):
        for j, network in enumerate(networks):
            dark = shades[i, j] > top - 2
            text = "no path" if np.isnan(values[i, j]) else _plain(values[i, j])
            moves = network in used.get(loss, ())
            ax.text(j, i, text + ("\nmoves it" if moves else ""), ha="center", va="center", color="w" if dark else "k")
            if moves:
                ax.add_patch(Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, fill=False, lw=3, ec=CLASS_COLORS[1]))
    ax.set(xlabel="network", ylabel="loss")
    ax.set_xticks(range(len(networks)), networks)
    ax.set_yticks(range(len(losses)), losses)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return fig


def _plain(value: float) -> str:
    """Two digits, or all before the point: 0.012, 4.7, 20,000."""
    return f"{value:.2g}" if value < 99.5 else f"{value:,.0f}"


def pixel_wishes(images: dict[str, Tensor], wishes: dict[str, Tensor]) -> Figure:
    """Rows of images (N, 1, H, W), and below them rows of wishes (N, 1, H, W): how each pixel is to change.

    A wish is minus the gradient of a loss. White: brighter; black: darker; grey: as it is. Each is shown at its own
    scale, its strongest pixel at full white or black.
    """
    n = len(next(iter(images.values())))
    scaled = {
        name: 0.5 + 0.5 * w / w.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12) for name, w in wishes.items()
    }
    rows = images | scaled
    fig, axes = figure(len(rows), 1, size=(0.95 * n + 2, 0.95), squeeze=False)
    for ax, (name, row) in zip(axes[:, 0], rows.items(), strict=True):
        _strip(ax, row, name)
    return fig


def paired_rows(
    rows: dict[str, tuple[Tensor | None, Tensor | None]], titles: tuple[str, str], absent: str = "cannot"
) -> Figure:
    """For each name two strips of images (N, 1, H, W) side by side, with a title above each column of strips.

    Where a strip is None, `absent` is written.
    """
    widths = [max((len(pair[side]) for pair in rows.values() if pair[side] is not None), default=1) for side in (0, 1)]
    total = 0.62 * sum(widths) + 1.8
    fig, axes = figure(len(rows), 2, size=(total / 2, 0.74), squeeze=False, width_ratios=widths)
    for line, (name, pair) in zip(axes, rows.items(), strict=True):
        for ax, images, label in zip(line, pair, (name, ""), strict=True):
            if images is None:
                ax.text(0.5, 0.5, absent, ha="center", va="center", style="italic", transform=ax.transAxes)
            _strip(ax, images, label)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    return fig


def _strip(ax: Axes, images: Tensor | None, label: str) -> None:
    if images is not None:
        ax.imshow(tile(images, len(images)), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_ylabel(label, rotation=0, ha="right", va="center")


def panels_over(
    x: Sequence[float],
    panels: dict[str, dict[str, Sequence[float]]],
    xlabel: str,
    log: str = "",
    marked: float | None = None,
    ylim: tuple[float, float] | None = None,
) -> Figure:
    """Panels side by side over one x, each with a y axis of its own: {y label: {name: values, one for each x}}.

    log: axes with a logarithmic scale, any of ``"x"``, ``"y"``, ``"xy"``. marked: an x to mark by a dashed line. ylim:
    the ends of all y axes; left out, each has its own. A name has the same look in all panels.
    """
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    fig, axes = figure(1, len(panels), size=(4.0, 3.5), squeeze=False)
    for ax, (ylabel, curves) in zip(axes[0], panels.items(), strict=True):
        for name, values in curves.items():
            i = names.index(name)
            look = {"color": CLASS_COLORS[i], "marker": MARKERS[i % 5], "ls": DASHES[i % 4]}
            ax.plot(x, values, lw=2, ms=7, mec="black", mew=0.6, label=name, **look)
        if marked is not None:
            ax.axvline(marked, color="0.35", ls="--", lw=1.2)
        ax.set(xlabel=xlabel, ylabel=ylabel, **{f"{axis}scale": "log" for axis in log})
        if "y" in log:
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
        else:
            ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
        if ylim:
            ax.set_ylim(ylim)
        ax.legend(frameon=False, fontsize=11)
    return fig


def dots_by_row(rows: dict[str, dict[str, float]], xlabel: str, reference: dict[str, float] | None = None) -> Figure:
    """For each row the positive value of every name, as a mark on a logarithmic axis; `reference` names values to mark.

    The first row is at the top. A name has the same mark in all rows.
    """
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    fig, ax = figure(size=(8.6, 0.62 * len(rows) + 1.5))
    for i, name in enumerate(names):
        points = [(row[name], place) for place, row in enumerate(rows.values()) if name in row]
        look = {"color": CLASS_COLORS[i], "marker": MARKERS[i % 5], "ms": 11, "mec": "black", "mew": 0.8}
        ax.plot(*zip(*points, strict=True), ls="", label=name, zorder=3, **look)
    for name, value in (reference or {}).items():
        ax.axvline(value, color="0.35", ls="--", lw=1.2)
        ax.annotate(name, (value, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=11)
    ax.hlines(range(len(rows)), 0, 1, transform=ax.get_yaxis_transform(), color="0.85", lw=1, zorder=0)
    ax.set(xlabel=xlabel, xscale="log", ylim=(len(rows) - 0.5, -0.5))
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig
