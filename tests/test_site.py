"""The website's parts: pages from notebooks and README, and a folder that is never left half built."""

import base64
import io
import re

import pytest
from nbformat import v4
from PIL import Image, ImageChops

from course_utils import commands, set_up
from course_utils.publish import pages
from course_utils.publish.site import SiteError, build, building, figures, lessons, links, readme, sources
from course_utils.publish.site.check import Website

README = (set_up.ROOT / "README.md").read_text(encoding="utf-8")

# ---- links -------------------------------------------------------------------------------------------------------

PAGES = {
    "README.md": "index.md",
    "notebooks/06_aae.ipynb": "notebooks/06_aae.ipynb",
    "notebooks/solutions/06_aae.ipynb": "notebooks/06_aae.ipynb",
    "course_utils/losses.py": "course_utils/losses.py.md",
}


@pytest.mark.parametrize(
    ("source", "written", "becomes"),
    [
        ("notebooks/00_x.ipynb", "[06](06_aae.ipynb)", "[06](06_aae.ipynb)"),
        ("notebooks/00_x.ipynb", "[R](../README.md)", "[R](../index.md)"),
        ("notebooks/00_x.ipynb", "[`losses`](../course_utils/losses.py)", "[`losses`](../course_utils/losses.py.md)"),
        ("notebooks/00_x.ipynb", "see [a](solutions/06_aae.ipynb).", "see [a](06_aae.ipynb)."),
        ("notebooks/solutions/06_aae.ipynb", "[06](../06_aae.ipynb#data)", "[06](06_aae.ipynb#data)"),
        ("notebooks/00_x.ipynb", "[no page](../LICENSE), `x[i](j)`", "no page, `x[i](j)`"),
        ("notebooks/00_x.ipynb", "```python\nf[0](06_aae.py)\n```", "```python\nf[0](06_aae.py)\n```"),
        (
            "notebooks/00_x.ipynb",
            "[web](https://a.org/b) and [here](#data)",
            "[web](https://a.org/b) and [here](#data)",
        ),
    ],
)
def test_links_lead_to_pages_of_the_website_or_are_plain_text(source, written, becomes):
    assert links.rewritten(written, source, "notebooks/00_x.ipynb", PAGES) == becomes


# ---- lessons -----------------------------------------------------------------------------------------------------


def notebook(*cells):
    """A notebook of Markdown texts and, as tuples of one, code cells."""
    make = lambda cell: v4.new_code_cell(cell[0]) if isinstance(cell, tuple) else v4.new_markdown_cell(cell)  # noqa: E731
    return v4.new_notebook(cells=list(map(make, cells)))


LESSON = notebook(
    "# 01 · A lesson",
    ("slider(model)",),
    "## Exercises\n\nSolutions: [`s`](solutions/01.ipynb).\n\n### Exercise 1: easy\nCount.\n\n"
    "### Exercise 2\nProve.\n\n## Reading\nBooks.",
)
SOLUTIONS = notebook(
    "# Solutions\n\nRun these first.",
    ("import a",),
    "## Exercise 1: easy\n\nOne.",
    ("1",),
    "So it is.\n\n## Solution 2\nTwo.",
)


def test_solutions_are_folded_below_their_exercises():
    page = lessons.page("01", LESSON, SOLUTIONS)
    said = [line for cell in page.cells for line in cell.source.splitlines() if line and not line.startswith("````")]
    fold = '<details class="solution" id="{}"><summary>{}</summary>'
    assert said == [
        "# 01 · A lesson",
        "slider(model)",
        "## Exercises",
        lessons.FOLDED,
        *[fold.format("set-up", "What all solutions start from"), "Run these first.", "import a", "</details>"],
        *["### Exercise 1: easy", "Count."],
        *[fold.format("solution-1", "Solution 1"), "One.", "1", "So it is.", "</details>"],
        *["### Exercise 2", "Prove."],
        *[fold.format("solution-2", "Solution 2"), "Two.", "</details>"],
        *["## Reading", "Books."],
    ]


def test_a_lesson_without_solutions_stays_as_it_is():
    assert lessons.page("01", LESSON, None) == LESSON


def test_an_exercise_without_its_solution_is_refused():
    with pytest.raises(SiteError, match=re.escape("01: exercises [1, 2], but solutions [1]")):
        lessons.page("01", LESSON, notebook("## Exercise 1\n\nOne."))


def test_a_live_figure_follows_its_cell_or_is_missed():
    page = lessons.page("01", LESSON, None, ("slider(", "LIVE"))
    assert [cell.source for cell in page.cells[:3]] == ["# 01 · A lesson", "slider(model)", "LIVE"]
    with pytest.raises(SiteError, match="no code cell has 'knobs"):
        lessons.page("01", LESSON, None, ("knobs(", "LIVE"))


def test_figures_become_files_with_their_size_and_alt_text(tmp_path):
    picture, content = Image.effect_noise((30, 20), 50), io.BytesIO()
    picture.save(content, "png")
    data = {"image/png": base64.b64encode(content.getvalue()).decode(), "text/plain": "<Image>"}
    output = v4.new_output("display_data", data=data, metadata={"image/png": {"alt": 'a < b, "c"'}})
    text = v4.new_output("stream", text="hello")
    page = figures.stored(v4.new_notebook(cells=[v4.new_code_cell("", outputs=[text, output])]), tmp_path, "..")
    stream, shown = page.cells[0].outputs
    (file,) = tmp_path.iterdir()
    assert stream.text == "hello"
    assert ImageChops.difference(Image.open(file).convert("L"), picture).getbbox() is None, "not a pixel is lost"
    tag = f'src="../figures/{file.name}" alt="a &lt; b, &quot;c&quot;" width="30" height="20"'
    assert tag in shown.data["text/html"]


def test_a_widget_gives_way_to_its_still(tmp_path):
    picture = io.BytesIO()
    Image.new("L", (8, 4)).save(picture, "png")
    still = base64.b64encode(picture.getvalue()).decode()
    widget = {pages.WIDGET: {"model_id": "1"}, "text/plain": "VBox()"}
    outputs = [v4.new_output("display_data", data=data) for data in (widget | {"image/png": still}, widget)]
    shown = figures.stored(pages.still(v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs)])), tmp_path, "..")
    assert shown.cells[0].outputs[0].data["text/html"].startswith('<img class="figure" src="../figures/')
    assert shown.cells[0].outputs[1].data == {"text/markdown": pages.NO_STILL}


# ---- README and package ------------------------------------------------------------------------------------------


def test_the_front_page_has_each_lesson_with_its_question_and_time():
    names = [path.stem for path in sorted((set_up.ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))]
    assert [lesson.name for lesson in readme.lessons(README)] == names, "README's table lists every notebook"
    page = readme.front_page(README, names, {"Try it": "try_it.md"}, "PICTURE")
    for lesson in readme.lessons(README):
        assert f"[{lesson.title}](notebooks/{lesson.name}.ipynb)\n\n{lesson.question}" in page
        assert re.fullmatch(r"\d+ min", lesson.time)
    assert page.startswith("# Generative models, tested\n") and "PICTURE" in page and "python -m course_utils" in page


def test_the_results_are_those_of_the_readme():
    page = readme.results_page(README)
    assert page.startswith("# Results\n") and "`semi_supervised_aae_100`" in page and "## Speed" not in page


def test_a_readme_without_its_table_is_refused():
    with pytest.raises(SiteError, match="no table of notebooks"):
        readme.lessons("# A course\n\n| a | b |\n")


def test_every_file_of_the_package_has_a_page(tmp_path):
    package = tmp_path / "pack"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text('"""About it.\n\n```\n"""\n')
    (package / "a.py").write_text('"""Costs $5 <b>. More."""\n')
    (package / "inner" / "__init__.py").write_text('"""Inside."""\n')
    sources.write(package, tmp_path / "out")
    assert all((tmp_path / "out" / page).is_file() for page in sources.pages(package).values())
    listing = (tmp_path / "out" / "pack" / "index.md").read_text()
    assert "[a.py](a.py.md): Costs \\$5 \\<b>. More." in listing and "[inner/](inner/index.md): Inside." in listing


# ---- the check of links ------------------------------------------------------------------------------------------


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<p id="here"><a href="../a.html">a</a> <a href="https://a.org/x">x</a>')
    (tmp_path / "a.html").write_text(
        '<a href="sub/b.html#here">good</a> <a href="sub/b.html?highlight=x#gone">1</a> <a href="c.html">2</a>'
        '<img src="data:image/png;base64,AA"> <img src="no.png"> <a href="#">top</a>'
        '<script src="https://cdn.org/x.js"></script>'
    )
    website = Website(tmp_path)
    assert website.broken() == [
        "a.html: sub/b.html?highlight=x#gone (no such place in that page)",
        "a.html: c.html (no such file)",
        "a.html: no.png (no such file)",
        "a.html: https://cdn.org/x.js (fetched from another machine)",
    ]
    assert website.external() == ["https://a.org/x", "https://cdn.org/x.js"]


def test_the_weight_of_a_page_is_all_that_it_loads(tmp_path):
    (tmp_path / "a.png").write_bytes(bytes(1000))
    (tmp_path / "b.html").write_text("<p>")
    (tmp_path / "a.html").write_text('<img src="a.png"><img src="a.png"><a href="b.html">b</a>')
    size = (tmp_path / "a.html").stat().st_size
    assert list(Website(tmp_path).heaviest()) == [(1000 + size, "a.html"), (3, "b.html")]


# ---- the folder --------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """A build that gathers nothing, and in which Sphinx makes one page; what it does can be replaced."""

    def made(source, target, doctrees):
        target.mkdir(parents=True)
        (target / "index.html").write_text("<p>new")

    monkeypatch.setattr(building, "_gather", lambda names, source, package: None)
    monkeypatch.setattr(building, "_run_sphinx", made)
    return monkeypatch


def test_a_website_is_built_and_built_again(quick, tmp_path):
    out = tmp_path / "deep" / "site"
    assert build(out).sizes == [(6, "index.html")]
    (out / "old.html").write_text("<p>")
    build(out)
    assert sorted(path.name for path in out.iterdir()) == [building.MARK, "index.html"]
    assert [path.name for path in out.parent.iterdir()] == ["site"], "nothing unfinished is left beside it"


def test_a_folder_of_others_is_left_alone(quick, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SiteError, match="holds something else"):
        build(tmp_path)
    with pytest.raises(SiteError, match="is a file"):
        build(tmp_path / "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("fault", ["sphinx", "link", "swap"])
def test_a_failed_build_leaves_the_old_website(quick, tmp_path, fault):
    out = tmp_path / "site"
    build(out)

    def fails(source, target, doctrees):
        target.mkdir(parents=True)
        (target / "index.html").write_text('<a href="gone.html">')
        if fault == "sphinx":
            raise SiteError("WARNING: a fault")

    if fault == "swap":
        quick.setattr(building.Path, "rename", renames_only_once(building.Path.rename))
    else:
        quick.setattr(building, "_run_sphinx", fails)
    with pytest.raises(SiteError, match={"sphinx": "a fault", "link": "gone.html", "swap": "cannot write"}[fault]):
        build(out)
    assert (out / "index.html").read_text() == "<p>new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def renames_only_once(rename):
    """`Path.rename` that fails at its second call (the new folder's), and works again at the third (the way back)."""
    calls = []

    def limited(self, target):
        calls.append(self)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    return limited


def test_an_unknown_lesson_is_named(tmp_path):
    with pytest.raises(SiteError, match=r"unknown lesson 06_aea; there are: 00_start_here, 01"):
        build(tmp_path / "site", ["06_aea"])
    assert not (tmp_path / "site").exists()


def test_without_sphinx_the_command_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(building, "NEEDED", ("sphinx", "no_such_module"))
    arguments = commands.parse(["site", "--out", str(tmp_path / "site")])
    assert arguments.run(arguments) == 1
    assert capsys.readouterr().err == "not installed: no_such_module. Install the extra: pip install -e '.[site]'\n"


def test_the_command_says_where_the_website_is(quick, tmp_path, capsys):
    arguments = commands.parse(["site", "--out", str(tmp_path / "site")])
    assert arguments.run(arguments) == 0
    assert f"Open {tmp_path / 'site' / 'index.html'} in a browser." in capsys.readouterr().out
