"""Renew `uv.lock` and, from it, the conda `environment.yml`. Standard library only: works before the set-up."""

import json
import re
import subprocess

from course_utils.set_up import ROOT

ENVIRONMENT = ROOT / "environment.yml"


def main(uv: str) -> int:
    """Lock, export, write; returns uv's exit code."""
    code = subprocess.call([uv, "lock"], cwd=ROOT)
    if code == 0:
        ENVIRONMENT.write_text(environment_yml(python_range(), export(uv)), encoding="utf-8")
        print(f"wrote {ENVIRONMENT.name}")
    return code


def export(uv: str) -> list[str]:
    """The locked packages as requirement lines, without the course itself."""
    command = [
        uv,
        "export",
        "--frozen",
        "--all-extras",
        "--offline",
        "--no-hashes",
        "--no-annotate",
        "--no-header",
        "--no-emit-project",
    ]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [line.strip() for line in output.splitlines() if line.strip()]


def python_range() -> str:
    """requires-python of pyproject.toml."""
    found = re.search(
        r'^requires-python = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found.group(1)


def environment_yml(python: str, requirements: list[str]) -> str:
    """The conda environment: a Python and pip, and then exactly what uv.lock says, installed by pip."""
    lines = "\n".join(
        f"      - {json.dumps(line)}" for line in [*requirements, "-e .[homework,site]"]
    )  # JSON strings are YAML strings
    return f"""\
# Made from uv.lock by `python -m course_utils lock`. Do not edit: change pyproject.toml and run that.
name: course-utils
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python{python}
  - pip
  - pip:
{lines}
"""
