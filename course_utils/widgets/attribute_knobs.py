"""The attribute knobs: ask for a class and a style, see the digit that is drawn, and what a ruler finds in it."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import attribute_vectors
from course_utils.attribute_vectors import MEASURED, N_CLASSES, Scale
from course_utils.plotting.style import CLASS_COLORS, figure
from course_utils.widgets.pictures import Stage

LIMIT = 4.0  # how far a knob turns, in standard deviations: beyond what most digits have


class AttributeKnobs:
    """Draws frames. `decode` takes z (B, latent_dim) and attribute vectors (B, 15) and gives images (B, 1, 28, 28).

    z (S, latent_dim): the codes to choose from. scale: the units of the knobs (`attribute_vectors.scale`). Raises
    ValueError for codes of another shape.
    """

    def __init__(self, decode: Callable[[Tensor, Tensor], Tensor], z: Tensor, scale: Scale):
        if z.ndim != 2 or not len(z):
            raise ValueError(f"codes z must be (S, latent_dim), at least one, got {tuple(z.shape)}")
        self.decode = decode
        self.z = z
        self.scale = scale
        self._panel: _Panel | None = None

    def query(self, y: int, amounts: Sequence[float]) -> Tensor:
        """The attribute vector (1, 15) of class y with these standardised amounts of `MEASURED`.

        Raises ValueError for a class that does not exist, or another number of amounts.
        """
        if not 0 <= y < N_CLASSES or len(amounts) != len(MEASURED):
            raise ValueError(f"a class from 0 to {N_CLASSES - 1} and {len(MEASURED)} amounts, got {y} and {amounts}")
        one_hot = [float(k == y) for k in range(N_CLASSES)]
        return torch.tensor([[*one_hot, *amounts]], dtype=self.z.dtype, device=self.z.device)

    @torch.no_grad()
    def draw(self, i: int, y: int, amounts: Sequence[float]) -> Tensor:
        """Code i drawn as class y with these amounts, (1, 1, 28, 28)."""
        return self.decode(self.z[i : i + 1], self.query(y, amounts))

    def measure(self, x: Tensor) -> list[float]:
        """What the ruler finds in one image x (1, 1, 28, 28), in standard deviations; NaN where it finds nothing."""
        found = (attribute_vectors.measure(x.cpu())[0] - self.scale.mean.cpu()) / self.scale.std.cpu()
        return found.tolist()

    def frame(self, i: int, y: int, amounts: Sequence[float]) -> Figure:
        """The drawing to the left; to the right for each attribute a ring where it was asked for, a bar as measured.

        There is one figure, which every call changes: making a new one would take too long for a slider.
        """
        x = self.draw(i, y, amounts)
        if self._panel is None:
            self._panel = _Panel()
        self._panel.update(x[0, 0].cpu(), amounts, np.nan_to_num(self.measure(x)))
        return self._panel.figure

    def png(self, i: int, y: int, amounts: Sequence[float]) -> bytes:
        """The frame as a PNG."""
        self.frame(i, y, amounts)
        return self._panel.stage.png()

    def sentence(self, i: int, y: int, amounts: Sequence[float]) -> str:
        """Asked and measured, in words."""
        pairs = zip(MEASURED, amounts, self.measure(self.draw(i, y, amounts)), strict=True)
        said = "; ".join(f"{name} asked {asked:+.1f}, measured {found:+.1f}" for name, asked, found in pairs)
        return f"A {y} of code {i}: {said}."


class _Panel:
    """The figure of a frame, its layout settled once."""

    def __init__(self):
        self.figure, (left, right) = figure(1, 2, size=(3.6, 2.4), width_ratios=(1, 2))
        self.picture = left.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1)
        left.set_axis_off()
        places = np.arange(len(MEASURED))
        self.bars = right.barh(places, 0, 0.55, color=CLASS_COLORS[0], label="measured")
        ring = {"mfc": "none", "mec": "black", "ms": 11, "mew": 2}
        [self.rings] = right.plot(np.zeros(len(MEASURED)), places, "o", label="asked for", **ring)
        right.axvline(0, color="0.5", lw=1)
        right.set(xlim=(-LIMIT - 0.8, LIMIT + 0.8), yticks=places, xlabel="standard deviations from the mean")
        right.set_yticklabels(MEASURED)
        right.invert_yaxis()
        right.legend(frameon=False, fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        self.stage = Stage(self.figure, [self.picture, *self.bars, self.rings])

    def update(self, image: Tensor, asked: Sequence[float], found: np.ndarray) -> None:
        """Show an image (28, 28), what was asked for and what was found, one number an attribute."""
        self.picture.set_data(image)
        self.rings.set_xdata(asked)
        for bar, value in zip(self.bars, found, strict=True):
            bar.set_width(value)


def attribute_knobs(decode: Callable[[Tensor, Tensor], Tensor], z: Tensor, scale: Scale):
    """A class, a code, and a slider an attribute (mouse, or Tab and the arrow keys): an ipywidgets box.

    Arguments as for `AttributeKnobs`.
    """
    from course_utils.widgets.live import Live, float_slider, int_slider  # slow to import

    knobs = AttributeKnobs(decode, z, scale)
    y = int_slider("class", 3, 0, N_CLASSES - 1)
    i = int_slider("code z", 0, 0, len(z) - 1)
    turns = [float_slider(name, 0, -LIMIT, LIMIT, 0.25, readout_format="+.2f") for name in MEASURED]
    return Live(
        [y, i, *turns],
        lambda y, i, *amounts: knobs.png(i, y, amounts),
        lambda y, i, *amounts: knobs.sentence(i, y, amounts),
    )
