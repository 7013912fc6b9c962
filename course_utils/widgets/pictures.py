"""Pictures for interactive figures: as PNG, and drawn fast enough to follow a hand."""

import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from course_utils.plotting import image_rows
from course_utils.plotting.images import tile

DPI = 80  # of figures, in pixels an inch
STILL_BYTES = 50_000  # of a picture stored in a notebook


def png(picture: np.ndarray) -> bytes:
    """A picture (H, W) or (H, W, 3 or 4) as a PNG in colour: uint8, or floats in [0, 1]. Little compressed: fast."""
    if picture.dtype != np.uint8:
        picture = (255 * np.clip(picture, 0, 1)).round().astype(np.uint8)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return _encoded(Image.fromarray(picture), compress_level=1)


def figure_png(figure: Figure) -> bytes:
    """A figure as a PNG; it is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    plt.close(figure)
    return buffer.getvalue()


def small(picture: bytes) -> bytes:
    """The same PNG, well compressed and in fewer colours, at most `STILL_BYTES` long if they can be had so."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 64, 16):
        # not the median cut, PIL's first choice: among many greys it gives two classes of points one colour
        few = image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        still = _encoded(few, optimize=True)
        if len(still) <= STILL_BYTES:
            break
    return still


def enlarged(image: Tensor, side: int) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as a picture (side, side, 3) of square pixels."""
    pixels = (255 * image.detach()).byte().cpu().numpy()
    rows, columns = (np.arange(side) * n // side for n in pixels.shape[1:])
    pixels = pixels[:, rows][:, :, columns].transpose(1, 2, 0)
    return np.broadcast_to(pixels, (side, side, 3))


def opaque(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) of uint8 with a fourth channel: ipycanvas sends it as PNG then, and else as a lossy JPEG."""
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


class Stage:
    """A figure of which little moves. What stands still is drawn once; `png` adds the `moving` artists, back to front.

    To lay a figure out and to draw its axes takes ten times as long as to draw an image or a line into them.
    """

    def __init__(self, figure: Figure, moving: list[Artist]):
        plt.close(figure)  # pyplot is not to show it at the end of a cell
        self.figure = figure
        self.moving = moving
        self.canvas = FigureCanvasAgg(figure)
        figure.set_dpi(DPI)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # all places are found, and stay
        self.set()

    def set(self) -> None:
        """Draw what stands still, again if it has changed."""
        visible = [artist.get_visible() for artist in self.moving]
        for artist in self.moving:
            artist.set_visible(False)
        self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)
        for artist, was in zip(self.moving, visible, strict=True):
            artist.set_visible(was)

    def picture(self, artists: list[Artist] | None = None) -> np.ndarray:
        """The figure as it is now, (H, W, 3) of uint8, with some or all of the moving artists."""
        self.canvas.restore_region(self.background)
        for artist in self.moving if artists is None else artists:
            artist.draw(self.canvas.get_renderer())
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()

    def png(self) -> bytes:
        """The figure as it is now."""
        return png(self.picture())


class Rows:
    """Rows of images with names, as `plotting.image_rows` draws them, whose images and names may change.

    rows: name -> images (N, C, H, W) in [0, 1], the same N in each.
    """

    def __init__(self, rows: dict[str, Tensor]):
        figure = image_rows(rows)
        self.sheets = [ax.images[0] for ax in figure.axes]
        self.names = [ax.yaxis.label for ax in figure.axes]
        self.stage = Stage(figure, [*self.sheets, *self.names])

    def png(self, rows: dict[str, Tensor]) -> bytes:
        """As many rows as at first, as a PNG."""
        for sheet, label, (name, images) in zip(self.sheets, self.names, rows.items(), strict=True):
            sheet.set_data(tile(images, len(images)).numpy())
            label.set_text(name)
        return self.stage.png()


def _encoded(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "png", **options)
    return buffer.getvalue()
