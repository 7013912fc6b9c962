"""The latent explorer: move a point in the plane of codes and see what it decodes to."""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from course_utils.plotting.dimension_reduction import CLASS_MARKERS
from course_utils.plotting.style import CLASS_COLORS
from course_utils.widgets.pictures import DPI, Stage, enlarged, png

SIDE = 360  # pixels, of the map and of the decoded image
N_DRAWN = 3000  # codes on the map: more hide each other
STEPS = 60  # of a slider, or of an arrow key, from the middle of the map to its edge


class LatentMap:
    """A decoder, the codes z (N, 2) of images of classes y (N,), and the square from -limit to limit around them.

    The chart of the codes is drawn anew only for another choice of classes; `frame` adds the cross and the decoded
    image to it, so it is fast. A place is (z1, z2).
    Raises ValueError if the codes are not 2-D, if there is not one class for each, or if limit is not positive.
    """

    def __init__(self, decoder: nn.Module, z: Tensor, y: Tensor, limit: float = 3.0):
        if z.ndim != 2 or z.shape[1] != 2:
            raise ValueError(f"the explorer moves in a plane: it needs codes (N, 2), got {tuple(z.shape)}")
        if y.shape != z.shape[:1]:
            raise ValueError(f"one class a code is needed: got {tuple(y.shape)} for codes {tuple(z.shape)}")
        if limit <= 0:
            raise ValueError(f"limit must be positive, got {limit}")
        self.decoder = decoder
        self.z = z.detach()
        self.y = y.to(z.device)
        self.limit = limit
        self.classes = self.y.unique().tolist()
        self._charts = _Charts(self.z.cpu(), self.y.cpu(), limit)
        self._chart: tuple[int | None, np.ndarray] = None, self._charts.draw(None)

    def chart(self, only: int | None = None) -> np.ndarray:
        """The codes of all classes, or of one of them before the others in grey, as a picture (SIDE, SIDE, 3)."""
        if self._chart[0] != only:
            self._chart = only, self._charts.draw(only)
        return self._chart[1]

    def pixel(self, z1: float, z2: float) -> tuple[int, int]:
        """(row, column) of a point on the map, clipped to its edge; z2 points up, rows count down."""
        column, row = ((value / self.limit + 1) / 2 * (SIDE - 1) for value in (z1, -z2))
        return tuple(int(np.clip(round(value), 0, SIDE - 1)) for value in (row, column))

    def under(self, x: float, y: float) -> tuple[float, float]:
        """The point (z1, z2) at a pixel of the map, x from the left and y from the top: the inverse of `pixel`."""
        return tuple(sign * (2 * value / (SIDE - 1) - 1) * self.limit for value, sign in ((x, 1), (y, -1)))

    def point(self, z1: float, z2: float) -> tuple[float, float]:
        """The code at a place."""
        return z1, z2

    def place(self, z1: float, z2: float) -> tuple[float, float]:
        """The place nearest to a point of the plane: the point itself, or on the edge of the map."""
        return tuple(min(max(value, -self.limit), self.limit) for value in (z1, z2))

    def step(self, place: tuple[float, float], right: int, up: int) -> tuple[float, float]:
        """The place so many steps to the right and up of another."""
        z1, z2 = place
        return self.place(z1 + right * self.limit / STEPS, z2 + up * self.limit / STEPS)

    @torch.no_grad()
    def decode(self, z1: float, z2: float) -> Tensor:
        """The image (C, H, W) at a point of the plane, values in [0, 1]."""
        return self.decoder(self.z.new_tensor([[z1, z2]]))[0].clamp(0, 1)

    def nearest_code(self, z1: float, z2: float) -> int:
        """The number of the nearest code."""
        return int((self.z - self.z.new_tensor([z1, z2])).norm(dim=1).argmin())

    def nearest(self, z1: float, z2: float) -> tuple[int, float]:
        """The class of the nearest code and its distance."""
        i = self.nearest_code(z1, z2)
        return int(self.y[i]), float((self.z[i] - self.z.new_tensor([z1, z2])).norm())

    def image(self, z1: float, z2: float) -> np.ndarray:
        """The image decoded at a point, as a picture (SIDE, SIDE, 3)."""
        return enlarged(self.decode(z1, z2), SIDE)

    def frame(self, z1: float, z2: float, only: int | None = None) -> bytes:
        """The map with a cross at (z1, z2) beside the image decoded there, as a PNG of 2 SIDE x SIDE pixels."""
        chart = self.chart(only).copy()
        _cross(chart, *self.pixel(z1, z2))
        return png(np.concatenate([chart, self.image(z1, z2)], axis=1))

    def sentence(self, z1: float, z2: float) -> str:
        """What the frame shows, in words."""
        digit, distance = self.nearest(z1, z2)
        return f"z = ({z1:.2f}, {z2:.2f}). The nearest code is of class {digit}, {distance:.2f} away."


def latent_explorer(decoder: nn.Module, z: Tensor, y: Tensor, limit: float = 3.0, start: tuple[float, float] = (0, 0)):
    """A point that moves in the latent plane, and the image decoded there: an ipywidgets box.

    Click or drag on the map, by mouse or finger; or reach map and sliders by Tab and use the arrow keys. One slider
    chooses whose codes stand out. decoder: codes (B, 2) to images. z (N, 2), y (N,): codes to draw, and their classes.
    """
    from course_utils.widgets.live import float_slider  # slow to import
    from course_utils.widgets.plane import PlaneExplorer

    latent_map = LatentMap(decoder, z, y, limit)
    sliders = [
        float_slider(name, value, -limit, limit, limit / STEPS, readout_format=".2f")
        for name, value in zip(("z₁, across", "z₂, up"), start, strict=True)
    ]
    return PlaneExplorer(latent_map, latent_map, sliders)


class _Charts:
    """Draws the codes as pictures (SIDE, SIDE, 3) that span exactly the square from -limit to limit.

    Each class has a marker of its own beside its colour, and its number at its median.
    """

    def __init__(self, z: Tensor, y: Tensor, limit: float):
        figure = Figure(figsize=(SIDE / DPI, SIDE / DPI))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(-limit, limit), ylim=(-limit, limit))
        all_codes, all_classes = z[:N_DRAWN], y[:N_DRAWN]
        self.grey = ax.scatter(*all_codes.T, s=5, color="0.8", linewidths=0)
        self.codes, self.names = {}, {}
        for k in y.unique().tolist():
            colour, mine = CLASS_COLORS[k % 10], all_codes[all_classes == k]
            look = {"s": 11, "alpha": 0.6, "color": colour, "marker": CLASS_MARKERS[k % 10], "linewidths": 0}
            self.codes[k] = ax.scatter(*mine.T, **look)
            box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": colour, "alpha": 0.85}
            look = {"fontsize": 15, "fontweight": "bold", "ha": "center", "va": "center", "bbox": box}
            self.names[k] = ax.text(*z[y == k].median(0).values.tolist(), str(k), **look)
        self.stage = Stage(figure, [self.grey, *self.codes.values(), *self.names.values()])

    def draw(self, only: int | None) -> np.ndarray:
        """The codes of all classes, or those of one before the others in grey."""
        if only is None:
            return self.stage.picture([*self.codes.values(), *self.names.values()])
        return self.stage.picture([self.grey, self.codes[only], self.names[only]])


def _cross(picture: np.ndarray, row: int, column: int, width: int = 1) -> None:
    """Draw black hair lines through a pixel, in place."""
    picture[max(row - width, 0) : row + width] = 0
    picture[:, max(column - width, 0) : column + width] = 0
