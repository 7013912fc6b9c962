"""Writing files whole or not at all."""

import glob
import os
import tempfile
from pathlib import Path

UNFINISHED = ".part"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one, and no third thing.

    The new content is complete on disk, under a temporary name, before it takes the old one's name. Missing folders
    are made. Raises OSError, with the old file untouched, when it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_unfinished(path: Path) -> None:
    """Remove what a process that was killed in `write_whole` left beside `path`; no other may be writing it now."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        part.unlink(missing_ok=True)
