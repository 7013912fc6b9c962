"""A class is graded by one command: innocents get their points whatever the others do, and nobody sees hidden tests."""

import csv
import json
import os
import re
import subprocess
import sys

import homework_tiny as tiny
import nbformat
import pytest

from course_utils.homework import classes, commands, grading, hostile, judging, kernels, points, sandbox
from course_utils.homework.limits import LIMITS, MEBI, Limits

pytest.importorskip("nbgrader")
closed = pytest.mark.skipif(sandbox.way() is None, reason=f"no sandbox here: {sandbox.why_not()}")
SMALL = Limits(cell_seconds=4, notebook_seconds=20, memory=1024 * MEBI, processes=60, files=64 * MEBI, output=MEBI)
FULL, HALF, NOTHING = (30, 40), (0, 40), (0, 0)


@pytest.fixture(scope="module")
def small_limits():
    """Limits that a tiny notebook keeps and the hostile ones reach soon."""
    patch = pytest.MonkeyPatch()
    patch.setattr(kernels.SandboxedKernelManager, "limits", SMALL)
    yield
    patch.undo()


def table(folder) -> dict[str, dict[str, str]]:
    """The CSV, by student."""
    with grading.csv_file(folder, tiny.NAME).open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def got(row: dict[str, str]) -> tuple[int, int]:
    """The points for the two tests."""
    return int(row["test_double"] or 0), int(row["test_square"] or 0)


def page(folder, student: str) -> str:
    """The text of a student's feedback."""
    [file] = (folder / "feedback" / student / tiny.NAME).glob("*.html")
    html = file.read_text(encoding="utf-8")
    return re.sub(r"<[^>]+>", "", html.partition("<body")[2] or html)


# ---- cheats, mistakes and accidents: (what is handed in, the points it gets) ----------------------------------------


def changed(change, **answers):
    notebook = tiny.answered(**answers)
    change(notebook)
    return notebook


def skip_the_test(notebook):
    tiny.cell(notebook, "test_double").metadata["tags"] = ["skip-execution"]


def edit_the_test(notebook):
    tiny.cell(notebook, "test_double").source = "pass"


def drop_the_test(notebook):
    notebook.cells.remove(tiny.cell(notebook, "test_double"))


def raise_the_points(notebook):
    tiny.cell(notebook, "test_double").metadata.nbgrader.update(points=300)


def turn_the_test_into_an_answer(notebook):
    tiny.cell(notebook, "test_double").metadata.nbgrader.update(solution=True, locked=False)
    edit_the_test(notebook)


def turn_the_test_into_text(notebook):
    test = tiny.cell(notebook, "test_double")
    test.cell_type = "markdown"
    del test["outputs"], test["execution_count"]


def unmark_everything(notebook):
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()


def copy_the_test(notebook):
    again = nbformat.from_dict(json.loads(json.dumps(tiny.cell(notebook, "test_double"))))
    again.id, again.source = "again", "pass"
    notebook.cells.insert(0, again)


WRONG = "def double(x): return 0"
HANDED_IN = {
    "right": (tiny.answered(), FULL),
    "wrong": (tiny.answered(double="def double(x): return 3 * x"), HALF),
    "untouched": (tiny.assignments.student_version(tiny.source()), NOTHING),
    "syntax": (tiny.answered(double="def double(x) return"), HALF),
    "warns": (
        tiny.answered(double="import sys\ndef double(x):\n  print('careful', file=sys.stderr)\n  return 2 * x"),
        FULL,
    ),
    "skips": (changed(skip_the_test, double=WRONG), HALF),
    "edits": (changed(edit_the_test, double=WRONG), HALF),
    "drops": (changed(drop_the_test, double=WRONG), HALF),
    "raises": (changed(raise_the_points), FULL),
    "retypes": (changed(turn_the_test_into_an_answer, double=WRONG), HALF),
    "textual": (changed(turn_the_test_into_text, double=WRONG), HALF),
    "unmarked": (changed(unmark_everything), FULL),
    "unmarked-wrong": (changed(unmark_everything, double=WRONG), HALF),
    "copies": (changed(copy_the_test, double=WRONG), HALF),
    "shows-points": (tiny.answered(double="def double(x):\n  get_ipython().displayhook(30)\n  return 0"), HALF),
    "hushes": (tiny.answered(double="get_ipython().showtraceback = lambda *a, **k: None\n" + WRONG), HALF),
    "leaks": (
        tiny.answered(double="def double(x): raise ValueError(In[-1])", square="def square(x): print(In[-1])"),
        NOTHING,
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, small_limits):
    """A class of innocents, cheats and attackers, graded."""
    if sandbox.way() is None:
        pytest.skip(f"no sandbox here: {sandbox.why_not()}")
    folder = tiny.make_course(tmp_path_factory.mktemp("course"))
    (folder / "secret.txt").write_text("untouched")
    for student, (notebook, _) in HANDED_IN.items():
        notebook.cells[1 if notebook.cells[0].cell_type == "markdown" else 0].source = f'student = "{student}"'
        tiny.hand_in(folder, student, notebook)
    for number, code in enumerate(hostile.ALL.values()):
        tiny.hand_in(folder, f"hostile{number:02}", tiny.answered(code.strip()))
    tiny.hand_in(folder, "impostor", changed(lambda notebook: None))
    tiny.hand_in(folder, "damaged", tiny.answered()).write_text("{no notebook", encoding="utf-8")
    (folder / "grading.txt").write_text("")
    lines = []
    grading.grade(folder, tiny.NAME, jobs=2, say=lines.append)
    (folder / "grading.txt").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("student", HANDED_IN)
def test_everyone_gets_the_points_they_should(graded, student):
    row = table(graded)[student]
    assert got(row) == HANDED_IN[student][1]
    assert float(row["total"]) == sum(HANDED_IN[student][1])
    assert row["manual points open"] == "30"
    assert not row["failure"]


@pytest.mark.parametrize("number", range(len(hostile.ALL)), ids=list(hostile.ALL))
def test_attacks_harm_nobody(graded, number):
    row = table(graded)[f"hostile{number:02}"]
    if list(hostile.ALL)[number] in hostile.STOPS:
        assert got(row) == NOTHING
        assert row["failure"]
        assert "the notebook" in page(graded, row["student"])  # the student is told what happened
    else:
        assert got(row) == FULL
        assert not row["failure"]
    assert (graded / "secret.txt").read_text() == "untouched"


def test_a_damaged_file_is_a_failure_of_its_own(graded):
    row = table(graded)["damaged"]
    assert row["total"] == "0"
    assert "nbgrader could not grade it" in row["failure"]
    assert "could not be graded" in page(graded, "damaged")


def test_progress_and_failures_are_shown(graded):
    text = (graded / "grading.txt").read_text()
    everyone = len(list((graded / "submitted").iterdir()))
    assert f"{everyone} submissions, {everyone} of them to grade" in text
    assert f"[{everyone}/{everyone}]" in text


def test_an_id_that_is_not_the_folders_is_noted(graded):
    rows = table(graded)
    assert rows["impostor"]["id typed in the notebook"] == "reference"
    assert rows["right"]["id typed in the notebook"] == ""


def test_nobody_sees_hidden_tests_or_the_mark_scheme(graded):
    secrets = judging.hidden_lines(tiny.source()) | {tiny.SECRET}
    assert len(secrets) == 3
    for file in (graded / "feedback").rglob("*.html"):
        text = re.sub(r"<[^>]+>", "", file.read_text(encoding="utf-8")).replace("&quot;", '"').replace("&#34;", '"')
        assert [line for line in secrets if line in text] == [], file
    [autograded] = (graded / "autograded" / "right" / tiny.NAME).glob("*.ipynb")
    assert tiny.SECRET in autograded.read_text()  # it would show, if it were not taken out


def test_feedback_says_which_property_failed(graded):
    assert "doubling should hold for large numbers" in page(graded, "wrong")
    assert "a square should never be negative" not in page(graded, "wrong")
    assert "40.0 / 40.0" in page(graded, "wrong")


def test_a_second_run_grades_only_what_changed(graded):
    quiet = {"say": lambda line: None}
    assert grading.grade(graded, tiny.NAME, **quiet).graded == ()
    tiny.hand_in(graded, "wrong", tiny.answered())
    assert grading.grade(graded, tiny.NAME, **quiet).graded == ("wrong",)
    assert got(table(graded)["wrong"]) == FULL
    assert "doubling should hold" not in page(graded, "wrong")
    assert grading.grade(graded, tiny.NAME, again=["wrong"], **quiet).graded == ("wrong",)
    # what cannot be graded does not keep the points of what came before
    tiny.hand_in(graded, "wrong", tiny.answered()).write_text("{", encoding="utf-8")
    grading.grade(graded, tiny.NAME, **quiet)
    assert got(table(graded)["wrong"]) == NOTHING
    tiny.hand_in(graded, "wrong", HANDED_IN["wrong"][0])
    grading.grade(graded, tiny.NAME, **quiet)
    assert got(table(graded)["wrong"]) == HALF


def test_points_given_by_a_person_arrive_without_grading_again(graded):
    with grading.api(graded).gradebook as gradebook:
        grade = gradebook.find_grade("explain", "hw0_tiny", tiny.NAME, "right")
        grade.manual_score, grade.needs_manual_grade = 25, False
        gradebook.find_comment("explain", "hw0_tiny", tiny.NAME, "right").manual_comment = "well explained"
        gradebook.db.commit()
    assert grading.grade(graded, tiny.NAME, say=lambda line: None).graded == ()
    row = table(graded)["right"]
    assert (row["total"], row["manual points open"], row["explain"]) == ("95", "0", "25")
    assert "well explained" in page(graded, "right")


@closed
def test_a_judge_that_was_bribed_is_noticed(tmp_path, small_limits):
    folder = tiny.make_course(tmp_path)
    tiny.hand_in(folder, "briber", tiny.answered("import math; math.isclose = lambda *a, **k: True"))
    tiny.hand_in(folder, "liar", tiny.answered("import builtins; builtins.abs = lambda x: 0"))
    grading.grade(folder, tiny.NAME, say=lambda line: None)
    assert "math.isclose(0, 1)" in table(folder)["briber"]["failure"]
    assert "abs(-1)" in table(folder)["liar"]["failure"]


@closed
def test_pages_of_a_browser_do_not_reach_the_grader(tmp_path, small_limits):
    """Formgrader shows outputs and answers where the grader is logged in."""
    folder = tiny.make_course(tmp_path)
    show = "from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))"
    notebook = tiny.answered(show)
    notebook.cells[-1].source = "<script>alert(2)</script> because"
    tiny.hand_in(folder, "script", notebook)
    grading.grade(folder, tiny.NAME, say=lambda line: None)
    [autograded] = (folder / "autograded").rglob("*.ipynb")
    outputs = [output for cell in nbformat.read(autograded, 4).cells for output in cell.get("outputs", [])]
    assert "text/html" not in json.dumps(outputs)
    [html] = (folder / "feedback").rglob("*.html")
    assert "<script>alert" not in html.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["=1+1", "@x", "-2+3"])
def test_no_field_of_the_csv_is_a_formula(text):
    row = points.table([("ada", points.Marks({}, 0, ""), None, text)]).splitlines()[1]
    assert row.endswith(f"'{text}")


def test_the_readmes_name_the_limits():
    theirs = (classes.README.with_name("STUDENTS.md")).read_text(encoding="utf-8")
    for text in (f"in {LIMITS.notebook_seconds // 60} minutes", f"than {LIMITS.cell_seconds // 60} minute"):
        assert text in theirs
    ours = classes.README.read_text(encoding="utf-8")
    for text in (f"after {LIMITS.cell_seconds} s", f"or {LIMITS.notebook_seconds} s", f"{LIMITS.processes} at most"):
        assert text in ours
    for text in (f"{LIMITS.memory >> 30} GB", f"{LIMITS.output >> 20} MB"):
        assert text in ours
        assert text in theirs
    assert f"in {LIMITS.files >> 20} MB of memory" in ours
    assert f"{judging.SHOWN} characters" in ours


# ---- nbgrader's own commands ----------------------------------------------------------------------------------------


def test_nbgraders_own_commands_are_as_safe(tmp_path):
    folder = tiny.make_course(tmp_path)
    tiny.hand_in(folder, "ada", changed(skip_the_test, double=WRONG))
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    for command in (["generate_assignment", "hw0"], ["autograde", "hw0"], ["generate_feedback", "hw0"]):
        line = [sys.executable, "-m", "nbgrader", *command]
        done = subprocess.run(line, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "HIDDEN" not in (folder / "release" / tiny.NAME / tiny.FILE).read_text()
    with grading.api(folder).gradebook as gradebook:
        assert points.marks(gradebook, tiny.NAME, "ada").by_cell == {
            "test_double": 0,
            "test_square": 40,
            "explain": None,
        }
    assert tiny.SECRET not in page(folder, "ada")


# ---- the commands ---------------------------------------------------------------------------------------------------


def test_the_command_line(graded, tmp_path, capsys):
    assert commands.main(["grade", tiny.NAME, "--course", str(graded)]) == 0
    said = capsys.readouterr().out
    assert "graded 0 of" in said
    assert "damaged: nbgrader could not grade it" in said
    assert str(grading.csv_file(graded, tiny.NAME)) in said
    assert commands.main(["grade", "hw99", "--course", str(graded)]) == 1
    assert commands.main(["grade", tiny.NAME, "--again", "nobody", "--course", str(graded)]) == 1
    assert commands.main(["grade", tiny.NAME, "--course", str(tiny.make_course(tmp_path))]) == 1
    assert "nobody has handed in" in capsys.readouterr().err


def test_a_failure_without_the_name_of_its_cell():
    said = "the notebook was stopped in cell part_2: it used more than 4096 MB of memory"
    assert classes._kind(said) == "the notebook was stopped: it used more than 4096 MB of memory"
    assert classes._kind("the notebook crashed in cell number 12: it ended") == "the notebook crashed: it ended"
    said = "the notebook was stopped: cell hw1-3 did not end within 60 seconds"
    assert classes._kind(said) == "the notebook was stopped: a cell did not end within 60 seconds"
    assert classes._kind(said.replace("hw1-3", "number 1")) == classes._kind(said)
