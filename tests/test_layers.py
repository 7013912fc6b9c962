"""The modules of the package import each other in the direction that its docstring promises."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import course_utils

PACKAGE = Path(course_utils.__file__).parent
# For pictures and notebooks only: never needed to train or to measure.
FOR_PICTURES = {"matplotlib", "seaborn", "IPython", "ipywidgets"}


def documented_layers() -> dict[str, int]:
    """Module -> its line in the docstring of the package."""
    lines = re.findall(r"^    (.+)$", course_utils.__doc__, re.MULTILINE)
    return {name: i for i, line in enumerate(lines) for name in line.split()}


def module_level_imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports outside of functions, the names after `from ... import` included."""
    for node in outside_functions(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from outside_functions(child)


def module_of(path: Path) -> str:
    """The name of the module, or of the subpackage, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
MODULES = {module_of(path) for path in FILES}


def uses(path: Path) -> set[str]:
    """The other modules of the package that a file imports."""
    parts = [name.split(".") for name in module_level_imports(path)]
    return {p[1] for p in parts if p[0] == "course_utils" and len(p) > 1} & MODULES - {module_of(path)}


def test_every_module_is_documented():
    assert set(documented_layers()) == MODULES, "name every module in the docstring of course_utils/__init__.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_uses_the_lines_above_it(path):
    layers = documented_layers()
    below = {name for name in uses(path) if layers[name] > layers[module_of(path)]}
    assert not below, f"{path.name} imports from below: {below}"


def test_no_cycles():
    graph: dict[str, set[str]] = {}
    for path in FILES:
        graph.setdefault(module_of(path), set()).update(uses(path))
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
    assert order.index("methods") < order.index("training") < order.index("experiments")


def test_what_trains_and_measures_does_not_need_pictures():
    last = documented_layers()["experiments"]
    for path in FILES:
        if documented_layers()[module_of(path)] <= last:
            imported = {name.split(".")[0] for name in module_level_imports(path)}
            assert not imported & FOR_PICTURES, f"{path.name} imports {imported & FOR_PICTURES}"
