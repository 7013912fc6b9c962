"""Classes of stroke thickness, and what is said with them: captions, and ages (notebook 17).

The ruler `attributes.thickness` is cut at the quantiles of the training images, so that every class has as many of
them. Three classes are the words of a caption, "a bold 7"; six stand where the ages of faces stand in Age-cGAN.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import attributes
from course_utils.datasets import Splits

N_CLASSES = 10
WORDS = ("thin", "medium", "bold")
CAPTION_NAMES = (*map(str, range(N_CLASSES)), *WORDS)
N_AGES = 6
AGE_NAMES = tuple(f"age {age}" for age in range(N_AGES))
CHUNK = 10_000  # images that are measured at once: measuring takes much memory


def thickness(x: Tensor) -> Tensor:
    """The thickness of the stroke of each image x (N, 1, H, W), in pixels, (N,); 0 where there is no stroke."""
    return torch.cat([attributes.thickness(part) for part in x.split(CHUNK)]).nan_to_num(0.0)


def bounds(x: Tensor, n: int) -> Tensor:
    """The thicknesses (n - 1,) that cut the images x (N, 1, H, W) in n classes of as many images each.

    Raises ValueError for fewer than two classes.
    """
    return _bounds(thickness(x), n)


def classes(x: Tensor, cuts: Tensor) -> Tensor:
    """The class of thickness, 0 (the thinnest) to len(cuts), of each image x (N, 1, H, W), (N,); cuts from `bounds`."""
    return torch.bucketize(thickness(x), cuts.to(x.device))


def _bounds(measured: Tensor, n: int) -> Tensor:
    if n < 2:
        raise ValueError(f"there must be at least two classes of thickness, got {n}")
    return measured.quantile(torch.arange(1, n, device=measured.device, dtype=measured.dtype) / n)


def captions(y: Tensor, stroke: Tensor) -> Tensor:
    """Captions (N, 13) of digits y (N,) in strokes 0 to 2 (N,): the digit one-hot, and the word one-hot."""
    return torch.cat([F.one_hot(y, N_CLASSES), F.one_hot(stroke, len(WORDS))], dim=1).float()


def words(caption: Tensor) -> str:
    """A caption (13,) in words. Raises ValueError for another shape."""
    if caption.shape != (len(CAPTION_NAMES),):
        raise ValueError(f"a caption has shape ({len(CAPTION_NAMES)},), got {tuple(caption.shape)}")
    digit, stroke = caption.split([N_CLASSES, len(WORDS)])
    return f"a {WORDS[int(stroke.argmax())]} {int(digit.argmax())}"


def attach_captions(data: Splits) -> Splits:
    """The same images with their captions (`Images.attributes`); the training images set the bounds of the words."""
    return _attach(data, len(WORDS), CAPTION_NAMES, captions)


def attach_ages(data: Splits) -> Splits:
    """The same images with their ages, one-hot (`Images.attributes`); the training images set the bounds."""
    return _attach(data, N_AGES, AGE_NAMES, lambda y, stroke: F.one_hot(stroke, N_AGES).float())


def _attach(data: Splits, n: int, names: tuple[str, ...], vectors: Callable[[Tensor, Tensor], Tensor]) -> Splits:
    """With attributes that `vectors` makes of the digit (N,) and of the class of thickness (N,), one of n."""
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    measured = {name: thickness(part.x) for name, part in parts.items()}
    cuts = _bounds(measured["train"], n)
    told = {
        name: replace(part, attributes=vectors(part.y, torch.bucketize(measured[name], cuts)))
        for name, part in parts.items()
    }
    return replace(data, attribute_names=names, **told)
