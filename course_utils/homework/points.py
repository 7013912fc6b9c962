"""From graded notebooks to what people read: the CSV of an assignment, and a feedback page for each student."""

import csv
import hashlib
import io
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

from course_utils.files import write_whole
from course_utils.homework.judging import REPORT

TYPED = re.compile(r"""^\s*student\s*=\s*(["'])(.*?)\1""", re.MULTILINE)


@dataclass(frozen=True)
class Marks:
    """One student's points: by test and by task (None: a person has still to look at it), and what they depend on."""

    by_cell: dict[str, float | None]
    open: float  # points that a person has still to give
    state: str  # of points and comments

    @property
    def total(self) -> float:
        """Points so far."""
        return sum(points or 0.0 for points in self.by_cell.values())


def report(folder: Path, assignment: str, student: str) -> dict:
    """What the execution of a graded submission wrote down about itself; empty if it was never graded."""
    for path in sorted((folder / "autograded" / student / assignment).glob("*.ipynb")):
        return dict(nbformat.read(path, as_version=4).metadata.get(REPORT, {}))
    return {}


def typed_id(folder: Path, assignment: str, student: str) -> str | None:
    """The id in the notebook's line ``student = "..."``, None if there is no such line."""
    for path in sorted((folder / "submitted" / student / assignment).glob("*.ipynb")):
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception:  # whatever can be wrong with a file: that it is wrong, nbgrader has said already
            continue
        for cell in cells:
            if cell.cell_type == "code" and (found := TYPED.search(cell.source)):
                return found[2]
    return None


def marks(gradebook, assignment: str, student: str) -> Marks:
    """The points in the gradebook. Raises nbgrader's MissingEntry if there is no submission."""
    by_cell, still_open, state = {}, 0.0, []
    for notebook in gradebook.find_submission(assignment, student).notebooks:
        for grade in notebook.grades:
            waits = grade.manual_score is None and grade.auto_score is None
            by_cell[grade.name] = None if waits else grade.score + (grade.extra_credit or 0)
            still_open += grade.max_score if waits else 0.0
            state.append((grade.name, grade.auto_score, grade.manual_score, grade.extra_credit))
        state += [(comment.name, comment.comment) for comment in notebook.comments]
    return Marks(by_cell, still_open, hashlib.sha256(repr(sorted(map(repr, state))).encode()).hexdigest())


def tell(folder: Path, assignment: str, records: dict) -> dict:
    """Write the CSV, and the feedback of those whose points, comments or submission have changed; returns the records.

    A submission that nbgrader could not grade gets a page that says so.
    """
    from nbgrader.api import MissingEntry

    from course_utils.homework.grading import api, csv_file

    interface, told, rows = api(folder), {}, []
    with interface.gradebook as gradebook:
        for student, record in records.items():
            try:
                theirs = marks(gradebook, assignment, student)
            except MissingEntry:
                theirs = Marks({}, 0.0, "")
            state = hashlib.sha256(f"{record.content} {record.failure} {theirs.state}".encode()).hexdigest()
            told[student] = replace(record, told=state)
            rows.append((student, theirs, record.failure, typed_id(folder, assignment, student)))
    for student, record in records.items():
        if record.told != told[student].told or not _pages(folder, assignment, student):
            _write_feedback(interface, folder, assignment, told[student])
    write_whole(csv_file(folder, assignment), table(rows).encode("utf-8"))
    return told


def table(rows: list[tuple[str, Marks, str | None, str | None]]) -> str:
    """The CSV: a line for each student."""
    cells = list(dict.fromkeys(name for _, theirs, _, _ in rows for name in theirs.by_cell))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", *cells, "total", "manual points open", "failure", "id typed in the notebook"])
    for student, theirs, failure, typed in rows:
        points = [_number(theirs.by_cell.get(name)) for name in cells]
        other = typed if typed is not None and typed != student else ""
        row = [student, *points, _number(theirs.total), _number(theirs.open), failure or "", other]
        writer.writerow([_inert(field) for field in row])
    return text.getvalue()


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def _inert(field: str) -> str:
    """A text that no spreadsheet takes for a formula: some fields are what a student typed."""
    return f"'{field}" if field.startswith(("=", "+", "-", "@", "\t", "\r")) else field


def _pages(folder: Path, assignment: str, student: str) -> list[Path]:
    return list((folder / "feedback" / student / assignment).glob("*.html"))


def _write_feedback(interface, folder: Path, assignment: str, record) -> None:
    if any((folder / "autograded" / record.student / assignment).glob("*.ipynb")):
        result = interface.generate_feedback(assignment, record.student)
        if result["success"]:
            return
    place = folder / "feedback" / record.student / assignment
    shutil.rmtree(place, ignore_errors=True)  # of an earlier submission
    page = place / "not_graded.html"
    text = "Your notebook could not be graded: the file may be damaged. Please ask, or hand in again."
    write_whole(page, f"<!doctype html><meta charset='utf-8'><title>{assignment}</title><p>{text}</p>\n".encode())
