"""Every assignment is fit for nbgrader, and its tests tell right from wrong answers. The rules catch what they should.

Here the solution, the untouched version, all right answers and some of the wrong ones run directly, and two of each
assignment go through nbgrader as well. All wrong answers take an hour: `python -m course_utils homework try`, and with
`--through-nbgrader` several.
"""

import copy
import json
import os
import subprocess
import sys

import homework_rules as rules
import homework_tiny as tiny
import pytest

pytest.importorskip("nbgrader")
from course_utils.homework import assignments, classes, collecting, commands, grading, hostile, points, trials, trying
from course_utils.set_up import ROOT

NAMES = assignments.names()
TRIED = commands.with_trials()
CPU_SECONDS = 3 * 20  # an assignment should take 20; three times that, for machines that do other things meanwhile
WRONG_ANSWERS = 14  # of each assignment


def test_there_are_assignments():
    assert NAMES, "none found: the tests below would check nothing"


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_source(name, rule):
    complaints = list(rule(assignments.source(name)))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("name", NAMES)
def test_assignments_with_tests_have_trials(name):
    has_tests = any(map(assignments.is_test, assignments.source(name).cells))
    assert has_tests == (name in TRIED)


@pytest.mark.parametrize("name", TRIED)
def test_enough_answers_are_on_trial(name):
    source, answers = assignments.source(name), trials.load(name)
    assert len(answers.RIGHT) >= 3
    assert len(answers.WRONG) >= 12
    tests = {assignments.marks(cell)["grade_id"] for cell in source.cells if assignments.is_test(cell)}
    assert any(tests & {*answer.answers, *answer.changes} for answer in answers.WRONG), "nobody edits a test"
    names = [answer.name for answer in [*answers.RIGHT, *answers.WRONG]]
    assert len(set(names)) == len(names)
    assert tests <= {test for answer in answers.WRONG for test in answer.loses}, "a test that nobody loses"


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIED)
def test_all_answers_get_the_points_they_should(name):
    command = [sys.executable, "-m", "course_utils.homework.trials", name, "", str(WRONG_ANSWERS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    mistakes = [line for line in done.stdout.splitlines() if not line.startswith("good ")]
    assert done.returncode == 0, "\n".join(mistakes) + done.stderr
    assert not mistakes
    assert len(done.stdout.splitlines()) == len(trials.answers(name, most=WRONG_ANSWERS))


def test_some_wrong_answers_are_spread_over_all(tiny_trials):
    tiny_trials()
    everyone = [answer.name for answer in trials.load(tiny.NAME).WRONG]
    two = [answer.name for answer in trials.answers(tiny.NAME, most=2) if isinstance(answer, trials.Wrong)]
    assert two == [everyone[0], everyone[len(everyone) // 2]]
    assert trials.answers(tiny.NAME, most=99) == trials.answers(tiny.NAME)


@pytest.mark.skipif(not trials.CAN_FORK, reason="processes cannot be copied here: nothing is shared")
def test_what_answers_have_in_common_is_run_once(tiny_trials, monkeypatch):
    """The cells before the first changed one, in this process; each answer's own cells in another."""
    tiny_trials()
    ran = []
    execute = trials.Run.execute
    monkeypatch.setattr(trials.Run, "execute", lambda self, cells: ran.append(len(cells)) or execute(self, cells))
    assert wrong(trials.verdicts(tiny.NAME)) == []
    assert set(ran) == {1}
    assert len(ran) <= len(assignments.source(tiny.NAME).cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIED)
def test_nbgrader_gives_the_same_points(name, monkeypatch):
    """The solution and a wrong answer; and grading an assignment takes little."""
    graded = []
    grade = grading.grade

    def remember(*arguments, **settings):
        graded.append(grade(*arguments, **settings))
        return graded[-1]

    monkeypatch.setattr(grading, "grade", remember)
    answers = [trials.SOLUTION, trials.load(name).WRONG[0]]
    source = assignments.source(name)
    for answer, outcome in zip(answers, trying.outcomes(name, answers, jobs=1), strict=True):
        assert trials.mistake(answer, outcome, source) is None, answer.name
    solution = graded[0].records["s000"]
    assert 0 < solution.cpu_seconds < CPU_SECONDS


# ---- the rules themselves -------------------------------------------------------------------------------------------


def test_a_good_source_keeps_all_rules():
    assert [complaint for rule in rules.ALL for complaint in rule(tiny.source())] == []


def edit(grade_id: str, old: str, new: str):
    def change(notebook):
        cell = tiny.cell(notebook, grade_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def mark(cell_id: str, /, **changes):
    return lambda notebook: tiny.cell(notebook, cell_id).metadata.nbgrader.update(changes)


def first(source: str):
    return lambda notebook: notebook.cells[1].update(source=source)


BAD = {
    "stored outputs": (rules.valid, lambda notebook: notebook.cells[1].update(execution_count=1)),
    "the same cell id": (rules.valid, lambda notebook: notebook.cells[1].update(id=notebook.cells[2].id)),
    "another kernel": (rules.valid, lambda notebook: notebook.metadata.kernelspec.update(name="mine")),
    "too many points": (rules.marked, mark("test_double", points=31)),
    "the same grade_id": (rules.marked, mark("double", grade_id="square")),
    "an open test": (rules.marked, mark("test_double", locked=False)),
    "old marks": (rules.marked, mark("double", schema_version=2)),
    "an answer without a stub": (rules.stubs, edit("double", "### BEGIN SOLUTION", "# begin")),
    "a mark that is not closed": (rules.stubs, edit("test_double", "### END HIDDEN TESTS", "")),
    "no hidden tests": (rules.stubs, lambda n: tiny.cell(n, "test_double").update(source="assert True, 'yes'")),
    "no mark scheme": (rules.stubs, lambda n: tiny.cell(n, "explain").update(source="Explain.")),
    "no student": (rules.stubs, first("seed = 1")),
    "an assert without a message": (rules.told, edit("test_double", ', "twice nothing is nothing"', "")),
    "the grader's package": (rules.stands_alone, first("from course_utils.homework import measured")),
    "a magic": (rules.stands_alone, first("%matplotlib inline")),
    "a name of a hidden test": (
        rules.stands_alone,
        lambda n: [edit("test_double", "assert double(12", "y = 1\nassert double(12")(n), first("print(y)")(n)],
    ),
}


@pytest.mark.parametrize(("rule", "change"), BAD.values(), ids=BAD)
def test_a_bad_source_is_caught(rule, change):
    notebook = copy.deepcopy(tiny.source())
    change(notebook)
    assert list(rule(notebook))


# ---- the trials themselves ------------------------------------------------------------------------------------------

TRIALS = """
from course_utils.homework.trials import Right, Wrong
RIGHT = [Right("by addition", {"double": "double = lambda x: x + x"})]
WRONG = [
    Wrong("three times", changes={"double": ("2 * x", "3 * x")}, loses={"test_double"}, says="large numbers"),
    Wrong("stops", {"double": "import os; os._exit(3)"}, loses={"test_double", "test_square"}, says="code 3"),
    Wrong("a test edited", {"test_square": "pass", "square": ""}, loses={"test_square"}, says="square"),
    MORE
]
"""
MISTAKES = {
    "loses what it should not": 'Wrong("a", {"double": "double = len"}, loses={"test_square"}, says="len")',
    "passes": 'Wrong("a", {"double": "double = lambda x: x * 2"}, loses={"test_double"}, says="large")',
    "is told something else": 'Wrong("a", changes={"double": ("2 *", "3 *")}, loses={"test_double"}, says="small")',
}


@pytest.fixture
def tiny_trials(tmp_path, monkeypatch):
    """A function that makes the tiny assignment the only one, with these wrong answers besides."""

    def make(more: str = "") -> None:
        (tmp_path / "trials").mkdir()
        (tmp_path / "trials" / f"{tiny.NAME}.py").write_text(TRIALS.replace("MORE", more))
        tiny.make_course(tmp_path / "course")
        monkeypatch.setattr(assignments, "SOURCE", tmp_path / "course" / "source")
        monkeypatch.setattr(trials, "TRIALS", tmp_path / "trials")

    return make


def wrong(verdicts) -> list[str]:
    return [answer for answer, mistake in verdicts if mistake is not None]


def test_trials_both_ways_agree(tiny_trials):
    tiny_trials()
    assert wrong(trials.verdicts(tiny.NAME)) == []
    assert wrong(trying.verdicts(tiny.NAME)) == []


@pytest.mark.parametrize("more", MISTAKES.values(), ids=MISTAKES)
def test_a_grader_that_is_wrong_is_found_out(tiny_trials, more):
    tiny_trials(more)
    assert wrong(trials.verdicts(tiny.NAME, "a")) == ["a"]


def test_nbgrader_being_wrong_is_found_out(tiny_trials):
    tiny_trials(MISTAKES["passes"])
    answers = trials.load(tiny.NAME).WRONG[-1:]
    [outcome] = trying.outcomes(tiny.NAME, answers)
    assert "but loses {}" in trials.mistake(answers[0], outcome, assignments.source(tiny.NAME))


def test_the_command(tiny_trials, capsys):
    tiny_trials(MISTAKES["passes"])
    assert commands.main(["try", "--only", "three"]) == 0
    assert "all good" in capsys.readouterr().out
    assert commands.main(["try", tiny.NAME, "--only", "a"]) == 1
    assert "1 answers got points they should not" in capsys.readouterr().out
    assert commands.main(["try", "hw99"]) == 1


def test_processes_do_not_remain():
    """What the trials start ends with them."""
    if sys.platform == "linux":
        mine = [p for p in os.listdir("/proc") if p.isdigit() and _parent(p) == os.getpid()]
        assert [p for p in mine if "ipykernel" in _line(p)] == []


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _line(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


# ---- classes --------------------------------------------------------------------------------------------------------


def test_a_class_is_a_mixture(tiny_trials, tmp_path):
    tiny_trials()
    made = classes.submissions(tiny.NAME, 41)
    kinds = [kind for kind, _ in made]
    assert kinds[:6] == [
        "the solution",
        "the untouched version",
        "by addition",
        "three times",
        "stops",
        "a test edited",
    ]
    assert [kind for kind in kinds if kind in hostile.ALL] == list(hostile.ALL)[:2]
    assert [points.TYPED.search(notebook.cells[1].source)[2] for _, notebook in made[:2]] == [
        "student000",
        "student001",
    ]
    assert commands.main(["class", "4", str(tmp_path / "class")]) == 0
    assert len(list((tmp_path / "class").glob("student00*/hw0_tiny.ipynb"))) == 4
    course = tiny.make_course(tmp_path / "other")
    assert len(collecting.collect(tmp_path / "class", course).new) == 4


def test_a_class_is_measured(tiny_trials, tmp_path, monkeypatch):
    tiny_trials()
    monkeypatch.setattr(classes, "FILE", tmp_path / "class.json")
    monkeypatch.setattr(classes, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(f"before\n{classes.BEGIN}old\n{classes.END}\nafter\n")
    assert commands.main(["class", "5", "--measure"]) == 0
    told = json.loads((tmp_path / "class.json").read_text())
    assert (told["submissions"], told["graded_again"]) == (5, 0)
    assert sum(told["failures"].values()) == 1
    assert told["seconds_again"] < told["seconds"]
    assert told["cpu_seconds_of_solutions"].keys() == {tiny.NAME}
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("before\n")
    assert readme.endswith("\nafter\n")
    assert "## A class of 5" in readme
    assert classes.rewritten(readme) == readme


def test_the_readme_shows_the_measured_class():
    text = classes.README.read_text(encoding="utf-8")
    assert classes.rewritten(text) == text, "run: python -m course_utils homework class 200 --measure"
