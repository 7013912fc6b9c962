"""Image data sets as tensors in memory, split once into training, validation and test images."""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import runtime

# What torchvision finds of the MNIST family it trusts: it checks only what it has just downloaded. So the sizes of the
# uncompressed files (the same for the whole family) and, where published, their MD5 are checked here.
_SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
_MD5 = {
    "MNIST": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    "SVHN": {
        "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
    },
}
# name -> torchvision class (which is also its folder under the data root)
_TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "svhn": "SVHN"}
NAMES = ("auto", "digits", *_TORCHVISION)
N_VALIDATION = 10_000
UNLABELLED = -1  # stands for a label that a training may not see


class DatasetError(RuntimeError):
    """A data set that is missing, damaged or cannot be fetched; the message says what to do."""


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

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return tuple(self.train.x.shape[1:])

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.train.y.max()) + 1


def root() -> Path:
    """The folder of the data sets: $COURSE_DATA, else `data/` in the repository."""
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen).expanduser() if chosen else Path(__file__).resolve().parent.parent / "data"


def load(name: str = "auto") -> Splits:
    """Load a data set, download it if it is not there, and print one line saying what was chosen and why.

    ``"auto"`` is MNIST if it is there or can be downloaded, else the digits inside scikit-learn, which need no
    network; in the fast mode always those. ``"mnist"``, ``"fashion_mnist"``, ``"kmnist"``: 50,000 training images,
    the last 10,000 of the training file for validation, 10,000 test images, (1, 28, 28). ``"svhn"``: house numbers in
    colour, (3, 32, 32), 63,257 / the last 10,000 / 26,032, labels 0 to 9; 1.2 GB of memory. ``"digits"``: 1,797 real
    8x8 digits, resized to 28x28: 1,197 / 300 / 300. Raises DatasetError if a data set named explicitly cannot be had,
    ValueError for an unknown name.
    """
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}: use one of {', '.join(NAMES)}")
    if name == "auto" and runtime.mode() == "fast":
        return _announce(_digits(), "fast mode uses the digits inside scikit-learn")
    if name == "auto":
        try:
            return _announce(_torchvision("mnist"), "found or downloaded, checksums good")
        except DatasetError as error:
            return _announce(_digits(), f"instead of MNIST, because {error}")
    return _announce(_digits() if name == "digits" else _torchvision(name), "as asked")


def photograph(name: str = "china", side: int = 192, grey: bool = True) -> Tensor:
    """A photograph inside scikit-learn, ``"china"`` (a pavilion) or ``"flower"``: (1, 1, side, side) in [0, 1].

    The largest square in the middle, 427 pixels wide, scaled down. Not `grey`: (1, 3, side, side); grey values are the
    luma of ITU-R BT.601. Raises ValueError for another name, or a side that is not between 1 and 427.
    """
    from sklearn.datasets import load_sample_image  # slow to import

    if name not in ("china", "flower"):
        raise ValueError(f"unknown photograph {name!r}: use 'china' or 'flower'")
    x = torch.tensor(load_sample_image(f"{name}.jpg")).permute(2, 0, 1)[None].float() / 255  # (1, 3, 427, 640)
    height, width = x.shape[2:]
    if not 1 <= side <= height:
        raise ValueError(f"the photograph can be scaled down to a side from 1 to {height} pixels, got {side}")
    x = x[..., (width - height) // 2 :][..., :height]
    if grey:
        x = (x * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    return F.interpolate(x, size=(side, side), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)


def _announce(splits: Splits, why: str) -> Splits:
    n = [f"{len(part):,}" for part in (splits.train, splits.validation, splits.test)]
    shape = "x".join(map(str, splits.image_shape))
    print(f"Data: {splits.name}, {n[0]} training / {n[1]} validation / {n[2]} test images of {shape} ({why})")
    return splits


def _digits() -> Splits:
    from sklearn.datasets import load_digits  # slow to import

    bunch = load_digits()
    small = torch.tensor(bunch.images / 16, dtype=torch.float32)[:, None]  # (1797, 1, 8, 8), values 0..16 / 16
    x = F.interpolate(small, size=(28, 28), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
    y = torch.tensor(bunch.target, dtype=torch.int64)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(y)))
    parts = [Images(x[index], y[index]) for index in order.split([len(y) - 600, 300, 300])]
    return Splits("digits", *parts)


def _torchvision(name: str) -> Splits:
    folder = _TORCHVISION[name]
    place = _place(folder)
    _check_folders(root(), root() / folder, place)
    _remove_damaged(place, _MD5.get(folder, {}))
    train, test = (_fetch(folder, train) for train in (True, False))
    n = len(train) - N_VALIDATION
    validation = Images(train.x[n:], train.y[n:])
    return Splits(name, train.first(n), validation, test)


def _place(folder: str) -> Path:
    """Where torchvision keeps the files of a data set."""
    return root() / folder if folder == "SVHN" else root() / folder / "raw"


def _check_folders(*paths: Path) -> None:
    for part in paths:
        if part.exists() and not part.is_dir():
            raise DatasetError(
                f"{part} is a file, but the data sets need a folder there: "
                "move it, or set COURSE_DATA to another folder"
            )


def _remove_damaged(place: Path, checksums: dict[str, str]) -> None:
    """Delete files whose content is not the published one, so that they are downloaded again."""
    for name in checksums or _SIZES:
        file = place / name
        if file.exists() and _is_damaged(file, checksums.get(name)):
            print(f"{name} in {_shown(place)} is damaged (wrong size or checksum): downloading it again")
            _unlink(file)
            _unlink(place / f"{name}.gz")


def _is_damaged(file: Path, checksum: str | None) -> bool:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{file} cannot be read ({error.strerror}): move it or change its permissions, "
            "or set COURSE_DATA to another folder"
        ) from error
    if len(content) != _SIZES.get(file.name, len(content)):
        return True
    return checksum is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != checksum


def _shown(path: Path) -> str:
    """A path to show: relative to the working folder where possible, so that saved notebooks name no machine."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return f".../{'/'.join(path.parts[-3:])}"


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"{file} is damaged and cannot be replaced ({error.strerror}): "
            "delete it, or set COURSE_DATA to a folder you may write to"
        ) from error


def _fetch(folder: str, train: bool) -> Images:
    """The training or the test images of a torchvision data set."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints one line for every address it tries
            return _svhn(train) if folder == "SVHN" else _mnist_family(folder, train)
    except Exception as error:  # network, gzip and torchvision raise a dozen kinds; the way out is the same for all
        files = " and ".join(_MD5["SVHN"]) if folder == "SVHN" else "the four files"
        raise DatasetError(
            f"{folder} is not in {_shown(root())} and could not be downloaded or read ({_reason(error)}). "
            f"With no network, put {files} into {_place(folder).relative_to(root())} there, or use load('digits')"
        ) from error


def _mnist_family(folder: str, train: bool) -> Images:
    from torchvision import datasets  # slow to import

    data = getattr(datasets, folder)(str(root()), train=train, download=True)
    return Images(data.data[:, None].float() / 255, data.targets.long())


def _svhn(train: bool) -> Images:
    """Its MATLAB files say 10 for the digit 0; torchvision makes that a 0, and checks the checksum every time."""
    from torchvision import datasets  # slow to import

    data = datasets.SVHN(str(_place("SVHN")), split="train" if train else "test", download=True)
    x = torch.from_numpy(np.ascontiguousarray(data.data)).float()
    return Images(x.div_(255), torch.from_numpy(data.labels))  # in place: a copy would take another gigabyte


def _reason(error: Exception) -> str:
    """An error in one line: torchvision lists every address it tried between the first line and the last."""
    lines = str(error).split("\n") if str(error) else [type(error).__name__]
    lines = [line.strip() for line in lines if line.strip()]
    return lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}"
