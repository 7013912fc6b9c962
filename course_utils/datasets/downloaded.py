"""The MNIST family and SVHN, downloaded and read by torchvision, checked here."""

import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np
import torch

from course_utils.datasets.core import Images, Splits
from course_utils.datasets.folders import DatasetError, check_folders, reason, root, shown, unlink

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
TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "svhn": "SVHN"}
N_VALIDATION = 10_000


def load(name: str) -> Splits:
    """A data set of `TORCHVISION`, downloaded if need be. Raises DatasetError if it cannot be had."""
    folder = TORCHVISION[name]
    place = _place(folder)
    check_folders(root(), root() / folder, place)
    _remove_damaged(place, _MD5.get(folder, {}))
    train, test = (_fetch(folder, train) for train in (True, False))
    n = len(train) - N_VALIDATION
    validation = Images(train.x[n:], train.y[n:])
    return Splits(name, train.first(n), validation, test)


def _place(folder: str) -> Path:
    """Where torchvision keeps the files of a data set."""
    return root() / folder if folder == "SVHN" else root() / folder / "raw"


def _remove_damaged(place: Path, checksums: dict[str, str]) -> None:
    """Delete files whose content is not the published one, so that they are downloaded again."""
    for name in checksums or _SIZES:
        file = place / name
        if file.exists() and _is_damaged(file, checksums.get(name)):
            print(f"{name} in {shown(place)} is damaged (wrong size or checksum): downloading it again")
            unlink(file)
            unlink(place / f"{name}.gz")


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


def _fetch(folder: str, train: bool) -> Images:
    """The training or the test images of a torchvision data set."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints one line for every address it tries
            return _svhn(train) if folder == "SVHN" else _mnist_family(folder, train)
    except Exception as error:  # network, gzip and torchvision raise a dozen kinds; the way out is the same for all
        files = " and ".join(_MD5["SVHN"]) if folder == "SVHN" else "the four files"
        raise DatasetError(
            f"{folder} is not in {shown(root())} and could not be downloaded or read ({reason(error)}). "
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
