"""The assignments: a source notebook each, with solutions and hidden tests; the student version is made from it."""

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.set_up import ROOT

FOLDER = ROOT / "notebooks" / "homework"
SOURCE = FOLDER / "source"


class AssignmentError(ValueError):
    """There is no such assignment, or its source is not what nbgrader needs; the message says what is wrong."""


def names() -> list[str]:
    """The names of all assignments, in order: the folders of `SOURCE`."""
    return sorted(path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.glob("*.ipynb")))


def path(name: str) -> Path:
    """The source notebook of an assignment. Raises AssignmentError for an unknown name."""
    if name not in names():
        raise AssignmentError(f"there is no assignment {name!r}; there are {', '.join(names())}")
    [only] = (SOURCE / name).glob("*.ipynb")
    return only


def source(name: str) -> NotebookNode:
    """The source of an assignment, with solutions and hidden tests. Raises AssignmentError for an unknown name."""
    return nbformat.read(path(name), as_version=4)


def student_version(notebook: NotebookNode) -> NotebookNode:
    """A copy as students get it: without solutions, hidden tests, mark schemes and outputs."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells

    notebook = copy.deepcopy(notebook)
    for step in (ClearSolutions, LockCells, ClearOutput, ClearHiddenTests, ClearMarkScheme):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


# ---- the kinds of cells -------------------------------------------------------------------------------------------


def marks(cell: NotebookNode) -> dict:
    """What nbgrader notes on a cell (grade_id, points, ...), an empty dict for ordinary cells."""
    return cell.metadata.get("nbgrader", {})


def is_test(cell: NotebookNode) -> bool:
    """Whether the cell holds tests that give points by themselves."""
    return bool(marks(cell).get("grade")) and not marks(cell).get("solution")


def is_manual(cell: NotebookNode) -> bool:
    """Whether a person gives the points of this cell: a written answer, or a task."""
    return bool(marks(cell).get("grade") and marks(cell).get("solution")) or bool(marks(cell).get("task"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write into this cell and tests judge it."""
    return bool(marks(cell).get("solution")) and not marks(cell).get("grade")


def points(notebook: NotebookNode) -> dict[str, int]:
    """grade_id -> points that the cell can give, of the tests and of what a person marks."""
    return {
        marks(cell)["grade_id"]: marks(cell)["points"] for cell in notebook.cells if is_test(cell) or is_manual(cell)
    }
