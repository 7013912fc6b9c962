"""Execute notebooks in place, to renew the outputs that are committed; or many times, to see whether they hang.

nbclient can hang for ever, with every thread of the kernel idle. The cause: while it waits for the kernel's answer, it
also plays the browser for ``Output`` widgets and sends their new contents to the kernel, on the socket it is waiting
at. ZeroMQ tells a waiting program of a new message only once; if that falls together with the sending, it is lost, and
the answer lies there unseen (https://github.com/jupyter/nbclient/issues/312). So here nobody waits for long without
looking again (`_Attentive`). Against other causes, each notebook has a process of its own with a time limit; if it is
reached, the notebook is tried once more, and that is said.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty

import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

from course_utils import files
from course_utils.set_up import ROOT

FOLDER = ROOT / "notebooks"
LOOK_AGAIN = 1.0  # seconds


def main(names: Sequence[Path], timeout: int, times: int = 0) -> int:
    """Execute these notebooks (default: all), `timeout` seconds at most each; returns 1 if one of them failed.

    With `times`, each is executed that often, its outputs are thrown away, and a hang is a failure.
    """
    failed = []
    for path in find(names):
        good = [_run_in_time(path, timeout, keep=False) for _ in range(times)] or [_run_in_time(path, timeout)]
        if not all(good):
            failed.append(f"{path.name} ({good.count(False)} of {times} times)" if times else path.name)
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


def execute(path: Path, keep: bool = True) -> None:
    """Execute a notebook in its own folder and replace it, whole or not at all. Raises CellExecutionError.

    Unless `keep`, the file stays as it is.
    """
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": path.parent}},
        record_timing=False,
        kernel_manager_class=_Manager,
    )
    client.execute()
    if not keep:
        return
    clean(notebook)
    files.write_whole(path, (nbformat.writes(notebook) + "\n").encode())


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs from run to run and means nothing: times of execution, and how the author had it on screen."""
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(name, None)


class _Attentive(AsyncZMQSocketChannel):
    """The kernel's answers; whoever waits for one looks again every second."""

    async def get_msg(self, timeout: float | None = None) -> dict:
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return await super().get_msg(min(LOOK_AGAIN, max(0.0, end - time.monotonic())))
            except Empty:
                if time.monotonic() >= end:
                    raise


class _Client(AsyncKernelClient):
    shell_channel_class = Type(_Attentive)


class _Manager(AsyncKernelManager):
    client_class = f"{_Client.__module__}.{_Client.__name__}"
    client_factory = Type(_Client)


def _run_in_time(path: Path, timeout: int, keep: bool = True) -> bool:
    """Execute a notebook in a process of its own; on a hang once more (if kept). Returns whether it went through."""
    attempts = ("hangs, trying it once more", "hangs again, giving up") if keep else ("hangs",)
    for attempt in attempts:
        started = time.monotonic()
        command = [sys.executable, "-m", "course_utils.run_notebooks", str(path), *([] if keep else ["throw-away"])]
        try:
            code = subprocess.run(command, cwd=ROOT, timeout=timeout).returncode  # a kernel ends with its parent
        except subprocess.TimeoutExpired:
            print(f"{path.name}: no end after {timeout} s: it {attempt}", flush=True)
            continue
        print(f"{path.name}: {'done' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
        return code == 0
    return False


if __name__ == "__main__":
    execute(Path(sys.argv[1]), keep=sys.argv[2:] != ["throw-away"])
