"""A lesson as a page: with each solution folded below its exercise, and a live figure where the lesson has sliders."""

import re
from collections.abc import Iterator
from copy import deepcopy

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.publish.site.errors import SiteError

SET_UP = 0  # the "number" of what the solutions share
_EXERCISE = re.compile(r"### Exercise (\d+)")
_SOLUTION = re.compile(r"## (?:Exercise|Solution) (\d+)")
_WHERE_SOLUTIONS_ARE = re.compile(r"^Solutions(?: are in|:) .*\n?", re.MULTILINE)
FOLDED = "Each solution is folded below its exercise. Try first."


def page(
    name: str, lesson: NotebookNode, solutions: NotebookNode | None, live: tuple[str, str] | None = None
) -> NotebookNode:
    """The notebook of one page: the lesson's cells, and those of its solutions in folds below the exercises.

    live: Markdown to insert, after the first code cell that holds the given words: (words, Markdown). Raises
    SiteError if there is no such cell, or if exercises and solutions do not have the same numbers.
    """
    made = deepcopy(lesson)
    if live:
        made.cells = list(_with_live_figure(name, made.cells, *live))
    if solutions is not None:
        made.cells = list(_with_solutions(name, made.cells, _by_number(solutions)))
    return made


def _with_live_figure(name: str, cells: list[NotebookNode], after: str, markdown: str) -> Iterator[NotebookNode]:
    places = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and after in cell.source]
    if not places:
        raise SiteError(f"{name}: no code cell has {after!r}, below which the live figure belongs")
    yield from cells[: places[0] + 1]
    yield new_markdown_cell(markdown)
    yield from cells[places[0] + 1 :]


def _by_number(solutions: NotebookNode) -> dict[int, list[NotebookNode]]:
    """The cells of each solution, without its heading; those before the first one under `SET_UP`."""
    found: dict[int, list[NotebookNode]] = {SET_UP: []}
    number = SET_UP
    for cell in map(deepcopy, solutions.cells):
        if cell.cell_type != "markdown":
            cell.id = f"solution-{cell.id}"  # lessons and solutions may use the same ones
            found[number].append(cell)
            continue
        for part in _sections(cell.source):
            if match := _SOLUTION.match(part):
                number = int(match[1])
                found[number] = []
            if text := re.sub(r"\A#+ .*\n*", "", part).strip():
                found[number].append(new_markdown_cell(text, metadata=cell.metadata))
    return found


def _with_solutions(
    name: str, cells: list[NotebookNode], solved: dict[int, list[NotebookNode]]
) -> Iterator[NotebookNode]:
    asked = []
    for cell in cells:
        if cell.cell_type != "markdown" or not _EXERCISE.search(cell.source):
            yield cell
            continue
        for part in _sections(_WHERE_SOLUTIONS_ARE.sub("", cell.source)):
            yield new_markdown_cell(part)
            if part.startswith("## Exercises"):
                yield new_markdown_cell(FOLDED)
                yield from _fold("set-up", "What all solutions start from", solved[SET_UP])
            if match := _EXERCISE.match(part):
                asked.append(number := int(match[1]))
                yield from _fold(f"solution-{number}", f"Solution {number}", solved.get(number, []))
    if sorted(asked) != sorted(solved.keys() - {SET_UP}):
        raise SiteError(f"{name}: exercises {asked}, but solutions {sorted(solved.keys() - {SET_UP})}")


def _fold(anchor: str, title: str, cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Cells between the two ends of a <details> element, which opens and closes without a script."""
    yield new_markdown_cell(_raw(f'<details class="solution" id="{anchor}"><summary>{title}</summary>'))
    yield from cells
    yield new_markdown_cell(_raw("</details>"))


def _sections(markdown: str) -> list[str]:
    """The text in parts that begin with a heading of level 2 or 3, or with the way to the next lesson."""
    parts = re.split(r"^(?=###? |\*\*Next:\*\*)", markdown, flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def _raw(text: str) -> str:
    """HTML as MyST passes it on unread. (Without this, a blank line inside would end it.)"""
    return f"````{{raw}} html\n{text}\n````"
