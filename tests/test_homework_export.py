"""The students' repository stands on its own, and no answer gets into it."""

import os
import re
import subprocess
import sys

import homework_tiny as tiny
import nbformat
import pytest

pytest.importorskip("nbgrader")
from course_utils.homework import assignments, commands, export
from course_utils.set_up import ROOT


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A students' repository."""
    folder = tmp_path_factory.mktemp("export") / "students"
    export.write(folder)
    return folder


def paths(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_course_is_there_and_the_grader_is_not(repository):
    found = paths(repository)
    assert {"README.md", "pyproject.toml", "uv.lock", "environment.yml", "course_utils/losses.py"} <= found
    assert {"notebooks/00_start_here.ipynb", "notebooks/solutions/01_autoencoders.ipynb"} <= found
    for name in assignments.names():
        assert f"notebooks/homework/{name}/{assignments.path(name).name}" in found
    grader = (
        "course_utils/homework",
        "notebooks/homework/source",
        "notebooks/homework/trials",
        "data/results/homework/",
    )
    assert [name for name in found if name.startswith((*grader, "tests/test_homework", ".venv", ".git/"))] == []
    assert "notebooks/homework/nbgrader_config.py" not in found


def test_the_answers_of_the_lecture_plans_are_not_in_it(repository):
    plans = repository / "notebooks" / "lectures"
    assert paths(plans) == {"README.md"}
    assert (plans / "README.md").read_text(encoding="utf-8") == export.NO_PLANS


def test_the_readme_is_the_students(repository):
    text = (repository / "notebooks" / "homework" / "README.md").read_text(encoding="utf-8")
    assert text == (assignments.FOLDER / "STUDENTS.md").read_text(encoding="utf-8")


def test_no_answer_is_in_it(repository):
    assert list(export.found_answers(repository)) == []
    for path in repository.rglob("*"):
        if path.suffix in (".py", ".ipynb", ".md", ".json"):
            text = path.read_text(encoding="utf-8")
            assert "BEGIN HIDDEN TESTS" not in text, path
            assert "BEGIN MARK SCHEME" not in text, path


@pytest.mark.parametrize("name", assignments.names())
def test_every_secret_of_an_assignment_would_be_found(repository, name, tmp_path):
    """Were the source itself put there, each of its hidden lines would be reported."""
    source = assignments.source(name)
    secrets = {line for line in export.secret_lines(source) if len(line) > 12}
    assert secrets
    place = tmp_path / "notebooks" / "homework" / name
    place.mkdir(parents=True)
    nbformat.write(source, place / "x.ipynb")
    leaks = "\n".join(export.found_answers(tmp_path))
    assert [line for line in secrets if line not in leaks] == []


@pytest.mark.parametrize("secret", ["doubling should hold", tiny.SECRET, "return 2 * x + 0"])
def test_what_leaks_is_not_exported(secret, tmp_path, monkeypatch):
    """A source with a mark forgotten: nothing is written."""
    course = tiny.make_course(tmp_path / "course")
    for name in ("STUDENTS.md", "conftest.py"):
        (course / name).write_text((assignments.FOLDER / name).read_text(encoding="utf-8"))
    monkeypatch.setattr(assignments, "SOURCE", course / "source")
    monkeypatch.setattr(assignments, "FOLDER", course)
    monkeypatch.setattr(export, "files", list)
    monkeypatch.setattr(export, "TELLING", 12)
    (course / "STUDENTS.md").write_text(next(line for line in _lines() if secret in line))
    with pytest.raises(export.ExportError, match="would give answers away"):
        export.write(tmp_path / "students")
    assert not (tmp_path / "students").exists()


def _lines() -> list[str]:
    return [line.strip() for cell in tiny.source().cells for line in cell.source.splitlines()]


def test_it_stands_alone(repository):
    """Without this repository on the path: the package imports, the commands parse, the tests can be collected."""
    code = "import course_utils; print(course_utils.__file__); from course_utils import commands, losses, experiments"
    environment = {**os.environ, "PYTHONPATH": str(repository), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(repository))
    line = [sys.executable, "-m", "course_utils", "--help"]
    done = subprocess.run(line, cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert "homework" not in done.stdout
    line = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(line, cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "test_losses.py" in done.stdout
    assert str(ROOT) + os.sep + "tests" not in done.stdout


def test_unanswered_homework_is_not_run_with_the_notebooks(repository):
    line = [sys.executable, "-m", "pytest", "--nbval-lax", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*line, "notebooks/homework"], cwd=repository, capture_output=True, text=True)
    assert "no tests" in done.stdout, done.stdout


def test_links_of_the_readmes_lead_somewhere(repository):
    for readme in (repository / "README.md", repository / "notebooks" / "homework" / "README.md"):
        targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme.read_text(encoding="utf-8"))
        assert [target for target in targets if not (readme.parent / target).exists()] == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert commands.main(["export", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert paths(tmp_path) == {"mine.txt"}


def test_without_git_the_same_files(monkeypatch):
    """A downloaded ZIP is no git repository; what is not part of the course stays behind there, too."""
    here = set(export.files())
    monkeypatch.setattr(export, "_tracked", lambda: None)
    found = export.files()
    assert here <= set(found)
    assert not [name for name in found if name.startswith((".git/", ".venv/", "runs/", "data/MNIST"))]
