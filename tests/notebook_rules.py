"""The rules that every committed notebook keeps. Each function takes a notebook and yields what is wrong with it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent

# Text that a stored output must not contain, and why.
FORBIDDEN_OUTPUT = {
    r"(?<![\w.])/(home|root|work|tmp|Users|usr|opt|mnt|var)/\w": "an absolute path",
    r"\b[A-Za-z]:\\\w": "an absolute path",
    r"https?://(?!arxiv\.org|doi\.org|github\.com|pytorch\.org)[\w.-]+|pythonhosted|localhost": "the name of a host",
    r"\b\w*Warning\b": "a warning",
    r"Traceback \(most recent call last\)": "a traceback",
    r"\d+%\|": "a progress bar",
    r"\d(it|step|steps)/s\b|s/(it|step)\b": "a progress bar",
}


def read(path: Path) -> NotebookNode:
    """A notebook as it is in the file: `nbformat.read` would repair some of what the rules look for."""
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def tree(cell: NotebookNode) -> ast.Module:
    """A code cell as a syntax tree; lines for IPython (% and !) count as empty."""
    return ast.parse(re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE))


def valid(notebook: NotebookNode) -> Iterator[str]:
    """Format 4.5 with cell ids, and the kernel every Jupyter has."""
    ids = [cell.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        yield "cells without an id, or two with the same"
        return  # nbformat would repair that, and complain about nothing
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        yield f"format {notebook.nbformat}.{notebook.nbformat_minor}, but cell ids need 4.5"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"


def executed_in_order(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell was run once, from top to bottom, in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not executed from top to bottom in a fresh kernel: the counts are {counts}"


def clean_outputs(notebook: NotebookNode) -> Iterator[str]:
    """No errors, nothing on stderr, nothing that belongs to one machine or one moment."""
    for i, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"code cell {i} failed: {output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                yield f"code cell {i} wrote to stderr: {output.text[:80]!r}"
            text = output_text(output)
            for pattern, what in FORBIDDEN_OUTPUT.items():
                if found := re.search(pattern, text):
                    yield f"the output of code cell {i} shows {what}: {found.group()!r}"


def output_text(output: NotebookNode) -> str:
    """All text of an output, of every MIME type that is text."""
    data = output.get("data", {})
    parts = [data[kind] for kind in data if kind.startswith("text/")]
    return "\n".join([output.get("text", ""), *parts])


def images_described(notebook: NotebookNode) -> Iterator[str]:
    """Every picture in an output has alt text."""
    for i, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            for kind in output.get("data", {}):
                alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
                if kind.startswith("image/") and not alt.strip():
                    yield f"a picture of code cell {i} has no alt text: show it with notebook.show"


def checked_cells(notebook: NotebookNode) -> Iterator[str]:
    """At least three cells whose output is compared by the tests, each with an output to compare."""
    checked = [cell for cell in code_cells(notebook) if cell.source.startswith("# NBVAL_CHECK_OUTPUT")]
    if len(checked) < 3:
        yield f"only {len(checked)} cells start with '# NBVAL_CHECK_OUTPUT'; three are needed"
    for cell in checked:
        if not cell.outputs:
            yield f"a checked cell has no output: {cell.source.splitlines()[-1]!r}"


def no_mode_branches(notebook: NotebookNode) -> Iterator[str]:
    """The code is the same in every mode: only the budgets of the recipes change."""
    for i, cell in enumerate(code_cells(notebook), 1):
        if "COURSE_MODE" in cell.source:
            yield f"code cell {i} reads COURSE_MODE"
        for node in ast.walk(tree(cell)):
            is_branch = isinstance(node, ast.If | ast.IfExp | ast.While)
            if is_branch and re.search(r"\bmode\b", ast.unparse(node.test)):
                yield f"code cell {i} branches on the mode"
            if isinstance(node, ast.Match) and re.search(r"\bmode\b", ast.unparse(node.subject)):
                yield f"code cell {i} branches on the mode"


def claims(notebook: NotebookNode) -> Iterator[str]:
    """A tag `claim-C12` or `claim-E3` sits on a cell that gives this very claim's verdict, and the other way round."""
    for i, cell in enumerate(code_cells(notebook), 1):
        tagged = {tag.removeprefix("claim-") for tag in tags(cell) if tag.startswith("claim")}
        for claim in sorted(tagged):
            if not re.fullmatch(r"C\d\d|E\d{1,2}", claim):
                yield f"code cell {i}: {claim!r} is not the name of a claim"
        given = set(verdicts(cell))
        if tagged != given:
            yield f"code cell {i} is tagged for {sorted(tagged)} but gives a verdict on {sorted(given)}"


def verdicts(cell: NotebookNode) -> Iterator[str]:
    """The claims that a cell calls `verdict` for."""
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "verdict" and node.args:
            yield ast.literal_eval(node.args[0])


# ---- code that is shown and code that runs ----------------------------------------------------------------------


def shown_code(notebook: NotebookNode) -> Iterator[str]:
    """What a cell tagged `shown-code` defines is, statement for statement, the package's own code."""
    package = package_functions()
    for i, cell in enumerate(code_cells(notebook), 1):
        if "shown-code" not in tags(cell):
            continue
        shown = list(shown_functions(cell))
        if not shown:
            yield f"code cell {i} is tagged shown-code but defines no function"
        for name, function in shown:
            candidates = package.get(name, [])
            if not candidates:
                yield f"code cell {i} shows {name}, which the package does not have"
            elif normal_form(function) not in map(normal_form, candidates):
                yield f"code cell {i} shows a {name} that differs from the package's"


def shown_functions(cell: NotebookNode) -> Iterator[tuple[str, ast.FunctionDef]]:
    """(the package's name for it, the function) of each function a cell defines: `AAE.training_step`, `mmd2`."""
    body = tree(cell).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    methods = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            methods[node.value.id] = ast.unparse(node.targets[0])
    for name, function in functions.items():
        yield methods.get(name, name), function


def package_functions() -> dict[str, list[ast.FunctionDef]]:
    """All functions of the package by name, `Class.method` or `function`; several where modules share a name."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append(node)
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.FunctionDef):
                        found.setdefault(f"{node.name}.{part.name}", []).append(part)
    return found


def normal_form(function: ast.FunctionDef) -> str:
    """A function's code without its name, docstrings and annotations; comments and layout are gone anyway."""
    function = ast.parse(ast.unparse(function)).body[0]
    function.name = "f"
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(function)


# ---- exercises --------------------------------------------------------------------------------------------------

EXERCISE = re.compile(r"^#{2,4}\s+Exercise\s+(\d+)", re.MULTILINE)
SOLUTION = re.compile(r"^#{1,4}\s+(?:Solution(?:\s+(?:to|of)\s+[Ee]xercise)?|Exercise)\s+(\d+)", re.MULTILINE)


def headings(notebook: NotebookNode, pattern: re.Pattern) -> list[int]:
    """The numbers in the headings of a kind."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [int(number) for number in pattern.findall(text)]


def exercises_solved(notebook: NotebookNode, solutions: NotebookNode | None) -> Iterator[str]:
    """Exercises are numbered 1, 2, 3 ..., and the notebook of solutions has a heading for each."""
    exercises = headings(notebook, EXERCISE)
    if exercises != list(range(1, len(exercises) + 1)):
        yield f"the exercises are numbered {exercises}"
    solved = headings(solutions, SOLUTION) if solutions else []
    if missing := sorted(set(exercises) - set(solved)):
        yield f"no solution for exercise {', '.join(map(str, missing))}"
    if extra := sorted(set(solved) - set(exercises)):
        yield f"a solution for an exercise that is not there: {', '.join(map(str, extra))}"
