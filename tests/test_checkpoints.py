"""State on disk: what goes in comes out, whole or not at all, and damage is noticed."""

import errno
import os

import pytest
import torch
from safetensors.torch import save_file

from course_utils import checkpoints, files
from course_utils.checkpoints import CheckpointError

STATE = {
    "numbers": {"seed": 3, "seconds": 1.5, "interrupted": False, "name": "ω", "nothing": None},
    "optimizer": {"state": {0: {"step": torch.tensor(7.0)}, 1: {"step": torch.tensor(8.0)}}, "groups": [[0, 1]]},
    "tensors": [
        torch.randn(3, 4),
        torch.randn(3, 4).bfloat16(),
        torch.randn(2).double(),
        torch.tensor([True, False]),
        torch.arange(5, dtype=torch.uint8),
        torch.arange(5),
        torch.tensor(2.5),
        torch.empty(0, 3),
        torch.randn(4, 6)[::2, ::3],
        torch.randn(3, 4).t(),
    ],
    "snapshots": [(0, {"x": torch.ones(2)}), (5, {"x": torch.zeros(2)})],
}


def assert_same(a, b):
    assert type(a) is (list if isinstance(b, tuple) else type(b))
    if isinstance(b, torch.Tensor):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert torch.equal(a, b)
    elif isinstance(b, dict):
        assert list(a) == list(b)
        for key in b:
            assert_same(a[key], b[key])
    elif isinstance(b, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert a == b


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state.safetensors"


# ---- round trip -------------------------------------------------------------------------------------------------


def test_what_goes_in_comes_out(file):
    checkpoints.save(file, STATE)
    assert_same(checkpoints.load(file), STATE)


def test_infinity_and_nan_survive(file):
    checkpoints.save(file, {"x": torch.tensor([float("nan"), float("inf")]), "y": float("-inf")})
    state = checkpoints.load(file)
    assert state["x"].isnan().tolist() == [True, False]
    assert state["y"] == float("-inf")


def test_missing_folders_are_made(tmp_path):
    file = tmp_path / "a" / "b" / "state.safetensors"
    checkpoints.save(file, {"x": 1})
    assert checkpoints.load(file) == {"x": 1}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_may_be_read_by_whoever_may_read_this_process_files(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    files.write_whole(tmp_path / "whole", b"")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_tensor_with_gradient_is_saved_as_its_values(file):
    checkpoints.save(file, {"x": torch.ones(2, requires_grad=True)})
    assert not checkpoints.load(file)["x"].requires_grad


def test_other_things_are_refused_and_the_old_file_stays(file):
    checkpoints.save(file, {"x": 1})
    with pytest.raises(TypeError, match="holds tensors, numbers and strings in dicts and lists, not set"):
        checkpoints.save(file, {"x": {1, 2}})
    assert checkpoints.load(file) == {"x": 1}


def test_what_was_loaded_does_not_depend_on_the_file(file):
    checkpoints.save(file, {"x": torch.arange(1000)})
    state = checkpoints.load(file)
    with open(file, "r+b") as opened:  # in place, as a mapped file would show
        opened.write(bytes(file.stat().st_size))
    assert torch.equal(state["x"], torch.arange(1000))


# ---- whole or not at all ----------------------------------------------------------------------------------------


def failing(monkeypatch, where: str, error: BaseException):
    """Have the writing of files fail in `where`: "write", "fsync" or "replace"."""

    def fail(*_, **__):
        raise error

    if where == "write":
        path_open = files.Path.open

        def open_broken(*arguments):
            file = path_open(*arguments)
            write = file.write

            class Broken:
                __enter__ = lambda self: self  # noqa: E731
                __exit__ = lambda self, *_: file.close()  # noqa: E731

                def write(self, content):
                    write(content[: len(content) // 2])
                    raise error

            return Broken()

        monkeypatch.setattr(files.Path, "open", open_broken)
    else:
        monkeypatch.setattr(files.os, where, fail)


DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [DISK_FULL, KeyboardInterrupt()], ids=["disk full", "interrupt"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(file, monkeypatch, where, error):
    checkpoints.save(file, {"x": torch.zeros(100)})
    with monkeypatch.context() as patch:
        failing(patch, where, error)
        with pytest.raises(type(error)):
            checkpoints.save(file, {"x": torch.ones(100)})
    assert torch.equal(checkpoints.load(file)["x"], torch.zeros(100))
    assert os.listdir(file.parent) == [file.name]


def test_the_new_file_is_complete_before_it_takes_the_name(file, monkeypatch):
    """A crash between the two leaves the old file; seen from the moment of the exchange."""
    checkpoints.save(file, {"x": 1})
    replace = os.replace

    def watched(new, old):
        assert checkpoints.load(old) == {"x": 1}
        assert checkpoints.load(new) == {"x": 2}
        replace(new, old)

    monkeypatch.setattr(files.os, "replace", watched)
    checkpoints.save(file, {"x": 2})
    assert checkpoints.load(file) == {"x": 2}
    assert os.listdir(file.parent) == [file.name]


# ---- damage -----------------------------------------------------------------------------------------------------


def test_flipped_bits_are_noticed(file):
    """In every byte of the file: its length, header, outline and numbers. Padding may change without harm."""
    state = {"x": torch.tensor([1.0, 2.0]), "y": [torch.tensor([3], dtype=torch.int16), "word", 4]}
    checkpoints.save(file, state)
    content = file.read_bytes()
    noticed = 0
    for i in range(len(content)):
        damaged = bytearray(content)
        damaged[i] ^= 1 << i % 8
        file.write_bytes(damaged)
        try:
            assert_same(checkpoints.load(file), state)
        except CheckpointError:
            noticed += 1
    assert noticed > 0.9 * len(content)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, -1])
def test_a_truncated_file_is_refused(file, length):
    checkpoints.save(file, STATE)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(CheckpointError, match=r"damaged or not a checkpoint.*Delete it"):
        checkpoints.load(file)


def test_a_longer_file_is_refused(file):
    checkpoints.save(file, STATE)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(CheckpointError):
        checkpoints.load(file)


def test_foreign_files_are_refused(file):
    save_file({"x": torch.ones(2)}, file)
    with pytest.raises(CheckpointError, match="not a checkpoint of this course"):
        checkpoints.load(file)
    torch.save({"x": torch.ones(2)}, file)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        checkpoints.load(file)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="is a folder"):
        checkpoints.load(tmp_path)


def test_a_file_that_is_not_there(file):
    with pytest.raises(FileNotFoundError):
        checkpoints.load(file)
