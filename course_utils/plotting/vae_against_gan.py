"""Figures of notebook 05: who judges an image, how sharp image sets are, posteriors and what is fitted to them."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor

from course_utils.plotting.style import CLASS_COLORS, figure

# mass inside the contours and the ellipses: one and two standard deviations of a Gaussian in the plane
N_STD = (1.0, 2.0)


def judges_diagram() -> Figure:
    """Two ways to train one decoder: its image is compared with one image pixel by pixel, or judged by a network."""
    fig, ax = figure(size=(10.5, 3.4))
    box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": "black"}
    network = {**box, "fc": "0.88"}
    stations = [
        (0.4, 2.4, "$z$ ~ $q(z|x)$\ncode of $x$", box),
        (0.4, 0.7, "$z$ ~ $p(z)$\nnoise", box),
        (2.7, 1.55, "decoder\n= generator", network),
        (5.0, 2.4, "$\\hat{x}$", box),
        (5.0, 0.7, "$x_{fake}$", box),
        (7.9, 2.4, "VAE: $\\frac{1}{2}||x-\\hat{x}||^2$, against this $x$,\npixel by pixel", box),
        (7.9, 0.7, "GAN: discriminator,\nagainst all $x$, as a whole", network),
    ]
    for x, y, text, style in stations:
        ax.text(x, y, text, ha="center", va="center", fontsize=13, bbox=style, zorder=3)
    solid, dashed = ({"arrowstyle": "-|>", "lw": 1.8, "color": "black", "ls": ls} for ls in ("-", "--"))
    for route, style in (
        (((1.15, 2.3), (1.95, 1.75), (3.5, 1.75), (4.7, 2.3)), solid),
        (
            ((1.05, 0.8), (1.95, 1.35), (3.5, 1.35), (4.6, 0.8)),
            dashed,
        ),
    ):
        for start, end in (route[:2], route[2:]):
            ax.annotate("", end, start, arrowprops=style)
    for y, start, end, style in ((2.4, 5.3, 6.1, solid), (0.7, 5.45, 6.5, dashed)):
        ax.annotate("", (end, y), (start, y), arrowprops=style)
    ax.set(xlim=(-0.6, 10), ylim=(0.1, 3))
    ax.set_axis_off()
    return fig


def sharpness_strips(
    sets: dict[str, Tensor], xlabel: str = "sharpness: mean spatial frequency, radians a pixel"
) -> Figure:
    """The distribution of one number over each named set (n,): a box from quartile to quartile, median as a line.

    Whiskers reach from the 5th to the 95th percentile. The grey band is the box of the first set: what is aimed at.
    """
    fig, ax = figure(size=(8, 0.55 * len(sets) + 1))
    values = [v.detach().cpu()[v.detach().cpu().isfinite()].numpy() for v in sets.values()]
    ax.axvspan(*np.percentile(values[0], [25, 75]), color="0.88", zorder=0)
    line = {"color": "black", "lw": 1.5}
    ax.boxplot(
        values[::-1],
        orientation="horizontal",
        tick_labels=list(sets)[::-1],
        whis=(5, 95),
        showfliers=False,
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": CLASS_COLORS[0], "alpha": 0.6},
        medianprops=line | {"lw": 2.5},
    )
    ax.set(xlabel=xlabel)
    return fig


def fitted_posteriors(panels: dict[str, tuple[Tensor, dict[str, tuple[Tensor, Tensor]]]], limit: float = 3.0) -> Figure:
    """True posteriors in the plane as shades, and Gaussians fitted to them as ellipses of one and two deviations.

    panels: for each title the density (n, n) on a square grid over [-limit, limit]^2, rows along z_2, and by name the
    Gaussians (mean (2,), covariance (2, 2)).
    """
    fig, axes = figure(1, len(panels), size=(4, 4.2), squeeze=False)
    for ax, (title, (truth, gaussians)) in zip(axes[0], panels.items(), strict=True):
        corners = (-limit, limit, -limit, limit)
        ax.imshow(truth.cpu().numpy(), origin="lower", extent=corners, cmap="Greys", aspect="equal")
        for i, (name, (mean, covariance)) in enumerate(gaussians.items()):
            for patch in _ellipses(mean, covariance, ec=CLASS_COLORS[i], lw=2.2, ls="-:"[i % 2]):
                ax.add_patch(patch)
            ax.plot([], [], color=CLASS_COLORS[i], lw=2.2, ls="-:"[i % 2], label=name)
        ax.set(xlabel="$z_1$", ylabel="$z_2$", title=title, xlim=(-limit, limit), ylim=(-limit, limit))
    axes[0, 0].legend(frameon=True, fontsize=10, loc="upper left")
    return fig


def _ellipses(mean: Tensor, covariance: Tensor, **style) -> list[Ellipse]:
    """The ellipses of N_STD standard deviations."""
    variances, axes = np.linalg.eigh(covariance.detach().cpu().double().numpy())
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))  # of the longer axis
    short, long = np.sqrt(variances)
    centre = mean.detach().cpu().tolist()
    return [Ellipse(centre, 2 * s * long, 2 * s * short, angle=angle, fill=False, **style) for s in N_STD]


def completions(upper: Tensor, candidates: Tensor, answer: Tensor, titles: tuple[str, ...]) -> Figure:
    """Rows: what is given (N, 1, H, W), then for each the candidates (N, k, 1, H, W) and one answer (N, 1, H, W)."""
    n, k = candidates.shape[:2]
    fig, axes = figure(n, k + 2, size=(0.95, 0.95), squeeze=False)
    for row, parts in enumerate(zip(upper, candidates, answer, strict=True)):
        given, others, mean = parts
        for ax, image in zip(axes[row], [given, *others, mean], strict=True):
            ax.imshow(image[0].detach().cpu().numpy(), cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
    for column, title in ((0, titles[0]), (1 + k // 2, titles[1]), (k + 1, titles[2])):
        axes[0, column].set_title(title, fontsize=11)
    for ax in axes[:, -1]:
        ax.spines[:].set(visible=True, lw=2)
    return fig


def judged_sets(rows: dict[str, tuple[Tensor, dict[str, float]]], columns: int = 10) -> Figure:
    """Rows of sample images (N, 1, H, W), each with its name to the left and its scores to the right."""
    fig, axes = figure(len(rows), 1, size=(0.75 * columns + 4, 0.95), squeeze=False)
    for ax, (name, (images, scores)) in zip(axes[:, 0], rows.items(), strict=True):
        strip = torch.cat(list(images[:columns].detach().cpu()), dim=2)[0]
        ax.imshow(strip.numpy(), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        text = "\n".join(f"{score}: {value:.3g}" for score, value in scores.items())
        ax.text(1.01, 0.5, text, transform=ax.transAxes, va="center", fontsize=11)
    return fig
