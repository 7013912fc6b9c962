"""House numbers (SVHN), from tiny files of the published format: MATLAB, X (32, 32, 3, N) bytes, y (N, 1) in 1..10."""

import hashlib
import io
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import scipy.io
import torch
import torchvision

from course_utils import datasets
from course_utils.datasets import DatasetError, downloaded

N_TRAIN, N_TEST, N_VALIDATION = 24, 11, 5
TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"


def made_up(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, bytes]:
    """Pixels (32, 32, 3, n), digits (n, 1) with 10 for the digit 0, and the file that holds them."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
    digits = (np.arange(n, dtype=np.uint8) % 10 + 1)[:, None]
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"X": pixels, "y": digits}, do_compression=True)
    return pixels, digits, buffer.getvalue()


PARTS = {TRAIN: made_up(N_TRAIN, 0), TEST: made_up(N_TEST, 1)}
FILES = {name: content for name, (_, _, content) in PARTS.items()}
PUBLISHED = {name: md5 for _, name, md5 in torchvision.datasets.SVHN.split_list.values() if name in FILES}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A data root of the test's own, no network, and made-up files as the published ones."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(downloaded, "N_VALIDATION", N_VALIDATION)
    publish(monkeypatch, FILES)
    network(monkeypatch, URLError("no network"))
    return tmp_path / "data"


def publish(monkeypatch, files: dict[str, bytes]) -> None:
    """Have course and torchvision take these files for the published ones."""
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setitem(downloaded._MD5, "SVHN", md5)
    addresses = {"train": ["address", TRAIN, md5[TRAIN]], "test": ["address", TEST, md5[TEST]]}
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", addresses)


def network(monkeypatch, answer) -> list[str]:
    """What a download does: raise `answer`, or write its files; returns the list of downloads."""
    asked = []

    def download(url, download_root, filename, md5):
        file = Path(download_root, filename)
        if file.is_file() and hashlib.md5(file.read_bytes()).hexdigest() == md5:
            return
        asked.append(filename)
        if isinstance(answer, BaseException):
            raise answer
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer[filename])

    monkeypatch.setattr(torchvision.datasets.svhn, "download_url", download)
    return asked


def put(root: Path, files: dict[str, bytes] = FILES) -> Path:
    folder = root / "SVHN"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def assert_is_made_up(splits: datasets.Splits) -> None:
    """Each image is that of the file, channels first, and each label its digit."""
    n = N_TRAIN - N_VALIDATION
    expected = {"train": (TRAIN, range(n)), "validation": (TRAIN, range(n, N_TRAIN)), "test": (TEST, range(N_TEST))}
    for part, (name, rows) in expected.items():
        images: datasets.Images = getattr(splits, part)
        pixels, digits, _ = PARTS[name]
        assert len(images) == len(rows)
        for image, label, i in zip(images.x, images.y.tolist(), rows, strict=True):
            for channel in range(3):
                np.testing.assert_allclose(image[channel].numpy(), pixels[:, :, channel, i] / 255, atol=1e-7)
            assert label == digits[i, 0] % 10, "the digit 0 is written as 10 in the file"
        assert (images.x.dtype, images.y.dtype) == (torch.float32, torch.int64)
        assert images.x.is_contiguous()


def test_images_and_labels_are_those_of_the_files(root, capsys):
    put(root)
    splits = datasets.load("svhn")
    assert_is_made_up(splits)
    assert (splits.name, splits.image_shape, splits.n_classes) == ("svhn", (3, 32, 32), 10)
    assert capsys.readouterr().out == "Data: svhn, 19 training / 5 validation / 11 test images of 3x32x32 (as asked)\n"


def test_what_is_not_there_is_downloaded_once(root, monkeypatch):
    asked = network(monkeypatch, FILES)
    assert_is_made_up(datasets.load("svhn"))
    assert_is_made_up(datasets.load("svhn"))
    assert asked == [TRAIN, TEST]


def test_the_checksums_are_the_published_ones(monkeypatch):
    monkeypatch.undo()
    assert downloaded._MD5["SVHN"] == PUBLISHED


def test_without_network_the_reader_is_told_what_to_put_where():
    with pytest.raises(DatasetError, match=f"SVHN is not in .*no network.*put {TRAIN} and {TEST} into SVHN there"):
        datasets.load("svhn")


DAMAGE = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "a web page": lambda content: b"<!DOCTYPE html>",
}


def assert_announced(name: str, out: str) -> None:
    assert out.startswith(f"{name} in ...")
    assert "SVHN is damaged (wrong size or checksum): downloading it again\n" in out


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_downloaded_again(root, monkeypatch, capsys, name, damage):
    put(root, FILES | {name: DAMAGE[damage](FILES[name])})
    asked = network(monkeypatch, FILES)
    assert_is_made_up(datasets.load("svhn"))
    assert asked == [name]
    assert_announced(name, capsys.readouterr().out)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_and_no_network(root, capsys, damage):
    put(root, FILES | {TEST: DAMAGE[damage](FILES[TEST])})
    with pytest.raises(DatasetError, match=r"SVHN is not in .*could not be downloaded or read.*no network"):
        datasets.load("svhn")
    assert_announced(TEST, capsys.readouterr().out)


def matlab(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, arrays)
    return buffer.getvalue()


PIXELS, DIGITS, _ = PARTS[TEST]


@pytest.mark.parametrize(
    "content",
    [
        b"not a MATLAB file, with the checksum that is expected",
        matlab(X=PIXELS),
        matlab(X=PIXELS, y=DIGITS[:-3]),
        matlab(X=PIXELS[..., 0], y=DIGITS),
    ],
    ids=["no MATLAB", "no labels", "too few labels", "no colours"],
)
def test_a_file_of_another_content_is_an_error_of_the_data(root, monkeypatch, content):
    files = FILES | {TEST: content}
    publish(monkeypatch, files)
    put(root, files)
    with pytest.raises(DatasetError, match="could not be downloaded or read"):
        datasets.load("svhn")


def test_a_file_where_the_folder_should_be(root):
    root.mkdir()
    (root / "SVHN").write_text("not a folder")
    with pytest.raises(DatasetError, match="is a file, but the data sets need a folder there"):
        datasets.load("svhn")
