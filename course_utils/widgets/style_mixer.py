"""The style mixer: walk from one style of a conditional generator to another, in any class."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_utils.widgets.pictures import png

N_STEPS = 10  # images on the path
SCALE = 2  # screen pixels a pixel
FRAME = 3  # width of the frame round the chosen image, in screen pixels


def arc(a: Tensor, b: Tensor, t: Tensor | float) -> Tensor:
    """cos(pi t / 2) a + sin(pi t / 2) b: from a (t = 0) to b (t = 1) along an arc; shapes as broadcast.

    If a and b are independent draws of N(0, I), so is every point between, since the squares of the weights sum to one.
    On the straight line (1 - t) a + t b the variance falls to one half on the way: places the generator rarely saw.
    """
    angle = torch.as_tensor(t, dtype=a.dtype, device=a.device) * math.pi / 2
    return angle.cos() * a + angle.sin() * b


class StyleMixer:
    """Draws frames. `decode` takes styles z (B, latent_dim) and classes y (B,) and gives images (B, 1, H, W) in [0, 1].

    styles (S, latent_dim): those to choose from, at least two. Raises ValueError for another shape.
    """

    def __init__(self, decode: Callable[[Tensor, Tensor], Tensor], styles: Tensor, n_classes: int = 10):
        if styles.ndim != 2 or len(styles) < 2:
            raise ValueError(f"at least two styles (S, latent_dim) are needed, got {tuple(styles.shape)}")
        self.decode = decode
        self.styles = styles
        self.n_classes = n_classes

    @torch.no_grad()
    def path(self, a: int, b: int, y: int) -> Tensor:
        """The path from style a to style b in class y, (N_STEPS, 1, H, W)."""
        t = torch.linspace(0, 1, N_STEPS, device=self.styles.device)[:, None]
        z = arc(self.styles[a], self.styles[b], t)
        return self.decode(z, torch.full((N_STEPS,), y, device=z.device))

    @torch.no_grad()
    def classes(self, a: int, b: int, step: int) -> Tensor:
        """All classes in the style at one step of the path, (n_classes, 1, H, W)."""
        z = arc(self.styles[a], self.styles[b], step / (N_STEPS - 1))
        return self.decode(z.expand(self.n_classes, -1), torch.arange(self.n_classes, device=z.device))

    def frame(self, a: int, b: int, step: int, y: int) -> bytes:
        """The path (upper row) and all classes (lower row), as a PNG. The image of this step and class is framed."""
        rows = _row(self.path(a, b, y), step), _row(self.classes(a, b, step), y)
        width = max(row.shape[1] for row in rows)
        picture = np.concatenate([np.pad(row, ((0, 8), (0, width - row.shape[1])), constant_values=1) for row in rows])
        return png(picture)

    def sentence(self, a: int, b: int, step: int, y: int) -> str:
        """What the frame shows, in words."""
        percent = round(100 * step / (N_STEPS - 1))
        return (
            f"Upper row: class {y} on the way from style {a} to style {b}; the framed image is {percent} % of the way. "
            f"Lower row: all {self.n_classes} classes in the style of that image."
        )


def style_mixer(decode: Callable[[Tensor, Tensor], Tensor], styles: Tensor, n_classes: int = 10):
    """Four sliders (mouse, or Tab and the arrow keys): two styles, how far between them, the class. An ipywidgets box.

    Arguments as for `StyleMixer`.
    """
    from course_utils.widgets.live import Live, int_slider  # slow to import

    mixer = StyleMixer(decode, styles, n_classes)
    last = len(styles) - 1
    settings = [("from style", 0, last), ("to style", 1, last), ("step", 4, N_STEPS - 1), ("class", 3, n_classes - 1)]
    sliders = [int_slider(name, value, 0, top) for name, value, top in settings]
    return Live(sliders, mixer.frame, mixer.sentence)


def _row(images: Tensor, chosen: int) -> np.ndarray:
    """Images (N, 1, H, W) side by side, enlarged, with a margin; the chosen one in a grey frame."""
    tiles = []
    for i, image in enumerate(images[:, 0].float().cpu().clamp(0, 1).numpy()):
        tile = np.pad(image.repeat(SCALE, 0).repeat(SCALE, 1), FRAME, constant_values=1)
        if i == chosen:
            tile = np.pad(tile[FRAME:-FRAME, FRAME:-FRAME], FRAME, constant_values=0.45)
        tiles.append(np.pad(tile, 2, constant_values=1))
    return np.concatenate(tiles, axis=1)
