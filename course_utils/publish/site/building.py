"""Build the website: gather its pages in a folder, let Sphinx make HTML of them, check it, put it in its place."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import nbformat

from course_utils.checkpoints import CheckpointError
from course_utils.publish import live, pages, vendored
from course_utils.publish.site import figures, lessons, links, readme, sources
from course_utils.publish.site.check import Website
from course_utils.publish.site.errors import SiteError
from course_utils.set_up import ROOT

HERE = Path(__file__).resolve().parent
PACKAGE = ROOT / "course_utils"
MARK = ".course-website"  # the file by which a folder is known to be ours
NEEDED = ("sphinx", "myst_nb", "furo")


class Built(NamedTuple):
    """What was built: the folder, bytes and name of each page, links to other websites."""

    folder: Path
    sizes: list[tuple[int, str]]  # the heaviest page first
    external: list[str]


def build(out: Path, names: Sequence[str] | None = None, package: bool = True) -> Built:
    """Build the website into the folder `out` from the lessons `names`, such as "06_aae" (default: all of them).

    package: also a page for each file of the package.

    The outputs are those stored in the notebooks: nothing is executed, nothing is fetched. A website of ours that is in
    the folder is replaced when the new one is complete. Raises SiteError, and leaves the folder as it was, if it holds
    anything else, cannot be written, a lesson is unknown, or the pages have any fault.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise SiteError(f"not installed: {', '.join(missing)}. Install the extra: pip install -e '.[site]'")
    out = out.resolve()
    _check_place(out)
    chosen = _chosen(names)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _beside(out) as scratch:
            source, made = scratch / "source", scratch / "html"
            _gather(chosen, source, package)
            _run_sphinx(source, made, scratch / "doctrees")
            built = _checked(made, out)
            _swap(made, out, scratch / "old")
    except OSError as error:
        raise SiteError(f"cannot write {error.filename or out}: {error.strerror}") from error
    except CheckpointError as error:
        raise SiteError(f"the live figures need weights: {error}") from error
    return built


def _check_place(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise SiteError(f"{out} is a file: name a folder for the website")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise SiteError(
            f"{out} holds something else than a website made by this command: name an empty or a new folder"
        )


def _chosen(names: Sequence[str] | None) -> list[str]:
    known = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if unknown := set(names or ()) - set(known):
        raise SiteError(f"unknown lesson {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return known if names is None else sorted(names)


@contextmanager
def _beside(out: Path):
    """A folder for what is unfinished, on the same disk as `out`; it goes when all is done or has failed."""
    scratch = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# ---- pages -------------------------------------------------------------------------------------------------------


def _gather(names: Sequence[str], source: Path, package: bool) -> None:
    """Write all that Sphinx is to read: settings, Markdown, notebooks, and in `extra` what it is to copy as it is."""
    shutil.copytree(HERE / "static", source / "static")
    shutil.copy(HERE / "conf.py", source)
    shutil.copytree(vendored.MATHJAX.parent, source / "extra" / "_static" / "mathjax")
    live.write(source / "extra" / live.FOLDER)
    (source / live.PREVIEW).write_bytes(live.preview())
    others = {"Try it": live.PAGE, "Results": readme.RESULTS}
    known = {"README.md": readme.FRONT, "notebooks/solutions": readme.FRONT} | {page: page for page in others.values()}
    if package:
        known |= sources.pages(PACKAGE)
        others["The package"] = known[PACKAGE.name]
        sources.write(PACKAGE, source)
    for name in names:
        known |= {f"notebooks/{kind}{name}.ipynb": f"notebooks/{name}.ipynb" for kind in ("", "solutions/")}
    for name in names:
        _gather_lesson(name, source, known)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    made = {
        readme.FRONT: readme.front_page(text, names, others, f"[![{live.PREVIEW_ALT}]({live.PREVIEW})]({live.PAGE})"),
        readme.RESULTS: readme.results_page(text),
        live.PAGE: live.page(),
    }
    for page, markdown in made.items():
        _write(source / page, links.rewritten(markdown, "README.md", page, known))


def _gather_lesson(name: str, source: Path, known: dict[str, str]) -> None:
    folder = source / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    lesson, solutions = (_read(f"notebooks/{kind}{name}.ipynb", known) for kind in ("", "solutions/"))
    figure = live.in_lesson(name)
    if figure:
        after, markdown = figure
        figure = after, links.rewritten(markdown, "README.md", known[f"notebooks/{name}.ipynb"], known)
    page = lessons.page(name, lesson, solutions, figure)
    page = figures.stored(pages.still(page), source / "extra" / figures.FOLDER, "..")
    nbformat.write(page, folder / f"{name}.ipynb")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _read(name: str, known: dict[str, str]) -> nbformat.NotebookNode | None:
    """A notebook of the repository, its links rewritten; None if it is not there."""
    if not (ROOT / name).exists():
        return None
    notebook = nbformat.read(ROOT / name, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = links.rewritten(cell.source, name, known[name], known)
    return notebook


# ---- Sphinx ------------------------------------------------------------------------------------------------------


def _run_sphinx(source: Path, made: Path, doctrees: Path) -> None:
    """Make HTML. A process of its own: Sphinx and docutils leave settings behind in the one they ran in."""
    options = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(doctrees)]
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(made)]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if done.returncode:
        faults = (done.stderr or done.stdout).replace(f"{source}{os.sep}", "")
        raise SiteError(f"the pages have faults, so the website was not built:\n{faults.strip()}")


def _checked(made: Path, out: Path) -> Built:
    """What was made, once every link in it leads somewhere; marks the folder as ours."""
    website = Website(made)
    if broken := website.broken():
        raise SiteError("links that lead nowhere, so the website was not built:\n" + "\n".join(broken))
    built = Built(out, list(website.heaviest()), website.external())
    _write(made / MARK, json.dumps({"links to other websites": built.external}, indent=2) + "\n")
    return built


def _swap(new: Path, out: Path, old: Path) -> None:
    """Put a folder in the place of another; the old one comes back if that fails."""
    had_one = out.exists()
    if had_one:
        out.rename(old)
    try:
        new.rename(out)
    except OSError:
        if had_one:
            old.rename(out)
        raise
