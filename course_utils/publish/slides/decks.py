"""A notebook as a deck of slides: one HTML file, which needs the files beside it in `assets` and nothing else.

Each cell says in its metadata what becomes of it (`slideshow.slide_type`, as in JupyterLab):

    slide, subslide   it begins a slide, and so does each heading in it; what stands above its first heading closes
                      the section before: a question gets a slide, all else goes to the notes. A slide without a
                      heading repeats that of its section
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
from nbformat.v4 import new_markdown_cell

from course_utils.publish import pages

FOLDER = Path(__file__).resolve().parent
QUESTION = "**Predict"
DRAWN = {"image/png", "text/markdown", "text/html"}
HEADING = re.compile(r"#{1,3} .+")
LEADING_HEADINGS = re.compile(r"(?:#{1,3} .+\n+)*#{1,3} (.+)")
# a link to a file of the course, which does not lie beside the decks
COURSE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*[./][^)]*\)")


def html(notebook: NotebookNode) -> str:
    """The deck of a notebook. Raises ValueError when a cell does not say what becomes of it."""
    body, _ = _exporter().from_notebook_node(prepare(notebook), {"deck_title": title(notebook)})
    return body


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook."""
    return next(heading for cell in notebook.cells if (heading := _heading(cell)))


def prepare(notebook: NotebookNode) -> NotebookNode:
    """A copy with the cells that are shown only, each slide with a heading, and without the code that merely draws."""
    page = pages.still(notebook)
    page.cells = [part for cell in page.cells if slide_type(cell) != "skip" for part in _parts(cell)]
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = COURSE_LINK.sub(r"\1", cell.source)
        elif _draws(cell):
            cell.metadata["transient"] = {"remove_source": True}
        else:
            cell.source = cell.source.removeprefix("# NBVAL_CHECK_OUTPUT\n")
    _put_stills_beside_their_sentence(page.cells)
    page.cells = list(_with_headings(page.cells))
    return page


def slide_type(cell: NotebookNode) -> str:
    """What becomes of a cell. Raises ValueError if it does not say so."""
    try:
        return cell.metadata["slideshow"]["slide_type"]
    except KeyError:
        raise ValueError(f"a cell has no slide type: {cell.source[:80]!r}") from None


def _draws(cell: NotebookNode) -> bool:
    """Whether a code cell's output is a figure, a table or a sentence: then that is shown, and not its code."""
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    return bool(kinds & DRAWN) and "shown-code" not in cell.metadata.get("tags", [])


def _parts(cell: NotebookNode) -> list[NotebookNode]:
    """A cell that begins a slide, cut at its headings: each part is a slide of its own."""
    if cell.cell_type != "markdown" or slide_type(cell) not in ("slide", "subslide"):
        return [cell]
    before, *sections = _cut(cell.source)
    if not sections:
        return [cell]
    closing = [_text(before, "subslide" if QUESTION in before else "notes")] if before else []
    return closing + [_text(text, "slide" if re.match("##? ", text) else "subslide") for text in sections]


def _cut(text: str) -> list[str]:
    """What stands above the first heading of a text, and each heading with what stands below it."""
    parts, in_code, below_heading = [[]], False, False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        is_heading = not in_code and HEADING.match(line) is not None
        if is_heading and not below_heading:
            parts.append([])
        below_heading = is_heading or (below_heading and not line)
        parts[-1].append(line)
    return ["\n".join(lines).strip() for lines in parts]


def _text(source: str, kind: str) -> NotebookNode:
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


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
        heading = _heading(cell)
        if heading:
            current = heading
        elif slide_type(cell) in ("slide", "subslide"):
            yield _text(f"### {current}", slide_type(cell))
            cell.metadata["slideshow"] = {"slide_type": "-"}
        yield cell


def _heading(cell: NotebookNode) -> str | None:
    """The heading that a cell begins with; the last one where one stands below another."""
    match = LEADING_HEADINGS.match(cell.source) if cell.cell_type == "markdown" else None
    return match[1] if match else None


def mark_paragraphs(text: str) -> str:
    """HTML in which questions to the class and verdicts on claims can be told from other paragraphs."""
    text = text.replace("<p><strong>Predict", '<p class="predict"><strong>Predict')
    return text.replace("<p><strong>Claim ", '<p class="verdict"><strong>Claim ')


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(FOLDER)],
        exclude_anchor_links=True,
        filters={"mark_paragraphs": mark_paragraphs},
    )
