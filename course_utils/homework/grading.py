"""Grade all submissions of an assignment, unattended: each in a process of its own, and only those that changed.

Per course folder: what was handed in lies in ``submitted/STUDENT/ASSIGNMENT``, points in nbgrader's ``gradebook.db``;
we write ``feedback/STUDENT/ASSIGNMENT/*.html`` and ``grades/ASSIGNMENT.csv``.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

from course_utils.files import write_whole
from course_utils.homework import measured, sandbox
from course_utils.homework.limits import LIMITS, MEBI

PATIENCE = LIMITS.notebook_seconds + 120  # for all about one submission
MEMORY = 4096 * MEBI  # for nbgrader's own part in it


class GradingError(RuntimeError):
    """The grading cannot begin; the message says what to do."""


@dataclass(frozen=True)
class Record:
    """What is remembered of one graded submission. failure: why a person should look at it, None if all went well."""

    student: str
    content: str  # hash of the submission and of the assignment
    failure: str | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    told: str = ""  # hash of the points and comments that the feedback shows


@dataclass(frozen=True)
class Round:
    """What one run of `grade` did."""

    records: dict[str, Record]  # of all submissions
    graded: tuple[str, ...]  # whose were graded now
    seconds: float


# ---- a course folder ------------------------------------------------------------------------------------------------


def notebooks(folder: Path, assignment: str) -> list[Path]:
    """The source notebooks of an assignment. Raises GradingError if there are none."""
    found = sorted((folder / "source" / assignment).glob("*.ipynb"))
    if not found:
        raise GradingError(f"there is no assignment {assignment!r} in {folder / 'source'}")
    return found


def students(folder: Path, assignment: str) -> list[str]:
    """Who has handed in this assignment."""
    return sorted(path.parent.name for path in (folder / "submitted").glob(f"*/{assignment}") if path.is_dir())


def csv_file(folder: Path, assignment: str) -> Path:
    """The table of an assignment."""
    return folder / "grades" / f"{assignment}.csv"


def _records_file(folder: Path, assignment: str) -> Path:
    return folder / "grades" / f"{assignment}.json"


def load_records(folder: Path, assignment: str) -> dict[str, Record]:
    """What earlier runs remembered, by student."""
    file = _records_file(folder, assignment)
    if not file.is_file():
        return {}
    return {row["student"]: Record(**row) for row in json.loads(file.read_text(encoding="utf-8"))}


def _save_records(folder: Path, assignment: str, records: dict[str, Record]) -> None:
    rows = [asdict(records[student]) for student in sorted(records)]
    write_whole(_records_file(folder, assignment), (json.dumps(rows, indent=1) + "\n").encode())


def _content(folder: Path, assignment: str, student: str) -> str:
    """Changes when the submission, the assignment or the tolerances of its numbers do."""
    tolerances = [measured.FOLDER / f"{assignment}.json"]
    handed_in = sorted((folder / "submitted" / student / assignment).rglob("*"))
    digest = hashlib.sha256()
    for path in [*notebooks(folder, assignment), *tolerances, *handed_in]:
        if path.is_file():
            digest.update(f"{path.name} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()


# ---- nbgrader, in this process --------------------------------------------------------------------------------------


def api(folder: Path):
    """nbgrader's interface to a course folder."""
    from nbgrader.apps import NbGraderAPI

    from course_utils.homework import settings

    # its programs (alembic) lie beside this Python
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return NbGraderAPI(config=settings.config(folder))


def prepare(folder: Path, assignment: str) -> None:
    """Make the student version, and put the assignment into the gradebook, if its source has changed.

    Raises GradingError if nbgrader refuses: cells of an assignment that has been graded must stay the same ones.
    """
    sources = notebooks(folder, assignment)
    state = "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in sources)
    mark = folder / "grades" / f"{assignment}.prepared"
    if mark.is_file() and mark.read_text() == state and (folder / "gradebook.db").is_file():
        return
    result = api(folder).generate_assignment(assignment)
    if not result["success"]:
        raise GradingError(f"nbgrader could not make the student version of {assignment}:\n{result.get('log', '')}")
    write_whole(mark, state.encode())


def _grade_one(folder: Path, assignment: str, student: str, log: Path, answer) -> None:
    """What the process of one submission does: sends the report of its execution, or a line on why there is none."""
    from course_utils.homework import points

    _limit_this_process()
    log.parent.mkdir(parents=True, exist_ok=True)
    # all that nbgrader and below it the C libraries say
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        result = api(folder).autograde(assignment, student)
        print(result.get("log", ""), result.get("error", ""), flush=True)
    if result["success"]:
        answer.send(points.report(folder, assignment, student))
    else:
        answer.send(f"nbgrader could not grade it, {log} says why")


def _limit_this_process() -> None:
    # Ctrl-C is for the process that hands out the work: it ends us
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))


# ---- all of them ----------------------------------------------------------------------------------------------------


def grade(
    folder: Path,
    assignment: str,
    jobs: int = 2,
    again: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Round:
    """Grade what has changed since the last time, `jobs` submissions at a time, and write the CSV and the feedback.

    The submissions of the students in `again` are graded even if nothing has changed. Raises GradingError if there is
    no such assignment, nothing to grade, or nbgrader refuses the assignment.
    """
    from course_utils.homework import points

    started = time.monotonic()
    everyone = students(folder, assignment)
    if not everyone:
        raise GradingError(f"nobody has handed in {assignment}: see the command collect")
    prepare(folder, assignment)
    records = load_records(folder, assignment)
    contents = {student: _content(folder, assignment, student) for student in everyone}
    if unknown := sorted(set(again) - set(everyone)):
        raise GradingError(f"{', '.join(unknown)} handed in no {assignment}")
    changed = [s for s in everyone if s in again or s not in records or records[s].content != contents[s]]
    if sandbox.why_not():
        say(sandbox.UNPROTECTED.format(sandbox.why_not()))
    say(f"{assignment}: {len(everyone)} submissions, {len(changed)} of them to grade")
    for number, record in enumerate(_graded(folder, assignment, changed, jobs), 1):
        record = replace(record, content=contents[record.student])
        records[record.student] = record
        _save_records(folder, assignment, records)
        verdict = f": {record.failure}" if record.failure else ""
        say(f"[{number}/{len(changed)}] {record.student}, {record.seconds:.0f} s{verdict}")
    records = {student: records[student] for student in everyone}
    records = points.tell(folder, assignment, records)
    _save_records(folder, assignment, records)
    return Round(records, tuple(changed), time.monotonic() - started)


def _graded(folder: Path, assignment: str, who: Iterable[str], jobs: int) -> Iterable[Record]:
    """Grade in processes of their own; yields a record of each as it ends."""
    api(folder)  # what the processes need is imported once, where they are copies of this one
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    waiting, running = list(who), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                student = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                log = folder / "grades" / "logs" / assignment / f"{student}.txt"
                process = context.Process(target=_grade_one, args=(folder, assignment, student, log, theirs))
                process.start()
                theirs.close()
                running[ours] = (student, process, time.monotonic())
            ready = wait(list(running), timeout=1)
            now = time.monotonic()
            for ours, (student, process, since) in list(running.items()):
                if ours in ready or now - since > PATIENCE:
                    del running[ours]
                    answer = _answer(ours, process, ours in ready)
                    seconds = round(now - since, 1)
                    if isinstance(answer, str):
                        _no_points(folder, assignment, student)
                        yield Record(student, "", answer, seconds)
                    else:
                        failure = answer["stopped"] or answer["doubtful"]
                        yield Record(student, "", failure, seconds, answer["cpu_seconds"], answer["peak_memory"])
    finally:
        for _, process, _ in running.values():
            process.terminate()
            process.join()


def _answer(connection, process, is_ready: bool) -> dict | str:
    """The report of an execution, or a line on why there is none."""
    try:
        return connection.recv() if is_ready else f"grading it did not end within {PATIENCE} seconds"
    except EOFError:
        process.join()
        return f"the process that graded it ended with code {process.exitcode}"
    finally:
        process.join(5)  # it has said all it will
        process.kill()
        process.join()
        connection.close()


def _no_points(folder: Path, assignment: str, student: str) -> None:
    """What an earlier submission of the same student got must not stand for one that could not be graded."""
    from nbgrader.api import MissingEntry

    shutil.rmtree(folder / "autograded" / student / assignment, ignore_errors=True)
    with api(folder).gradebook as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        for notebook in submission.notebooks:
            for cell in notebook.grades:
                cell.auto_score = 0 if cell.auto_score is not None else None
        gradebook.db.commit()
