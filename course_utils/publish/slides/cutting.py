"""Cells that are too much for one slide, cut into several: at headings, between figures, in long tables and code."""

import copy
import re
from itertools import groupby

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

LONGEST_TABLE, LONGEST_CODE = 11, 24  # rows, lines
QUESTION = "**Predict"
HEADING = re.compile(r"#{1,3} .+")


def slide_type(cell: NotebookNode) -> str:
    """What becomes of a cell. Raises ValueError if it does not say so."""
    try:
        return cell.metadata["slideshow"]["slide_type"]
    except KeyError:
        raise ValueError(f"a cell has no slide type: {cell.source[:80]!r}") from None


def text(source: str, kind: str) -> NotebookNode:
    """A Markdown cell of a slide type."""
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def cut(cell: NotebookNode) -> list[NotebookNode]:
    """A cell as cells that each fit on a slide, as far as can be told without looking at it."""
    if cell.cell_type == "markdown":
        parts = at_headings(cell)
    else:
        parts = [half for part in between_figures(cell) for half in in_long_code(part)]
    return [piece for part in parts for piece in in_long_tables(part)]


def at_headings(cell: NotebookNode) -> list[NotebookNode]:
    """Each heading in a cell that begins a slide begins another one.

    What stands above the first heading closes the section before: a question gets a slide, all else goes to the notes.
    """
    if slide_type(cell) not in ("slide", "subslide"):
        return [cell]
    above, *sections = _sections(cell.source)
    if not sections:
        return [cell]
    closing = [text(above, "subslide" if QUESTION in above else "notes")] if above else []
    return closing + [text(section, "slide" if re.match("##? ", section) else "subslide") for section in sections]


def _sections(source: str) -> list[str]:
    """What stands above the first heading, and each heading with what stands below it."""
    parts, in_code, below_heading = [[]], False, False
    for line in source.splitlines():
        in_code ^= line.startswith("```")
        is_heading = not in_code and HEADING.match(line) is not None
        if is_heading and not below_heading:  # a heading right below another one stays with it
            parts.append([])
        below_heading = is_heading or (below_heading and not line)
        parts[-1].append(line)
    return ["\n".join(lines).strip() for lines in parts]


def between_figures(cell: NotebookNode) -> list[NotebookNode]:
    """A slide for each figure of a cell, with what stands below it."""
    groups = [[]]
    for output in cell.outputs:
        is_figure = "image/png" in output.get("data", {})
        if is_figure and any("image/png" in earlier.get("data", {}) for earlier in groups[-1]):
            groups.append([])
        groups[-1].append(output)
    return [_piece(cell, i, outputs=group) for i, group in enumerate(groups)]


def in_long_code(cell: NotebookNode) -> list[NotebookNode]:
    """Long code on two slides: the second begins at the comment or the gap nearest to the middle."""
    lines = cell.source.splitlines()
    gaps = [i for i, line in enumerate(lines) if i and (not line.strip() or line.lstrip().startswith("#"))]
    if len(lines) <= LONGEST_CODE or not gaps:
        return [cell]
    middle = min(gaps, key=lambda i: abs(i - len(lines) / 2))
    first, second = ("\n".join(part).strip("\n") for part in (lines[:middle], lines[middle:]))
    return [_piece(cell, 0, source=first, outputs=[]), _piece(cell, 1, source=second)]


def in_long_tables(cell: NotebookNode) -> list[NotebookNode]:
    """Long or several tables, in a text or in the only output of a cell: a slide for each part, with the head above."""
    texts = [output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", [])]
    source = cell.source if cell.cell_type == "markdown" else texts[0] if len(texts) == 1 else ""
    blocks = [list(lines) for _, lines in groupby(source.splitlines(), key=_is_row)]
    if sum(len(block) - 2 for block in blocks if _is_row(block[0])) <= LONGEST_TABLE:
        return [cell]
    pieces = [[]]
    for block in blocks:
        if not _is_row(block[0]):
            pieces[-1] += block
            continue
        head, rows = block[:2], block[2:]
        slides = -(-len(rows) // LONGEST_TABLE)
        n = -(-len(rows) // slides)  # about the same number of rows on each
        for i in range(0, len(rows), n):
            if any(map(_is_row, pieces[-1])):
                pieces.append([])
            pieces[-1] += head + rows[i : i + n]
    return [text("\n".join(piece), slide_type(cell) if i == 0 else "subslide") for i, piece in enumerate(pieces)]


def _is_row(line: str) -> bool:
    return line.startswith("|")


def _piece(cell: NotebookNode, i: int, **changes) -> NotebookNode:
    """The i-th of several slides made of a cell; the first begins as the cell does."""
    piece = copy.copy(cell)
    piece.update(changes)
    if i:
        subslide = text("", "subslide")  # whose name no other cell has
        piece.update(id=subslide.id, metadata={**cell.metadata, **subslide.metadata})
    return piece
