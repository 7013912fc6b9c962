"""The rules for the source of an assignment. Each function takes a notebook and yields what is wrong with it."""

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from course_utils.homework import assignments
from course_utils.homework.assignments import is_answer, is_manual, is_test, marks

PAIRS = (
    ("### BEGIN SOLUTION", "### END SOLUTION"),
    ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    ("=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ==="),
)


def valid(notebook: NotebookNode) -> Iterator[str]:
    """Format 4.5 with cell ids, the kernel every Jupyter has, nothing stored."""
    if len({cell.get("id") for cell in notebook.cells}) < len(notebook.cells):
        yield "cells without an id, or two with the same"
        return  # nbformat would repair that, and complain about nothing
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    for cell in notebook.cells:
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"a cell has been run, its outputs are stored: {cell.source[:40]!r}"


def marked(notebook: NotebookNode) -> Iterator[str]:
    """What nbgrader needs: ids that are unique, points that sum to 100, tests that students cannot edit."""
    ids = [marks(cell)["grade_id"] for cell in notebook.cells if marks(cell)]
    yield from (f"{grade_id} is the id of {n} cells" for grade_id, n in Counter(ids).items() if n > 1)
    if (total := sum(assignments.points(notebook).values())) != 100:
        yield f"the points sum to {total}, not to 100"
    for cell in notebook.cells:
        name = marks(cell).get("grade_id")
        if marks(cell) and marks(cell).get("schema_version") != 3:
            yield f"{name}: the version of its marks is not 3"
        if is_test(cell) and (cell.cell_type != "code" or not marks(cell).get("locked")):
            yield f"{name} is a test that is no locked code cell"
        if is_test(cell) and not marks(cell).get("points"):
            yield f"{name} gives no points"


def stubs(notebook: NotebookNode) -> Iterator[str]:
    """Every pair of marks is closed; every answer and every manual part has one, so that students see no answer."""
    for cell in notebook.cells:
        name = marks(cell).get("grade_id", cell.source[:30])
        for begin, end in PAIRS:
            found = re.findall(f"{re.escape(begin)}|{re.escape(end)}", cell.source)
            if found != [begin, end] * (len(found) // 2):
                yield f"{name}: {begin} and {end} do not alternate"
        if is_answer(cell) and cell.cell_type == "code" and "### BEGIN SOLUTION" not in cell.source:
            yield f"{name} is an answer without a solution to take out"
        if is_test(cell) and "### BEGIN HIDDEN TESTS" not in cell.source:
            yield f"{name} has no hidden test: what students see, they can hard-code"
        if is_manual(cell) and "=== BEGIN MARK SCHEME" not in cell.source:
            yield f"{name} is marked by a person, but has no mark scheme"
    tests = any(map(is_test, notebook.cells))
    if tests and not any(re.search(r"^student = ", cell.source, re.MULTILINE) for cell in notebook.cells):
        yield 'there is no line student = "..."'


def told(notebook: NotebookNode) -> Iterator[str]:
    """Every assert of a test has a message."""
    for cell in notebook.cells:
        for node in ast.walk(ast.parse(cell.source)) if is_test(cell) else []:
            if isinstance(node, ast.Assert) and node.msg is None:
                yield f"{marks(cell)['grade_id']}: no message: {ast.unparse(node)}"


def stands_alone(notebook: NotebookNode) -> Iterator[str]:
    """The student version is plain Python, without the grader's package and without names of hidden tests."""
    given = assignments.student_version(notebook)
    for cell in given.cells:
        if "course_utils.homework" in cell.source:
            yield f"students do not have course_utils.homework: {cell.source[:60]!r}"
        if cell.cell_type == "code" and re.search(r"^\s*[%!]", cell.source, re.MULTILINE):
            yield f"a line for IPython: {cell.source[:60]!r}"
            return  # what follows reads Python
    visible = [_names(cell.source) for cell in given.cells if cell.cell_type == "code"]
    known, used = (set().union(*names) for names in zip(*visible, strict=True))
    for cell in filter(is_test, notebook.cells):
        if leaked := sorted((_names(cell.source)[0] - known) & used):
            yield f"{marks(cell)['grade_id']}: only its hidden test sets {leaked}, which visible cells use"


def _names(source: str) -> tuple[set[str], set[str]]:
    """The global names that a cell sets, and those that it uses without setting them."""
    top = symtable.symtable(source, "cell", "exec")
    sets = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    uses = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        uses |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
    return sets, uses - sets


ALL = [valid, marked, stubs, told, stands_alone]
