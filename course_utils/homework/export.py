"""The repository for students: the whole course, and the homework without solutions, hidden tests and grader."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat

from course_utils.homework import assignments
from course_utils.set_up import ROOT

# What students do not get, as prefixes of paths. The homework itself is written anew from its sources.
LEFT_OUT = (
    "course_utils/homework/",
    "notebooks/homework/",
    "notebooks/lectures/",
    "data/results/homework/",
    "tests/test_homework",
    "tests/homework",
    "tests/test_lectures",
)
NO_PLANS = "# Lecture plans\n\nThey answer the questions that the notebooks ask you, so lecturers keep them.\n"
# Beside them, in a copy that is no git repository: what is not part of the course.
NOT_OURS = (".git", ".venv", ".uv", "runs", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis")
TELLING = 50  # characters of a line that stands in the answers of one assignment and in another one by no chance
MARKS = ("### BEGIN HIDDEN TESTS", "### BEGIN SOLUTION", "=== BEGIN MARK SCHEME")


class ExportError(RuntimeError):
    """The students' repository was not written; the message says why."""


def write(folder: Path) -> None:
    """Write the students' repository to a new or empty folder.

    Raises ExportError if the folder holds something, or if an answer would get into the students' hands: then
    nothing is left in the folder.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExportError(f"{folder} is not empty")
    for name in files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    homework = folder / "notebooks" / "homework"
    for name in assignments.names():
        target = homework / name / assignments.path(name).name
        target.parent.mkdir(parents=True)
        nbformat.write(assignments.student_version(assignments.source(name)), target)
    shutil.copy(assignments.FOLDER / "STUDENTS.md", homework / "README.md")
    shutil.copy(assignments.FOLDER / "conftest.py", homework)
    plans = folder / "notebooks" / "lectures"  # the course's README leads there
    plans.mkdir()
    (plans / "README.md").write_text(NO_PLANS, encoding="utf-8")
    leaks = list(found_answers(folder))
    if leaks:
        shutil.rmtree(folder)
        raise ExportError("nothing was written, it would give answers away:\n" + "\n".join(leaks))


def files() -> list[str]:
    """The files that are copied as they are, as paths below the root with forward slashes."""
    names = _tracked()
    if names is None:
        every = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        names = [path.as_posix() for path in every if not set(path.parts) & set(NOT_OURS)]
        kept = ("data/results/", "data/pretrained/", "data/README.md")
        names = [name for name in names if not name.startswith("data/") or name.startswith(kept)]
    return sorted(name for name in names if not name.startswith(LEFT_OUT))


def _tracked() -> list[str] | None:
    """The files that git knows, None where there is no git repository."""
    if not (ROOT / ".git").exists():
        return None
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def found_answers(folder: Path) -> Iterator[str]:
    """A line on each place in a students' repository that holds a mark of the sources, or what stood between marks."""
    secrets = {name: secret_lines(assignments.source(name)) for name in assignments.names()}
    for path in sorted((folder / "notebooks" / "homework").rglob("*.*")) + sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        if "course_utils.homework" in text:
            yield f"{path} uses course_utils.homework, which students do not have"
        lines = {line.strip() for line in text.splitlines()}
        for name, secret in secrets.items():
            # short lines of one assignment may well stand in another
            telling = 12 if path.parent.name == name else TELLING
            yield from (f"{path}: {line}" for line in sorted(secret & lines) if len(line) > telling)
    for path in sorted(folder.rglob("*.py")) + sorted(folder.rglob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        yield from (f"{path}: {mark}" for mark in MARKS if mark in text)


def secret_lines(source: nbformat.NotebookNode) -> set[str]:
    """The lines of solutions, hidden tests and mark schemes that say something and stand nowhere else in the source."""
    shown = {line.strip() for cell in assignments.student_version(source).cells for line in cell.source.splitlines()}
    lines = {line.strip() for cell in source.cells for line in cell.source.splitlines()}
    return lines - shown
