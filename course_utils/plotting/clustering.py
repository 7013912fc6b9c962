"""Figures of clusters without labels (notebook 11)."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "os^Dv"


def cluster_heads(heads: Tensor, members: Sequence[Tensor], names: Sequence[str], columns: int = 2) -> Figure:
    """A row for each cluster: its head, a gap, and images of it, as in figure 9 of the AAE paper.

    heads (K, C, H, W); members: K tensors (n, C, H, W), where n may differ; names: K texts, to the left of the rows.
    The rows are set in `columns` columns, from top to bottom.
    """
    n, per_column = max(map(len, members)), -(-len(heads) // columns)
    side = heads.shape[3] + 1
    fig, axes = figure(1, columns, size=(0.43 * (n + 2.6), 0.43 * per_column + 0.5), squeeze=False)
    for c, ax in enumerate(axes[0]):
        rows = range(c * per_column, min((c + 1) * per_column, len(heads)))
        sheet = torch.cat([_row(heads[k], members[k], n) for k in rows])
        ax.imshow(sheet.numpy(), cmap="gray", vmin=0, vmax=1)
        height = heads.shape[2] + 1
        ax.set_yticks([height * (i + 0.5) - 0.5 for i in range(len(rows))], [names[k] for k in rows])
        ax.set_xticks([side * 0.5 - 0.5, side * (1.5 + n / 2) - 0.5], ["head", "images of the cluster"])
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


def _row(head: Tensor, images: Tensor, n: int) -> Tensor:
    """One head, half an image of white, and n images or as many as there are, (H + 1, W'), (0 black, 1 white)."""
    height, width = head.shape[1:]
    row = tile(head[None], 1)
    gap = torch.ones(height + 1, (width + 1) // 2, *row.shape[2:])
    shown = tile(images, len(images)) if len(images) else torch.ones(height + 1, 0, *row.shape[2:])
    blank = torch.ones(height + 1, (n - len(images)) * (width + 1), *row.shape[2:])
    return torch.cat([row, gap, shown, blank], 1)


def cluster_contents(clusters: Tensor, y: Tensor, named: Tensor) -> Figure:
    """Which classes (columns) are in which cluster (rows), percent of each row; to the right the size of the cluster.

    clusters, y (N,): of each image. named (K,): a label for each cluster by some rule, set in a thick frame; a frame
    that is not on the darkest cell of its row is a name that the majority would not give.
    """
    k, n_classes = len(named), int(max(y.max(), named.max())) + 1
    counts = torch.zeros(k, n_classes)
    counts.index_put_((clusters.cpu(), y.cpu()), torch.ones(len(y)), accumulate=True)
    percent = 100 * counts / counts.sum(1, keepdim=True).clamp(min=1)
    fig, (ax, bars) = figure(1, 2, size=(4.6, 0.32 * k + 0.9), width_ratios=[2.3, 1], sharey=True)
    ax.imshow(percent.numpy(), cmap="Greys", vmin=0, vmax=100, aspect="auto")
    for i, j in (percent.round() >= 1).nonzero().tolist():
        color = "white" if percent[i, j] > 50 else "black"
        ax.text(j, i, f"{percent[i, j]:.0f}", ha="center", va="center", color=color, fontsize=10)
    for i, label in enumerate(named.tolist()):
        ax.add_patch(Rectangle((label - 0.45, i - 0.45), 0.9, 0.9, fc="none", ec=CLASS_COLORS[3], lw=2.6))
    ax.set(xlabel="true class", ylabel="cluster", xticks=range(n_classes), yticks=range(k))
    bars.barh(range(k), 100 * counts.sum(1).numpy() / len(y), color="0.75", edgecolor="black", lw=0.6)
    bars.axvline(100 / k, ls="--", color="0.35", lw=1.2)
    bars.set(xlabel="% of the images", ylabel="")
    return fig


def over_time(
    panels: dict[str, dict[str, tuple[Sequence[float], Sequence[float]]]], xlabel: str = "training step"
) -> Figure:
    """One panel for each quantity, four of them two by two: curves (times, values) by name; values start at zero."""
    columns = 2 if len(panels) == 4 else len(panels)
    fig, axes = figure(-(-len(panels) // columns), columns, size=(4.2, 3.2), squeeze=False)
    for ax, (ylabel, curves) in zip(axes.flat, panels.items(), strict=True):
        for i, (name, (time, values)) in enumerate(curves.items()):
            look = {"color": CLASS_COLORS[i], "marker": MARKERS[i % len(MARKERS)], "lw": 2, "ms": 6}
            ax.plot(time, values, DASHES[i % 4], label=name, **look)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.set_ylim(bottom=0)
        ax.locator_params(axis="x", nbins=5)
    if len(next(iter(panels.values()))) > 1:
        axes.flat[-1].legend(frameon=False)
    return fig


def cluster_sizes(shares: dict[str, Tensor]) -> Figure:
    """One panel for each name: the shares (K,) of the images in each cluster, largest first; dashed: all alike."""
    fig, axes = figure(1, len(shares), size=(3.6, 3.2), squeeze=False, sharey=True)
    for ax, (name, share) in zip(axes[0], shares.items(), strict=True):
        ordered = 100 * share.cpu().sort(descending=True).values.numpy()
        ax.bar(range(1, len(ordered) + 1), ordered, color="0.7", edgecolor="black", lw=0.6)
        ax.axhline(100 / len(ordered), ls="--", color="0.3", lw=1.3)
        ax.set(title=name, xlabel="clusters, largest first")
        ax.locator_params(axis="x", integer=True)
    axes[0, 0].set_ylabel("% of the images")
    return fig


def strips(rows: dict[str, Sequence[float]], xlabel: str) -> Figure:
    """One row a name: each of its values as a mark, a little above or below the others, and their mean as a bar."""
    fig, ax = figure(size=(8.5, 0.8 + 0.75 * len(rows)))
    for i, values in enumerate(rows.values()):
        places = [i + 0.22 * (j % 5 - 2) / 2 for j in range(len(values))]
        look = {"marker": MARKERS[i % len(MARKERS)], "color": CLASS_COLORS[i % 10], "edgecolor": "black"}
        ax.scatter(values, places, s=60, alpha=0.8, **look)
        ax.vlines(sum(values) / len(values), i - 0.4, i + 0.4, color="black", lw=2)
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.set_yticks(range(len(rows)), list(rows))
    return fig


def attribute_by_cluster(groups: dict[str, dict[str, Tensor]], xlabel: str) -> Figure:
    """One row a digit: an attribute of its images, mean and standard deviation in each of its clusters.

    groups: name of the row -> name of the cluster -> values (n,). Dotted: the mean of the whole row.
    """
    fig, ax = figure(size=(8.5, 0.7 + 0.62 * len(groups)))
    for i, clusters in enumerate(groups.values()):
        everything = torch.cat(list(clusters.values()))
        ax.vlines(everything.mean(), i - 0.4, i + 0.4, color="0.4", ls=":", lw=1.8)
        for j, (name, values) in enumerate(sorted(clusters.items(), key=lambda item: item[1].mean().item())):
            place = i - 0.3 + 0.6 * (j + 0.5) / len(clusters)
            color, marker = CLASS_COLORS[j % 10], MARKERS[j % len(MARKERS)]
            spread = values.std(unbiased=False).item()
            ax.errorbar(values.mean().item(), place, xerr=spread, fmt=marker, color=color, mec="black", ms=8, lw=2)
            _beside(ax, values.mean().item() + spread, place, name)
    ax.set(xlabel=xlabel, ylabel="digit", ylim=(len(groups) - 0.5, -0.5))
    ax.set_yticks(range(len(groups)), list(groups))
    return fig


def _beside(ax: Axes, x: float, y: float, text: str) -> None:
    """A small text just to the right of a point."""
    ax.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=10)
