"""Writing files whole or not at all."""

import contextlib
import glob
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".part"


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, so that a crash leaves either the old file at `path` or the new one, and no third thing.

    The new content is complete on disk, under a temporary name, before it takes the old one's name. Missing folders
    are made. Raises OSError when it cannot be written. After any error, also one inside, the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # opened like any file, so that others may read it if they may read what this process writes
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as `written_whole` does, with content that is in memory."""
    with written_whole(path) as file:
        file.write(content)


def remove_unfinished(path: Path) -> None:
    """Remove what a process that was killed in `write_whole` left beside `path`; no other may be writing it now."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        part.unlink(missing_ok=True)
