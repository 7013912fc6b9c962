"""The anomaly painter: damage a digit, and see at once what a model makes of it, and where it looks strange."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import anomalies
from course_utils.methods import Method
from course_utils.plotting import titled_rows

ZOOM = 8  # screen pixels for each pixel of an image
GAP = 1  # pixels between the three pictures
ARROWS = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}
CURSOR = (230, 159, 0)  # of the frame around the place of the brush
TITLES = ("your image", "reconstruction", "map: brighter is stranger")


class Look(NamedTuple):
    """What a model makes of an image: x_hat and the map, each (H, W), the score, and that of the image before."""

    x_hat: Tensor
    map: Tensor
    score: float
    score_before: float


class AnomalyPainter:
    """An image that can be painted on, a brush at a place of it, and what the chosen model makes of it all.

    models: name to a method in eval mode with ``reconstruct(x)``. x (N, 1, H, W): the images to choose from, in [0, 1].
    brush: the radius in pixels. Raises ValueError if there is no model or no image, or they are of another shape.
    """

    def __init__(self, models: dict[str, Method], x: Tensor, brush: float = 1.0):
        if not models or x.ndim != 4 or x.shape[1] != 1 or not len(x):
            raise ValueError(f"needs a model and images (N, 1, H, W), got {len(models)} models and {tuple(x.shape)}")
        self.models = models
        self.x = x
        self.brush = brush
        self.model = next(iter(models))
        self.row, self.column = x.shape[2] // 2, x.shape[3] // 2
        self.choose(0)

    def choose(self, i: int) -> None:
        """Take image i, as it was before anybody painted on it."""
        self.i = i
        self.reset()

    def use(self, name: str) -> None:
        """Ask another model. Raises KeyError if there is none of that name."""
        self.models[name]  # an unknown name leaves everything as it was
        self.model = name

    def reset(self) -> None:
        """Undo all painting."""
        self.image = self.x[self.i : self.i + 1].clone()

    def move(self, down: int, right: int) -> None:
        """Move the brush by so many pixels; it stays on the image."""
        self.place(self.row + down, self.column + right)

    def place(self, row: int, column: int) -> None:
        """Put the brush on a pixel, or on the nearest there is."""
        self.row = min(max(row, 0), self.image.shape[2] - 1)
        self.column = min(max(column, 0), self.image.shape[3] - 1)

    def paint(self, row: int | None = None, column: int | None = None, ink: float = 1.0) -> None:
        """Fill the disc under the brush with ink, here or at a pixel."""
        self.place(self.row if row is None else row, self.column if column is None else column)
        rows, columns = (torch.arange(n, device=self.image.device) for n in self.image.shape[2:])
        away = (rows[:, None] - self.row).square() + (columns[None, :] - self.column).square()
        self.image[0, 0][away <= self.brush**2] = ink

    def rub(self, row: int | None = None, column: int | None = None) -> None:
        """Take the ink away under the brush, here or at a pixel."""
        self.paint(row, column, ink=0.0)

    def press(self, key: str) -> bool:
        """What a key does: arrows move, space paints, x rubs out. False for a key that does nothing."""
        if key in ARROWS:
            self.move(*ARROWS[key])
        elif key in (" ", "Spacebar"):
            self.paint()
        elif key in ("x", "X"):
            self.rub()
        else:
            return False
        return True

    @torch.no_grad()
    def look(self) -> Look:
        """What the chosen model makes of the image as it is now."""
        method = self.models[self.model]
        both = torch.cat([self.image, self.x[self.i : self.i + 1]])
        now, before = anomalies.scores(method, both).tolist()
        return Look(method.reconstruct(self.image)[0, 0], anomalies.maps(method, self.image)[0], now, before)

    def canvas(self) -> np.ndarray:
        """The three pictures side by side, (H ZOOM, (3 W + 2 GAP) ZOOM, 3), uint8, a frame around the brush's place."""
        seen = self.look()
        parts = [self.image[0, 0], seen.x_hat, _stretched(seen.map)]
        gap = torch.ones(self.image.shape[2], GAP, device=self.image.device)
        sheet = torch.cat([parts[0], gap, parts[1], gap, parts[2]], 1).clamp(0, 1)
        grey = (255 * sheet).round().to(torch.uint8).cpu().numpy()
        picture = np.repeat(grey.repeat(ZOOM, 0).repeat(ZOOM, 1)[..., None], 3, 2)
        top, left = self.row * ZOOM, self.column * ZOOM
        framed = picture[top : top + ZOOM, left : left + ZOOM]
        inside = framed[2:-2, 2:-2].copy()
        framed[:] = CURSOR
        framed[2:-2, 2:-2] = inside
        return picture

    def pixel(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and column of a place on the canvas; None where the image to paint on is not."""
        row, column = int(y // ZOOM), int(x // ZOOM)
        inside = 0 <= row < self.image.shape[2] and 0 <= column < self.image.shape[3]
        return (row, column) if inside else None

    def figure(self) -> Figure:
        """The three pictures as a still figure."""
        seen = self.look()
        pictures = torch.stack([self.image[0, 0], seen.x_hat, _stretched(seen.map)])[:, None]
        return titled_rows({self.model: pictures}, TITLES, size=2.4)

    def sentence(self) -> str:
        """The score now and before the painting, and where the map is brightest, in words."""
        seen = self.look()
        row, column = divmod(int(seen.map.argmax()), seen.map.shape[1])
        return (
            f"{self.model}: score {seen.score:.3g}, before painting {seen.score_before:.3g}. The brush is at row "
            f"{self.row}, column {self.column}; the map is brightest at row {row}, column {column}."
        )


def _stretched(values: Tensor) -> Tensor:
    """From the smallest value, 0, to the largest, 1."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low).clamp(min=1e-12)


def anomaly_painter(models: dict[str, Method], x: Tensor, sizes: Sequence[float] = (0.5, 1.0, 2.0)):
    """Paint with the mouse or a finger, or reach the picture by Tab and use arrows, space and x: an ipywidgets box.

    Arguments as for `AnomalyPainter`; sizes: the radii of the brush to choose from.
    """
    from course_utils.widgets.easel import Easel  # slow to import

    return Easel(AnomalyPainter(models, x, brush=sizes[len(sizes) // 2]), sizes)
