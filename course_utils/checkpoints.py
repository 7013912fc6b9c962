"""Saving and loading state: one safetensors file, written atomically, checked when read. No pickle anywhere."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from course_utils.files import remove_unfinished, write_whole


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used: damaged, foreign, of another training, or in use, or not to be written."""


def save(path: str | Path, state: Any) -> None:
    """Write `state` (nested dicts and lists of tensors, numbers, strings) to `path`, whole or not at all.

    A crash leaves the old file or the new one. Raises OSError, with the old file untouched, when it cannot be
    written, and TypeError for a state that holds anything else.
    """
    tensors: dict[str, Tensor] = {}
    outline = json.dumps(_detach_tensors(state, tensors))
    write_whole(Path(path), to_bytes(tensors, {"state": outline, "sha256": _digest(outline, tensors)}))


def load(path: str | Path) -> Any:
    """Read what `save` wrote. Raises CheckpointError if the file is damaged or is no checkpoint of the course."""
    advice = "Delete it to start afresh, or name another file."
    if Path(path).is_dir():
        raise CheckpointError(f"{path} is a folder, not a checkpoint: name a file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # clone: the tensors of an open file are windows on it, and Windows cannot replace a file in use
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged or not a checkpoint ({error}). {advice}") from error
    if not {"state", "sha256"} <= metadata.keys():
        raise CheckpointError(f"{path} is a safetensors file, but not a checkpoint of this course. {advice}")
    if _digest(metadata["state"], tensors) != metadata["sha256"]:
        raise CheckpointError(f"{path} is damaged: its content does not match its checksum. {advice}")
    return _attach_tensors(json.loads(metadata["state"]), tensors)


@contextlib.contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Keep a checkpoint for this process alone. Raises CheckpointError if another one has it, or if that cannot be.

    The lock is a file beside the checkpoint, held by the operating system: it ends with its process, however that
    ends. Once it is held, what an earlier process left half written is removed.
    """
    path = Path(path)
    lock = FileLock(path.with_name(f".{path.name}.lock"), blocking=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise CheckpointError(
            f"{path} is in use by another training: wait until that has ended, stop it, or name another file"
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror or error}): name a file in a folder you may write to"
        ) from error
    try:
        remove_unfinished(path)
        yield
    finally:
        with contextlib.suppress(PermissionError):  # Windows: the file is open, and goes with the release
            os.unlink(lock.lock_file)
        lock.release()


def _digest(outline: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(outline.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _detach_tensors(tree: Any, tensors: dict[str, Tensor]) -> Any:
    """A copy of the tree for JSON, its tensors moved into `tensors`; dictionaries as pairs, to keep integer keys."""
    if isinstance(tree, Tensor):
        name = f"{len(tensors):06d}"
        tensors[name] = tree.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(tree, dict):
        return {"dict": [[key, _detach_tensors(value, tensors)] for key, value in tree.items()]}
    if isinstance(tree, list | tuple):
        return {"list": [_detach_tensors(value, tensors) for value in tree]}
    if tree is None or isinstance(tree, str | int | float | bool):
        return {"value": tree}
    raise TypeError(f"a checkpoint holds tensors, numbers and strings in dicts and lists, not {type(tree).__name__}")


def _attach_tensors(tree: dict, tensors: dict[str, Tensor]) -> Any:
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _attach_tensors(value, tensors) for key, value in content}
    if kind == "list":
        return [_attach_tensors(value, tensors) for value in content]
    return content
