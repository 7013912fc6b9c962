"""Every committed notebook keeps the rules in `notebook_rules`; and each rule catches what it is there to catch."""

import copy
from pathlib import Path

import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

FOLDER = rules.ROOT / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.ipynb"))
MAX_BYTES = 5_000_000

FOR_ALL = [
    rules.valid,
    rules.executed_in_order,
    rules.clean_outputs,
    rules.images_described,
    rules.no_mode_branches,
    rules.claims,
    rules.shown_code,
]


def name(path: Path) -> str:
    return path.stem if path.parent == FOLDER else f"solutions-{path.stem}"


def test_there_are_notebooks():
    assert LESSONS, "no notebooks found: the tests below would check nothing"


@pytest.mark.parametrize("rule", FOR_ALL, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, ids=name)
def test_notebook(path, rule):
    complaints = list(rule(rules.read(path)))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, ids=name)
def test_size(path):
    assert path.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_three_cells_are_compared(path):
    complaints = list(rules.checked_cells(rules.read(path)))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_exercises_are_solved(path):
    solutions = FOLDER / "solutions" / path.name
    complaints = list(rules.exercises_solved(rules.read(path), rules.read(solutions) if solutions.exists() else None))
    assert not complaints, "\n".join(complaints)


def test_every_notebook_of_solutions_belongs_to_a_lesson():
    assert {path.name for path in SOLUTIONS} <= {path.name for path in LESSONS}


# ---- the rules themselves ---------------------------------------------------------------------------------------

TRAINING_STEP = """
def training_step(self, batch):
    x = batch["x"]   # the images
    x_hat = self.decoder(self.encoder.sample(x))
    reconstruction = squared_error(x_hat, x)
    self.minimize(autoencoder=reconstruction)
    return {"reconstruction": reconstruction}

Autoencoder.training_step = training_step
"""


def checked(i: int):
    text = new_output("stream", name="stdout", text=f"{i}\n")
    return new_code_cell(f"# NBVAL_CHECK_OUTPUT\nprint({i})", execution_count=i, outputs=[text])


def picture(alt: str = "a circle"):
    return new_output("display_data", data={"image/png": "aGVsbG8="}, metadata={"image/png": {"alt": alt}})


@pytest.fixture
def good():
    """A small notebook that keeps every rule."""
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A question"),
            checked(1),
            checked(2),
            checked(3),
            new_code_cell("show(fig)", execution_count=4, outputs=[picture()]),
            new_code_cell(TRAINING_STEP, execution_count=5, metadata={"tags": ["shown-code"]}),
            new_code_cell(
                'notebook.verdict("C31", holds=a < b, if_so="", if_not="")',
                execution_count=6,
                metadata={"tags": ["claim-C31"]},
            ),
            new_markdown_cell("## Exercises\n\n### Exercise 1: easy\n\n### Exercise 2 (hard)"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    )
    return notebook


@pytest.fixture
def solutions():
    return new_notebook(cells=[new_markdown_cell("## Exercise 1"), new_markdown_cell("## Solution 2: hard")])


def test_a_good_notebook_keeps_all_rules(good, solutions):
    for rule in [*FOR_ALL, rules.checked_cells]:
        assert list(rule(good)) == []
    assert list(rules.exercises_solved(good, solutions)) == []


def spoil(good, rule, change) -> list[str]:
    """What a rule says about the good notebook after a change."""
    bad = copy.deepcopy(good)
    change(bad.cells)
    return list(rule(bad))


def set_source(i, source):
    return lambda cells: cells[i].update(source=source)


def set_output(i, output):
    return lambda cells: cells[i].update(outputs=[output])


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


BAD = {
    "no id": (rules.valid, lambda cells: cells[0].pop("id")),
    "not the format": (rules.valid, lambda cells: cells[1].update(colour="red")),
    "same id twice": (rules.valid, lambda cells: cells[1].update(id=cells[2].id)),
    "never executed": (rules.executed_in_order, lambda cells: cells[2].update(execution_count=None)),
    "executed out of order": (rules.executed_in_order, lambda cells: cells[1].update(execution_count=7)),
    "an error": (rules.clean_outputs, set_output(1, new_output("error", ename="E", evalue="v", traceback=[]))),
    "stderr": (rules.clean_outputs, set_output(1, stream("hm", "stderr"))),
    "a path of Linux": (rules.clean_outputs, set_output(1, stream("saved in /home/ada/course"))),
    "a path of macOS": (rules.clean_outputs, set_output(1, stream("File '/Users/ada/x.py'"))),
    "a path of Windows": (rules.clean_outputs, set_output(1, stream(r"saved in C:\Users\ada"))),
    "a host": (rules.clean_outputs, set_output(1, stream("looking in https://mirror.example/simple"))),
    "a warning": (rules.clean_outputs, set_output(1, stream("UserWarning: careful"))),
    "a progress bar": (rules.clean_outputs, set_output(1, stream(" 40%|####      | 4/10"))),
    "a rate": (rules.clean_outputs, set_output(1, stream("[00:03<00:05, 311.2it/s]"))),
    "a path in HTML": (
        rules.clean_outputs,
        set_output(1, new_output("display_data", data={"text/html": "<b>/tmp/x</b>"})),
    ),
    "no alt text": (rules.images_described, set_output(4, picture(alt=" "))),
    "two checked cells": (rules.checked_cells, set_source(1, "print(1)")),
    "a checked cell that shows nothing": (rules.checked_cells, lambda cells: cells[1].update(outputs=[])),
    "a branch on the mode": (rules.no_mode_branches, set_source(1, "if runtime.mode() == 'fast':\n    n = 1")),
    "a short branch on the mode": (rules.no_mode_branches, set_source(1, "n = 1 if mode != 'fast' else 2")),
    "the variable itself": (rules.no_mode_branches, set_source(1, "os.environ['COURSE_MODE']")),
    "a claim with a bad name": (rules.claims, lambda cells: cells[6].metadata.update(tags=["claim-31"])),
    "a claim without a verdict": (rules.claims, set_source(6, "notebook.say('C31 holds')")),
    "a verdict on another claim": (rules.claims, set_source(6, "notebook.verdict('C32', True, '', '')")),
    "a verdict without a tag": (rules.claims, lambda cells: cells[6].metadata.pop("tags")),
    "shown code that differs": (rules.shown_code, set_source(5, TRAINING_STEP.replace("(x_hat, x)", "(x, x_hat)"))),
    "shown code that is unknown": (rules.shown_code, set_source(5, "def no_such_loss(x):\n    return x")),
    "shown code that shows none": (rules.shown_code, set_source(5, "x = 1")),
    "shown code for another method": (rules.shown_code, set_source(5, TRAINING_STEP.replace("Autoenc", "Other"))),
}


@pytest.mark.parametrize(("rule", "change"), BAD.values(), ids=BAD)
def test_a_bad_notebook_is_caught(good, rule, change):
    assert spoil(good, rule, change)


def test_another_kernel_is_caught(good):
    good.metadata.kernelspec.name = "my-venv"
    assert list(rules.valid(good))


def test_shown_code_may_differ_in_docstring_comments_annotations_and_layout(good):
    source = TRAINING_STEP.replace("(self, batch):", '(self, batch: dict) -> dict:\n    """Doc."""').replace(" = ", "=")
    assert not spoil(good, rules.shown_code, set_source(5, source))


def test_missing_and_superfluous_solutions_are_caught(good, solutions):
    assert list(rules.exercises_solved(good, None)) == ["no solution for exercise 1, 2"]
    solutions.cells[0].source = "## Exercise 3"
    assert len(list(rules.exercises_solved(good, solutions))) == 2
    good.cells[-1].source = "### Exercise 2"
    assert list(rules.exercises_solved(good, solutions))
