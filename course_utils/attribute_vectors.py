"""The attribute vectors of digits: the class, and the style as `attributes` measures it (notebook 14).

A vector has `NAMES` entries: the class one-hot, then slant, thickness, width, height and ink, each less its mean over
the training images and divided by their standard deviation. Real-valued like the attributes of faces; but here a ruler
says what is true.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import attributes
from course_utils.datasets import Splits

N_CLASSES = 10
MEASURED = ("slant", "thickness", "width", "height", "ink")
NAMES = (*map(str, range(N_CLASSES)), *MEASURED)
CHUNK = 10_000  # images that are measured at once: measuring takes much memory


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each of `MEASURED` over the training images, (5,) each."""

    mean: Tensor
    std: Tensor

    def vectors(self, x: Tensor, y: Tensor) -> Tensor:
        """Attribute vectors (N, 15) of images x (N, 1, 28, 28) of classes y (N,).

        What cannot be measured (the slant of an empty image) counts as the mean.
        """
        return self.joined(measure(x), y)

    def joined(self, measured: Tensor, y: Tensor) -> Tensor:
        """Attribute vectors (N, 15) of images of classes y (N,), what `measure` finds in them given, (N, 5)."""
        style = (measured - self.mean.to(measured)) / self.std.to(measured)
        return torch.cat([F.one_hot(y, N_CLASSES).to(style), style.nan_to_num(0.0)], dim=1)


def measure(x: Tensor) -> Tensor:
    """Slant, thickness, width, height and ink of images x (N, 1, H, W), (N, 5); NaN where not defined."""
    return torch.cat([torch.stack([attributes.ATTRIBUTES[n](part) for n in MEASURED], 1) for part in x.split(CHUNK)])


def scale(x: Tensor) -> Scale:
    """The scale that these training images x (N, 1, H, W) set."""
    return _scale(measure(x))


def _scale(measured: Tensor) -> Scale:
    known = measured[measured.isfinite().all(1)]
    return Scale(known.mean(0), known.std(0))


def attach(data: Splits) -> Splits:
    """The same images with their attribute vectors (`Images.attributes`); the training images set the scale."""
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    measured = {name: measure(part.x) for name, part in parts.items()}
    by = _scale(measured["train"])
    return replace(
        data,
        attribute_names=NAMES,
        **{name: replace(part, attributes=by.joined(measured[name], part.y)) for name, part in parts.items()},
    )
