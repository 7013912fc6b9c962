"""The style knobs: take the style of an image, turn it along named directions, and draw it in any class."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from course_utils import attributes
from course_utils.widgets.pictures import png
from course_utils.widgets.style_mixer import SCALE, _row

LIMIT = 3.0  # how far a knob turns, in multiples of its direction


class StyleKnobs:
    """Draws frames. `decode` takes styles z (B, latent_dim) and classes y (B,) and gives images (B, 1, H, W) in [0, 1].

    x (S, 1, H, W): the images to choose from; z (S, latent_dim): their styles. directions: name to the vector
    (latent_dim,) that one turn adds. Raises ValueError for styles or directions of another shape.
    """

    def __init__(
        self,
        decode: Callable[[Tensor, Tensor], Tensor],
        x: Tensor,
        z: Tensor,
        directions: dict[str, Tensor],
        n_classes: int = 10,
    ):
        if z.ndim != 2 or len(z) != len(x):
            raise ValueError(f"one style a row is needed for each of {len(x)} images, got {tuple(z.shape)}")
        if wrong := [name for name, d in directions.items() if d.shape != z.shape[1:]]:
            raise ValueError(f"directions must have {z.shape[1]} entries; not so: {', '.join(wrong)}")
        self.decode = decode
        self.x = x
        self.z = z
        self.directions = directions
        self.n_classes = n_classes

    @torch.no_grad()
    def draw(self, i: int, amounts: Sequence[float]) -> Tensor:
        """The style of image i, each direction added as often as its amount says, in all classes (n_classes, ...)."""
        z = self.z[i] + sum(a * d for a, d in zip(amounts, self.directions.values(), strict=True))
        return self.decode(z.expand(self.n_classes, -1), torch.arange(self.n_classes, device=z.device))

    def frame(self, i: int, y: int, amounts: Sequence[float]) -> bytes:
        """The image (left), and its turned style in all classes, class y in a grey frame, as a PNG."""
        picture = np.concatenate([_row(self.x[i : i + 1], -1), _gap(self.x), _row(self.draw(i, amounts), y)], axis=1)
        return png(picture)

    def sentence(self, i: int, y: int, amounts: Sequence[float]) -> str:
        """Slant and thickness of the image and of the drawing of class y, in words."""
        drawn = self.draw(i, amounts)[y : y + 1]
        slant, thickness = ([f(x).item() for x in (self.x[i : i + 1], drawn)] for f in _MEASURED)
        return (
            f"Left: the image (slant {slant[0]:+.2f}, stroke {thickness[0]:.1f} pixels). "
            f"Framed: its style, turned, as a {y} (slant {slant[1]:+.2f}, stroke {thickness[1]:.1f} pixels)."
        )


def style_knobs(decode: Callable, x: Tensor, z: Tensor, directions: dict[str, Tensor], n_classes: int = 10):
    """Sliders for the image, the class and each direction (mouse, or Tab and the arrow keys): an ipywidgets box.

    Arguments as for `StyleKnobs`.
    """
    from course_utils.widgets.live import Live, float_slider, int_slider  # slow to import

    knobs = StyleKnobs(decode, x, z, directions, n_classes)
    image = int_slider("image", 0, 0, len(x) - 1)
    y = int_slider("class", 3, 0, n_classes - 1)
    turns = [float_slider(name, 0, -LIMIT, LIMIT, 0.25) for name in directions]
    return Live(
        [image, y, *turns],
        lambda i, y, *amounts: knobs.frame(i, y, amounts),
        lambda i, y, *amounts: knobs.sentence(i, y, amounts),
    )


_MEASURED = (attributes.slant, attributes.thickness)


def _gap(x: Tensor) -> np.ndarray:
    """White between the image and the drawings."""
    return np.ones((_row(x[:1], -1).shape[0], 8 * SCALE))
