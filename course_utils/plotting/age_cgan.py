"""Figures of Age-cGAN (notebook 17): the way of an image to another age, what comes out, and whether it obeys."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils.plotting.diagrams import arrow, draw_boxes
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "os^D"
# name -> (x, y, text, is it a network?)
_BOXES = {
    "x": (0.6, 2.6, "$x$\nimage", False),
    "encoder": (2.7, 2.6, "encoder", True),
    "z": (4.8, 2.6, "$z$", False),
    "generator": (6.9, 2.6, "generator", True),
    "own": (6.9, 4.2, "age of $x$", False),
    "again": (9.0, 2.6, "$\\hat{x}$\nthe same age", False),
    "judge": (9.0, 0.8, "judge", True),
    "other": (11.6, 4.2, "another age", False),
    "generator again": (11.6, 2.6, "generator", True),
    "aged": (13.8, 2.6, "$x$ at\nanother age", False),
}
_WAY = [("x", "encoder"), ("encoder", "z"), ("z", "generator"), ("own", "generator"), ("generator", "again")]
_THEN = [("other", "generator again"), ("generator again", "aged")]


def age_cgan_diagram() -> Figure:
    """An image, its first z, the search (dashed), and the same z at another age; networks in grey."""
    fig, ax = figure(size=(13.5, 4.4))
    draw_boxes(ax, _BOXES)
    for start, end in (*_WAY, *_THEN):
        arrow(ax, _BOXES[start][:2], _BOXES[end][:2], "-", "black")
    search = {"ls": "--", "color": CLASS_COLORS[3], "lw": 2, "zorder": 1}
    arrow(ax, _BOXES["again"][:2], _BOXES["judge"][:2], "--", CLASS_COLORS[3])
    # x goes to the judge below; what the judge finds goes back to z above, so that the two do not meet
    ax.plot([0.6, 0.6], [2.15, 0.55], **search)
    arrow(ax, (-0.26, 0.55), (9.0, 0.55), "--", CLASS_COLORS[3])
    ax.plot([8.2, 4.8], [1.05, 1.05], **search)
    arrow(ax, (4.8, 0.61), _BOXES["z"][:2], "--", CLASS_COLORS[3])
    ax.text(
        4.95, 1.35, "search: move $z$ until the judge's\nfeatures of $x$ and $\\hat{x}$ agree", color=CLASS_COLORS[3]
    )
    # the z that was found goes around, above the first generator
    ax.plot([4.8, 4.8, 10.3, 10.3], [3.05, 3.4, 3.4, 2.6], color="black", lw=2, zorder=1)
    arrow(ax, (9.44, 2.6), _BOXES["generator again"][:2], "-", "black")
    ax.set(xlim=(-0.4, 14.8), ylim=(0.2, 4.8))
    ax.set_axis_off()
    return fig


def aged_sheet(x: Tensor, own: Sequence[int], aged: dict[str, Tensor], names: Sequence[str]) -> Figure:
    """Left the images x (N, C, H, W); then for each way to z the same digits at all ages, (A, N, C, H, W).

    Framed: the age that the image has already, own (N,). names: of the A ages.
    """
    n, n_ages = len(x), len(names)
    columns = 1 + n_ages * len(aged)
    size = 12.6 / (columns + 1)
    fig, axes = figure(
        1,
        1 + len(aged),
        size=(12.6 / (1 + len(aged)), size * n + 0.9),
        width_ratios=(1, *[n_ages] * len(aged)),
    )
    sheets = {"image": x[None], **aged}
    for ax, (title, images) in zip(axes, sheets.items(), strict=True):
        wide = len(images)
        ax.imshow(tile(images.transpose(0, 1).flatten(0, 1), wide), cmap="gray", vmin=0, vmax=1, extent=(0, wide, n, 0))
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    for ax in axes[1:]:
        ax.set_xticks([i + 0.5 for i in range(n_ages)], names)
        ax.set_xlabel("age asked for")
        for row, age in enumerate(own):
            ax.add_patch(Rectangle((age, row), 0.965, 0.965, fill=False, ec=CLASS_COLORS[1], lw=3))
    axes[0].set_ylabel("one image a row")
    return fig


def thickness_at_ages(found: dict[str, Tensor], cuts: Tensor, unit: str = "pixels") -> Figure:
    """For each name the thickness found in images drawn at each age, (A, N): the mean, and the middle half as a bar.

    Shaded: the class of each age, between cuts (A - 1,). What lies in the grey field is as asked.
    """
    n_ages = len(cuts) + 1
    fig, ax = figure(size=(9.5, 4.6))
    every = torch.cat([values.flatten() for values in found.values()]).double()
    low, high = torch.nanquantile(every, torch.tensor([0.02, 0.98], dtype=torch.float64)).tolist()
    edges = [min(low, cuts[0].item()) - 0.3, *cuts.tolist(), max(high, cuts[-1].item()) + 0.3]
    for age, (bottom, top) in enumerate(pairwise(edges)):
        ax.add_patch(Rectangle((age - 0.45, bottom), 0.9, top - bottom, fc="0.85", ec="0.6", lw=0.8, zorder=0))
    for i, (name, values) in enumerate(found.items()):
        place = torch.arange(n_ages) + 0.24 * (i - (len(found) - 1) / 2)
        quarter, three = torch.nanquantile(values.double(), torch.tensor([0.25, 0.75], dtype=torch.float64), dim=1)
        ax.vlines(place, quarter, three, color=CLASS_COLORS[i], lw=3)
        look = {"color": CLASS_COLORS[i], "marker": MARKERS[i], "ls": DASHES[i], "ms": 9, "mec": "black", "mew": 0.8}
        ax.plot(place, values.double().nanmean(1), label=name, lw=1.2, **look)
    ax.set(xlabel="age asked for", ylabel=f"thickness found, {unit}", ylim=(edges[0], edges[-1]))
    ax.set_xticks(range(n_ages))
    ax.legend(frameon=False, loc="upper left")
    return fig
