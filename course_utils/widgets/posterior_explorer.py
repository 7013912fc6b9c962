"""The posterior explorer: choose an image and see what q(z|x) several encoders make of it."""

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor, nn

from course_utils.widgets.pictures import png

SIDE = 300  # pixels, of one map
N_STRIP = 5  # images below each map: the image itself, and decoded draws
N_DRAWS = 300  # codes drawn of each posterior
GAP = 12  # white pixels between the maps


class PosteriorMaps:
    """Encoders with 2-D codes and their decoders, side by side, for images x (N, C, H, W) of classes y (N,).

    models: title to (encoder, decoder), the encoder with a ``sample`` as in `networks`. Each map spans the square from
    -limit to limit; a code of each image is drawn on it once, in grey, and `frame` only adds what belongs to one
    image. Raises ValueError if codes are not 2-D, if there is not one class for each image, or limit is not positive.
    """

    def __init__(
        self,
        models: dict[str, tuple[nn.Module, nn.Module]],
        x: Tensor,
        y: Tensor,
        limit: float = 3.0,
    ):
        if len(x) != len(y):
            raise ValueError(f"one class an image is needed: got {len(y)} for {len(x)} images")
        if limit <= 0:
            raise ValueError(f"limit must be positive, got {limit}")
        self.models = models
        self.x = x
        self.y = y
        self.limit = limit
        with torch.no_grad(), torch.random.fork_rng(devices=[]):  # the notebook's own random numbers stay as they are
            codes = {title: encoder.sample(x) for title, (encoder, _) in models.items()}
        for title, z in codes.items():
            if z.ndim != 2 or z.shape[1] != 2:
                raise ValueError(f"the maps are planes: {title!r} needs codes (N, 2), got {tuple(z.shape)}")
        self._drawn: tuple[int | None, dict[str, tuple[Tensor, Tensor]]] = None, {}
        self.backgrounds = {title: _background(title, z, limit) for title, z in codes.items()}

    @torch.no_grad()
    def draw(self, title: str, i: int) -> tuple[Tensor, Tensor]:
        """Draws z ~ q(z|x) of image i, (N_DRAWS, 2), and the first of them decoded, (N_STRIP - 1, C, H, W)."""
        encoder, decoder = self.models[title]
        with torch.random.fork_rng(devices=[]):
            z = encoder.sample(self.x[i].expand(N_DRAWS, *self.x.shape[1:]))
        return z, decoder(z[: N_STRIP - 1]).clamp(0, 1)

    def draws(self, i: int) -> dict[str, tuple[Tensor, Tensor]]:
        """Those of all models, kept until another image is asked for: picture and words are about the same codes."""
        if self._drawn[0] != i:
            self._drawn = i, {title: self.draw(title, i) for title in self.models}
        return self._drawn[1]

    def frame(self, i: int) -> bytes:
        """All maps with the posterior of image i as black dots; below each the image and decoded draws. A PNG."""
        columns = []
        for title, (z, decoded) in self.draws(i).items():
            chart = self.backgrounds[title].copy()
            _dots(chart, z.cpu().numpy(), self.limit)
            columns += [np.concatenate([chart, _strip(torch.cat([self.x[i : i + 1], decoded]))])]
        gap = np.full((len(columns[0]), GAP, 3), 255, np.uint8)
        picture = np.concatenate([part for column in columns for part in (column, gap)][:-1], axis=1)
        return png(picture)

    def sentence(self, i: int) -> str:
        """The width of each posterior, in words."""
        widths = {title: z.std(0).tolist() for title, (z, _) in self.draws(i).items()}
        said = "; ".join(f"{title} {a:.3f} and {b:.3f}" for title, (a, b) in widths.items())
        return f"Image {i}, class {int(self.y[i])}. Standard deviations of its codes along z₁ and z₂: {said}."


def posterior_explorer(
    models: dict[str, tuple[nn.Module, nn.Module]], x: Tensor, y: Tensor, limit: float = 3.0, start: int = 0
):
    """A slider (mouse, or Tab and the arrow keys) that chooses an image: an ipywidgets box. See `PosteriorMaps`."""
    from course_utils.widgets.live import Live, int_slider  # slow to import

    maps = PosteriorMaps(models, x, y, limit)
    return Live([int_slider("image", start, 0, len(x) - 1)], maps.frame, maps.sentence)


def _background(title: str, z: Tensor, limit: float) -> np.ndarray:
    """The codes in grey as a picture (SIDE, SIDE, 3) that spans exactly the square from -limit to limit."""
    canvas = FigureCanvasAgg(Figure(figsize=(SIDE / 100, SIDE / 100), dpi=100))
    ax = canvas.figure.add_axes((0, 0, 1, 1))
    ax.scatter(*z.detach().cpu().numpy().T, s=3, color="0.75", linewidths=0)
    ax.text(0.03, 0.97, title, transform=ax.transAxes, va="top", fontsize=11, fontweight="bold")
    ax.text(0.97, 0.02, "$z_1$", transform=ax.transAxes, ha="right", fontsize=10)
    ax.text(0.03, 0.12, "$z_2$", transform=ax.transAxes, fontsize=10)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[])
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _dots(chart: np.ndarray, z: np.ndarray, limit: float, radius: int = 1) -> None:
    """Draw codes z (n, 2) as black squares of 2 radius + 1 pixels, in place; what lies outside is left out."""
    columns, rows = (((sign * z[:, k] / limit + 1) / 2 * (SIDE - 1)).round() for k, sign in ((0, 1), (1, -1)))
    inside = (np.maximum(abs(columns - (SIDE - 1) / 2), abs(rows - (SIDE - 1) / 2)) < SIDE / 2 - radius).nonzero()[0]
    for row, column in zip(rows[inside].astype(int), columns[inside].astype(int), strict=True):
        chart[row - radius : row + radius + 1, column - radius : column + radius + 1] = 0


def _strip(images: Tensor) -> np.ndarray:
    """Images (N_STRIP, C, H, W) in [0, 1] side by side, SIDE pixels wide, a white line after the first."""
    width = SIDE // len(images)
    pixels = (255 * images).byte().cpu().numpy()
    rows, columns = (np.arange(width) * n // width for n in pixels.shape[2:])
    tiles = np.broadcast_to(
        pixels[:, :, rows][..., columns].transpose(0, 2, 3, 1), (len(images), width, width, 3)
    ).copy()
    tiles[0, :, -3:] = 255
    strip = np.concatenate(list(tiles), axis=1)
    return np.pad(strip, ((4, 0), (0, SIDE - strip.shape[1]), (0, 0)), constant_values=255)
