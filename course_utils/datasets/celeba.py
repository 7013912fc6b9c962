"""CelebA: 202,599 photographs of faces with 40 attributes (Liu et al. 2015), through torchvision, at 64x64.

Their makers allow them for non-commercial research only: https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html
"""

import contextlib
import io
import os
import tempfile
from pathlib import Path

import numpy as np

from course_utils.datasets import scaled
from course_utils.datasets.core import Splits
from course_utils.datasets.folders import DatasetError, check_folders, reason, root, shown

# The square of Larsen et al. (2016), from their code: rows 40 to 188 and columns 15 to 163 of 218 x 178. They blur and
# scale with cubic splines; the antialiased bicubic scaling here is ours.
CROP = scaled.Crop(width=178, height=218, left=15, top=40, side=148)
PHOTOGRAPHS, ARCHIVE = "img_align_celeba", "img_align_celeba.zip"
LISTS = ("list_eval_partition.txt", "list_attr_celeba.txt")  # what the stored images depend on
PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"


def load() -> Splits:
    """CelebA in its official parts. Raises DatasetError if it cannot be had."""
    place = root() / "celeba"
    check_folders(root(), place, place / PHOTOGRAPHS)
    file = place / f"celeba-{scaled.SIDE}.npy"
    lists = [place / name for name in LISTS]
    splits = scaled.stored("celeba", file, _source(lists)) if all(each.is_file() for each in lists) else None
    if splits is None:
        photographs = _photographs(place)
        splits = scaled.make("celeba", file, _source(lists), photographs, CROP)
    return splits


def _source(lists: list[Path]) -> str:
    return scaled.digest(CROP, *(each.read_bytes() for each in lists))


def _photographs(place: Path) -> scaled.Photographs:
    """The photographs of the lists, which torchvision checks, downloading what is missing. Attributes are -1 or 1."""
    try:
        _unpack(place)
        with contextlib.redirect_stdout(io.StringIO()):
            parts = [_torchvision(part) for part in ("train", "valid", "test")]
    except Exception as error:  # network, zip and torchvision raise a dozen kinds; the way out is the same for all
        raise DatasetError(_what_to_do(place, error)) from error
    names = [name for part in parts for name in part.filename]
    missing = sorted(set(names) - set(os.listdir(place / PHOTOGRAPHS)))
    if missing:
        raise DatasetError(
            f"{len(missing):,} of {len(names):,} photographs are missing in {shown(place / PHOTOGRAPHS)}, for one "
            f"{missing[0]}: delete this folder, and put {ARCHIVE} beside it, which is then unpacked again"
        )
    attributes = np.concatenate([part.attr.numpy() for part in parts]) * 2 - 1  # torchvision makes them 0 or 1
    return scaled.Photographs(
        [place / PHOTOGRAPHS / name for name in names],
        tuple(len(part) for part in parts),
        attributes.astype(np.int8),
        tuple(name for name in parts[0].attr_names if name),  # the line of names ends in a space
    )


def _torchvision(part: str):
    from torchvision.datasets import CelebA  # slow to import

    return CelebA(str(root()), split=part, download=True)


def _unpack(place: Path) -> None:
    """Unpack an archive that was put there by hand: torchvision unpacks only what it could have downloaded."""
    from torchvision.datasets.utils import check_integrity, extract_archive

    archive, folder = place / ARCHIVE, place / PHOTOGRAPHS
    if folder.exists() or not check_integrity(archive, _checksums()[ARCHIVE]):
        return
    with tempfile.TemporaryDirectory(dir=place) as unfinished:
        extract_archive(archive, unfinished)
        (Path(unfinished) / PHOTOGRAPHS).rename(folder)


def _checksums() -> dict[str, str]:
    """The files that torchvision needs, and their MD5."""
    from torchvision.datasets import CelebA

    return {name: md5 for _, md5, name in CelebA.file_list}


def _what_to_do(place: Path, error: Exception) -> str:
    from torchvision.datasets.utils import check_integrity

    files = {name: md5 for name, md5 in _checksums().items() if name != ARCHIVE or not (place / PHOTOGRAPHS).is_dir()}
    missing = [name for name, md5 in files.items() if not check_integrity(place / name, md5)]
    by_hand = f"Put {', '.join(missing)} there by hand, from {PAGE}" if missing else "All files are there and sound"
    return (
        f"CelebA is not in {shown(place)} and could not be downloaded or read ({reason(error)}). torchvision gets it "
        "from Google Drive (1.4 GB), which needs `pip install gdown` and often refuses, being over its quota. "
        f"{by_hand}"
    )
