"""Figures of 2-D codes and of what they decode to."""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure


def draw_codes(ax: Axes, z: Tensor, y: Tensor, limit: float | None = None) -> None:
    """Scatter codes z (N, 2) into a panel, coloured by class y (N,), each class named at its median."""
    z, y = z.detach().cpu(), y.cpu()
    for k in range(int(y.max()) + 1):
        mine = z[y == k]
        ax.scatter(*mine.T, s=3, alpha=0.4, color=CLASS_COLORS[k % 10], rasterized=True, linewidths=0)
        if len(mine):
            ax.annotate(
                str(k),
                mine.median(0).values.tolist(),
                fontsize=13,
                fontweight="bold",
                ha="center",
                va="center",
                bbox={
                    "boxstyle": "circle,pad=0.15",
                    "fc": "white",
                    "ec": CLASS_COLORS[k % 10],
                    "alpha": 0.85,
                },
            )
    limit = limit or float(z.abs().quantile(0.999)) * 1.1
    ax.set(xlabel="$z_1$", ylabel="$z_2$", xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")


def code_scatter(panels: dict[str, tuple[Tensor, Tensor]], limit: float | None = None) -> Figure:
    """One panel for each title: (codes (N, 2), classes (N,)), all on the same scale when `limit` is given."""
    fig, axes = figure(1, len(panels), size=(4.4, 4.4), squeeze=False)
    for ax, (title, (z, y)) in zip(axes[0], panels.items(), strict=True):
        draw_codes(ax, z, y, limit)
        ax.set_title(title)
    return fig


@torch.no_grad()
def decoded_grid(
    decoder: Callable[[Tensor], Tensor], z: Tensor, columns: int, extent: float, title: str = ""
) -> Figure:
    """What the codes z (rows * columns, 2), listed row by row from the top, decode to; axes from -extent to extent."""
    images = decoder(z)
    fig, ax = figure(size=(6, 6))
    ax.imshow(tile(images, columns), cmap="gray", vmin=0, vmax=1, extent=(-extent, extent, -extent, extent))
    ax.set(xlabel="$z_1$", ylabel="$z_2$", title=title)
    return fig
