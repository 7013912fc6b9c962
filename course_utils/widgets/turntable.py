"""The turntable: points in three dimensions that can be turned."""

import itertools

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection
from torch import Tensor

from course_utils.plotting.dimension_reduction import Cloud, draw_space
from course_utils.widgets.pictures import png

SIDE = 480  # pixels
N_DRAWN = 600  # points: with more of them it turns by jerks


class Turntable:
    """Points (N, 3) of classes y (N,) that are drawn once and then only looked at from other sides, which is fast.

    heads (K, 3) with names, where there are clusters. At most `N_DRAWN` points are shown, chosen at random with a seed.
    Raises ValueError for points that are not three-dimensional, without points, or without one class a point.
    """

    def __init__(self, points: Tensor, y: Tensor, heads: Tensor | None = None, names: list[str] | None = None):
        if points.ndim != 2 or points.shape[1] != 3 or not len(points):
            raise ValueError(f"the turntable turns points (N, 3), got {tuple(points.shape)}")
        if y.shape != points.shape[:1]:
            raise ValueError(f"one class a point is needed: got {tuple(y.shape)} for points {tuple(points.shape)}")
        chosen = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:N_DRAWN]
        self.cloud = Cloud(points.detach().cpu()[chosen], y.cpu()[chosen], heads, names)
        self.canvas = FigureCanvasAgg(Figure(figsize=(SIDE / 100, SIDE / 100), dpi=100))
        self.ax = self.canvas.figure.add_axes((0, 0, 1, 1), projection="3d")
        draw_space(self.ax, self.cloud)
        _draw_box(self.ax)
        self.ax.set_box_aspect((1, 1, 1), zoom=0.85)  # one scale for all three axes

    def frame(self, azimuth: float, elevation: float) -> bytes:
        """The points seen from azimuth and elevation, in degrees, as a PNG of SIDE x SIDE pixels."""
        self.ax.view_init(elevation, azimuth)
        self.canvas.draw()
        return png(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def order(self, azimuth: float, elevation: float) -> list[int]:
        """The classes from the nearest to the farthest, by the distance of their mean points from the eye."""
        a, e = np.deg2rad([azimuth, elevation])
        towards = torch.tensor([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        points, y = self.cloud.points.double(), self.cloud.y
        depth = {k: (points[y == k].mean(0) @ towards).item() for k in y.unique().tolist()}
        return sorted(depth, key=depth.get, reverse=True)

    def sentence(self, azimuth: float, elevation: float) -> str:
        """The view in words: from where, and which classes are in front and at the back."""
        order = self.order(azimuth, elevation)
        front, back = (", ".join(map(str, part)) for part in (order[:3], order[-3:]))
        return f"Azimuth {azimuth:.0f}°, elevation {elevation:.0f}°. In front: {front}. At the back: {back}."


def _draw_box(ax) -> None:
    """A plain box with three named edges in place of the axes, which take more than half of the time to draw."""
    ax.set_axis_off()
    limits = np.array([ax.get_xlim3d(), ax.get_ylim3d(), ax.get_zlim3d()])  # (3, low and high)
    corners = [np.array(which) for which in itertools.product((0, 1), repeat=3)]
    pairs = [(a, b) for a, b in itertools.combinations(corners, 2) if abs(a - b).sum() == 1]
    edges = [[limits[range(3), a], limits[range(3), b]] for a, b in pairs]
    ax.add_collection3d(Line3DCollection(edges, colors="0.7", linewidths=0.8))
    low, middle = limits[:, 0], limits.mean(1)
    for axis, name in enumerate(("first number", "second number", "third number")):
        place = np.where(np.arange(3) == axis, middle, low)
        ax.text(*place, name, ha="center", fontsize=10, color="0.3")


def turntable(points: Tensor, y: Tensor, heads: Tensor | None = None, names: list[str] | None = None):
    """Two sliders (mouse, or Tab and the arrow keys) that turn a cloud of points: an ipywidgets box.

    Arguments as for `Turntable`.
    """
    from course_utils.widgets.live import Live, int_slider  # slow to import

    table = Turntable(points, y, heads, names)
    azimuth = int_slider("around", -60, -180, 180, step=5)
    elevation = int_slider("from above", 20, -90, 90, step=5)
    return Live([azimuth, elevation], table.frame, table.sentence)
