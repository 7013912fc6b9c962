"""Where the files of data sets are, and what is said when they are missing or damaged."""

import os
from pathlib import Path


class DatasetError(RuntimeError):
    """A data set that is missing, damaged or cannot be fetched; the message says what to do."""


def root() -> Path:
    """The folder of the data sets: $COURSE_DATA, else `data/` in the repository."""
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen).expanduser() if chosen else Path(__file__).resolve().parents[2] / "data"


def check_folders(*paths: Path) -> None:
    """Raise DatasetError if one of these is a file; it may be missing."""
    for part in paths:
        if part.exists() and not part.is_dir():
            raise DatasetError(
                f"{part} is a file, but the data sets need a folder there: "
                "move it, or set COURSE_DATA to another folder"
            )


def shown(path: Path) -> str:
    """A path to show: relative to the working folder where possible, so that saved notebooks name no machine."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return f".../{'/'.join(path.parts[-3:])}"


def unlink(file: Path) -> None:
    """Delete a damaged file, if it is there. Raises DatasetError if that is not allowed."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"{file} is damaged and cannot be replaced ({error.strerror}): "
            "delete it, or set COURSE_DATA to a folder you may write to"
        ) from error


def reason(error: Exception) -> str:
    """An error in one line: torchvision lists every address it tried between the first line and the last."""
    lines = str(error).split("\n") if str(error) else [type(error).__name__]
    lines = [line.strip() for line in lines if line.strip()]
    return lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}"
