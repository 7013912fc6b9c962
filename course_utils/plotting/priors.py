"""Figures of codes against the prior they should follow (notebook 06)."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.distributions import Distribution, SwissRoll
from course_utils.plotting.codes import draw_codes
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

# name -> (x, y, text) of a box of the diagram; arrows name the boxes they join
_BOXES = {
    "x": (0.6, 2.4, "$x$\nimage"),
    "encoder": (2.4, 2.4, "encoder\n$q(z|x)$"),
    "z": (4.2, 2.4, "$z$\ncode"),
    "decoder": (6.0, 2.4, "decoder\n$p(x|z)$"),
    "x_hat": (7.8, 2.4, "$\\hat{x}$\nimage again"),
    "prior": (2.4, 0.5, "prior $p(z)$\nsamples"),
    "discriminator": (4.2, 0.5, "discriminator\nwhich is which?"),
    "answer": (6.6, 0.5, "prior or code"),
}
_NETWORKS = ("encoder", "decoder", "discriminator")
_RECONSTRUCTION = [("x", "encoder"), ("encoder", "z"), ("z", "decoder"), ("decoder", "x_hat")]
_REGULARISATION = [("prior", "discriminator"), ("z", "discriminator"), ("discriminator", "answer")]


def aae_diagram() -> Figure:
    """The adversarial autoencoder: solid arrows for the reconstruction phase, dashed ones for the regularisation."""
    fig, ax = figure(size=(9.5, 3.6))
    for name, (x, y, text) in _BOXES.items():
        network = name in _NETWORKS
        ax.text(x, y, text, ha="center", va="center", zorder=3)
        shape = FancyBboxPatch(
            (x - 0.66, y - 0.34),
            1.32,
            0.68,
            boxstyle="round,pad=0.05",
            fc="0.9" if network else "white",
            ec="black" if network else "0.6",
            lw=1.8 if network else 1,
        )
        ax.add_patch(shape)
    for arrows, dash, color in ((_RECONSTRUCTION, "-", "black"), (_REGULARISATION, "--", CLASS_COLORS[3])):
        for start, end in arrows:
            _arrow(ax, _BOXES[start][:2], _BOXES[end][:2], dash, color)
    ax.text(8.9, 2.4, "phase 1:\nreconstruction", va="center", fontsize=12)
    ax.text(8.9, 0.5, "phase 2:\nregularisation", va="center", fontsize=12, color=CLASS_COLORS[3])
    ax.set(xlim=(-0.3, 10.8), ylim=(-0.1, 3.0))
    ax.set_axis_off()
    return fig


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], dash: str, color) -> None:
    """An arrow between the edges of two boxes, one beside or one above the other."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = np.sign(x1 - x0) * 0.74, np.sign(y1 - y0) * 0.42
    if y0 != y1:
        dx = 0
    ax.annotate(
        "",
        (x1 - dx, y1 - dy),
        (x0 + dx, y0 + dy),
        arrowprops={"arrowstyle": "-|>", "ls": dash, "lw": 2, "color": color, "shrinkA": 0, "shrinkB": 0},
    )


def draw_prior(ax: Axes, prior: Distribution, limit: float, share: float = 0.95) -> None:
    """Outline a 2-D prior in black: where the density encloses `share` of its mass, or the curve of a swiss roll."""
    if isinstance(prior, SwissRoll):
        points = prior.at(torch.linspace(0, 1, 500, device=prior._origin.device)).cpu()
        ax.plot(*points.T, color="black", lw=1.2)
        return
    with torch.random.fork_rng():
        level = prior.log_prob(prior.sample(4000)).quantile(1 - share).item()
    side = torch.linspace(-limit, limit, 300, device=prior._origin.device)
    grid = torch.cartesian_prod(side, side).flip(1)  # rows are z_2, columns z_1
    density = prior.log_prob(grid).view(300, 300).cpu()
    ax.contour(side.cpu(), side.cpu(), density, levels=[level], colors="black", linewidths=1.5, linestyles="solid")


def codes_on_prior(
    panels: dict[str, tuple[Tensor, Tensor, Distribution]], limit: float = 3.5, columns: int = 2
) -> Figure:
    """One panel for each title: (codes (N, 2), classes (N,), prior); the prior is outlined in black over the codes."""
    rows = -(-len(panels) // columns)
    fig, axes = figure(rows, columns, size=(5.2, 5.2), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, (z, y, prior)) in zip(axes.flat, panels.items(), strict=False):
        draw_codes(ax, z, y, limit)
        draw_prior(ax, prior, limit)
        ax.set_title(title)
    return fig


def prior_samples(priors: dict[str, Distribution], n: int = 2000, limit: float = 3.5) -> Figure:
    """Samples of 2-D priors, one panel each."""
    fig, axes = figure(1, len(priors), size=(4, 4), squeeze=False)
    for ax, (title, prior) in zip(axes[0], priors.items(), strict=True):
        ax.scatter(*prior.sample(n).cpu().T, s=3, color="0.25", linewidths=0, rasterized=True)
        ax.set(title=title, xlabel="$z_1$", ylabel="$z_2$", xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    return fig


def kl_bars(terms: dict[str, dict[str, float]], unit: str = "nats") -> Figure:
    """A stacked bar for each model: its mutual information I(x; z) and its KL(q(z) || p(z)), which add to the KL."""
    fig, ax = figure(size=(7.5, 1.1 + 0.8 * len(terms)))
    names = ["mutual_information", "marginal_kl"]
    labels = ["I(x; z)", "KL(q(z) || p(z))"]
    left = np.zeros(len(terms))
    for i, (name, label) in enumerate(zip(names, labels, strict=True)):
        widths = np.array([values[name] for values in terms.values()])
        ax.barh(list(terms), widths, left=left, color=CLASS_COLORS[i], hatch=["", "//"][i], ec="black", label=label)
        left += widths
    for y, total in enumerate(left):
        ax.annotate(f"{total:.2f}", (total, y), xytext=(4, 0), textcoords="offset points", va="center")
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set(xlabel=f"average KL(q(z|x) || p(z)) in {unit}, and its two parts")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.45), ncols=2, frameon=False)
    return fig


def percentile_grid(images: Tensor, percent: Tensor, title: str = "") -> Figure:
    """Images (n * n, C, H, W) decoded at the prior's percentiles `percent` (n,), ascending.

    They are listed row by row from the top, which is the row of the highest percentile of z_2.
    """
    n = len(percent)
    fig, ax = figure(size=(6.4, 6.4))
    ax.imshow(tile(images, n).numpy(), cmap="gray", vmin=0, vmax=1, extent=(0, n, 0, n))
    ticks = np.arange(0, n, 2) + 0.5
    names = [f"{p:.0f}" for p in percent[::2].tolist()]
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)
    ax.set(xlabel="$z_1$, percentile of the prior", ylabel="$z_2$, percentile of the prior", title=title)
    return fig


def decoded_points(images: Tensor, points: Tensor, z: Tensor, y: Tensor, limit: float = 3.0) -> Figure:
    """Numbered points (n, 2) among the codes z (N, 2) of classes y (N,), and the images (n, C, H, W) they decode to."""
    columns = -(-len(points) // 4)
    fig, (ax, sheet) = figure(1, 2, size=(4.6, 5), width_ratios=[5, 1.25 * columns])
    draw_codes(ax, z, y, limit)
    for i, (z1, z2) in enumerate(points.tolist(), start=1):
        ax.plot(z1, z2, "s", ms=17, mfc="black", mec="white", zorder=4)
        ax.annotate(str(i), (z1, z2), color="white", ha="center", va="center", fontsize=11, zorder=5)
    sheet.imshow(tile(images, columns).numpy(), cmap="gray", vmin=0, vmax=1)
    height, width = images.shape[2] + 1, images.shape[3] + 1
    for i in range(len(points)):
        row, column = divmod(i, columns)
        sheet.text(column * width + 1, row * height + 1, str(i + 1), color="white", ha="left", va="top", fontsize=11)
    sheet.set_axis_off()
    return fig


def cumulative(values: dict[str, Tensor], xlabel: str) -> Figure:
    """The share of each set of values (N,) that lies below x."""
    fig, ax = figure(size=(6.5, 4))
    for i, (name, v) in enumerate(values.items()):
        v = v.sort().values.cpu()
        ax.plot(
            v, torch.linspace(0, 1, len(v)), ls=DASHES[i % 4], lw=2.2, color=CLASS_COLORS[i], label=name, clip_on=False
        )
    ax.set(xlabel=xlabel, ylabel="share of images below", ylim=(0, 1))
    ax.legend(frameon=False)
    return fig


def path(images: Tensor, position: Tensor, curves: dict[str, Tensor], shown: int = 16, xlabel: str = "") -> Figure:
    """Curves (N,) along a path in the latent space above `shown` of the images (N, C, H, W) decoded on it."""
    fig, (top, bottom) = figure(2, 1, size=(10, 2), height_ratios=[3, 1], squeeze=True)
    for i, (name, v) in enumerate(curves.items()):
        top.plot(position.cpu(), v.cpu(), ls=DASHES[i], lw=2.2, color=CLASS_COLORS[i], label=name)
    top.set(xlim=(position[0].item(), position[-1].item()), ylim=(0, 1.05), xlabel=xlabel, ylabel="share")
    top.legend(frameon=False, loc="lower left", ncols=len(curves))
    index = torch.linspace(0, len(images) - 1, shown).round().long().to(images.device)
    bottom.imshow(tile(images[index], shown).numpy(), cmap="gray", vmin=0, vmax=1)
    bottom.set_axis_off()
    return fig


def against_width(widths: Tensor, curves: dict[str, Tensor], ylabel: str) -> Figure:
    """Curves (N,) over kernel widths (N,) on a logarithmic axis, the best point of each marked."""
    fig, ax = figure(size=(7, 4))
    for i, (name, v) in enumerate(curves.items()):
        ax.plot(widths.cpu(), v.cpu(), ls=DASHES[i % 4], lw=2.2, color=CLASS_COLORS[i], label=name)
        ax.plot(widths[v.argmax()].cpu(), v.max().cpu(), "o", color=CLASS_COLORS[i], mec="black", ms=9)
    ax.set(xscale="log", xlabel="width of the kernel", ylabel=ylabel)
    ax.legend(frameon=False)
    return fig
