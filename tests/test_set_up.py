"""The set-up that `python -m course_utils` does by itself, on a bare Python and with a made-up uv."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import set_up

BARE_FILES = ("__init__.py", "__main__.py", "set_up.py", "commands.py")
# What the real uv would do, without the 5 GB: note the call, make .venv, "install" the course and a JupyterLab that
# prints its arguments. FAKE_UV_FAILS makes the sync fail.
FAKE_UV = """#!{python}
import os, pathlib, subprocess, sys
if sys.argv[1] == "--version":
    sys.exit(0)
with open("uv-calls.txt", "a") as log:
    print(*sys.argv[1:], file=log)
if os.environ.get("FAKE_UV_FAILS"):
    sys.exit("no route to the registry")
venv = pathlib.Path(os.environ["UV_PROJECT_ENVIRONMENT"])
subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
(packages,) = venv.glob("lib/python*/site-packages")
if not os.environ.get("FAKE_UV_INSTALLS_NOTHING"):
    info = packages / "course_utils-0.1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Name: course-utils\\nVersion: 0.1.0\\n")
lab = packages / "jupyterlab"
lab.mkdir(exist_ok=True)
(lab / "__main__.py").write_text("import sys; print('lab', *sys.argv[1:]); sys.exit(7)")
"""
needs_scripts = pytest.mark.skipif(os.name == "nt", reason="the made-up uv is a script with a #! line")


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> str:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / set_up.PROGRAMS / ("python" + set_up.SUFFIX))


@pytest.fixture
def project(tmp_path, bare_python):
    """A copy of what the set-up needs, and a function that runs `python -m course_utils` in it."""
    (tmp_path / "course_utils").mkdir()
    for name in BARE_FILES:
        shutil.copy(set_up.ROOT / "course_utils" / name, tmp_path / "course_utils")
    (tmp_path / "uv.lock").write_text("one")
    programs = tmp_path / "programs"
    programs.mkdir()
    return Project(tmp_path, bare_python, programs)


class Project:
    def __init__(self, root: Path, python: str, programs: Path):
        self.root, self.python, self.programs = root, python, programs

    def add_uv(self) -> None:
        uv = self.programs / "uv"
        uv.write_text(FAKE_UV.format(python=self.python))
        uv.chmod(0o755)

    def run(self, *arguments: str, python: str = "", **environment: str) -> subprocess.CompletedProcess:
        clean = {k: v for k, v in os.environ.items() if k not in (set_up.HANDED_OVER, "PYTHONPATH", "COURSE_DATA")}
        return subprocess.run(
            [python or self.python, "-m", "course_utils", *arguments],
            cwd=self.root,
            env={**clean, "PATH": str(self.programs), **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    @property
    def uv_calls(self) -> list[str]:
        log = self.root / "uv-calls.txt"
        return log.read_text().splitlines() if log.exists() else []


@needs_scripts
def test_first_start_installs_and_opens_and_later_ones_only_open(project):
    project.add_uv()
    first = project.run("--no-browser")
    assert "Setting the course up" in first.stdout
    assert "lab " in first.stdout
    assert "/00_start_here.ipynb " in first.stdout
    assert first.stdout.rstrip().endswith(" --no-browser")
    assert first.returncode == 7, "the exit code of what was started is handed back"
    assert project.uv_calls == [f"sync --locked --all-extras --python {project.python}"]
    second = project.run("open", "--port", "9999")
    assert second.stdout.startswith("lab ")
    assert second.stdout.endswith("--port 9999\n")
    assert len(project.uv_calls) == 1, "nothing changed: no second sync, so no network needed"


@needs_scripts
def test_inside_the_environment_it_runs_right_there(project):
    project.add_uv()
    project.run()
    inside = project.run(python=str(project.root / ".venv" / "bin" / "python"), PATH="")
    assert inside.stdout.startswith("lab ")
    assert len(project.uv_calls) == 1


@needs_scripts
def test_a_terminal_in_jupyterlab_is_like_any_other(project):
    project.add_uv()
    project.run()
    (lab,) = project.root.glob(".venv/lib/python*/site-packages/jupyterlab/__main__.py")
    lab.write_text(f"import os; print('handed over:', os.environ.get({set_up.HANDED_OVER!r}))")
    assert project.run().stdout == "handed over: None\n"


@needs_scripts
@pytest.mark.parametrize("inside", [False, True], ids=["from outside", "from inside .venv"])
def test_a_new_lock_is_installed(project, inside):
    project.add_uv()
    project.run()
    (project.root / "uv.lock").write_text("two")
    again = project.run(python=str(project.root / ".venv" / "bin" / "python") if inside else "")
    assert "lab " in again.stdout
    assert project.uv_calls[1:] == ["sync --locked --all-extras"], "the environment's own Python is kept"


@needs_scripts
def test_a_failed_installation_says_what_to_do_and_is_tried_again(project):
    project.add_uv()
    failed = project.run(FAKE_UV_FAILS="1")
    assert failed.returncode == 1
    assert "no route to the registry" in failed.stderr
    assert "no network" in failed.stderr
    assert "lab " in project.run().stdout
    assert len(project.uv_calls) == 2


@needs_scripts
def test_a_damaged_environment_is_named_instead_of_trying_for_ever(project):
    project.add_uv()
    damaged = project.run(FAKE_UV_INSTALLS_NOTHING="1")
    assert damaged.returncode == 1
    assert "damaged: delete the folder" in damaged.stderr


@needs_scripts
def test_an_installed_course_runs_without_uv(project):
    """A conda environment, or `pip install -e .` in an environment of one's own."""
    project.add_uv()
    project.run()
    other = project.root / "own-environment"
    shutil.copytree(project.root / ".venv", other, symlinks=True)
    shutil.rmtree(project.root / ".venv")
    started = project.run(python=str(other / "bin" / "python"))
    assert started.stdout.startswith("lab ")
    assert len(project.uv_calls) == 1


def test_without_uv_and_without_a_network(project):
    failed = project.run(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(project.programs))
    assert failed.returncode == 1
    assert "pip could not install uv" in failed.stderr
    assert not (project.root / ".venv").exists()


def test_without_uv_and_without_a_way_to_make_environments(project):
    (project.root / ".uv").write_text("a file in the way")
    failed = project.run()
    assert failed.returncode == 1
    assert "python3-venv" in failed.stderr


def test_help_needs_no_set_up(project):
    shown = project.run("--help")
    assert shown.returncode == 0
    assert "train and measure a recipe" in shown.stdout
    assert not (project.root / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 15)])
def test_a_python_that_is_not_supported_is_told_so(version):
    pretend = f"import runpy, sys; sys.version_info = {(*version, 1, 'final', 0)}; "
    code = pretend + "runpy.run_module('course_utils', run_name='__main__')"
    failed = subprocess.run([sys.executable, "-c", code], cwd=set_up.ROOT, capture_output=True, text=True)
    assert failed.returncode == 1
    assert f"needs Python 3.11 to 3.14, this is Python {version[0]}.{version[1]}" in failed.stderr


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "set_up.py"])
def test_an_old_python_can_read_what_tells_it_so(name):
    tree = ast.parse((set_up.ROOT / "course_utils" / name).read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    assert {part.split(".")[0] for part in imported} <= sys.stdlib_module_names | {"course_utils"}


def test_interrupts_are_left_to_the_child():
    class Child:
        answers = iter([KeyboardInterrupt, KeyboardInterrupt, 3])

        def wait(self):
            answer = next(self.answers)
            if answer is KeyboardInterrupt:
                raise KeyboardInterrupt
            return answer

    assert set_up.wait_for(Child()) == 3
