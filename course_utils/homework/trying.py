"""The answers on trial, the long way: handed in, graded by nbgrader in the sandbox, and read from its gradebook."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import nbformat

from course_utils.homework import assignments, grading, judging, points, trials


@contextmanager
def temporary_course(names: Sequence[str]) -> Iterator[Path]:
    """A course folder of its own with some of the assignments, which goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        folder = Path(folder)
        for name in names:
            target = folder / "source" / name
            target.mkdir(parents=True)
            shutil.copy(assignments.path(name), target)
        yield folder


def hand_in(folder: Path, name: str, student: str, notebook: nbformat.NotebookNode) -> None:
    """Put a notebook where nbgrader expects what was handed in."""
    place = folder / "submitted" / student / name
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place / assignments.path(name).name)


def outcomes(name: str, answers: Sequence[trials.Right], jobs: int = 2) -> Iterator[trials.Outcome]:
    """What nbgrader makes of each of these answers."""
    source = assignments.source(name)
    with temporary_course([name]) as folder:
        for number, answer in enumerate(answers):
            hand_in(folder, name, f"s{number:03}", trials.submission(source, answer))
        records = grading.grade(folder, name, jobs, say=lambda line: None).records
        with grading.api(folder).gradebook as gradebook:
            theirs = [points.marks(gradebook, name, student).by_cell for student in sorted(records)]
        for student, by_cell in zip(sorted(records), theirs, strict=True):
            yield _outcome(folder, name, student, by_cell, records[student].failure)


def _outcome(folder: Path, name: str, student: str, by_cell: dict, failure: str | None) -> trials.Outcome:
    file = folder / "autograded" / student / name / assignments.path(name).name
    said = {}
    for cell in nbformat.read(file, as_version=4).cells if file.is_file() else []:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if assignments.is_test(cell) and errors:
            said[assignments.marks(cell)["grade_id"]] = f"{errors[0].ename}: {errors[0].evalue}"
    source = assignments.source(name)
    best = assignments.points(source)
    messages = {}
    for cell in filter(assignments.is_test, source.cells):
        grade_id = assignments.marks(cell)["grade_id"]
        lost = by_cell.get(grade_id) != best[grade_id]
        messages[grade_id] = said.get(grade_id, failure or "no points, and no message") if lost else None
    stopped = failure if any(message.startswith(judging.STOPPED) for message in said.values()) else None
    return trials.Outcome(messages, stopped)


def verdicts(name: str, only: str = "", jobs: int = 2) -> Iterator[tuple[str, str | None]]:
    """As `trials.verdicts`, but through nbgrader."""
    source, answers = assignments.source(name), trials.answers(name, only)
    for answer, outcome in zip(answers, outcomes(name, answers, jobs), strict=True):
        if outcome.stopped and isinstance(answer, trials.Wrong):
            answer = replace(answer, says=judging.STOPPED)  # what a sandbox says is not what a process says
        yield answer.name, trials.mistake(answer, outcome, source)
