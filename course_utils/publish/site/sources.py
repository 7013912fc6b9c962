"""The package, to be read: a page for each of its files, a list for each of its folders."""

import ast
from pathlib import Path

INDEX = "index.md"  # of a folder
# Found by links, not by the search: that is for what the lessons say.
_HEAD = "---\norphan: true\nnosearch: true\n---\n\n"


def pages(package: Path) -> dict[str, str]:
    """Files and folders of the package, relative to the folder it lies in, and the Markdown files that show them."""
    files = [path.relative_to(package.parent).as_posix() for path in _files(package)]
    folders = [path.relative_to(package.parent).as_posix() for path in _folders(package)]
    return {file: f"{file}.md" for file in files} | {folder: f"{folder}/{INDEX}" for folder in folders}


def write(package: Path, target: Path) -> None:
    """Write all of `pages` below the folder `target`."""
    for path in _files(package):
        name = path.relative_to(package.parent)
        text = f"{_HEAD}# {name.as_posix()}\n\n`````python\n{path.read_text(encoding='utf-8')}`````\n"
        _write(target / f"{name}.md", text)
    for path in _folders(package):
        name = path.relative_to(package.parent)
        _write(target / name / INDEX, f"{_HEAD}# {name.as_posix()}\n\n{_listing(path)}\n")


def _listing(folder: Path) -> str:
    about = _docstring(folder / "__init__.py")
    files = [path for path in _files(folder) if path.parent == folder and path.name != "__init__.py"]
    rows = [f"- [{path.name}]({path.name}.md): {_first_line(path)}" for path in files]
    inner = [path for path in _folders(folder) if path.parent == folder]
    rows += [f"- [{path.name}/]({path.name}/{INDEX}): {_first_line(path / '__init__.py')}" for path in inner]
    return f"`````text\n{about}\n`````\n\n" + "\n".join(rows)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _folders(package: Path) -> list[Path]:
    return sorted({path.parent for path in _files(package) if (path.parent / "__init__.py").is_file()})


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _first_line(path: Path) -> str:
    """The first line of a file's docstring; its code stays code: no link, no formula is read into it."""
    line = _docstring(path).partition("\n")[0]
    return line.replace("\\", "\\\\").replace("``", "`").replace("$", "\\$").replace("<", "\\<")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
