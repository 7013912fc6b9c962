"""A class of generated submissions: right, wrong, untouched and hostile ones, for trying and timing the grading."""

import copy
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_utils import results
from course_utils.homework import assignments, collecting, grading, hostile, measured, points, sandbox, trials, trying
from course_utils.homework.limits import LIMITS

FILE = measured.FOLDER / "class.json"
HOSTILE = 20  # one of so many


def submissions(name: str, n: int) -> list[tuple[str, NotebookNode]]:
    """(kind, notebook) of n submissions: the answers on trial in turn, and every twentieth hostile.

    Each has a student's id of its own, as students type it into the first cells.
    """
    source = assignments.source(name)
    attacks, answers = itertools.cycle(hostile.ALL.items()), itertools.cycle(trials.answers(name))
    made = []
    for number in range(n):
        if number % HOSTILE == HOSTILE - 1:
            kind, code = next(attacks)
            notebook = attacked(source, code)
        else:
            answer = next(answers)
            kind, notebook = answer.name, trials.submission(source, answer)
        made.append((kind, _signed(notebook, student(number))))
    return made


def student(number: int) -> str:
    """The id of the student with this number."""
    return f"student{number:03}"


def attacked(source: NotebookNode, code: str) -> NotebookNode:
    """The solution with a hostile cell in front."""
    notebook = copy.deepcopy(source)
    notebook.cells.insert(0, new_code_cell(code.strip()))
    return notebook


def _signed(notebook: NotebookNode, name: str) -> NotebookNode:
    for cell in notebook.cells:
        if cell.cell_type == "code" and (found := points.TYPED.search(cell.source)):
            signed = re.sub(r"([\"']).*?\1", f'"{name}"', found[0], count=1)
            cell.source = cell.source.replace(found[0], signed, 1)
            break
    return notebook


def write(names: Sequence[str], n: int, folder: Path) -> None:
    """Write n submissions, of each assignment an equal part, as students hand them in: ``STUDENT/NOTEBOOK.ipynb``."""
    for place, name in enumerate(names):
        part = n // len(names) + (place < n % len(names))
        for number, (_, notebook) in enumerate(submissions(name, part)):
            file = folder / student(number) / assignments.path(name).name
            file.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, file)


def measure(names: Sequence[str], n: int, jobs: int) -> Path:
    """Grade a generated class twice, and store how long it took, how much memory, and what failed."""
    import torch

    from course_utils import runtime

    with trying.temporary_course(names) as folder:
        write(names, n, folder / "handed_in")
        collected = collecting.collect(folder / "handed_in", folder)
        assert not collected.problems, collected.problems
        first, seconds = _grade_all(folder, names, jobs)
        again, second_seconds = _grade_all(folder, names, jobs)
    solutions = _cpu_seconds_of_solutions(jobs)
    records = [record for one in first for record in one.records.values()]
    failures = Counter(_kind(record.failure) for record in records if record.failure)
    results.save(
        FILE,
        {
            "what": f"{n} generated submissions graded by `grade`, {jobs} at a time, then once more unchanged",
            "assignments": list(names),
            "submissions": n,
            "jobs": jobs,
            "protection": sandbox.way() or sandbox.why_not(),
            "seconds": round(seconds),
            "graded_again": sum(len(one.graded) for one in again),
            "seconds_again": round(second_seconds, 1),
            "cpu_seconds_median": _median([record.cpu_seconds for record in records if not record.failure]),
            "cpu_seconds_most": max(record.cpu_seconds for record in records if not record.failure),
            "cpu_seconds_of_solutions": solutions,
            "peak_memory_median_mb": _median([record.peak_memory / 2**20 for record in records if not record.failure]),
            "peak_memory_most_mb": round(max(record.peak_memory for record in records) / 2**20),
            "memory_limit_mb": LIMITS.memory >> 20,
            "failures": dict(sorted(failures.items())),
            "hardware": runtime.hardware(torch.device("cpu")),
            "date": datetime.now(UTC).date().isoformat(),
        },
    )
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
    return FILE


def _cpu_seconds_of_solutions(jobs: int) -> dict[str, float]:
    """What grading an assignment takes: its solution, in the sandbox, imports included."""
    names = [name for name in assignments.names() if any(map(assignments.is_test, assignments.source(name).cells))]
    with trying.temporary_course(names) as folder:
        for name in names:
            trying.hand_in(folder, name, "solution", assignments.source(name))
        rounds, _ = _grade_all(folder, names, jobs)
        return {name: done.records["solution"].cpu_seconds for name, done in zip(names, rounds, strict=True)}


def _grade_all(folder: Path, names: Sequence[str], jobs: int) -> tuple[list[grading.Round], float]:
    started = time.monotonic()
    rounds = [grading.grade(folder, name, jobs) for name in names]
    return rounds, time.monotonic() - started


def _kind(failure: str) -> str:
    """A failure without the name of its cell."""
    name = r"cell (number \d+|[\w-]+)"
    return re.sub(f"{name}(?= did)", "a cell", re.sub(f" in {name}", "", failure))


def _median(values: list[float]) -> float:
    return round(sorted(values)[len(values) // 2], 1)


# ---- what the README says about it ----------------------------------------------------------------------------------

README = assignments.FOLDER / "README.md"
BEGIN, END = "<!-- class -->\n", "<!-- end -->"


def rewritten(text: str) -> str:
    """The README with what was measured between its marks."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + paragraph() + END + rest.partition(END)[2]


def paragraph() -> str:
    """What was measured, in words; an empty text if nothing was."""
    if not FILE.is_file():
        return ""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    names, hostile_ones = ", ".join(told["assignments"]), f"every {HOSTILE}th hostile"
    again = f"class {told['submissions']} --measure --assignments {' '.join(told['assignments'])}"
    solutions = ", ".join(f"{name} {seconds:.0f}" for name, seconds in told["cpu_seconds_of_solutions"].items())
    lines = [
        f"## A class of {told['submissions']}",
        "",
        f"Generated submissions of {names} (right, wrong and untouched ones, {hostile_ones}),",
        f"graded by one command, {told['jobs']} at a time, on {told['hardware']}:",
        "",
        f"- {told['seconds'] / 60:.0f} minutes; once more with nothing changed: {told['seconds_again']:.0f} seconds, "
        f"{told['graded_again']} graded",
        f"- CPU time of a notebook: {told['cpu_seconds_median']:.0f} s in the middle, "
        f"{told['cpu_seconds_most']:.0f} s at most; of the solutions: {solutions}",
        f"- memory of a notebook: {told['peak_memory_median_mb']:.0f} MB in the middle; the most that one had when it "
        f"was killed: {told['peak_memory_most_mb']:,} MB",
        "",
        "Failures, all of hostile submissions or of wrong answers that stop the notebook:",
        "",
        *(f"- {number} × {failure}" for failure, number in told["failures"].items()),
        "",
        f"Again: `python -m course_utils homework {again}`.",
    ]
    return "\n".join(lines) + "\n"
