"""Image data sets as tensors in memory or memory-mapped, split once into training, validation and test images.

core: the types. folders: where files are. bundled, downloaded, celeba, lfw: one a family of data sets. scaled: the
faces of the last two, cropped and scaled once, kept in a file.
"""

from course_utils import runtime
from course_utils.datasets import celeba, downloaded, lfw
from course_utils.datasets.bundled import digits as _digits
from course_utils.datasets.bundled import photograph
from course_utils.datasets.core import UNLABELLED, Images, PartlyLabelled, Splits, partly_labelled
from course_utils.datasets.folders import DatasetError, root

__all__ = [
    "NAMES",
    "UNLABELLED",
    "DatasetError",
    "Images",
    "PartlyLabelled",
    "Splits",
    "load",
    "partly_labelled",
    "photograph",
    "root",
]

NAMES = ("auto", "digits", *downloaded.TORCHVISION, "celeba", "lfw")
_FACES = {"celeba": celeba.load, "lfw": lfw.load}


def load(name: str = "auto") -> Splits:
    """Load a data set, download it if it is not there, and print one line saying what was chosen and why.

    ``"auto"`` is MNIST if it is there or can be downloaded, else the digits inside scikit-learn, which need no
    network; in the fast mode always those. ``"mnist"``, ``"fashion_mnist"``, ``"kmnist"``: 50,000 training images,
    the last 10,000 of the training file for validation, 10,000 test images, (1, 28, 28). ``"svhn"``: house numbers in
    colour, (3, 32, 32), 63,257 / the last 10,000 / 26,032, labels 0 to 9; 1.2 GB of memory. ``"digits"``: 1,797 real
    8x8 digits, resized to 28x28: 1,197 / 300 / 300.

    Faces are (3, 64, 64) in uint8, memory-mapped from a file that is written beside the photographs the first time
    (minutes), with `Images.attributes` named by `Splits.attribute_names`; they have no classes: y is 0.
    ``"celeba"``: the official 162,770 / 19,867 / 19,962, downloaded if Google Drive allows it (1.4 GB, and 2.5 GB for
    the file); 40 attributes, -1 or 1. ``"lfw"``: from files that you supply, split by person into about 80 / 10 / 10 %
    of 13,143 (0.2 GB); 73 attributes, real numbers, standardised by the training images' mean and standard deviation.

    Raises DatasetError if a data set named explicitly cannot be had, ValueError for an unknown name.
    """
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}: use one of {', '.join(NAMES)}")
    if name == "auto" and runtime.mode() == "fast":
        return _announce(_digits(), "fast mode uses the digits inside scikit-learn")
    if name == "auto":
        try:
            return _announce(downloaded.load("mnist"), "found or downloaded, checksums good")
        except DatasetError as error:
            return _announce(_digits(), f"instead of MNIST, because {error}")
    if name in _FACES:
        return _announce(_FACES[name](), "as asked; memory-mapped")
    return _announce(_digits() if name == "digits" else downloaded.load(name), "as asked")


def _announce(splits: Splits, why: str) -> Splits:
    n = [f"{len(part):,}" for part in (splits.train, splits.validation, splits.test)]
    shape = "x".join(map(str, splits.image_shape))
    print(f"Data: {splits.name}, {n[0]} training / {n[1]} validation / {n[2]} test images of {shape} ({why})")
    return splits
