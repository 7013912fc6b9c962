"""Figures of GANs on images (notebook 03)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogFormatter
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "os^Dv"
HATCHES = ["", "///", "...", "xx"]


def feature_maps(networks: dict[str, Sequence[tuple[str, Sequence[int]]]]) -> Figure:
    """One row a network: (operation, the shape it gives) for each stage, the input first; shapes (C, H, W) or (n,).

    A stage is a box to scale, as high as its maps (H pixels; a vector is flat) and wider the more channels it has. Its
    operation is written over the arrow that leads to it.
    """
    fig, axes = figure(len(networks), 1, size=(11, 2.4), squeeze=False)
    for ax, (name, stages) in zip(axes[:, 0], networks.items(), strict=True):
        left, edges = 0.0, []
        for operation, shape in stages:
            width, height = _box(shape)
            ax.add_patch(Rectangle((left, -height / 2), width, height, fc="0.88", ec="black", lw=1.3))
            ax.text(left + width / 2, -17, " × ".join(map(str, shape)), ha="center", va="top")
            if edges:
                arrow = {"arrowstyle": "-|>", "lw": 1.6}
                ax.annotate("", (left - 1, 0), (edges[-1] + 1, 0), arrowprops=arrow)
                ax.text((left + edges[-1]) / 2, 2, operation, ha="center", va="bottom", fontsize=10)
            edges.append(left + width)
            left += width + 44
        ax.set(xlim=(-8, edges[-1] + 8), ylim=(-25, 17), aspect="equal")
        ax.set_title(name, loc="left")
        ax.set_axis_off()
    return fig


def _box(shape: Sequence[int]) -> tuple[float, float]:
    """Width and height of the box of a stage."""
    if len(shape) == 1:
        return (6.0, 3.0) if shape[0] == 1 else (22.0, 3.0)
    channels, height, _ = shape
    return 4 + 3 * torch.log2(torch.tensor(float(channels))).item(), height


def image_panels(panels: dict[str, Tensor], columns: int = 8) -> Figure:
    """Grids of images (N, C, H, W) side by side, one for each title."""
    rows = max(-(-len(images) // columns) for images in panels.values())
    fig, axes = figure(1, len(panels), size=(0.5 * columns, 0.5 * rows + 0.5), squeeze=False)
    for ax, (title, images) in zip(axes[0], panels.items(), strict=True):
        ax.imshow(tile(images, columns), cmap="gray", vmin=0, vmax=1)
        ax.set_title(title)
        ax.set_axis_off()
    return fig


def class_shares(shares: dict[str, Tensor], xlabel: str = "class, as the judge reads it") -> Figure:
    """Bars side by side for each class: how the images of each name divide over the classes, shares (K,) in [0, 1]."""
    fig, ax = figure(size=(9, 3.4))
    width = 0.8 / len(shares)
    for i, (name, share) in enumerate(shares.items()):
        place = np.arange(len(share)) - 0.4 + width * (i + 0.5)
        look = {"color": CLASS_COLORS[i], "edgecolor": "black", "lw": 0.6, "hatch": HATCHES[i % 4]}
        ax.bar(place, 100 * share.cpu().numpy(), width, label=name, **look)
    ax.set(xlabel=xlabel, ylabel="% of the images", xticks=range(len(share)))
    ax.legend(frameon=False)
    return fig


def by_seed(panels: dict[str, dict[str, Sequence[float]]], log: Sequence[str] = ()) -> Figure:
    """One panel a measure: for each name the value of every run as a mark, their mean as a bar across.

    log: titles of the panels with a logarithmic scale.
    """
    fig, axes = figure(1, len(panels), size=(2.6, 3.7), squeeze=False)
    for ax, (title, runs) in zip(axes[0], panels.items(), strict=True):
        for i, (name, values) in enumerate(runs.items()):
            values = torch.tensor(list(values), dtype=torch.float64)
            spread = torch.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else torch.zeros(1)
            marker = MARKERS[i % len(MARKERS)]
            ax.scatter(
                i + spread, values, s=55, marker=marker, color=CLASS_COLORS[i], edgecolor="black", lw=0.6, label=name
            )
            ax.hlines(values.mean(), i - 0.3, i + 0.3, color="black", lw=1.6)
        ax.set(title=title, xticks=range(len(runs)), xlim=(-0.6, len(runs) - 0.4))
        ax.set_xticklabels(runs, rotation=35, ha="right", rotation_mode="anchor")
        if title in log:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter(LogFormatter())
            ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1, 0.4)))  # plain numbers, few of them
        else:
            ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    axes[0, 0].set_ylabel("one mark a seed, bar: mean")
    return fig


def style_by_class(images: Tensor, names: Sequence[str] | None = None, ylabel: str = "style") -> Figure:
    """Images (S, K, C, H, W): one row a style, one column a class; columns are named 0..K-1 or by `names`."""
    n_styles, n_classes, _, height, width = images.shape
    fig, ax = figure(size=(0.62 * n_classes + 0.6, 0.62 * n_styles + 0.6))
    ax.imshow(tile(images.flatten(0, 1), n_classes), cmap="gray", vmin=0, vmax=1)
    ax.set_xticks([(width + 1) * (k + 0.5) - 0.5 for k in range(n_classes)], names or range(n_classes))
    ax.set_yticks([(height + 1) * (s + 0.5) - 0.5 for s in range(n_styles)], [f"z{s + 1}" for s in range(n_styles)])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="class asked for", ylabel=ylabel)
    return fig


def confusion(asked: Tensor, read: Tensor, n_classes: int = 10) -> Figure:
    """How classes asked for (N,) were read (N,): percent of each row, in cells from 1 on as numbers."""
    counts = torch.bincount(n_classes * asked.cpu() + read.cpu(), minlength=n_classes**2).view(n_classes, n_classes)
    percent = 100 * counts / counts.sum(1, keepdim=True).clamp(min=1)
    fig, ax = figure(size=(5.6, 5.2))
    ax.imshow(percent.numpy(), cmap="Greys", vmin=0, vmax=100)
    for i, j in (percent.round() >= 1).nonzero().tolist():
        color = "white" if percent[i, j] > 50 else "black"
        ax.text(j, i, f"{percent[i, j]:.0f}", ha="center", va="center", color=color, fontsize=10)
    classes = range(n_classes)
    ax.set(xlabel="class read by the judge", ylabel="class asked for", xticks=classes, yticks=classes)
    return fig


def probe_accuracy(n_labels: Sequence[int], accuracy: dict[str, Tensor]) -> Figure:
    """Accuracy (len(n_labels), draws) in [0, 1] against the number of labels: mean, and standard deviation as bars."""
    fig, ax = figure(size=(6.5, 4))
    places = torch.arange(len(n_labels))
    for i, (name, values) in enumerate(accuracy.items()):
        shift = 0.05 * (i - (len(accuracy) - 1) / 2)
        ax.errorbar(
            places + shift,
            100 * values.mean(1),
            100 * values.std(1),
            label=name,
            color=CLASS_COLORS[i],
            ls=DASHES[i % 4],
            marker=MARKERS[i % len(MARKERS)],
            ms=8,
            lw=2,
            capsize=4,
        )
    ax.set(xlabel="labelled images", ylabel="test accuracy in %", xlim=(-0.3, len(n_labels) - 0.7))
    ax.set_xticks(places.tolist(), [f"{n:,}" for n in n_labels])
    ax.legend(frameon=False)
    return fig
