"""What the lecture plans run or quote is on the slides."""

import re

import notebook_rules as rules
import pytest
import test_lectures as lectures

from course_utils.publish.slides import decks

pytestmark = lectures.pytestmark


@pytest.mark.parametrize("number", lectures.USES)
def test_what_a_plan_quotes_or_runs_is_on_a_slide(number):
    for notebook, text in re.findall(r"(\d\d) shows “(.+?)”", lectures.plan(number)):
        assert lectures.plain(text) in lectures.plain(deck_text(notebook)), f"no slide of {notebook} shows: {text}"
    runs = re.findall(rf"^\*\*Run\*\* {lectures.PLACE}: `(.+?)`[ ,(]", lectures.plan(number), re.MULTILINE)
    for notebook, _, _, line in runs:
        cells = lectures.cells(notebook)
        types = [cell["metadata"]["slideshow"]["slide_type"] for cell in cells]
        (start,) = [i for i, cell in enumerate(cells) if line in "".join(cell["source"]).splitlines()]
        figure = next(i for i in range(start, len(cells)) if shows_something(cells[i]))
        between = [types[i] for i in range(start, figure + 1) if cells[i]["cell_type"] == "code"]
        assert "skip" not in between, f"{notebook}, `{line}`: a cell between the run and its result is on no slide"


def shows_something(cell: dict) -> bool:
    """Whether a cell draws, or prints a known answer."""
    if "NBVAL_CHECK_OUTPUT" in "".join(cell["source"]):
        return True
    return any(decks.DRAWN & set(output.get("data", {})) for output in cell.get("outputs", []))


def deck_text(notebook: str) -> str:
    """The text of all cells of a lesson that are on slides, speaker notes included."""
    (path,) = (rules.ROOT / "notebooks").glob(f"{notebook}_*.ipynb")
    parts = []
    for cell in rules.read(path).cells:
        if decks.slide_type(cell) != "skip":
            outputs = [output.get("data", output) for output in cell.get("outputs", [])]
            parts += [cell.source, *(o.get("text/markdown") or o.get("text") or "" for o in outputs)]
    return " ".join(parts)
