"""What a data set is: images with labels, perhaps with attributes, and their splits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

UNLABELLED = -1  # stands for a label that a training may not see


@dataclass(frozen=True)
class Images:
    """Images x (N, C, H, W), labels y (N,), int64, and perhaps attributes (N, A), float32, on one device.

    x is float32 in [0, 1], or uint8 from 0 to 255, which stands for x / 255 in a quarter of the memory (see `floats`).
    Raises ValueError for other shapes and other whole numbers.
    """

    x: Tensor
    y: Tensor
    attributes: Tensor | None = None

    def __post_init__(self):
        if self.x.ndim != 4 or self.y.shape != self.x.shape[:1]:
            raise ValueError(
                f"Images needs x (N, C, H, W) and y (N,), got {tuple(self.x.shape)} and {tuple(self.y.shape)}"
            )
        if not (self.x.is_floating_point() or self.x.dtype == torch.uint8):
            raise ValueError(f"Images needs x in floating-point numbers or uint8, got {self.x.dtype}")
        a = self.attributes
        if a is not None and (a.ndim != 2 or len(a) != len(self.x) or not a.is_floating_point()):
            raise ValueError(
                f"Images needs attributes (N, A) in floating-point numbers, one row for each of {len(self.x)} images, "
                f"got {tuple(a.shape)} in {a.dtype}"
            )

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device) -> "Images":
        """The same images on another device; what is there already, memory-mapped files too, is not copied."""
        return self._each(lambda tensor: tensor.to(device))

    def first(self, n: int) -> "Images":
        """The first n images."""
        return self._each(lambda tensor: tensor[:n])

    def chosen(self, index: Tensor) -> "Images":
        """The images at these places, in this order, with their labels and attributes; index (M,) of whole numbers."""
        return self._each(lambda tensor: tensor[index])

    def floats(self, index: Tensor | slice = slice(None)) -> Tensor:
        """The images at these places (all, unless told), in floating-point numbers in [0, 1], whatever x is kept in."""
        x = self.x[index]
        return x.float().div_(255) if x.dtype == torch.uint8 else x

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Images":
        """The same change to images, labels and attributes."""
        attributes = None if self.attributes is None else change(self.attributes)
        return replace(self, x=change(self.x), y=change(self.y), attributes=attributes)


@dataclass(frozen=True)
class PartlyLabelled:
    """A training set of which a few labels are known.

    images: all of them, y = `UNLABELLED` where the label is hidden. labelled: those whose label is known.
    """

    images: Images
    labelled: Images

    def __len__(self) -> int:
        return len(self.images)


def partly_labelled(images: Images, n: int, seed: int = 0) -> PartlyLabelled:
    """Hide all labels but n, drawn with `seed` and balanced: equally many of each class, or one more of some.

    Raises ValueError if n is less than one of each class, or more than the classes can give.
    """
    classes = images.y.unique()
    if not len(classes) <= n <= len(images):
        raise ValueError(f"n must lie between {len(classes)} (one a class) and {len(images)} (all), got {n}")
    generator = torch.Generator().manual_seed(seed)
    y = images.y.cpu()
    by_class = [(y == k).nonzero()[:, 0] for k in classes.cpu()]
    by_class = [index[torch.randperm(len(index), generator=generator)] for index in by_class]
    chosen = _in_turn(by_class, n).to(images.y.device)
    hidden = torch.full_like(images.y, UNLABELLED)
    hidden[chosen] = images.y[chosen]
    return PartlyLabelled(replace(images, y=hidden), images.chosen(chosen))


def _in_turn(rows: list[Tensor], n: int) -> Tensor:
    """The first n numbers, taken from each row in turn; a row that has come to its end is passed over."""
    turns = torch.cat([torch.arange(len(row)) for row in rows])
    return torch.cat(rows)[turns.argsort(stable=True)[:n]]


@dataclass(frozen=True)
class Splits:
    """One data set, split: train to fit, validation to choose, test to report once."""

    name: str
    train: Images
    validation: Images
    test: Images
    attribute_names: tuple[str, ...] = ()  # of the columns of `Images.attributes`

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return tuple(self.train.x.shape[1:])

    @property
    def n_classes(self) -> int:
        """The number of classes; 1 for faces, which have none."""
        return int(self.train.y.max()) + 1
