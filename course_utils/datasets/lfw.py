"""Labeled Faces in the Wild: 13,233 photographs of 5,749 people (Huang et al. 2007), at 64x64, from your own copy.

With the 73 attributes that Kumar et al. (2009) computed for 13,143 of them: real numbers, positive where a classifier
sees the attribute. The home of the photographs is closed, so nothing is downloaded. They are press photographs,
collected for research.
"""

from pathlib import Path

import numpy as np

from course_utils.datasets import scaled
from course_utils.datasets.core import Splits
from course_utils.datasets.folders import DatasetError, check_folders, root, shown

# The middle square of 150 pixels, as in the code of Larsen et al. (2016), who aligned the faces themselves.
CROP = scaled.Crop(width=250, height=250, left=50, top=50, side=150)
FOLDERS = ("lfw-deepfunneled", "lfw_funneled")  # the first that is there is taken
ATTRIBUTES = "lfw_attributes.txt"
SHARES = (0.8, 0.9)  # of the images, after which validation and test begin
SEED = 0
_COLUMNS = ["#", "person", "imagenum"]


def load() -> Splits:
    """LFW, split by person with a fixed seed. Raises DatasetError if a file is missing, damaged or not understood."""
    place = root() / "lfw"
    check_folders(root(), place)
    folder, listed = _folder(place), place / ATTRIBUTES
    if not listed.is_file():
        raise DatasetError(
            f"the attributes of LFW are not in {shown(place)}: put {ATTRIBUTES} there, "
            f"from https://www.cs.columbia.edu/CAVE/databases/pubfig/download/{ATTRIBUTES}"
        )
    files = {each.relative_to(folder).as_posix(): each for each in sorted(folder.glob("*/*.jpg"))}
    source = scaled.digest(CROP, listed.read_bytes(), "\n".join(files).encode())
    file = place / f"{folder.name}-{scaled.SIDE}.npy"
    splits = scaled.stored("lfw", file, source)
    return splits or scaled.make("lfw", file, source, _photographs(listed, files), CROP)


def _folder(place: Path) -> Path:
    for name in FOLDERS:
        for folder in (place / name / name, place / name):  # some archives have the folder twice
            if folder.is_dir():
                return folder
    raise DatasetError(
        f"LFW is not in {shown(place)}, and its makers no longer offer it. With a copy of your own, put the folder "
        f"{' or '.join(FOLDERS)} there, in it one folder a person: NAME/NAME_0001.jpg. Copies are at "
        "https://www.kaggle.com/datasets/jessicali9530/lfw-dataset (lfw-deepfunneled) and, where scikit-learn gets "
        "them, https://ndownloader.figshare.com/files/5976015 (lfw_funneled)"
    )


def _photographs(listed: Path, files: dict[str, Path]) -> scaled.Photographs:
    """The photographs that have attributes, in three parts; attributes standardised as those of the training part."""
    names, rows = read_attributes(listed)
    found = {key: row for key, row in rows.items() if _relative(*key) in files}
    lost = [_relative(*key) for key in rows if key not in found]
    if len(lost) > len(rows) / 10:
        raise DatasetError(
            f"{len(lost):,} of the {len(rows):,} photographs named in {shown(listed)} are missing, for one {lost[0]}: "
            "is the folder of photographs complete?"
        )
    without = len(files) - len(found)
    print(
        f"LFW: {len(found):,} photographs with attributes; without, and left out: {without:,}; "
        f"named, but missing: {len(lost):,}"
    )
    keys, sizes = _by_person(list(found))
    attributes = np.array([found[key] for key in keys])
    train = attributes[: sizes[0]]
    std = train.std(0)
    attributes = (attributes - train.mean(0)) / np.where(std > 0, std, 1)
    return scaled.Photographs([files[_relative(*key)] for key in keys], sizes, attributes.astype(np.float32), names)


def _relative(person: str, number: int) -> str:
    folder = person.replace(" ", "_")
    return f"{folder}/{folder}_{number:04d}.jpg"


def read_attributes(file: Path) -> tuple[tuple[str, ...], dict[tuple[str, int], list[float]]]:
    """The names of the attributes, and (person, number of the photograph) -> their values, in the order of the file.

    The file has a line of comment, a line of names after "#", "person" and "imagenum", and then a line an image, all
    separated by tabs. Raises DatasetError with the number of a line that is not so.
    """
    lines = [line.strip().split("\t") for line in file.read_text(encoding="utf-8", errors="replace").split("\n")]
    heading = next((i for i, fields in enumerate(lines) if [field.strip() for field in fields[:3]] == _COLUMNS), None)
    if heading is None:
        raise DatasetError(f"{shown(file)} has no line of names, beginning with #, person, imagenum and tabs between")
    names = tuple(name.strip() for name in lines[heading][3:])
    rows = {}
    for number, fields in enumerate(lines[heading + 1 :], start=heading + 2):
        if fields != [""]:
            try:
                key, values = _row(fields, len(names))
                rows[key] = values
            except ValueError as error:
                raise DatasetError(f"line {number} of {shown(file)} cannot be read: {error}") from error
    return names, rows


def _row(fields: list[str], n: int) -> tuple[tuple[str, int], list[float]]:
    """Person, number of the photograph and n attributes. Raises ValueError."""
    if len(fields) != n + 2:
        raise ValueError(f"it has {len(fields)} fields, not a person, a number and {n} attributes")
    values = [float(field) for field in fields[2:]]
    if not np.isfinite(values).all():
        raise ValueError("an attribute is not finite")
    return (fields[0], int(fields[1])), values


def _by_person(keys: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], tuple[int, int, int]]:
    """The images in the order of their parts, training, validation, test, and the sizes of these.

    People are shuffled; those whose images begin before the first 80 % train, and so on: nobody is in two parts.
    """
    people = sorted({person for person, _ in keys})
    place = {people[i]: rank for rank, i in enumerate(np.random.default_rng(SEED).permutation(len(people)))}
    keys = sorted(keys, key=lambda key: (place[key[0]], key[1]))
    first = {}  # person -> where their images begin
    for i, (person, _) in enumerate(keys):
        first.setdefault(person, i)
    part = [sum(first[person] >= share * len(keys) for share in SHARES) for person, _ in keys]
    sizes = tuple(part.count(k) for k in range(3))
    if 0 in sizes:
        raise DatasetError(f"LFW has {len(people)} people with attributes here: too few for three parts")
    return keys, sizes
