"""The notebooks as slides that open in any browser, by a double click, without a network and without Python.

The folder holds one HTML file for each notebook, `index.html` that lists them, and what all of them share in `assets`.
"""

import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from course_utils.publish import vendored
from course_utils.publish.slides import decks
from course_utils.set_up import ROOT

NOTEBOOKS = ROOT / "notebooks"
OWN = Path(__file__).resolve().parent
COPIED = [vendored.MATHJAX, vendored.REVEAL, vendored.REVEAL_STYLE, vendored.REVEAL_NOTES]
ASSETS = [*COPIED, OWN / "deck.js", OWN / "deck.css"]
# By this line of its index.html a folder is known as one that was made here, and may be made anew.
MARK = '<meta name="generator" content="python -m course_utils slides">'


class SlidesError(Exception):
    """The slides cannot be made; the message says why, and what to do."""


def build(names: Sequence[Path], folder: Path) -> list[Path]:
    """Make the decks of these notebooks (default: all lessons) in a folder, in place of what it made there before.

    Returns the paths of the decks. Raises SlidesError for a notebook that does not exist or is none, for one with a
    cell without a slide type, and for a folder that holds other things or cannot be written; then nothing has changed.
    """
    paths = _find(names)
    folder = folder.resolve()
    if folder.exists() and not _is_ours(folder):
        raise SlidesError(f"{folder} is no folder of slides: name an empty or a new one, nothing in it was changed")
    pages = {f"{path.stem}.html": _deck(path) for path in paths}
    pages["index.html"] = _index({name: decks.title(_read(path)) for name, path in zip(pages, paths, strict=True)})
    try:
        _put(pages, folder)
    except OSError as error:
        raise SlidesError(f"{folder} cannot be written ({error.strerror}): name another folder with --out") from error
    return [folder / name for name in pages if name != "index.html"]


def _find(names: Sequence[Path]) -> list[Path]:
    """The notebooks named, or all lessons."""
    lessons = sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in names:
        if not path.is_file():
            known = ", ".join(lesson.stem for lesson in lessons)
            raise SlidesError(f"There is no notebook {path}. The lessons, in {NOTEBOOKS}: {known}")
    return list(names) or lessons


def _is_ours(folder: Path) -> bool:
    """Whether a folder is empty, or was made here."""
    if not folder.is_dir():
        return False
    index = folder / "index.html"
    return not any(folder.iterdir()) or (index.is_file() and MARK in index.read_text(encoding="utf-8"))


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except nbformat.reader.NotJSONError as error:
        raise SlidesError(f"{path} is no notebook: {error}") from error


def _deck(path: Path) -> str:
    try:
        return decks.html(_read(path))
    except ValueError as error:
        raise SlidesError(f"{path.name}: {error}") from error


def _index(titles: dict[str, str]) -> str:
    items = "\n".join(f'<li><a href="{name}">{escape(title)}</a></li>' for name, title in titles.items())
    page = (OWN / "index.html").read_text(encoding="utf-8")
    return page.replace("<!-- mark -->", MARK).replace("<!-- decks -->", items)


def _put(pages: dict[str, str], folder: Path) -> None:
    """Write the new folder beside the old one, then let it take its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        (new / "assets").mkdir(parents=True)
        for asset in ASSETS:
            shutil.copyfile(asset, new / "assets" / asset.name)
        for name, text in pages.items():
            (new / name).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
