"""From a folder of files as they were handed in to the places where nbgrader looks for them."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LARGEST = 20 * 2**20  # bytes; figures included, a notebook of this homework has less than one


@dataclass
class Collected:
    """What was found: (student, assignment) of what is new, changed or as before; and what could not be taken."""

    new: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    same: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def collect(handed_in: Path, course: Path) -> Collected:
    """Copy ``STUDENT/NOTEBOOK.ipynb`` and ``STUDENT_NOTEBOOK.ipynb`` to ``submitted/STUDENT/ASSIGNMENT``.

    The notebook's name says which assignment it is. What cannot be taken is a problem with its reason, and keeps
    nothing else from being taken. Raises FileNotFoundError if there is no such folder.
    """
    if not handed_in.is_dir():
        raise FileNotFoundError(f"there is no folder {handed_in}")
    known = {path.name: path.parent.name for path in (course / "source").glob("*/*.ipynb")}
    found, result = {}, Collected()
    for file in sorted(handed_in.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in file.parts:
            continue
        here = file.relative_to(handed_in)
        owner = _owner(here, known)
        problem = next(_problems(file, here, owner, known), None)
        if problem is None and owner in found:
            problem = f"{owner[0]} has handed in {owner[1]} twice, also as {found[owner]}; nothing was changed for it"
        if problem is None:
            found[owner] = here
        else:
            result.problems.append(f"{here}: {problem}")
    for (student, notebook), here in found.items():
        assignment = known[notebook]
        target = course / "submitted" / student / assignment / notebook
        content = (handed_in / here).read_bytes()
        before = target.read_bytes() if target.is_file() else None
        kind = result.new if before is None else result.same if before == content else result.changed
        kind.append((student, assignment))
        if before != content:
            shutil.rmtree(target.parent, ignore_errors=True)
            target.parent.mkdir(parents=True)
            target.write_bytes(content)
    if not (found or result.problems):
        result.problems.append(f"there are no notebooks in {handed_in}")
    return result


def _owner(here: Path, known: dict[str, str]) -> tuple[str, str]:
    """(student, notebook) that a path names: the folder and the file, or the two halves of the file's name."""
    for notebook in known:
        if len(here.parts) == 1 and here.name.endswith(f"_{notebook}"):
            return here.name.removesuffix(f"_{notebook}"), notebook
    return (here.parts[0] if len(here.parts) > 1 else ""), here.name


def _problems(file: Path, here: Path, owner: tuple[str, str], known: dict[str, str]) -> Iterator[str]:
    student, notebook = owner
    if notebook not in known:
        yield f"no assignment has a notebook of this name; there are {', '.join(sorted(known))}"
    if not student:
        yield f"whose is it? Name it STUDENT/{notebook} or STUDENT_{notebook}"
    if not STUDENT.fullmatch(student):
        yield f"{student!r} cannot be a student's id: letters, digits and . _ @ - only, 64 at most"
    if file.is_symlink() or not file.is_file():
        yield "it is a link, not a file"
    elif file.stat().st_size > LARGEST:
        yield f"it is larger than {LARGEST >> 20} MB"
    else:
        try:
            nbformat.read(file, as_version=4)
        except Exception as error:  # whatever a damaged file makes of the reader
            yield f"it is not a notebook ({type(error).__name__})"
