"""The slides: every lesson says what becomes of each cell, and cells become slides as they should."""

import re

import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import commands
from course_utils.publish import slides
from course_utils.publish.slides import decks

LESSONS = sorted((rules.ROOT / "notebooks").glob("*.ipynb"))
KINDS = {"slide", "subslide", "fragment", "-", "notes", "skip"}


def slide_types(cells) -> list[str]:
    return [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in cells]


# ---- the lessons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_cell_of_a_lesson_says_what_becomes_of_it_on_slides(path):
    types = slide_types(rules.read(path).cells)
    assert set(types) <= KINDS, f"cells {[i for i, t in enumerate(types) if t not in KINDS]} have no slide type"
    assert types[0] == "slide"


# ---- from cells to slides ---------------------------------------------------------------------------------------


def cell(kind: str, source: str = "x = 1", data: dict | None = None, **metadata):
    """A cell on a slide of this kind: Markdown if its source begins like a sentence or a heading, else code."""
    metadata = {"slideshow": {"slide_type": kind}, **metadata}
    if source[0] in "#*T":
        return new_markdown_cell(source, metadata=metadata)
    outputs = [new_output("display_data", data=data)] if data else []
    return new_code_cell(source, metadata=metadata, outputs=outputs)


def prepared(*cells) -> list[tuple[str, str]]:
    return [(decks.slide_type(c), c.source) for c in decks.prepare(new_notebook(cells=list(cells))).cells]


def test_a_cell_with_two_headings_is_two_slides_and_what_stands_above_goes_to_the_notes():
    assert prepared(cell("slide", "The end of it.\n\n## One\n\nText.\n\n### Two\n\n```\n# no heading\n```")) == [
        ("notes", "The end of it."),
        ("slide", "## One\n\nText."),
        ("subslide", "### Two\n\n```\n# no heading\n```"),
    ]


def test_a_question_above_a_heading_has_a_slide_of_its_own():
    assert prepared(cell("slide", "# Title"), cell("slide", "**Predict:** how many?\n\n## Two")) == [
        ("slide", "# Title"),
        ("subslide", "### Title"),
        ("-", "**Predict:** how many?"),
        ("slide", "## Two"),
    ]


def test_a_heading_below_a_heading_stays_with_it_and_slides_without_one_repeat_it():
    assert prepared(cell("slide", "## One\n\n### Two\n\nText."), cell("skip"), cell("subslide", "y = 2")) == [
        ("slide", "## One\n\n### Two\n\nText."),
        ("subslide", "### Two"),
        ("-", "y = 2"),
    ]


def test_code_is_hidden_where_it_draws_and_shown_where_it_is_the_lesson():
    picture = {"image/png": "aGVsbG8="}
    cells = [
        cell("slide", "# Title"),
        cell("subslide", "show(fig)", picture),
        cell("subslide", "def f(): ...", picture, tags=["shown-code"]),
        cell("-", "y = 3"),
    ]
    page = decks.html(new_notebook(cells=cells))
    assert page.count('<div class="code">') == 2
    assert page.count("<img ") == 2


def test_a_widget_shares_its_slide_with_the_still_that_follows():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "VBox()"}
    still = cell("subslide", "show(fig)", {"image/png": "aGVsbG8="})
    cells = [cell("slide", "# Title"), cell("subslide", "explorer()", widget), cell("notes", "The still."), still]
    assert [kind for kind, _ in prepared(*cells)] == ["slide", "subslide", "-", "notes", "-"]


def test_each_figure_of_a_cell_has_a_slide():
    figure, caption = {"image/png": "aGVsbG8="}, {"text/markdown": "*A caption.*"}
    two = cell("subslide", "show(a); show(b)", figure)
    two.outputs += [new_output("display_data", data=data) for data in (caption, figure, caption)]
    page = decks.prepare(new_notebook(cells=[cell("slide", "# Title"), two]))
    assert [decks.slide_type(c) for c in page.cells] == ["slide", "subslide", "-", "subslide", "-"]
    assert [len(c.get("outputs", [])) for c in page.cells] == [0, 0, 2, 0, 2]


def test_long_code_is_cut_at_a_comment_near_its_middle():
    lines = [f"x{i} = {i}" for i in range(40)]
    lines[17] = "    # the second half"
    parts = prepared(cell("slide", "# Title"), cell("-", "\n".join(lines)))
    assert [kind for kind, _ in parts] == ["slide", "-", "subslide", "-"]
    assert parts[1][1].splitlines() == lines[:17]
    assert parts[3][1].splitlines() == lines[17:]


def test_a_long_table_goes_on_on_another_slide_with_its_head():
    rows = [f"| {i} | $p(x|z)$ |" for i in range(20)]
    table = {"text/markdown": "\n".join(["| n | p |", "|---|---|", *rows, "", "A note."])}
    parts = [source.splitlines() for _, source in prepared(cell("slide", "# Title"), cell("-", "say(t)", table))]
    assert [len(part) for part in parts] == [1, 12, 1, 14]
    assert parts[1][:2] == parts[3][:2] == ["| n | p |", "|---|---|"]
    assert parts[1][2:] + parts[3][2:12] == rows
    assert parts[3][-1] == "A note."


def test_bars_in_formulas_do_not_end_the_cells_of_a_table():
    page = decks.html(new_notebook(cells=[cell("slide", "# T\n\n| a | b |\n|---|---|\n| $q(z|x)$ | $\\|x\\|$ |")]))
    assert page.count("<td>") == 2


def test_links_into_the_course_become_text_and_links_to_papers_stay():
    ((_, text),) = prepared(cell("slide", "# See [06](06_aae.ipynb), [a paper](https://arxiv.org/abs/1), $f[x](y)$"))
    assert text == "# See 06, [a paper](https://arxiv.org/abs/1), $f[x](y)$"


# ---- the command ------------------------------------------------------------------------------------------------


@pytest.fixture
def lesson(tmp_path):
    """A notebook of two slides, in a file."""
    path = tmp_path / "lesson.ipynb"
    cells = [cell("slide", "# A lesson"), cell("notes", "To be said."), cell("subslide", "The $x$ of it.")]
    rules.nbformat.write(new_notebook(cells=cells), path)
    return path


def run(*arguments) -> int:
    parsed = commands.parse(["slides", *map(str, arguments)])
    return parsed.run(parsed)


def test_a_folder_of_slides_is_complete_and_asks_no_host(lesson, tmp_path):
    out = tmp_path / "deep" / "slides"
    assert run(lesson, "--out", out) == 0
    assert {path.name for path in out.iterdir()} == {"lesson.html", "index.html", "assets"}
    for page in out.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for address in re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', text):
            assert (out / address).is_file(), f"{page.name}: {address}"
    assert "url(http" not in (out / "assets" / "deck.css").read_text() + (out / "assets" / "reveal.css").read_text()
    assert '<a href="lesson.html">A lesson</a>' in (out / "index.html").read_text(encoding="utf-8")


def test_slides_are_made_anew_in_their_own_folder_only(lesson, tmp_path, capsys):
    out = tmp_path / "slides"
    out.mkdir()
    assert run(lesson, "--out", out) == 0  # an empty folder is anybody's
    (out / "old.html").write_text("from an earlier run")
    assert run(lesson, "--out", out) == 0
    assert not (out / "old.html").exists()
    assert run(lesson, "--out", tmp_path) == 1
    assert "nothing in it was changed" in capsys.readouterr().err
    assert lesson.exists()


def test_bad_notebooks_are_refused_and_the_old_slides_stay(lesson, tmp_path, capsys):
    out = tmp_path / "slides"
    run(lesson, "--out", out)
    untagged, text = tmp_path / "untagged.ipynb", tmp_path / "text.ipynb"
    rules.nbformat.write(new_notebook(cells=[cell("slide", "# A lesson"), new_code_cell("x = 1")]), untagged)
    text.write_text("no JSON")
    for bad, words in {
        tmp_path / "none.ipynb": "The lessons, in",
        untagged: "a cell has no slide type: 'x = 1'",
        text: "is no notebook",
    }.items():
        assert run(bad, "--out", out) == 1
        assert words in capsys.readouterr().err
    assert (out / "lesson.html").is_file()


def test_a_folder_that_cannot_be_written_is_named(lesson, tmp_path, capsys):
    (tmp_path / "file").write_text("a file where a folder should be")
    assert run(lesson, "--out", tmp_path / "file" / "slides") == 1
    assert "name another folder with --out" in capsys.readouterr().err


def test_slides_of_all_lessons_is_the_default():
    assert slides._find([]) == LESSONS
