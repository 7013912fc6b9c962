"""The latent explorer: move a point in the plane of codes and see what it decodes to."""

import io

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from torch import Tensor, nn

from course_utils.plotting.codes import draw_codes

SIDE = 360  # pixels, of the map and of the decoded image
_NAMES = ("z₁, across", "z₂, up")
N_DRAWN = 3000  # codes on the map: more hide each other


class LatentMap:
    """A decoder, the codes z (N, 2) of images of classes y (N,), and the square from -limit to limit around them.

    The scatter of the codes is drawn once; `frame` only adds the cross and the decoded image, so it is fast.
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
        self.background = _scatter(self.z[:N_DRAWN], self.y[:N_DRAWN], limit)

    def pixel(self, z1: float, z2: float) -> tuple[int, int]:
        """(row, column) of a point on the map, clipped to its edge; z2 points up, rows count down."""
        column, row = ((value / self.limit + 1) / 2 * (SIDE - 1) for value in (z1, -z2))
        return tuple(int(np.clip(round(value), 0, SIDE - 1)) for value in (row, column))

    @torch.no_grad()
    def decode(self, z1: float, z2: float) -> Tensor:
        """The image (C, H, W) at a point of the plane, values in [0, 1]."""
        return self.decoder(self.z.new_tensor([[z1, z2]]))[0].clamp(0, 1)

    def nearest(self, z1: float, z2: float) -> tuple[int, float]:
        """The class of the nearest code and its distance."""
        distance = (self.z - self.z.new_tensor([z1, z2])).norm(dim=1)
        i = distance.argmin()
        return int(self.y[i]), float(distance[i])

    def frame(self, z1: float, z2: float) -> bytes:
        """The map with a cross at (z1, z2) beside the image decoded there, as a PNG of 2 SIDE x SIDE pixels."""
        chart = self.background.copy()
        _cross(chart, *self.pixel(z1, z2))
        picture = np.concatenate([chart, _enlarge(self.decode(z1, z2))], axis=1)
        buffer = io.BytesIO()
        imsave(buffer, picture, format="png", pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    def sentence(self, z1: float, z2: float) -> str:
        """What the frame shows, in words."""
        digit, distance = self.nearest(z1, z2)
        return f"z = ({z1:.2f}, {z2:.2f}). The nearest code is of class {digit}, {distance:.2f} away."


def latent_explorer(decoder: nn.Module, z: Tensor, y: Tensor, limit: float = 3.0, start: tuple[float, float] = (0, 0)):
    """Two sliders (mouse, or Tab and the arrow keys) that move a point in the latent plane: an ipywidgets box.

    decoder: codes (B, 2) to images. z (N, 2), y (N,): codes to draw on the map, and their classes.
    """
    import ipywidgets  # slow to import

    latent_map = LatentMap(decoder, z, y, limit)
    sliders = [_slider(ipywidgets, name, limit, value) for name, value in zip(_NAMES, start, strict=True)]
    picture = ipywidgets.Image(format="png", width=2 * SIDE, height=SIDE)
    words = ipywidgets.HTML()

    def update(_change=None) -> None:
        point = [slider.value for slider in sliders]
        picture.value = latent_map.frame(*point)
        words.value = latent_map.sentence(*point)

    for slider in sliders:
        slider.observe(update, names="value")
    update()
    return ipywidgets.VBox([*sliders, picture, words])


def _slider(ipywidgets, name: str, limit: float, value: float):
    return ipywidgets.FloatSlider(
        value=value,
        min=-limit,
        max=limit,
        step=limit / 60,
        description=name,
        readout_format=".2f",
        layout=ipywidgets.Layout(width="500px"),
    )


def _scatter(z: Tensor, y: Tensor, limit: float) -> np.ndarray:
    """The codes as a picture (SIDE, SIDE, 3) that spans exactly the square from -limit to limit."""
    canvas = FigureCanvasAgg(Figure(figsize=(SIDE / 100, SIDE / 100), dpi=100))
    ax = canvas.figure.add_axes((0, 0, 1, 1))
    draw_codes(ax, z, y, limit)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _enlarge(image: Tensor) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as a picture (SIDE, SIDE, 3) of square pixels."""
    pixels = (255 * image).byte().cpu().numpy()
    rows, columns = (np.arange(SIDE) * n // SIDE for n in pixels.shape[1:])
    pixels = pixels[:, rows][:, :, columns].transpose(1, 2, 0)
    return np.broadcast_to(pixels, (SIDE, SIDE, 3))


def _cross(picture: np.ndarray, row: int, column: int, width: int = 1) -> None:
    """Draw black hair lines through a pixel, in place."""
    picture[max(row - width, 0) : row + width] = 0
    picture[:, max(column - width, 0) : column + width] = 0
