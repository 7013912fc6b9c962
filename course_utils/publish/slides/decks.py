"""A notebook as a deck of slides: one HTML file, which needs the files beside it in `assets` and nothing else.

Each cell says in its metadata what becomes of it (`slideshow.slide_type`, as in JupyterLab):

    slide, subslide   it begins a slide, and so does each heading in it; a slide without a heading repeats that of its
                      section
    -                 it goes on with the slide
    fragment          so it does, but is seen only after the next key
    notes             the lecturer reads it (speaker notes, key S)
    skip              it is left out
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from course_utils.publish import pages
from course_utils.publish.slides.cutting import cut, slide_type, text

FOLDER = Path(__file__).resolve().parent
LONGEST_PRINT = 800  # characters
DRAWN = {"image/png", "text/markdown", "text/html"}
HEADINGS_ABOVE = re.compile(r"(?:#{1,3} .+\n+)*#{1,3} (.+)")
FORMULA = re.compile(r"\$[^$\n]+\$")
# a link to a file of the course, which does not lie beside the decks
COURSE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*[./][^)]*\)")


def html(notebook: NotebookNode) -> str:
    """The deck of a notebook. Raises ValueError when a cell does not say what becomes of it."""
    body, _ = _exporter().from_notebook_node(prepare(notebook), {"deck_title": title(notebook)})
    return body


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook. Raises ValueError if it has none."""
    for cell in notebook.cells:
        if heading := _heading(cell):
            return heading
    raise ValueError("no cell begins with a heading")


def prepare(notebook: NotebookNode) -> NotebookNode:
    """A copy with the cells that are shown only, cut into slides that each have a heading."""
    page = pages.still(notebook)
    cells = [cell for cell in page.cells if slide_type(cell) != "skip"]
    for cell in cells:
        _tidy_text(cell) if cell.cell_type == "markdown" else _tidy_code(cell)
    cells = [piece for cell in cells for piece in cut(cell)]
    _put_stills_beside_their_sentence(cells)
    page.cells = list(_with_headings(cells))
    return page


def _tidy_text(cell: NotebookNode) -> None:
    """Without links that would lead nowhere, and with tables that nbconvert understands."""
    lines = COURSE_LINK.sub(r"\1", cell.source).split("\n")
    cell.source = "\n".join(FORMULA.sub(_without_bars, line) if line.startswith("|") else line for line in lines)


def _without_bars(formula: re.Match) -> str:
    """A formula without |, which would end its cell of a table."""
    return formula[0].replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _tidy_code(cell: NotebookNode) -> None:
    """Without code that merely draws, marks for tests, and prints that fill more than a slide."""
    if _draws(cell):
        cell.source = ""
    cell.source = re.sub(r"\n{3,}", "\n\n", cell.source.removeprefix("# NBVAL_CHECK_OUTPUT\n"))
    for output in cell.outputs:
        holder, key = (output.data, "text/plain") if "data" in output else (output, "text")
        if len(holder.get(key, "")) > LONGEST_PRINT:
            holder[key] = f"{holder[key][:LONGEST_PRINT]} …"


def _draws(cell: NotebookNode) -> bool:
    """Whether a code cell's output is a figure, a table or a sentence: then that is shown, and not its code."""
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    return bool(kinds & DRAWN) and "shown-code" not in cell.metadata.get("tags", [])


def _put_stills_beside_their_sentence(cells: list[NotebookNode]) -> None:
    """The figure that follows a widget without a stored picture takes the widget's place on its slide."""
    for cell, following in pairwise(cell for cell in cells if slide_type(cell) != "notes"):
        outputs = cell.get("outputs", [])
        if any(output.get("data") == {"text/markdown": pages.NO_STILL} for output in outputs) and _draws(following):
            following.metadata["slideshow"] = {"slide_type": "-"}


def _with_headings(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells; before each that begins a slide without a heading, the heading of its section."""
    current = ""
    for cell in cells:
        if heading := _heading(cell):
            current = heading
        elif slide_type(cell) in ("slide", "subslide"):
            yield text(f"### {current}", slide_type(cell))
            cell.metadata["slideshow"] = {"slide_type": "-"}
        yield cell


def _heading(cell: NotebookNode) -> str | None:
    """The heading that a cell begins with; the last one where one stands below another."""
    match = HEADINGS_ABOVE.match(cell.source) if cell.cell_type == "markdown" else None
    return match[1] if match else None


def mark_paragraphs(html: str) -> str:
    """HTML in which questions to the class and verdicts on claims can be told from other paragraphs."""
    html = html.replace("<p><strong>Predict", '<p class="predict"><strong>Predict')
    return html.replace("<p><strong>Claim ", '<p class="verdict"><strong>Claim ')


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(FOLDER)],
        exclude_anchor_links=True,
        filters={"mark_paragraphs": mark_paragraphs},
    )
