"""Executing notebooks in place."""

import nbformat
import pytest
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
