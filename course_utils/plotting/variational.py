"""Figures of variational autoencoders (notebook 04)."""

from itertools import pairwise

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch
from torch import Tensor

from course_utils.plotting.codes import draw_codes
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARKERS = "osD^v"


def vae_diagram() -> Figure:
    """The path from an image through its posterior to a likelihood, and the two terms of the ELBO below it."""
    fig, ax = figure(size=(11, 2.7))
    box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": "black"}
    network = {**box, "fc": "0.88"}
    stations = [
        (0.0, "$x$\nimage", box),
        (1.8, "encoder\n$q(z|x)$", network),
        (3.9, "$\\mu(x)$\n$\\log\\sigma^2(x)$", box),
        (6.2, "$z = \\mu + \\sigma\\epsilon$\n$\\epsilon$ ~ $N(0, I)$", box),
        (8.5, "decoder\n$p(x|z)$", network),
        (10.3, "$\\hat{x}$\nimage", box),
    ]
    line = {"mutation_scale": 16, "color": "black"}
    for x, text, style in stations:
        ax.text(x, 2, text, ha="center", va="center", fontsize=14, bbox=style, zorder=3)
    for (start, _, _), (end, _, _) in pairwise(stations):
        # the boxes lie over the ends of the lines: the arrow heads sit halfway
        ax.plot([start, end], [2, 2], color="black", lw=1.2)
        ax.add_patch(FancyArrowPatch((start, 2), ((start + end) / 2 + 0.12, 2), arrowstyle="-|>", **line))
    for x, text in [(3.9, "KL$(q(z|x)\\,||\\,p(z))$:\nstay close to the prior"), (9.4, "$\\log p(x|z)$:\nreconstruct")]:
        ax.text(x, 0.55, text, ha="center", va="center", fontsize=14, style="italic")
        ax.add_patch(FancyArrowPatch((x, 1.5), (x, 0.95), arrowstyle="-|>", ls="--", **line))
    ax.set(xlim=(-0.6, 10.8), ylim=(0, 2.6))
    ax.set_axis_off()
    return fig


def curves(
    x: Tensor,
    values: dict[str, Tensor],
    xlabel: str,
    ylabel: str,
    reference: dict[str, float] | None = None,
    log: str = "",
    markers: bool = False,
) -> Figure:
    """Curves (N,) over one x (N,), told apart by dashes or markers; `reference` names values to mark by a thin line.

    log: the axes with a logarithmic scale, any of ``"x"``, ``"y"``, ``"xy"``.
    """
    fig, ax = figure(size=(7.5, 4))
    for i, (name, v) in enumerate(values.items()):
        marker = MARKERS[i % len(MARKERS)] if markers else ""
        ax.plot(x.cpu(), v.cpu(), DASHES[i % 4], marker=marker, ms=7, lw=2.2, color=CLASS_COLORS[i], label=name)
    for name, v in (reference or {}).items():
        ax.axhline(v, color="0.35", lw=1.2, ls="-.")
        ax.annotate(
            name,
            (0.99, v),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
        )
    ax.set(
        xlabel=xlabel, ylabel=ylabel, xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear"
    )
    if len(values) > 1:
        ax.legend(frameon=False)
    return fig


def bounds(k: list[int], means: Tensor, standard_errors: Tensor, ylabel: str) -> Figure:
    """A bound (len(k),) with its standard errors against the number of draws, on a logarithmic axis."""
    fig, ax = figure(size=(6.5, 4))
    ax.errorbar(k, means.cpu(), 2 * standard_errors.cpu(), fmt="o-", color=CLASS_COLORS[0], capsize=5, lw=2, ms=8)
    for n, v in zip(k, means.tolist(), strict=True):
        ax.annotate(f"{v:.2f}", (n, v), xytext=(6, -16), textcoords="offset points")
    ax.set(xlabel="draws $k$", ylabel=ylabel, xscale="log", xticks=k, xticklabels=map(str, k))
    ax.minorticks_off()
    ax.margins(x=0.15, y=0.2)
    return fig


def posterior_ellipses(mu: Tensor, logvar: Tensor, y: Tensor, n_std: float = 2.0, limit: float = 3.0) -> Figure:
    """Posteriors N(mu, diag exp(logvar)) of images, all (N, 2), as ellipses of `n_std` standard deviations.

    Each holds its class y (N,) as a digit; the dashed circle holds the prior's mass within the same distance.
    """
    fig, ax = figure(size=(6.2, 6.2))
    for centre, std, k in zip(mu.tolist(), torch.exp(0.5 * logvar).tolist(), y.tolist(), strict=True):
        width, height = (2 * n_std * s for s in std)
        color = CLASS_COLORS[k % 10]
        ax.add_patch(Ellipse(centre, width, height, fc=(*color, 0.2), ec=color, lw=1))
        ax.text(*centre, str(k), ha="center", va="center", fontsize=9, clip_on=True)
    ax.add_patch(Circle((0, 0), n_std, fill=False, ls="--", lw=1.5))
    ax.set(xlabel="$z_1$", ylabel="$z_2$", xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    return fig


def latent_pictures(panels: dict[str, tuple[Tensor, Tensor]], n_std: float = 2.0) -> Figure:
    """One panel for each title: codes (N, 2) with classes (N,), each at its own scale.

    The dashed circle, of radius `n_std`, is the same prior in all of them: read the scales by it.
    """
    fig, axes = figure(1, len(panels), size=(4.4, 4.6), squeeze=False)
    for ax, (title, (z, y)) in zip(axes[0], panels.items(), strict=True):
        limit = max(1.1 * float(z.abs().quantile(0.995)), 1.25 * n_std)
        draw_codes(ax, z, y, limit)
        ax.add_patch(Circle((0, 0), n_std, fill=False, ls="--", lw=2, zorder=5))  # over the class labels
        ax.set_title(title)
    return fig


def tradeoff(points: dict[str, tuple[float, float]], xlabel: str, ylabel: str) -> Figure:
    """Named points on a line in the order given: what is paid on one axis for what is gained on the other."""
    fig, ax = figure(size=(6.5, 4))
    ax.plot(*zip(*points.values(), strict=True), "o--", color=CLASS_COLORS[0], lw=1.5, ms=9)
    for name, point in points.items():
        ax.annotate(name, point, xytext=(8, 6), textcoords="offset points")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.margins(0.15)
    return fig
