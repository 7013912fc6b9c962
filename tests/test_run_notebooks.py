"""Executing notebooks in place."""

import asyncio
from queue import Empty

import nbformat
import pytest
from jupyter_client.channels import AsyncZMQSocketChannel
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import run_notebooks


def write(path, *sources: str):
    cells = [new_code_cell(source, metadata={"tags": ["keep"], "collapsed": True}) for source in sources]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_notebook_is_executed_in_its_own_folder_and_cleaned(tmp_path, capfd):
    path = write(tmp_path / "a.ipynb", "from pathlib import Path\nPath('here.txt').touch()", "1 + 1")
    assert run_notebooks.main([path], timeout=120) == 0
    first, second = nbformat.read(path, as_version=4).cells
    assert (first.execution_count, second.execution_count) == (1, 2)
    assert second.outputs[0].data["text/plain"] == "2"
    assert dict(second.metadata) == {"tags": ["keep"]}
    assert (tmp_path / "here.txt").exists()
    assert "a.ipynb: done in" in capfd.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.ipynb", "here.txt"]


def test_a_failure_is_reported_and_leaves_the_file_as_it_was(tmp_path, capfd):
    path = write(tmp_path / "a.ipynb", "1 / 0")
    before = path.read_bytes()
    assert run_notebooks.main([path], timeout=120) == 1
    assert path.read_bytes() == before
    shown = capfd.readouterr()
    assert "ZeroDivisionError" in shown.err
    assert "FAILED: a.ipynb" in shown.out


def test_a_hang_is_tried_once_more_and_said(tmp_path, capfd):
    path = write(tmp_path / "a.ipynb", "import time\ntime.sleep(600)")
    assert run_notebooks.main([path], timeout=2) == 1
    shown = capfd.readouterr().out
    assert shown.count("trying it once more") == 1
    assert shown.count("giving up") == 1


def test_a_notebook_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no notebook"):
        run_notebooks.main([tmp_path / "b.ipynb"], timeout=1)


# ---- hangs ------------------------------------------------------------------------------------------------------


def test_a_message_that_nobody_was_told_of_is_found(monkeypatch):
    """A socket that wakes nobody: who waits for ever waits in vain, who looks again finds the message."""
    looks = []

    async def never_told(self, timeout=None):
        looks.append(timeout)
        if timeout is None:
            await asyncio.sleep(3600)
        if len(looks) < 3:
            raise Empty
        return {"content": "the answer"}

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", never_told)
    channel = run_notebooks._Attentive.__new__(run_notebooks._Attentive)
    answer = asyncio.run(asyncio.wait_for(channel.get_msg(None), timeout=10))
    assert answer == {"content": "the answer"}
    assert looks == [run_notebooks.LOOK_AGAIN] * 3


def test_a_time_limit_is_still_one(monkeypatch):
    async def nothing(self, timeout):
        await asyncio.sleep(timeout)
        raise Empty

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", nothing)
    monkeypatch.setattr(run_notebooks, "LOOK_AGAIN", 0.05)
    channel = run_notebooks._Attentive.__new__(run_notebooks._Attentive)
    with pytest.raises(Empty):
        asyncio.run(asyncio.wait_for(channel.get_msg(0.2), timeout=10))


def test_notebooks_are_executed_by_a_client_that_looks_again(monkeypatch, tmp_path):
    used = []
    real = run_notebooks._Attentive.get_msg

    async def noted(self, timeout=None):
        used.append(timeout)
        return await real(self, timeout)

    monkeypatch.setattr(run_notebooks._Attentive, "get_msg", noted)
    run_notebooks.execute(write(tmp_path / "a.ipynb", "1 + 1"))
    assert None in used  # the wait for the cell's answer


def test_many_times_and_nothing_kept(tmp_path, capfd):
    path = write(tmp_path / "a.ipynb", "from pathlib import Path\nprint('x', file=Path('runs.txt').open('a'))")
    before = path.read_bytes()
    assert run_notebooks.main([path], timeout=120, times=3) == 0
    assert path.read_bytes() == before
    assert (tmp_path / "runs.txt").read_text() == "x\n" * 3
    assert capfd.readouterr().out.count("a.ipynb: done in") == 3


def test_a_hang_among_many_is_a_failure(tmp_path, capfd):
    hang_once = "if not once.exists():\n    once.touch()\n    time.sleep(600)"
    path = write(tmp_path / "a.ipynb", "import time\nfrom pathlib import Path", f"once = Path('once')\n{hang_once}")
    assert run_notebooks.main([path], timeout=25, times=2) == 1
    assert "FAILED: a.ipynb (1 of 2 times)" in capfd.readouterr().out
