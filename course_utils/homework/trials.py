"""Put the grader on trial: right and wrong answers go through the hidden tests, which must tell them apart.

``notebooks/homework/trials/NAME.py`` holds the answers of one assignment: lists ``RIGHT`` and ``WRONG``. Here they are
run without Jupyter, each in a process of its own: what an answer breaks is gone when the next one begins.
"""

import contextlib
import copy
import importlib.util
import io
import multiprocessing
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from nbformat import NotebookNode

from course_utils.homework import assignments

TRIALS = assignments.FOLDER / "trials"
SECONDS = 120  # for one answer; an assignment takes less than 20
CAN_FORK = sys.platform == "linux"


@dataclass(frozen=True)
class Right:
    """A correct answer, written differently: it must get full marks.

    answers: grade_id -> the whole new text of that cell. changes: grade_id -> (old, new), or several such pairs, to
    be replaced in the reference solution. Cells named in neither hold the reference solution.
    """

    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, tuple] = field(default_factory=dict)


@dataclass(frozen=True)
class Wrong(Right):
    """A wrong answer: it must lose exactly the tests `loses` (grade_ids), and `says` must stand in a message."""

    loses: frozenset[str] | set[str] = frozenset()
    says: str = ""


SOLUTION, UNTOUCHED = Right("the solution"), Right("the untouched version")


@dataclass(frozen=True)
class Outcome:
    """What became of a submission: test -> its message, None if it passed; and what stopped it, if anything did."""

    messages: dict[str, str | None]
    stopped: str | None = None

    @property
    def lost(self) -> set[str]:
        """The tests that gave no points."""
        return {name for name, message in self.messages.items() if message is not None}


def load(name: str) -> ModuleType:
    """The trials of an assignment. Raises AssignmentError if there are none."""
    file = TRIALS / f"{name}.py"
    if not file.is_file():
        raise assignments.AssignmentError(f"there are no trials for {name!r}: {file} is missing")
    spec = importlib.util.spec_from_file_location(f"trials_{name}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- what is handed in --------------------------------------------------------------------------------------------


def submission(source: NotebookNode, answer: Right) -> NotebookNode:
    """The notebook that a student with this answer hands in.

    Raises AssignmentError if the answer names a cell that is not there, or text that is not in it exactly once.
    """
    if answer is UNTOUCHED:
        return assignments.student_version(source)
    notebook = copy.deepcopy(source)
    cells = {assignments.marks(cell).get("grade_id"): cell for cell in notebook.cells}
    for grade_id in [*answer.answers, *answer.changes]:
        if grade_id not in cells:
            raise assignments.AssignmentError(f"{answer.name!r} answers {grade_id!r}, but there is no such cell")
    for grade_id, text in answer.answers.items():
        cells[grade_id].source = textwrap.dedent(text).strip()
    for grade_id, pairs in answer.changes.items():
        for old, new in [pairs] if isinstance(pairs[0], str) else pairs:
            text = cells[grade_id].source
            if text.count(old) != 1:
                raise assignments.AssignmentError(
                    f"{answer.name!r}: {old!r} stands {text.count(old)} times in {grade_id!r}, it should once"
                )
            cells[grade_id].source = text.replace(old, new)
    return notebook


def as_graded(source: NotebookNode, handed_in: NotebookNode) -> NotebookNode:
    """What the grader runs: the tests and all locked cells as in the source, the rest as it was handed in."""
    original = {assignments.marks(cell)["grade_id"]: cell for cell in source.cells if assignments.marks(cell)}
    notebook = copy.deepcopy(handed_in)
    for cell in notebook.cells:
        mine = original.get(assignments.marks(cell).get("grade_id"))
        if mine is not None and (assignments.is_test(mine) or not assignments.marks(mine).get("solution")):
            cell.source = mine.source
    return notebook


# ---- running it ---------------------------------------------------------------------------------------------------


class Run:
    """A notebook that is executed cell by cell, going on after errors, as nbgrader does. It happens in this process.

    names: what the cells have defined. messages: test -> its message, None if it passed.
    """

    def __init__(self):
        self.names: dict = {"__name__": "__main__", "display": lambda *things: None}
        self.messages: dict[str, str | None] = {}

    def execute(self, cells: Sequence[NotebookNode]) -> "Run":
        """Run these cells."""
        for cell in cells:
            if cell.cell_type == "code":
                self._execute(cell)
        return self

    def _execute(self, cell: NotebookNode) -> None:
        label = assignments.marks(cell).get("grade_id", "a cell of the student's own")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, f"<{label}>", "exec"), self.names)
            message = None
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
        if assignments.is_test(cell):
            self.messages[label] = message


def judge(begun: Run, rest: Sequence[NotebookNode], seconds: float = SECONDS) -> Outcome:
    """Run the `rest` of a submission in a process of its own, a copy of this one, in which `begun` has been run.

    All of its points are lost if it does not end in time or crashes.
    """
    context = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run_and_send, args=(begun if CAN_FORK else None, rest, theirs))
    process.start()
    theirs.close()
    try:
        if ours.poll(seconds):
            return Outcome(ours.recv())
        stopped = f"no end after {seconds:.0f} seconds"
    except EOFError:
        process.join()
        stopped = f"the process ended with code {process.exitcode}"
    finally:
        process.kill()
        process.join()
    tests = [assignments.marks(cell)["grade_id"] for cell in rest if assignments.is_test(cell)]
    return Outcome(dict.fromkeys([*begun.messages, *tests], stopped), stopped)


def _run_and_send(begun: Run | None, rest: Sequence[NotebookNode], connection) -> None:
    # what is printed below Python's level (or by a crash) would stand in the middle of the report
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    connection.send((begun or Run()).execute(rest).messages)


def judge_all(source: NotebookNode, every: Sequence[Right]) -> Iterator[tuple[Right, Outcome]]:
    """The outcome of each answer. The cells before the first one that an answer changes are run once for all answers.

    So the outcomes do not come in the order of the answers. Where processes cannot fork, each runs its whole notebook.
    """
    graded = [(answer, as_graded(source, submission(source, answer)).cells) for answer in every]
    starts = [_first_difference(source.cells, cells) if CAN_FORK else 0 for _, cells in graded]
    begun = Run()
    for index in range(len(source.cells) + 1):
        for (answer, cells), start in zip(graded, starts, strict=True):
            if start == index:
                yield answer, judge(begun, cells[index:])
        if max(starts, default=0) > index:
            begun.execute(source.cells[index : index + 1])


def _first_difference(mine: Sequence[NotebookNode], theirs: Sequence[NotebookNode]) -> int:
    """The index of the first cell whose text differs; the number of cells if none does."""
    pairs = enumerate(zip(mine, theirs, strict=True))
    return next((index for index, (one, other) in pairs if one.source != other.source), len(mine))


# ---- the trial ----------------------------------------------------------------------------------------------------


def answers(name: str, only: str = "", most: int | None = None) -> list[Right]:
    """All answers on trial whose name contains `only`: the solution, the untouched version, and those of `load`.

    Of the wrong ones at most `most`, spread evenly over the list. Raises AssignmentError if there are no trials.
    """
    theirs = load(name)
    n = len(theirs.WRONG)
    wrong = theirs.WRONG if most is None or most >= n else [theirs.WRONG[i * n // most] for i in range(most)]
    return [answer for answer in [SOLUTION, UNTOUCHED, *theirs.RIGHT, *wrong] if only in answer.name]


def verdicts(name: str, only: str = "", most: int | None = None) -> Iterator[tuple[str, str | None]]:
    """(answer, what the grader did wrong with it, None if nothing) for all `answers`."""
    source = assignments.source(name)
    for answer, outcome in judge_all(source, answers(name, only, most)):
        yield answer.name, mistake(answer, outcome, source)


def mistake(answer: Right, outcome: Outcome, source: NotebookNode) -> str | None:
    """What the grader did wrong with an answer, None if nothing."""
    if answer is UNTOUCHED:
        passed = sorted(set(outcome.messages) - outcome.lost)
        return outcome.stopped or (f"it gets the points of {passed}" if passed else None)
    return _loses(answer, outcome, source) if isinstance(answer, Wrong) else _full_marks(outcome)


def _full_marks(outcome: Outcome) -> str | None:
    complaints = {name: message for name, message in outcome.messages.items() if message is not None}
    return f"it should get full marks, but loses {complaints}" if complaints else None


def _loses(answer: Wrong, outcome: Outcome, source: NotebookNode) -> str | None:
    if outcome.lost != set(answer.loses):
        complaints = {name: message for name, message in outcome.messages.items() if message is not None}
        return f"it should lose {sorted(answer.loses)}, but loses {complaints}"
    said = " | ".join(filter(None, outcome.messages.values()))
    if not answer.says or answer.says not in said:
        return f"the messages should say {answer.says!r}, they say: {said}"
    told = [line for line in _solution_lines(source) if line in said]
    return f"the messages give the solution away: {told}" if told else None


def _solution_lines(source: NotebookNode) -> list[str]:
    """The lines between the marks of a solution that are long enough to be telling."""
    lines, inside = [], False
    for cell in source.cells:
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif inside and len(line.strip()) > 12:
                lines.append(line.strip())
    return lines


def line(name: str, answer: str, wrong: str | None) -> str:
    """How a verdict is printed."""
    return f"{'WRONG' if wrong else 'good '} {name}: {answer}{f': {wrong}' if wrong else ''}"


def main(name: str, only: str = "", most: int | None = None) -> int:
    """Print a line for each of `answers`; returns 1 if the grader was wrong about one."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)  # before the processes fork: threads do not survive that
    mistakes = 0
    for answer, wrong in verdicts(name, only, most):
        mistakes += wrong is not None
        print(line(name, answer, wrong), flush=True)
    return int(mistakes > 0)


if __name__ == "__main__":
    # the answers on trial are of the classes of this module under its name, not under "__main__"
    from course_utils.homework import trials

    raise SystemExit(trials.main(*sys.argv[1:3], *map(int, sys.argv[3:])))  # name, only, most
