"""Faces, cropped and scaled once to 64x64 and kept in a file, which is memory-mapped: opening it takes no memory.

``X-64.npy``: the images, uint8 (N, 3, 64, 64), training images first, then validation, then test. ``X-64.npz``: how
many there are of each, their attributes and the names of these, and a digest of the lists that all this was made from.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from course_utils.datasets.core import Images, Splits
from course_utils.datasets.folders import DatasetError, reason, shown
from course_utils.files import remove_unfinished, written_whole
from course_utils.progress import progress_bar

SIDE = 64
CHUNK = 512  # photographs decoded between two writes


@dataclass(frozen=True)
class Crop:
    """The square to keep of photographs of one size, all in pixels."""

    width: int
    height: int
    left: int
    top: int
    side: int


@dataclass(frozen=True)
class Photographs:
    """Files of photographs, training ones first, then validation, then test, and attributes (N, A) in this order."""

    files: list[Path]
    sizes: tuple[int, int, int]
    attributes: np.ndarray
    attribute_names: tuple[str, ...]


def digest(crop: Crop, *lists: bytes) -> str:
    """What the stored images are recognised by: where they were cut, and the lists of images and attributes."""
    parts = (repr((SIDE, *astuple(crop))).encode(), *lists)
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def stored(name: str, file: Path, source: str) -> Splits | None:
    """The images kept in `file`, or None if they are not there, are damaged, or were made from other lists."""
    card = file.with_suffix(".npz")
    if not (file.exists() and card.exists()):
        return None
    try:
        with np.load(card) as read:
            facts = {key: read[key] for key in ("source", "sizes", "attributes", "attribute_names")}
        # "c", not "r": torch has no tensors that may only be read. What is changed in memory never reaches the file
        x = np.lib.format.open_memmap(file, mode="c")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return _again(file, "is damaged")
    n = len(facts["attributes"])
    if x.shape != (n, 3, SIDE, SIDE) or x.dtype != np.uint8 or file.stat().st_size != x.offset + x.nbytes:
        return _again(file, "is damaged")
    if str(facts["source"]) != source:
        return _again(file, "was made from other lists of images")
    tensors = (torch.from_numpy(x), torch.zeros(n, dtype=torch.int64), torch.from_numpy(facts["attributes"]).float())
    parts = zip(*(tensor.split(facts["sizes"].tolist()) for tensor in tensors), strict=True)
    return Splits(name, *(Images(*part) for part in parts), tuple(facts["attribute_names"].tolist()))


def _again(file: Path, why: str) -> None:
    print(f"{shown(file)} {why}: making it again")


def make(name: str, file: Path, source: str, photographs: Photographs, crop: Crop) -> Splits:
    """Crop and scale photographs, keep them in `file` and open it.

    Raises DatasetError for a photograph that is missing, damaged or of another size, and if `file` cannot be written.
    """
    n = len(photographs.files)
    card = file.with_suffix(".npz")
    size = n * 3 * SIDE**2 / 1e9
    print(f"{n:,} photographs are cropped and scaled once, to {shown(file)} ({size:.1f} GB)")
    try:
        card.unlink(missing_ok=True)  # it must never stand beside images that it does not describe
        for each in (file, card):
            remove_unfinished(each)
        with written_whole(file) as out:
            _write_images(out, photographs.files, crop)
        with written_whole(card) as out:
            np.savez(
                out,
                source=source,
                sizes=photographs.sizes,
                attributes=photographs.attributes,
                attribute_names=photographs.attribute_names,
            )
        for each in (file, card):
            each.chmod(0o644)  # temporary files are their owner's alone; this may be a folder for many
    except OSError as error:
        raise DatasetError(
            f"{file} cannot be written ({error.strerror or error}): it needs {size:.1f} GB in a folder "
            "you may write to; make room, or set COURSE_DATA to another folder"
        ) from error
    return stored(name, file, source)


def _write_images(out: BinaryIO, files: list[Path], crop: Crop) -> None:
    shape = (len(files), 3, SIDE, SIDE)
    np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": shape})
    bar = progress_bar(0, len(files), unit="photograph")
    try:
        for images in _read_all(files, crop):
            out.write(images.tobytes())
            bar.update(len(images))
    finally:
        bar.close()


def _read_all(files: list[Path], crop: Crop) -> Iterator[np.ndarray]:
    """The images of all files in their order, (up to CHUNK, 3, 64, 64) at a time; threads, as decoding frees Python."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for i in range(0, len(files), CHUNK):
            yield np.stack(list(pool.map(lambda file: _read(file, crop), files[i : i + CHUNK])))


def _read(file: Path, crop: Crop) -> np.ndarray:
    """One photograph, cropped and scaled, uint8 (3, 64, 64). Bicubic, with antialiasing."""
    from torchvision.datasets.folder import default_loader  # slow to import
    from torchvision.transforms import InterpolationMode, functional

    try:
        photograph = default_loader(file)  # RGB
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(
            f"{file} is missing or damaged ({reason(error)}): unpack its archive again, or get it anew"
        ) from error
    if photograph.size != (crop.width, crop.height):
        width, height = photograph.size
        raise DatasetError(
            f"{file} has {width} x {height} pixels, not {crop.width} x {crop.height}: "
            "these are not the aligned photographs of the data set"
        )
    side, scaled = crop.side, [SIDE, SIDE]
    square = functional.resized_crop(photograph, crop.top, crop.left, side, side, scaled, InterpolationMode.BICUBIC)
    return np.asarray(square).transpose(2, 0, 1)
