"""A course folder with one tiny assignment, which needs no torch, and its submissions: for the tests of the grading."""

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.homework import assignments

NAME, FILE = "hw0", "hw0_tiny.ipynb"
SECRET = "the model answer is 1729"


def marks(grade_id: str, points: int | None = None, **kinds: bool) -> dict:
    """nbgrader's metadata of a cell."""
    given = {"grade_id": grade_id, "schema_version": 3, "grade": False, "solution": False, "task": False, **kinds}
    given["locked"] = not given["solution"]
    return {"nbgrader": given | ({"points": points} if points is not None else {})}


def source() -> NotebookNode:
    """Two functions with a test each (30 and 40 points), and a task that a person marks (30 points)."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    double = 'def double(x):\n    """Twice x."""\n    ### BEGIN SOLUTION\n    return 2 * x + 0\n    ### END SOLUTION'
    square = 'def square(x):\n    """x times x."""\n    ### BEGIN SOLUTION\n    return x ** 2.0\n    ### END SOLUTION'
    test_double = """assert double(0) == 0, "twice nothing is nothing"
### BEGIN HIDDEN TESTS
assert double(12_345) == 24_690, "doubling should hold for large numbers"
### END HIDDEN TESTS"""
    test_square = """assert square(1) == 1, "the square of one is one"
### BEGIN HIDDEN TESTS
assert square(-3) == 9.0 + 0, "a square should never be negative"
### END HIDDEN TESTS"""
    task = f"Explain squares.\n\n=== BEGIN MARK SCHEME ===\n{SECRET}\n=== END MARK SCHEME ==="
    return new_notebook(
        metadata={"kernelspec": kernel},
        cells=[
            new_markdown_cell("# Tiny"),
            new_code_cell('student = "reference"'),
            new_code_cell(double, metadata=marks("double", solution=True)),
            new_code_cell(test_double, metadata=marks("test_double", 30, grade=True)),
            new_code_cell(square, metadata=marks("square", solution=True)),
            new_code_cell(test_square, metadata=marks("test_square", 40, grade=True)),
            new_markdown_cell(task, metadata=marks("explain", 30, task=True)),
            new_markdown_cell("*Your answer*"),
        ],
    )


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell with this id."""
    [found] = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return found


def answered(first: str = "", **answers: str) -> NotebookNode:
    """What a student hands in: the student version with the solution, or these answers; `first` is run first."""
    notebook = assignments.student_version(source())
    for grade_id in ("double", "square"):
        cell(notebook, grade_id).source = answers.get(grade_id, cell(source(), grade_id).source)
    if first:
        notebook.cells.insert(0, new_code_cell(first))
    return copy.deepcopy(notebook)


def make_course(folder: Path) -> Path:
    """Write the course folder."""
    (folder / "source" / NAME).mkdir(parents=True)
    nbformat.write(source(), folder / "source" / NAME / FILE)
    config = assignments.FOLDER / "nbgrader_config.py"
    (folder / "nbgrader_config.py").write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def hand_in(folder: Path, student: str, notebook: NotebookNode) -> Path:
    """Put a notebook where nbgrader looks for what was handed in."""
    file = folder / "submitted" / student / NAME / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, file)
    return file
