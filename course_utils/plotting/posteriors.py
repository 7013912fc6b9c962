"""Figures of posteriors q(z|x) as clouds of draws (notebook 07)."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch
from torch import Tensor

from course_utils.plotting.style import CLASS_COLORS, figure

_MARKERS = "os^DvP*X<>"
_WAYS = {
    "deterministic": ("$x$", None, "$z = f(x)$", "a point"),
    "Gaussian": ("$x$", "$\\epsilon$", "$z = \\mu(x) + \\sigma(x)\\,\\epsilon$", "an ellipse"),
    "universal": ("$x,\\ \\eta$", None, "$z = f(x, \\eta)$", "any shape"),
}


def posteriors_diagram() -> Figure:
    """Three ways from an image to a code: where the noise enters, and what shapes q(z|x) can take."""
    fig, ax = figure(size=(9.5, 3.4))
    box = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": "black"}
    for row, (name, (into, noise, out, shape)) in enumerate(_WAYS.items()):
        y = 2 - row
        ax.text(0, y, name, va="center", fontsize=14, fontweight="bold")
        for x, text, fill in ((2.6, into, "white"), (4.4, "encoder", "0.88"), (6.8, out, "white")):
            ax.text(x, y, text, ha="center", va="center", fontsize=14, bbox={**box, "fc": fill})
        ax.text(8.6, y, shape, va="center", fontsize=14, style="italic")
        _arrow(ax, (2.95, y), (3.75, y))
        _arrow(ax, (5.05, y), (5.85, y))
        if noise:
            ax.text(6.8, y + 0.62, noise, ha="center", va="center", fontsize=14)
            _arrow(ax, (6.8, y + 0.48), (6.8, y + 0.24))
    ax.set(xlim=(-0.1, 10), ylim=(-0.5, 2.8))
    ax.set_axis_off()
    return fig


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=15, color="black"))


def posterior_clouds(
    panels: dict[str, tuple[Tensor, Tensor]], y: Tensor, limit: float = 3.0, n_std: float = 2.0
) -> Figure:
    """One panel for each title: (clouds (B, n, 2) of the same B images, codes (N, 2) of many, in grey).

    Each cloud has its own colour and marker, its class y (B,) beside it, and the ellipse of `n_std` standard
    deviations of the Gaussian with its mean and covariance. A cloud without width is shown by one large marker.
    """
    fig, axes = figure(1, len(panels), size=(4.6, 4.8), squeeze=False)
    for ax, (title, (clouds, codes)) in zip(axes[0], panels.items(), strict=True):
        ax.scatter(*codes.cpu().T, s=3, color="0.85", linewidths=0, rasterized=True)
        for i, (z, k) in enumerate(zip(clouds.cpu(), y.tolist(), strict=True)):
            color, marker = CLASS_COLORS[i % 10], _MARKERS[i % 10]
            thin = z.std(0).max() < 1e-3 * limit
            ax.scatter(*(z[:1] if thin else z).T, s=70 if thin else 4, color=color, marker=marker, ec="none", zorder=2)
            ax.add_patch(gaussian_ellipse(z, n_std, ec="black", lw=1.4, zorder=3))
            ax.annotate(
                str(k), z.mean(0).tolist(), xytext=(9, 9), textcoords="offset points", fontweight="bold", zorder=4
            )
        ax.set(title=title, xlabel="$z_1$", ylabel="$z_2$", xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    return fig


def posterior_details(clouds: Tensor, images: Tensor, titles: list[str], n_std: float = 2.0) -> Figure:
    """Above, each of the clouds (B, n, 2) with the image (C, H, W) it belongs to, at a scale that shows 99 % of it.

    Below, as many draws of the Gaussian with its mean and covariance, at the same scale: what the cloud would look like
    if q(z|x) were Gaussian. The ellipses are that Gaussian at `n_std` standard deviations.
    """
    clouds = clouds.cpu()
    fig, axes = figure(2, len(clouds), size=(2.9, 2.9), squeeze=False)
    for column, (z, image, title) in enumerate(zip(clouds, images, titles, strict=True)):
        twin = gaussian_twin(z)
        middle = z.mean(0)
        reach = 1.2 * torch.cat([z, twin]).sub(middle).abs().amax(1).quantile(0.99).item()
        for ax, points, color in zip(axes[:, column], (z, twin), ("black", "0.5"), strict=True):
            ax.scatter(*points.T, s=6, color=color, linewidths=0, rasterized=True)
            ax.add_patch(gaussian_ellipse(z, n_std, ec=CLASS_COLORS[3], lw=1.8))
            (a, b), r = middle.tolist(), reach
            ax.set(xlim=(a - r, a + r), ylim=(b - r, b + r), aspect="equal", xlabel="$z_1$")
            ax.locator_params(nbins=3)
        corner = axes[0, column].inset_axes((0.74, 0.74, 0.25, 0.25))
        corner.imshow(image[0].cpu(), cmap="gray", vmin=0, vmax=1)
        corner.set(xticks=[], yticks=[])
        axes[0, column].set_title(title)
    axes[0, 0].set_ylabel("draws of q(z|x): $z_2$")
    axes[1, 0].set_ylabel("if it were Gaussian: $z_2$")
    return fig


def gaussian_twin(z: Tensor, seed: int = 0) -> Tensor:
    """As many draws of the Gaussian that has the mean and covariance of the cloud z (n, 2)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(z), 2, generator=generator)
    variances, axes = torch.linalg.eigh(z.T.cov())
    return z.mean(0) + (noise * variances.clamp(min=0).sqrt()) @ axes.T


def gaussian_ellipse(z: Tensor, n_std: float, **style) -> Ellipse:
    """The ellipse of `n_std` standard deviations of the Gaussian with mean and covariance of the cloud z (n, 2)."""
    variances, axes = torch.linalg.eigh(z.T.cov())
    across, along = (2 * n_std * variances.clamp(min=0).sqrt()).tolist()  # full axes, the longer one last
    angle = torch.rad2deg(torch.atan2(axes[1, 1], axes[0, 1])).item()
    return Ellipse(z.mean(0).tolist(), along, across, angle=angle, fill=False, **style)
