"""Execute notebooks in place, to renew the outputs that are committed.

Each notebook gets a process of its own with a time limit, because an execution hangs once in a while (every thread
of the kernel idle, in about one run of twenty; seen with several versions of ipykernel): then it is tried once
more, and that is said.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from course_utils.set_up import ROOT

FOLDER = ROOT / "notebooks"


def main(names: Sequence[Path], timeout: int) -> int:
    """Execute these notebooks (default: all), `timeout` seconds at most each; returns 1 if one of them failed."""
    failed = [path.name for path in find(names) if not _run_in_time(path, timeout)]
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return int(bool(failed))


def find(names: Sequence[Path]) -> list[Path]:
    """The notebooks named, or all of them. Raises FileNotFoundError for one that does not exist."""
    paths = [Path(name).resolve() for name in names] or sorted([*FOLDER.glob("*.ipynb"), *FOLDER.glob("*/*.ipynb")])
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"there is no notebook {path}")
    return paths


def execute(path: Path) -> None:
    """Execute a notebook in its own folder and replace it, whole or not at all. Raises CellExecutionError."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": path.parent}}, record_timing=False)
    client.execute()
    clean(notebook)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", encoding="utf-8", delete=False) as file:
        nbformat.write(notebook, file)
    os.replace(file.name, path)


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs from run to run and means nothing: times of execution, and how the author had it on screen."""
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(name, None)


def _run_in_time(path: Path, timeout: int) -> bool:
    """Execute a notebook in a process of its own; on a hang once more. Returns whether it went through."""
    for attempt in ("hangs, trying it once more", "hangs again, giving up"):
        started = time.monotonic()
        command = [sys.executable, "-m", "course_utils.run_notebooks", str(path)]
        try:
            code = subprocess.run(command, cwd=ROOT, timeout=timeout).returncode  # a kernel ends with its parent
        except subprocess.TimeoutExpired:
            print(f"{path.name}: no end after {timeout} s: it {attempt}", flush=True)
            continue
        print(f"{path.name}: {'done' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
        return code == 0
    return False


if __name__ == "__main__":
    execute(Path(sys.argv[1]))
