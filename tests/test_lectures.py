"""The lecture plans: what they name exists, what they quote is stored, and the minutes add up."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LECTURES = ROOT / "notebooks" / "lectures"
USES = {1: "00 01 02", 2: "03 04 05", 3: "06 07 08", 4: "09 10 11 12", 5: "13 14", 6: "15 16", 7: "17"}
HOMEWORK = range(1, 7)  # the seventh lecture, for which not every term has time, has none
PLACE = r"\[(\d\d) › ([^\]]+)\]\(\.\./(\w+)\.ipynb\)"

pytestmark = pytest.mark.skipif(not LECTURES.exists(), reason="a copy of the course without the lecture plans")


def plan(number: int) -> str:
    """A lecture plan as text."""
    return (LECTURES / f"lecture_{number}.md").read_text(encoding="utf-8")


@cache
def cells(number: str) -> list[dict]:
    """The cells of the notebook with this number, as in the file."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@cache
def sections(number: str) -> dict[str, list[int]]:
    """Heading of levels 2 and 3 -> the numbers of the cells below it, those of its subsections included."""
    found, inside, fenced = {}, {}, False
    for i, cell in enumerate(cells(number)):
        for line in "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else ():
            fenced ^= line.startswith("```")
            if not fenced and (match := re.match(r"(##+) (.+)", line)):
                level = len(match[1])
                inside = {k: name for k, name in inside.items() if k < level} | {level: match[2].strip()}
        for name in inside.values():
            found.setdefault(name, []).append(i)
    return found


@cache
def shown(number: str) -> str:
    """All text that a notebook shows: prose of its own and stored outputs, without bold type, in one line."""
    parts = []
    for cell in cells(number):
        parts.append("".join(cell["source"]) if cell["cell_type"] == "markdown" else "")
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            parts.append("".join(output.get("text") or data.get("text/markdown") or data.get("text/plain") or ""))
    return plain(" ".join(parts))


def plain(text: str) -> str:
    """Without bold type, and with single spaces."""
    return re.sub(r"\s+", " ", text.replace("**", ""))


def stored_names(tree: ast.AST) -> set[str]:
    """The names that a cell gives a value at its top level; comprehensions and functions keep theirs."""
    names = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif not isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            names |= stored_names(node)
    return names


def read_names(tree: ast.AST) -> set[str]:
    """The names that a cell takes from outside."""
    inner = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    inner |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - inner


@pytest.mark.parametrize("number", USES)
def test_sections_exist_and_all_notebooks_are_used(number):
    places = re.findall(PLACE, plan(number))
    for notebook, heading, file in places:
        assert file.startswith(f"{notebook}_"), f"{heading}: the link leads to {file}"
        assert heading in sections(notebook), f"notebook {notebook} has no section '{heading}'"
    assert set(USES[number].split()) <= {notebook for notebook, *_ in places}


@pytest.mark.parametrize("number", USES)
def test_minutes_add_up(number):
    table = re.findall(r"^\| (\d+)–(\d+) \| ([^|]+?) \|", plan(number), re.MULTILINE)
    parts = re.findall(r"^### (\d+)–(\d+) · (.+)$", plan(number), re.MULTILINE)
    assert table == parts
    assert parts[0][0] == "0" and parts[-1][1] == "75"
    assert [end for _, end, _ in parts[:-1]] == [start for start, *_ in parts[1:]]


@pytest.mark.parametrize("number", USES)
def test_cells_to_run_exist_and_can_be_run_again(number):
    lines = re.findall(rf"^\*\*Run\*\* {PLACE}: `(.+?)`[ ,(]", plan(number), re.MULTILINE)
    assert len(lines) == plan(number).count("**Run**") > 0
    for notebook, heading, _, line in lines:
        code = [i for i in sections(notebook)[heading] if cells(notebook)[i]["cell_type"] == "code"]
        (here,) = [i for i in code if line in "".join(cells(notebook)[i]["source"]).splitlines()]
        tree = {i: ast.parse("".join(c["source"])) for i, c in enumerate(cells(notebook)) if c["cell_type"] == "code"}
        needs = read_names(tree[here])
        for i in tree:  # a name that gets another value further down would mean something else the second time
            if i > here:
                assert not needs & stored_names(tree[i]), f"{notebook}, `{line}`: cell {i} changes what it needs"


@pytest.mark.parametrize("number", USES)
def test_widgets_stand_where_the_plan_says(number):
    named = re.findall(rf"^\*\*Widget\*\* {PLACE}: `(\w+)`", plan(number), re.MULTILINE)
    assert len(named) == plan(number).count("**Widget**") > 0
    for notebook, heading, _, widget in named:
        assert (ROOT / "course_utils" / "widgets" / f"{widget}.py").exists()
        inside = ["".join(cells(notebook)[i]["source"]) for i in sections(notebook)[heading]]
        assert any(f"\n{widget}(" in f"\n{source}" for source in inside), f"{notebook}, {heading}: no {widget}"


@pytest.mark.parametrize("number", USES)
def test_every_live_part_asks_first_and_has_a_substitute(number):
    parts = re.split(r"^### ", plan(number), flags=re.MULTILINE)[1:]
    for part in parts:
        if "**Run**" in part or "**Widget**" in part:
            assert "Ask first" in part and "| expect to hear | what is behind it | ask back |" in part
            assert "**If it fails:**" in part, part.splitlines()[0]
            assert re.search(r"\d\d shows “|still", part.split("**If it fails:**")[1]), part.splitlines()[0]


@pytest.mark.parametrize("number", USES)
def test_what_is_quoted_is_stored(number):
    quotes = re.findall(r"(\d\d) shows “(.+?)”", plan(number))
    assert len(quotes) == len(re.findall(r" shows “", plan(number)))
    for notebook, text in quotes:
        assert plain(text) in shown(notebook), f"notebook {notebook} does not show: {text}"


@pytest.mark.parametrize("number", USES)
def test_verdicts_are_those_of_the_notebooks(number):
    named = re.findall(r"verdict ([CE]\d+) \((\d\d)\): (holds|does not hold)", plan(number))
    assert len(named) == len(re.findall(r"verdict [CE]\d", plan(number)))
    for claim, notebook, verdict in named:
        assert f"Claim {claim} {verdict} here." in shown(notebook)


@pytest.mark.parametrize("path", sorted(LECTURES.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("number", HOMEWORK)
def test_homework(number):
    assert f"**Homework:** hw{number}," in plan(number)
    homework = ROOT / "notebooks" / "homework"
    folder = homework / "source" if (homework / "source").exists() else homework
    (path,) = (folder / f"hw{number}").glob("*.ipynb")
    title = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    named = re.search(r"\*\*Homework:\*\* hw\d, \*(.+?)\*", plan(number))[1]
    assert named.rstrip("?") in "".join(title), f"hw{number} is no longer called {named}"


def test_the_table_of_the_lectures():
    text = (LECTURES / "README.md").read_text(encoding="utf-8")
    for number, notebooks in USES.items():
        (row,) = re.findall(rf"^\| \[{number} · .*$", text, re.MULTILINE)
        assert all(f"[{notebook}](../{notebook}_" in row for notebook in notebooks.split())
        assert (f"| hw{number}" if number in HOMEWORK else "| none |") in row
    times = re.findall(r"^\| (\d\d) \| “(.+)” \|$", text, re.MULTILINE)
    assert [notebook for notebook, _ in times] == " ".join(USES.values()).split()
    for notebook, words in times:
        assert words in "".join(cells(notebook)[0]["source"])
