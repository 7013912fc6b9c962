"""Figures of semi-supervised learning with two codes, class and style (notebook 10)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from torch import Tensor

from course_utils.metrics import Binned
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "os^Dv"


def error_over_time(
    curves: dict[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str = "epoch",
    ylabel: str = "validation error in %",
    reference: dict[str, float] | None = None,
    log: bool = True,
) -> Figure:
    """Error against time, (times, errors) by name; `reference` names errors to mark by a thin line each."""
    fig, ax = figure(size=(7.8, 4.2))
    for i, (name, (time, error)) in enumerate(curves.items()):
        look = {"color": CLASS_COLORS[i], "marker": MARKERS[i % len(MARKERS)], "markevery": max(1, len(time) // 10)}
        ax.plot(time, error, DASHES[i % 4], lw=2.2, ms=7, label=name, **look)
    for name, value in (reference or {}).items():
        ax.axhline(value, color="0.35", lw=1.2, ls="-.")
        place = {"xycoords": ("axes fraction", "data"), "xytext": (0, 3), "textcoords": "offset points"}
        ax.annotate(name, (0.99, value), ha="right", fontsize=11, **place)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.locator_params(axis="x", integer=True)
    if log:
        _plain_log(ax, "y")
    if curves:
        ax.legend(frameon=False)
    return fig


def losses_beside_error(
    time: Sequence[float], error: Sequence[float], losses: dict[str, Sequence[float]], xlabel: str = "epoch"
) -> Figure:
    """Left the validation error in percent, right losses of discriminators at the same times, 2 log 2 dashed."""
    fig, (left, right) = figure(1, 2, size=(4.8, 3.8))
    left.plot(time, error, "o-", color="black", lw=2)
    left.set(xlabel=xlabel, ylabel="validation error in %")
    left.set_ylim(bottom=0)
    for i, (name, values) in enumerate(losses.items()):
        right.plot(time, values, DASHES[i], marker=MARKERS[i], lw=2, color=CLASS_COLORS[i], label=name)
    right.axhline(2 * math.log(2), color="0.35", lw=1.2, ls="-.")
    right.annotate("2 log 2", (0.99, 2 * math.log(2)), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    right.set(xlabel=xlabel, ylabel="discriminator loss")
    right.set_ylim(0, 1.15 * max(2 * math.log(2), *(max(values) for values in losses.values())))
    for ax in (left, right):
        ax.locator_params(axis="x", integer=True)
    right.legend(frameon=False, loc="lower right")
    return fig


def errors_by_row(
    panels: dict[str, dict[str, Sequence[float]]], published: dict[str, float], xlabel: str = "test error in %"
) -> Figure:
    """One panel a title: errors of each row's seeds as marks, their mean as a bar; a row of no errors says so.

    published: title to the value of the paper, a dashed line. The scale is logarithmic.
    """
    rows = [len(row) for row in panels.values()]
    height = 0.8 + 0.36 * sum(rows) / len(rows)
    fig, axes = figure(len(panels), 1, size=(9, height), squeeze=False, sharex=True, height_ratios=rows)
    for ax, (title, row) in zip(axes[:, 0], panels.items(), strict=True):
        for i, errors in enumerate(row.values()):
            if not len(errors):
                place = {"va": "center", "transform": ax.get_yaxis_transform(), "zorder": 3}
                ax.text(0.4, i, "not run yet", style="italic", **place)
                continue
            color = CLASS_COLORS[i % 10]
            ax.plot(errors, [i] * len(errors), MARKERS[i % len(MARKERS)], color=color, mec="black", ms=8, alpha=0.8)
            ax.vlines(np.mean(errors), i - 0.35, i + 0.35, color="black", lw=1.8)
        ax.axvline(published[title], ls="--", color="0.3", lw=1.5)
        ax.set(title=title, ylim=(len(row) - 0.5, -0.5))
        ax.set_yticks(range(len(row)), row)
        _plain_log(ax, "x")
    axes[-1, 0].set_xlabel(f"{xlabel} (dashed: the paper)")
    return fig


def two_choices(images: Tensor, y: Tensor, probabilities: Tensor, columns: int = 8) -> Figure:
    """Images (N, C, H, W), each with its class y (N,) above and the two most probable classes below, in percent."""
    rows = -(-len(images) // columns)
    fig, axes = figure(rows, columns, size=(1.25, 1.75), squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    p, best = probabilities.cpu().topk(2, dim=1)
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(tile(image[None], 1).numpy(), cmap="gray", vmin=0, vmax=1)
        ax.set_title(f"is {y[i].item()}", fontsize=11, pad=3)
        said = " ".join(f"{k}:{100 * v:.0f}" for k, v in zip(best[i].tolist(), p[i].tolist(), strict=True))
        ax.set_xlabel(said, fontsize=11, labelpad=3)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


def mistaken_pairs(y: Tensor, read: Tensor, n: int = 12) -> Figure:
    """The `n` most frequent mistakes of classes y (N,) read as `read` (N,), as bars with their counts."""
    wrong = y != read
    pairs, counts = torch.stack([y[wrong], read[wrong]], 1).cpu().unique(dim=0, return_counts=True)
    order = counts.argsort(descending=True, stable=True)[:n]
    names = [f"{a} read as {b}" for a, b in pairs[order].tolist()]
    fig, ax = figure(size=(6.5, 0.9 + 0.32 * len(names)))
    bars = ax.barh(names, counts[order].tolist(), color="0.75", edgecolor="black")
    ax.bar_label(bars, padding=3)
    ax.invert_yaxis()
    ax.set(xlabel="images")
    return fig


def share_panels(panels: dict[str, Binned], ylabel: str = "error in %") -> Figure:
    """One panel for each quantity: a share, in percent with its standard error, in bins from low to high values."""
    fig, axes = figure(1, len(panels), size=(3.3, 3.3), squeeze=False, sharey=True)
    for ax, (name, binned) in zip(axes[0], panels.items(), strict=True):
        value, share, error = (part.numpy() for part in binned)
        ax.errorbar(value, 100 * share, 100 * error, fmt="o-", color="black", capsize=4, lw=1.8)
        ax.set(xlabel=name)
    axes[0, 0].set(ylabel=ylabel)
    axes[0, 0].set_ylim(bottom=0)
    return fig


def _plain_log(ax: Axes, axis: str) -> None:
    """A logarithmic axis with plain numbers at 1, 2 and 5."""
    getattr(ax, f"set_{axis}scale")("log")
    which = getattr(ax, f"{axis}axis")
    which.set_major_locator(LogLocator(subs=(1, 2, 5)))
    which.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    which.set_minor_formatter(NullFormatter())
