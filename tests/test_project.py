"""The project's files agree with each other: pyproject.toml, uv.lock, environment.yml, README, CI."""

import itertools
import json
import re
import shutil
import subprocess
import tomllib
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement

from course_utils import lock, set_up, tables

ROOT = set_up.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPEN, TEST = "python -m course_utils", "python -m course_utils test"
PUBLIC = {("https", "pypi.org"), ("https", "files.pythonhosted.org")}


def normal(name: str) -> str:
    """The name of a package as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    return normal(re.match(r"[A-Za-z0-9._-]+", requirement).group())


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pip_lines(environment) -> list[str]:
    (pip,) = (part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    return pip


# ---- environment.yml --------------------------------------------------------------------------------------------


def test_environment_installs_the_course_itself_last(pip_lines):
    assert pip_lines[-1] == "-e .[homework,site]"


def test_environment_is_what_the_lock_says(pip_lines):
    """Every package and version of the lock is in environment.yml, and nothing else."""
    pinned = {(name_of(line), re.search(r"==(\S+)", line).group(1)) for line in pip_lines[:-1]}
    locked = {(normal(p["name"]), p["version"]) for p in LOCK["package"] if p["source"] != {"editable": "."}}
    assert pinned == locked


SYSTEMS = [("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt")]
MACHINES = ["x86_64", "aarch64", "arm64", "AMD64"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
KEYS = ("sys_platform", "platform_system", "os_name", "platform_machine", "python_version", "python_full_version")
PLATFORMS = [
    dict(zip(KEYS, (*system, machine, python, f"{python}.0"), strict=True))
    for system, machine, python in itertools.product(SYSTEMS, MACHINES, PYTHONS)
]


def meaning(lines: list[str]) -> dict[str, list[bool]]:
    """Requirement without its marker -> on which of `PLATFORMS` it is installed. Versions of uv word markers freely."""
    found = {}
    for requirement in map(Requirement, lines):
        marker, requirement.marker = requirement.marker, None
        found[str(requirement)] = [marker is None or marker.evaluate(platform) for platform in PLATFORMS]
    return found


def test_two_wordings_of_a_marker_mean_the_same_and_another_marker_does_not():
    one = ["a==1 ; (platform_machine == 'arm64' or platform_machine == 'x86_64') and sys_platform == 'linux'"]
    same = [one[0].replace("(platform_machine == 'arm64' or platform_machine == 'x86_64') and ", "") + " and ("]
    same = [f"{same[0]}platform_machine == 'x86_64' or platform_machine == 'arm64')"]
    assert meaning(one) == meaning(same)
    assert meaning(one) != meaning(["a==1 ; sys_platform == 'linux'"]) != meaning(["a==1"])


def test_environment_is_what_uv_exports(environment, pip_lines):
    """The markers as well, which the test above does not look at."""
    uv = set_up.find_uv()
    if not uv:
        pytest.skip("there is no uv on this machine")
    assert meaning(pip_lines[:-1]) == meaning(lock.export(uv)), "run: python -m course_utils lock"
    made = lock.environment_yml(PROJECT["requires-python"], pip_lines[:-1])
    assert yaml.safe_load(made) == environment, "run: python -m course_utils lock"


def test_environment_has_every_direct_dependency(pip_lines):
    assert {name_of(line) for line in PROJECT["dependencies"]} <= {name_of(line) for line in pip_lines[:-1]}


def test_python_range_is_the_same_everywhere(environment):
    oldest, newest = set_up.OLDEST, set_up.NEWEST
    assert PROJECT["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]
    assert set(LOCK["requires-python"].replace(" ", "").split(",")) == set(PROJECT["requires-python"].split(","))
    assert f"Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}" in README


# ---- uv.lock ----------------------------------------------------------------------------------------------------


def strings(tree):
    """All strings of a nested structure."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from strings(value)


def foreign(tree) -> list[str]:
    """The strings that name a host other than the public registry, or a file of one machine."""
    addresses = [text for text in strings(tree) if "://" in text or text.startswith(("/", "~"))]
    return [text for text in addresses if urlsplit(text)[:2] not in PUBLIC]


def test_lock_names_the_public_registry_only():
    assert sum("://" in text for text in strings(LOCK)) > 100
    assert foreign(LOCK) == []


@pytest.mark.parametrize(
    "text", ["https://mirror.example/simple", "file:///opt/wheels/a.whl", "/opt/wheels/a.whl", "http://pypi.org/simple"]
)
def test_foreign_addresses_are_found(text):
    assert foreign({"package": [{"source": {"registry": text}}]}) == [text]


def test_lock_has_the_dependencies_of_pyproject():
    """Without uv, `uv lock --check` is left out: the lock's own record of pyproject.toml still has to agree."""
    (course,) = (p for p in LOCK["package"] if p["source"] == {"editable": "."})
    recorded = {f"{normal(d['name'])}{d['specifier']}" for d in course["metadata"]["requires-dist"]}
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    assert recorded == {line.replace(" ", "") for line in [*PROJECT["dependencies"], *extras]}


# ---- README and CI ----------------------------------------------------------------------------------------------


def test_readme_begins_with_the_two_commands():
    head = README[:2500]
    assert f"\n{OPEN}\n" in head
    assert f"\n{TEST}\n" in head


def test_readme_shows_the_stored_results():
    assert tables.rewritten(README) == README, "run: python -m course_utils tables"
    assert set(re.findall(r"<!-- table:([\w-]+) -->", README)) == set(tables.TABLES)


def test_readme_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_readme_lists_every_notebook_with_the_time_that_it_names_itself():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        minutes = re.search(r"Time[.:*]* (?:[Aa]bout )?(\d+) minutes", first)[1]
        (row,) = (line for line in README.splitlines() if line.startswith("| [") and f"(notebooks/{path.name})" in line)
        assert row.endswith(f"| {minutes} min |"), path.name


def test_ci_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.startswith("#!/usr/bin/env bash")
    assert TEST.removeprefix("python ") in script.splitlines()[-1]


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash on this machine")
def test_ci_script_is_valid_bash():
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT).returncode == 0


def test_workflow_tests_three_systems_and_two_pythons():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    assert {"push", "pull_request"} <= set(workflow[True])  # YAML reads the word `on` as true
    job = workflow["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    supported = [f"3.{minor}" for minor in range(set_up.OLDEST[1], set_up.NEWEST[1] + 1)]
    assert len(matrix["python"]) >= 2
    assert supported[0] in matrix["python"]
    assert set(matrix["python"]) <= set(supported)
    assert TEST in [step.get("run") for step in job["steps"]]
