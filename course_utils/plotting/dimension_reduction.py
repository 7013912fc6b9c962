"""Figures of images as points in two or three dimensions, and of the heads of their clusters (notebook 12)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure

CLASS_MARKERS = "os^Dv<>pX*"  # not "P": it vanishes where marks are small
N_DRAWN = 2_000  # points in a panel: more hide each other


class Cloud(NamedTuple):
    """Points (N, 2) of classes y (N,), and, where there are clusters, their heads (K, 2) and what they are called."""

    points: Tensor
    y: Tensor
    heads: Tensor | None = None
    names: Sequence[str] | None = None


def head_discs(panels: dict[str, tuple[Tensor, Tensor]], radius: float = 2.0, n: int = 100) -> Figure:
    """One panel a title: heads (K, 2) with a disc around each, and points (K * n, 2), those of head 0 first.

    The points of each head have a marker of their own; a head is a black cross. All panels have one scale.
    """
    fig, axes = figure(1, len(panels), size=(4.4, 4.4), squeeze=False)
    limit = 1.05 * max(float(points.abs().max()) for _, points in panels.values())
    for ax, (title, (heads, points)) in zip(axes[0], panels.items(), strict=True):
        for k, mine in enumerate(points.detach().cpu().split(n)):
            look = {"color": CLASS_COLORS[k % 10], "marker": CLASS_MARKERS[k % 10]}
            ax.scatter(*mine.T, s=10, alpha=0.5, linewidths=0, rasterized=True, **look)
        _draw_heads(ax, heads, radius=radius)
        ax.set(title=title, xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        ax.set(xlabel="first number", ylabel="second number")
    return fig


def reduction_panels(panels: dict[str, Cloud], columns: int = 3, radius: float = 0.0) -> Figure:
    """One panel a title, each on its own scale: images as points, a marker and a colour a class.

    Where a cloud has heads each is a black cross and carries its name; elsewhere the number of each class stands at the
    median of its points. radius: of a dashed circle around each head; 0 for none.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    fig, axes = figure(rows, columns, size=(4.6, 4.7), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, cloud) in zip(axes.flat, panels.items(), strict=False):
        _draw_cloud(ax, cloud)
        if cloud.heads is not None:
            _draw_heads(ax, cloud.heads, cloud.names or [str(k) for k in range(len(cloud.heads))], radius)
        ax.set(title=title, xlabel="first number", ylabel="second number", aspect="equal", adjustable="datalim")
    return fig


def _draw_cloud(ax: Axes, cloud: Cloud) -> None:
    points, y = cloud.points[:N_DRAWN].detach().cpu(), cloud.y[:N_DRAWN].cpu()
    for k in y.unique().tolist():
        mine = points[y == k]
        look = {"color": CLASS_COLORS[k % 10], "marker": CLASS_MARKERS[k % 10]}
        ax.scatter(*mine.T, s=_area(len(points)), alpha=0.6, linewidths=0, rasterized=True, **look)
        if cloud.heads is None:
            _name(ax, mine.median(0).values.tolist(), str(k))


def _area(n: int) -> float:
    """Of the mark of one of n points: few points are drawn larger."""
    return min(40.0, max(10.0, 10_000 / n))


def _draw_heads(ax: Axes, heads: Tensor, names: Sequence[str] | None = None, radius: float = 0.0) -> None:
    heads = heads.detach().cpu()
    if radius:
        for head in heads.tolist():
            ax.add_patch(Circle(head, radius, fill=False, ec="black", ls="--", lw=1))
    ax.plot(*heads.T, "x", color="black", ms=7, mew=2, ls="", zorder=3)
    for head, name in zip(heads.tolist(), names or [], strict=False):
        _name(ax, head, name)


def _name(ax: Axes, place: Sequence[float], name: str) -> None:
    box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "black", "alpha": 0.85}
    ax.annotate(name, place, ha="center", va="center", fontsize=12, fontweight="bold", bbox=box, zorder=4)


def plane_grid(heads: Tensor, n: int, margin: float = 2.0) -> tuple[Tensor, tuple[float, float, float, float]]:
    """The places of an n x n grid over a square that holds all heads (K, 2) and `margin` around them.

    Returns the places (n * n, 2), row by row from the top left, and the square as (left, right, bottom, top). The
    places are the middles of the cells.
    """
    low, high = heads.detach().min(0).values - margin, heads.detach().max(0).values + margin
    middle, half = (low + high) / 2, (high - low).max() / 2
    steps = (torch.arange(n, device=heads.device) + 0.5) / n * 2 - 1
    across, up = middle[0] + half * steps, middle[1] + half * steps.flip(0)
    places = torch.cartesian_prod(up, across).flip(1)
    left, bottom = (middle - half).tolist()
    return places, (left, left + 2 * half.item(), bottom, bottom + 2 * half.item())


def decoded_plane(
    images: Tensor, square: tuple[float, float, float, float], heads: Tensor, names: Sequence[str] | None = None
) -> Figure:
    """Images (n * n, C, H, W) decoded at the places of `plane_grid`, put there; names of the heads (K, 2) on top."""
    n = round(len(images) ** 0.5)
    fig, ax = figure(size=(7.4, 7.4))
    ax.imshow(tile(images, n).numpy(), cmap="gray", vmin=0, vmax=1, extent=square)
    for head, name in zip(heads.detach().tolist(), names or map(str, range(len(heads))), strict=True):
        box = {"boxstyle": "circle,pad=0.15", "fc": "gold", "ec": "black"}
        ax.annotate(name, head, ha="center", va="center", fontsize=12, fontweight="bold", color="black", bbox=box)
    ax.set(xlabel="first number", ylabel="second number")
    return fig


def paths_of_images(walks: dict[str, tuple[Tensor, Tensor]], cloud: Cloud) -> Figure:
    """What happens to the point of an image as the image changes, step by step.

    walks: for each name the images (n, C, H, W), and their points (n, 2). Left the points of other images in grey with
    the heads, over them each walk as a line from its white start, numbered; right its images, one row a walk.
    """
    fig, (ax, sheet) = figure(1, 2, size=(6.5, 5.2), width_ratios=[1, 1.35])
    ax.scatter(*cloud.points[:N_DRAWN].detach().cpu().T, s=5, color="0.8", linewidths=0, rasterized=True)
    if cloud.heads is not None:
        _draw_heads(ax, cloud.heads, cloud.names or [str(k) for k in range(len(cloud.heads))])
    for i, (_, points) in enumerate(walks.values()):
        points = points.detach().cpu().numpy()
        color = CLASS_COLORS[i % 10]
        ax.plot(*points.T, marker=CLASS_MARKERS[i], color=color, mec="black", ms=7, lw=2, zorder=5)
        ax.plot(*points[0], marker=CLASS_MARKERS[i], color="white", mec="black", ms=12, zorder=6, ls="")
        shift = {"xytext": (8, 8), "textcoords": "offset points", "zorder": 7}
        ax.annotate(f"{'ABCDEFGH'[i]}", points[0], fontweight="bold", fontsize=13, **shift)
    ax.set(xlabel="first number", ylabel="second number", aspect="equal", adjustable="datalim")
    rows = [images for images, _ in walks.values()]
    sheet.imshow(tile(torch.cat(rows), len(rows[0])).numpy(), cmap="gray", vmin=0, vmax=1)
    step = rows[0].shape[2] + 1
    names = [f"{'ABCDEFGH'[i]}: {name}" for i, name in enumerate(walks)]
    sheet.set_yticks([step * (i + 0.5) - 0.5 for i in range(len(rows))], names)
    sheet.set(xticks=[], xlabel="from the image (left), step by step")
    sheet.tick_params(length=0)
    sheet.spines[:].set_visible(False)
    return fig


def style_panels(z: Tensor, attributes: dict[str, Tensor], unit: str = "deviation from the mean") -> Figure:
    """Styles z (N, 2), one panel an attribute (N,), shaded by its value: dark is low, light high; NaN is left out."""
    fig, axes = figure(1, len(attributes), size=(4.8, 4.2), squeeze=False)
    z = z.detach().cpu()
    for ax, (name, values) in zip(axes[0], attributes.items(), strict=True):
        values = values.detach().cpu().float()
        known = values.isfinite()
        limit = float(values[known].abs().quantile(0.98))
        look = {"s": 14, "cmap": "cividis", "vmin": -limit, "vmax": limit, "edgecolor": "0.4", "linewidths": 0.2}
        drawn = ax.scatter(*z[known].T, c=values[known], rasterized=True, **look)
        ax.set(title=name, xlabel="$z_1$", ylabel="$z_2$", aspect="equal", adjustable="datalim")
        fig.colorbar(drawn, ax=ax, label=unit, shrink=0.8)
    return fig


def draw_space(ax, cloud: Cloud) -> None:
    """Points (N, 3) into a panel of three dimensions, a marker and a colour a class; heads or classes are named."""
    points, y = cloud.points.detach().cpu(), cloud.y.cpu()
    for k in y.unique().tolist():
        mine = points[y == k]
        look = {"color": CLASS_COLORS[k % 10], "marker": CLASS_MARKERS[k % 10]}
        ax.scatter(*mine.T.numpy(), s=9, alpha=0.5, linewidths=0, depthshade=False, **look)
        if cloud.heads is None:
            _name_in_space(ax, mine.median(0).values.tolist(), str(k))
    if cloud.heads is not None:
        names = cloud.names or [str(k) for k in range(len(cloud.heads))]
        for head, name in zip(cloud.heads.detach().tolist(), names, strict=True):
            _name_in_space(ax, head, name)
    ax.set(xlabel="first number", ylabel="second number", zlabel="third number")
    span = points.min(0).values, points.max(0).values
    middle, half = (span[0] + span[1]) / 2, float((span[1] - span[0]).max()) / 2
    for axis, m in zip("xyz", middle.tolist(), strict=True):
        getattr(ax, f"set_{axis}lim")(m - half, m + half)
        getattr(ax, f"{axis}axis").set_major_locator(MaxNLocator(4, integer=True))  # more would overlap


def _name_in_space(ax, place: Sequence[float], name: str) -> None:
    box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "black", "alpha": 0.85}
    ax.text(*place, name, ha="center", va="center", fontsize=12, fontweight="bold", bbox=box, zorder=4)


def views_of_space(cloud: Cloud, views: Sequence[tuple[float, float]] = ((20, -60), (20, 30))) -> Figure:
    """Points (N, 3) seen from several sides, (elevation, azimuth) in degrees: one panel each."""
    fig, axes = figure(1, len(views), size=(5.2, 5), squeeze=False, subplot_kw={"projection": "3d"})
    for ax, (elevation, azimuth) in zip(axes[0], views, strict=True):
        draw_space(ax, cloud)
        ax.view_init(elevation, azimuth)
        ax.set_title(f"from azimuth {azimuth:.0f}°, elevation {elevation:.0f}°", y=0.98)
        ax.set_box_aspect((1, 1, 1), zoom=0.85)  # one scale for all three axes
    return fig


def compass(cloud: Cloud, arrows: Tensor) -> Figure:
    """At each head (K, 2) of a cloud an arrow (K, 2), in the unit of the plane: which way a quantity grows there."""
    fig, ax = figure(size=(6.2, 6.2))
    ax.scatter(*cloud.points[:N_DRAWN].detach().cpu().T, s=5, color="0.8", linewidths=0, rasterized=True)
    names = cloud.names or [str(k) for k in range(len(cloud.heads))]
    for name, head, arrow in zip(names, cloud.heads.detach().cpu(), arrows.cpu(), strict=True):
        look = {"arrowstyle": "-|>", "lw": 2.2, "color": "black", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 18}
        ax.annotate("", (head + arrow).tolist(), head.tolist(), arrowprops=look, zorder=5)
        _name(ax, (head - 0.25 * arrow).tolist(), name)
    ends = torch.cat([cloud.heads.detach().cpu(), (cloud.heads.detach() + arrows).cpu()])
    ax.update_datalim(ends.numpy())  # arrows alone would not widen the panel
    ax.autoscale_view()
    ax.set(xlabel="first number", ylabel="second number", aspect="equal", adjustable="datalim")
    return fig
