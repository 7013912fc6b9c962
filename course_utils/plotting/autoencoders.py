"""Figures of autoencoders (notebook 01)."""

from itertools import pairwise

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon
from torch import Tensor

from course_utils.plotting.style import CLASS_COLORS, DASHES, figure


def autoencoder_diagram() -> Figure:
    """Image, encoder, code, decoder, reconstruction; below them the loss that compares the two ends."""
    fig, ax = figure(size=(9.5, 3))
    box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": "black"}
    for x, left, right in [(2.2, 0.95, 0.35), (6.2, 0.35, 0.95)]:  # funnels: narrow towards the code
        corners = [(x - 0.9, 2 - left), (x - 0.9, 2 + left), (x + 0.9, 2 + right), (x + 0.9, 2 - right)]
        ax.add_patch(Polygon(corners, fc="0.88", ec="black"))
    stations = [(0.0, "$x$\nimage"), (4.2, "$z$\ncode"), (8.4, "$\\hat{x}$\nreconstruction")]
    for x, text in stations:
        ax.text(x, 2, text, ha="center", va="center", fontsize=14, bbox=box, zorder=3)
    for x, text in [(2.2, "encoder"), (6.2, "decoder")]:
        ax.text(x, 2, text, ha="center", va="center", fontsize=14)
    for start, end in pairwise([0.45, 1.3, 3.1, 3.8, 4.6, 5.3, 7.1, 7.45]):
        if (start, end) not in [(1.3, 3.1), (3.8, 4.6), (5.3, 7.1)]:  # inside a network or a box there is no arrow
            ax.add_patch(FancyArrowPatch((start, 2), (end, 2), arrowstyle="-|>", mutation_scale=14, color="black"))
    ax.text(4.2, 0.35, "loss: $\\frac{1}{2}||x - \\hat{x}||^2$", ha="center", va="center", fontsize=15, bbox=box)
    for x in (0.0, 8.4):
        ax.add_patch(
            FancyArrowPatch((x, 1.4), (4.2 + (x - 4.2) * 0.29, 0.35), arrowstyle="-|>", ls="--", mutation_scale=14)
        )
    ax.set(xlim=(-0.8, 9.6), ylim=(0, 3.1))
    ax.set_axis_off()
    return fig


def directions_learned(steps: list[int], angles: Tensor, title: str = "") -> Figure:
    """Angle of each principal direction to what a decoder spans, angles (len(steps), k) in degrees, over the steps.

    Each curve carries the number of its direction at its right end; numbers that would overlap are moved apart.
    """
    fig, ax = figure(size=(7.5, 4.2))
    shown = angles.clamp(min=0.1)
    for i, curve in enumerate(shown.T):
        ax.plot(steps, curve, DASHES[i % 4], color=CLASS_COLORS[i % 10], lw=2)
    heights = _apart(shown[-1].log10().tolist(), 0.16)
    for i, height in enumerate(heights):
        ax.annotate(
            f"{i + 1}", (steps[-1], 10**height), xytext=(6, 0), textcoords="offset points", va="center", weight="bold"
        )
    ax.set(xlabel="step", ylabel="angle to the decoder's span, degrees", yscale="log", ylim=(0.08, 120), title=title)
    return fig


def _apart(values: list[float], gap: float) -> list[float]:
    """The same values, moved up as little as it takes for any two to differ by `gap`."""
    moved, last = list(values), float("-inf")
    for i in sorted(range(len(values)), key=values.__getitem__):
        moved[i] = last = max(values[i], last + gap)
    return moved


def by_code_size(
    sizes: list[int], values: dict[str, list[float]], ylabel: str, reference: dict[str, float] | None = None
) -> Figure:
    """Curves over the number of entries a code has, on a logarithmic axis that names the sizes.

    reference: values to mark by a thin line each, named at its left end.
    """
    fig, ax = figure(size=(7, 4))
    for i, (name, curve) in enumerate(values.items()):
        ax.plot(sizes, curve, DASHES[i % 4], marker="os^D"[i % 4], ms=8, lw=2.2, color=CLASS_COLORS[i], label=name)
    for name, value in (reference or {}).items():
        ax.axhline(value, color="0.35", lw=1.2, ls="-.")
        ax.annotate(name, (0.01, value), xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points")
    ax.set(xlabel="numbers in a code", ylabel=ylabel, xscale="log")
    ax.set_xticks(sizes, map(str, sizes))
    ax.minorticks_off()
    ax.legend(frameon=False)
    return fig


def judged_images(groups: dict[str, tuple[Tensor, Tensor]], reference: float) -> Figure:
    """Two panels of box plots, a row a group: the judge's confidence (N,) and the distance (N,) to the nearest image.

    reference: a distance to mark by a dashed line. Boxes hold the middle half, whiskers the middle nine tenths.
    """
    fig, axes = figure(1, 2, size=(5.2, 0.55 * len(groups) + 1.2), sharey=True)
    for ax, i, label in zip(
        axes, (0, 1), ("judge's confidence", "distance to the nearest training image"), strict=True
    ):
        ax.boxplot(
            [group[i].cpu().numpy() for group in groups.values()],
            orientation="horizontal",
            whis=(5, 95),
            showfliers=False,
            widths=0.6,
            patch_artist=True,
            boxprops={"facecolor": "0.85"},
            medianprops={"color": "black", "lw": 2.5},
        )
        ax.set_xlabel(label)
    axes[0].set_yticks(range(1, len(groups) + 1), groups)
    axes[0].set_ylabel("images")
    axes[0].invert_yaxis()
    axes[1].axvline(reference, ls="--", color="0.3")
    return fig


def along_paths(
    t: Tensor, panels: dict[str, dict[str, Tensor]], xlabel: str = "way from the first to the second"
) -> Figure:
    """One panel for each quantity: curves (len(t),) by name over the position t in [0, 1] on a path."""
    fig, axes = figure(1, len(panels), size=(5.2, 3.8), squeeze=False)
    for ax, (ylabel, curves) in zip(axes[0], panels.items(), strict=True):
        for i, (name, curve) in enumerate(curves.items()):
            ax.plot(t.cpu(), curve.cpu(), DASHES[i % 4], marker="os^D"[i % 4], color=CLASS_COLORS[i], lw=2, label=name)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        if len(curves) > 1:
            ax.legend(frameon=False)
    return fig


def code_histograms(codes: dict[str, Tensor]) -> Figure:
    """One panel for each title: how often a code entry (of z (N, n), in [0, 1]) takes which value."""
    fig, axes = figure(1, len(codes), size=(4.5, 3.2), sharey=True, squeeze=False)
    for ax, (title, z) in zip(axes[0], codes.items(), strict=True):
        values = z.detach().flatten().cpu().numpy()
        ax.hist(values, bins=20, range=(0, 1), weights=[100 / len(values)] * len(values), color="0.6", ec="black")
        ax.set(xlabel="code entry", title=title)
    axes[0, 0].set_ylabel("share of entries, %")
    return fig
