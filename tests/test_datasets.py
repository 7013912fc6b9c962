"""Data sets: what is loaded, and what happens when files are missing, damaged or out of reach."""

import gzip
import hashlib
import lzma
import os
import struct
import zlib
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from sklearn.datasets import load_digits

from course_utils import datasets
from course_utils.datasets import DatasetError, Images, bundled, downloaded

N_TRAIN, N_TEST, N_VALIDATION = 40, 12, 10


def idx(values: np.ndarray) -> bytes:
    """An array of bytes in the idx format of the MNIST files: 0, 0, type 8, number of axes, lengths, values."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()


def made_up(seed: int = 0) -> dict[str, bytes]:
    """Four files of a tiny data set of the MNIST family."""
    rng = np.random.default_rng(seed)
    sizes = {"train": N_TRAIN, "t10k": N_TEST}
    images = {f"{part}-images-idx3-ubyte": idx(rng.integers(0, 256, (n, 28, 28))) for part, n in sizes.items()}
    labels = {f"{part}-labels-idx1-ubyte": idx(np.arange(n) % 10) for part, n in sizes.items()}
    return images | labels


FILES = made_up()


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A data root of the test's own, no network, and made-up files as the published ones."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COURSE_MODE", "default")
    monkeypatch.setattr(downloaded, "_SIZES", {name: len(content) for name, content in FILES.items()})
    checksums = {name: hashlib.md5(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(downloaded, "_MD5", {"MNIST": checksums})
    monkeypatch.setattr(downloaded, "N_VALIDATION", N_VALIDATION)
    network(monkeypatch, URLError("no network"))
    return tmp_path / "data"


def network(monkeypatch, answer) -> list[str]:
    """What a download does: raise `answer`, or write its files gzipped and unpacked; returns the list of downloads."""
    asked = []

    def download(url, download_root, filename, md5):
        asked.append(filename)
        if isinstance(answer, BaseException):
            raise answer
        content = answer[filename.removesuffix(".gz")]
        Path(download_root, filename).write_bytes(gzip.compress(content))
        Path(download_root, filename.removesuffix(".gz")).write_bytes(content)

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", download)
    return asked


def put(root: Path, files: dict[str, bytes] = FILES, folder: str = "MNIST") -> Path:
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw


# ---- what is loaded ---------------------------------------------------------------------------------------------


def assert_is_made_up(splits: datasets.Splits) -> None:
    pixels = np.frombuffer(FILES["train-images-idx3-ubyte"][16:], np.uint8).reshape(N_TRAIN, 1, 28, 28)
    held_out = np.frombuffer(FILES["t10k-images-idx3-ubyte"][16:], np.uint8).reshape(N_TEST, 1, 28, 28)
    n = N_TRAIN - N_VALIDATION
    for part, expected in ((splits.train, pixels[:n]), (splits.validation, pixels[n:]), (splits.test, held_out)):
        np.testing.assert_allclose(part.x.numpy(), expected / 255, atol=1e-7)
        assert part.x.dtype == torch.float32
        assert part.y.dtype == torch.int64
    assert splits.train.y.tolist() == [i % 10 for i in range(n)]
    assert splits.validation.y.tolist() == [i % 10 for i in range(n, N_TRAIN)]
    assert splits.test.y.tolist() == [i % 10 for i in range(N_TEST)]


def test_the_last_training_images_are_for_validation(root, capsys):
    put(root)
    splits = datasets.load("mnist")
    assert_is_made_up(splits)
    assert (splits.name, splits.image_shape, splits.n_classes) == ("mnist", (1, 28, 28), 10)
    out = capsys.readouterr().out
    assert out == "Data: mnist, 30 training / 10 validation / 12 test images of 1x28x28 (as asked)\n"


def test_auto_takes_mnist_where_it_is(root, capsys):
    put(root)
    assert_is_made_up(datasets.load("auto"))
    assert capsys.readouterr().out.endswith("(found or downloaded, checksums good)\n")


def test_what_is_not_there_is_downloaded(root, monkeypatch):
    asked = network(monkeypatch, FILES)
    assert_is_made_up(datasets.load("mnist"))
    assert sorted(asked) == sorted(f"{name}.gz" for name in FILES)
    assert_is_made_up(datasets.load("mnist"))
    assert len(asked) == 4, "what is there is not downloaded again"


@pytest.mark.parametrize(("name", "folder"), [("fashion_mnist", "FashionMNIST"), ("kmnist", "KMNIST")])
def test_the_relatives_of_mnist(root, name, folder):
    put(root, folder=folder)
    splits = datasets.load(name)
    assert_is_made_up(splits)
    assert splits.name == name


def digits() -> datasets.Splits:
    return datasets.load("digits")


def test_the_file_of_digits_is_read_as_scikit_learn_reads_it():
    table, bunch = bundled._table_of_digits(), load_digits()
    assert np.array_equal(table[:, :-1], bunch.data)
    assert np.array_equal(table[:, -1], bunch.target)


def test_digits_are_those_of_scikit_learn_resized():
    splits = digits()
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [1197, 300, 300]
    assert splits.image_shape == (1, 28, 28)
    x = torch.cat([part.x for part in (splits.train, splits.validation, splits.test)])
    y = torch.cat([part.y for part in (splits.train, splits.validation, splits.test)])
    assert x.dtype == torch.float32
    assert x.min() >= 0
    assert x.max() <= 1
    assert torch.bincount(y).tolist() == np.bincount(load_digits().target).tolist()
    # brightness survives the resizing: mean ink, sorted, is that of the small images
    small = np.sort(load_digits().images.mean((1, 2)) / 16)
    np.testing.assert_allclose(np.sort(x.mean((1, 2, 3)).numpy()), small, atol=0.02)


def test_the_splits_are_disjoint():
    splits = digits()
    whole = torch.cat([splits.train.x, splits.validation.x, splits.test.x])
    assert len(torch.unique(whole.flatten(1), dim=0)) == len(np.unique(load_digits().data, axis=0)) == len(whole)


def test_the_splits_are_the_same_every_time():
    torch.manual_seed(1)
    first = digits()
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002 - the global state must not matter
    second = digits()
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(first, part).x, getattr(second, part).x)
        assert torch.equal(getattr(first, part).y, getattr(second, part).y)


def test_the_fast_mode_takes_digits_although_mnist_is_there(root, monkeypatch, capsys):
    put(root)
    monkeypatch.setenv("COURSE_MODE", "fast")
    assert datasets.load("auto").name == "digits"
    assert capsys.readouterr().out.endswith("(fast mode uses the digits inside scikit-learn)\n")
    assert datasets.load("mnist").name == "mnist", "what is asked for by name is not replaced"


def test_an_unknown_name_is_refused():
    with pytest.raises(
        ValueError, match="unknown data set 'cifar': use one of auto, digits, mnist, fashion_mnist, kmnist"
    ):
        datasets.load("cifar")


# ---- no network -------------------------------------------------------------------------------------------------


def test_without_network_auto_says_in_one_line_what_it_took_and_why(capsys):
    assert datasets.load("auto").name == "digits"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "Data: digits, 1,197 training / 300 validation / 300 test images of 1x28x28 (instead of MNIST"
    )
    assert "could not be downloaded" in line
    assert "no network" in line


def test_without_network_a_data_set_asked_for_is_an_error():
    with pytest.raises(
        DatasetError, match=r"MNIST is not in .*could not be downloaded.*no network.*put the four files"
    ):
        datasets.load("mnist")


# What was seen, or is documented, to come out of downloading, unpacking and reading.
ERRORS = [
    URLError("no network"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError("timed out"),
    IncompleteRead(b""),
    RuntimeError("File not found or corrupted."),
    EOFError("Compressed file ended before the end-of-stream marker was reached"),
    gzip.BadGzipFile("Not a gzipped file"),
    zlib.error("Error -3 while decompressing data"),
    lzma.LZMAError("Corrupt input data"),
    AssertionError(),
    KeyError(13),
    PermissionError(13, "Permission denied"),
    OSError(28, "No space left on device"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_goes_wrong_the_reader_gets_one_kind_of_error(monkeypatch, error):
    network(monkeypatch, error)
    with pytest.raises(DatasetError, match="put the four files into MNIST/raw") as caught:
        datasets.load("mnist")
    assert caught.value.__cause__ is not None
    assert "()" not in str(caught.value), "the reason is not empty"
    assert datasets.load("auto").name == "digits"


def test_an_interrupted_download_is_not_an_error_of_the_data(monkeypatch):
    network(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        datasets.load("auto")


# ---- damaged files ----------------------------------------------------------------------------------------------

IMAGES = "train-images-idx3-ubyte"
DAMAGE = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"\0",
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "a web page": lambda content: b"<!DOCTYPE html>".ljust(len(content)),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_downloaded_again(root, monkeypatch, capsys, name, damage):
    put(root, FILES | {name: DAMAGE[damage](FILES[name])})
    network(monkeypatch, FILES)
    assert_is_made_up(datasets.load("mnist"))
    assert f"{name} in .../data/MNIST/raw is damaged" in capsys.readouterr().out


def test_a_damaged_archive_beside_a_damaged_file_goes_too(root, monkeypatch):
    raw = put(root, FILES | {IMAGES: b"damaged"})
    (raw / f"{IMAGES}.gz").write_bytes(b"damaged as well")
    network(monkeypatch, FILES)
    datasets.load("mnist")
    assert gzip.decompress((raw / f"{IMAGES}.gz").read_bytes()) == FILES[IMAGES]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_and_no_network(root, capsys, damage):
    put(root, FILES | {IMAGES: DAMAGE[damage](FILES[IMAGES])})
    with pytest.raises(DatasetError, match=r"MNIST is not in .*could not be downloaded"):
        datasets.load("mnist")
    assert datasets.load("auto").name == "digits"
    assert "is damaged (wrong size or checksum)" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [d for d in DAMAGE if d not in ("one bit", "a web page")])
def test_without_published_checksums_the_size_is_checked(root, monkeypatch, damage):
    put(root, FILES | {IMAGES: DAMAGE[damage](FILES[IMAGES])}, "FashionMNIST")
    network(monkeypatch, FILES)
    assert_is_made_up(datasets.load("fashion_mnist"))


def test_a_file_of_the_right_size_that_is_no_idx_file(root):
    put(root, FILES | {IMAGES: DAMAGE["a web page"](FILES[IMAGES])}, "KMNIST")
    with pytest.raises(DatasetError, match=r"KMNIST is not in .* could not be downloaded or read"):
        datasets.load("kmnist")


def test_a_download_that_is_cut_short_is_an_error_not_a_small_data_set(monkeypatch):
    network(monkeypatch, FILES | {IMAGES: FILES[IMAGES][:-100]})
    with pytest.raises(DatasetError):
        datasets.load("mnist")


def test_images_and_labels_of_different_number(root, monkeypatch):
    short = idx(np.arange(N_TRAIN - 3) % 10)
    monkeypatch.setitem(downloaded._SIZES, "train-labels-idx1-ubyte", len(short))
    put(root, FILES | {"train-labels-idx1-ubyte": short}, "KMNIST")
    with pytest.raises(DatasetError, match=r"got \(40, 1, 28, 28\) and \(37,\)"):
        datasets.load("kmnist")


# ---- wrong places -----------------------------------------------------------------------------------------------


def test_the_root_comes_from_the_environment_or_is_the_folder_data(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "~/my data")
    assert datasets.root() == Path.home() / "my data"
    for nothing in (lambda: monkeypatch.setenv("COURSE_DATA", ""), lambda: monkeypatch.delenv("COURSE_DATA")):
        nothing()
        assert datasets.root() == Path(datasets.__file__).parents[2] / "data"


@pytest.mark.parametrize("level", ["data", "data/MNIST", "data/MNIST/raw"])
def test_a_file_where_a_folder_should_be(root, level):
    place = root.parent / level
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("not a folder")
    with pytest.raises(
        DatasetError, match="is a file, but the data sets need a folder there: move it, or set COURSE_DATA"
    ):
        datasets.load("mnist")
    assert datasets.load("auto").name == "digits"
    assert place.read_text() == "not a folder"


def test_a_folder_where_a_file_should_be(root):
    raw = put(root)
    (raw / IMAGES).unlink()
    (raw / IMAGES).mkdir()
    with pytest.raises(DatasetError, match="cannot be read"):
        datasets.load("mnist")


def test_the_wrong_root(root, monkeypatch):
    """One level too deep: the files are there, but not where they are looked for."""
    put(root)
    monkeypatch.setenv("COURSE_DATA", str(root / "MNIST"))
    with pytest.raises(DatasetError, match="put the four files into MNIST/raw there"):
        datasets.load("mnist")


def deny(monkeypatch, method: str, name: str) -> None:
    """Have an operation on files called `name` fail as on a read-only folder (which would not stop root)."""
    allowed = getattr(Path, method)

    def denied(self, *arguments, **options):
        if self.name == name:
            raise PermissionError(13, "Permission denied", str(self))
        return allowed(self, *arguments, **options)

    monkeypatch.setattr(Path, method, denied)


def test_a_damaged_file_in_a_read_only_folder(root, monkeypatch):
    put(root, FILES | {IMAGES: b"damaged"})
    deny(monkeypatch, "unlink", IMAGES)
    with pytest.raises(DatasetError, match=r"is damaged and cannot be replaced \(Permission denied\): delete it"):
        datasets.load("mnist")


def test_a_file_that_may_not_be_read(root, monkeypatch):
    put(root)
    deny(monkeypatch, "read_bytes", IMAGES)
    with pytest.raises(DatasetError, match=r"cannot be read \(Permission denied\)"):
        datasets.load("mnist")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_read_only_root(root):
    root.mkdir()
    root.chmod(0o500)
    with pytest.raises(DatasetError, match="could not be downloaded or read"):
        datasets.load("mnist")


# ---- Images -----------------------------------------------------------------------------------------------------


def test_images_check_their_shapes():
    with pytest.raises(ValueError, match=r"x \(N, C, H, W\) and y \(N,\), got \(4, 28, 28\) and \(4,\)"):
        Images(torch.zeros(4, 28, 28), torch.zeros(4, dtype=torch.long))
    with pytest.raises(ValueError, match=r"and \(5,\)"):
        Images(torch.zeros(4, 1, 28, 28), torch.zeros(5, dtype=torch.long))


def test_the_first_images():
    data = Images(torch.arange(5.0)[:, None, None, None], torch.arange(5))
    assert len(data) == 5
    assert data.first(2).y.tolist() == [0, 1]
    assert data.first(2).x.flatten().tolist() == [0, 1]
    assert data.to("cpu").y.tolist() == list(range(5))


# ---- the real thing ---------------------------------------------------------------------------------------------

REAL = os.environ.get("COURSE_DATA", "")


@pytest.mark.skipif(
    not (Path(REAL) / "MNIST" / "raw" / IMAGES).is_file(),
    reason="no real MNIST: set COURSE_DATA to a folder that has it",
)
def test_real_mnist(monkeypatch):
    monkeypatch.undo()  # the real sizes, checksums and root
    splits = datasets.load("mnist")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [50_000, 10_000, 10_000]
    assert splits.train.x.min() == 0
    assert splits.train.x.max() == 1
    # the usual constants for normalising MNIST, published with PyTorch's first example
    whole = torch.cat([splits.train.x, splits.validation.x])
    assert whole.mean().item() == pytest.approx(0.1307, abs=1e-4)
    assert whole.std().item() == pytest.approx(0.3081, abs=1e-4)
    assert splits.train.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert splits.test.y[:5].tolist() == [7, 2, 1, 0, 4]
