"""Steps of nbgrader, ours instead of its own where it trusts the submission: what is graded, and what counts as passed.

`RestoreCells` undoes what a student changed on cells that are not theirs, `ExecuteInSandbox` runs the notebook and
decides each test, `HideTests` makes the feedback. `settings` puts them in their places.
"""

import re
import secrets

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, Execute, NbGraderPreprocessor

from course_utils.homework import sandbox
from course_utils.homework.assignments import is_test, marks
from course_utils.homework.kernels import SandboxedKernelManager

REPORT = "homework"  # where the notebook's metadata says how its execution went
STOPPED = "Stopped"
SHOWN = 300  # characters of a message in the feedback


class RestoreCells(NbGraderPreprocessor):
    """All cells get the marks that the assignment gave them, and missing ones come back.

    nbgrader itself restores the text of locked cells, but believes the submission about which cells are tests, and
    skips cells with certain tags.
    """

    def preprocess(self, nb, resources):
        """Of a duplicate only the last counts; cells the assignment does not know are the student's own."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            known = _given_marks(gradebook.find_notebook(names["notebook"], names["assignment"]))
        place = {}
        for index, cell in enumerate(nb.cells):
            place[marks(cell).get("grade_id")] = index
        for index, cell in enumerate(nb.cells):
            grade_id = marks(cell).get("grade_id")
            given = known.get(grade_id) if place[grade_id] == index else None
            cell.metadata = NotebookNode({"nbgrader": given["marks"]} if given else {})
            if cell.cell_type != "code":
                # formgrader shows text where the grader is logged in: "< script>" is no tag to a browser
                cell.source = re.sub(r"<(?=[A-Za-z/!?])", "< ", cell.source)
        nb.metadata = NotebookNode({"kernelspec": nb.metadata.get("kernelspec", {})})
        _put_back_missing(nb.cells, known)
        return nb, resources


def _given_marks(notebook) -> dict[str, dict]:
    """grade_id -> the marks, the kind and the text of each cell of the assignment, in order."""
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    kinds = {
        "grade": {cell.name for cell in notebook.grade_cells},
        "solution": {cell.name for cell in notebook.solution_cells},
        "task": {cell.name for cell in notebook.task_cells},
    }
    known = {}
    for cell in notebook.source_cells:
        given = {kind: cell.name in names for kind, names in kinds.items()}
        given |= {"grade_id": cell.name, "locked": cell.locked, "schema_version": 3, "cell_type": cell.cell_type}
        given |= {"checksum": cell.checksum} if cell.checksum else {}
        given |= {"points": points[cell.name]} if cell.name in points else {}
        known[cell.name] = {"marks": NotebookNode(given), "cell_type": cell.cell_type, "source": cell.source}
    return known


def _put_back_missing(cells: list, known: dict[str, dict]) -> None:
    """Insert each missing cell behind the one that it followed; at the end, if that one is unknown as well."""
    at = None
    for grade_id, given in known.items():
        found = [index for index, cell in enumerate(cells) if marks(cell).get("grade_id") == grade_id]
        if found:
            at = found[0]
        elif not given["marks"]["solution"] or given["marks"]["grade"]:
            new = new_code_cell if given["cell_type"] == "code" else new_markdown_cell
            at = len(cells) if at is None else at + 1
            cells.insert(at, new(given["source"], metadata={"nbgrader": given["marks"]}))


# ---- running --------------------------------------------------------------------------------------------------------

# What the tests of all assignments lean on. Each of these claims is false: where one passes, somebody has changed what
# judges him. It cannot find everything: the student's code runs in the same process as the tests.
TRIPWIRE = """
def _tripwire():
    import sys
    claims = {
        "math": ["math.isclose(0, 1)"],
        "builtins": ["abs(-1) < 0.5", "all([True, False])", "any([False])", "max(0, 1) < 0.5", "isinstance(1, str)"],
        "numpy": ["numpy.allclose(0, 1)", "numpy.isclose(0, 1)", "numpy.testing.assert_allclose(0, 1) is None"],
        "torch": [
            "torch.allclose(torch.zeros(2), torch.ones(2))",
            "torch.equal(torch.zeros(2), torch.ones(2))",
            "torch.isclose(torch.zeros(2), torch.ones(2)).all()",
            "torch.zeros(2).allclose(torch.ones(2))",
            "torch.testing.assert_close(torch.zeros(2), torch.ones(2)) is None",
        ],
    }
    passed = []
    for module, lies in claims.items():
        for lie in lies if module in sys.modules else []:
            try:
                if eval(lie, {module: sys.modules[module]}):
                    passed.append(lie)
            except AssertionError:
                pass
    raise AssertionError("TOKEN" + "; ".join(passed))
_tripwire()
"""


class ExecuteInSandbox(Execute):
    """Runs the notebook in a sandbox. A test gives points only if the kernel said that its cell went through.

    nbgrader believes outputs instead: a test that was never run has passed, one that printed a warning has failed, and
    a number that was shown counts as points. A notebook that does not end, crashes or takes too much gets no points
    from tests: each one's output says why. How it went stands in the notebook's metadata under `REPORT`.
    """

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings, kernel_manager_class=SandboxedKernelManager)

    def preprocess(self, nb, resources, km=None):
        """Raises RuntimeError if the kernel does not even start: that is not the student's fault."""
        self._limits = SandboxedKernelManager.limits
        self.timeout = self._limits.cell_seconds
        self.shutdown_kernel, self.store_widget_state, self.record_timing = "immediate", False, False
        self.interrupt_on_timeout, self.skip_cells_with_tag = False, secrets.token_hex()
        if sandbox.why_not():
            self.log.warning(sandbox.UNPROTECTED.format(sandbox.why_not()))
        self._watchdog, self._replies, self._size, self._last = None, {}, 0, None
        token = secrets.token_hex()
        nb.cells.append(new_code_cell(TRIPWIRE.replace("TOKEN", token)))
        stopped = None
        try:
            nb, resources = super().preprocess(nb, resources, km)
        except (DeadKernelError, CellTimeoutError) as error:
            if self._last is None:
                raise
            stopped = self._why(error)
        finally:
            tripwire = nb.cells.pop()
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs = _outputs(cell, self._replies.get(index), stopped)
        nb.metadata[REPORT] = {
            "stopped": stopped,
            "doubtful": None if stopped else _doubts(tripwire, token),
            "cpu_seconds": round(self._watchdog.cpu_seconds, 1),
            "peak_memory": self._watchdog.peak_memory,
        }
        return nb, resources

    def create_kernel_manager(self):
        """Called by nbclient."""
        manager = super().create_kernel_manager()
        self._manager = manager
        return manager

    def preprocess_cell(self, cell, resources, index):
        """Called for each cell."""
        self._last = marks(cell).get("grade_id", f"number {index + 1}")
        self._watchdog = self._manager.watchdog
        return super().preprocess_cell(cell, resources, index)

    def process_message(self, msg, cell, cell_index):
        """Called for each message of the kernel: they stay in our memory, not in the kernel's.

        Widgets get no answer: nbclient would play the browser for them, which is not safe, and can hang.
        """
        if msg["msg_type"].startswith("comm"):
            return None
        self._size += _size(msg["content"])
        if self._size > self._limits.output:
            self._watchdog.stop(f"it showed more than {self._limits.output / 2**20:.0f} MB of output")
            return None
        return super().process_message(msg, cell, cell_index)

    def on_cell_executed(self, **settings):
        """Called after each cell with the kernel's answer."""
        super().on_cell_executed(**settings)
        self._watchdog.look()
        self._replies[settings["cell_index"]] = settings["execute_reply"]["content"]

    def _why(self, error: Exception) -> str:
        if self._watchdog.reason:
            return f"the notebook was stopped in cell {self._last}: {self._watchdog.reason}"
        if isinstance(error, CellTimeoutError):
            return f"the notebook was stopped: cell {self._last} did not end within {self.timeout} seconds"
        return f"the notebook crashed in cell {self._last}: it ended its own process, or was out of memory"


def _size(content) -> int:
    if isinstance(content, dict):
        return sum(map(_size, content.values()))
    return sum(map(_size, content)) if isinstance(content, list | tuple) else len(str(content))


def _outputs(cell: NotebookNode, reply: dict | None, stopped: str | None) -> list[NotebookNode]:
    """The outputs that are kept, so that nbgrader's verdict on a test is the kernel's: error or none.

    Nothing that a browser would run is kept: formgrader shows them where the grader is logged in.
    """
    kept = [output for output in map(_harmless, cell.outputs) if output is not None]
    if not is_test(cell):
        return kept
    kept = [output for output in kept if output.output_type != "error"]
    if stopped:
        return [new_output("error", ename=STOPPED, evalue=stopped, traceback=[f"{STOPPED}: {stopped}"]), *kept]
    if reply is None:
        return [new_output("error", ename=STOPPED, evalue="it was not run", traceback=["it was not run"]), *kept]
    if reply["status"] != "ok":
        name, value = str(reply.get("ename")), str(reply.get("evalue"))
        lines = [str(line) for line in reply.get("traceback", [])] or [f"{name}: {value}"]
        return [new_output("error", ename=name, evalue=value, traceback=lines), *kept]
    return kept


def _harmless(output: NotebookNode) -> NotebookNode | None:
    if output.output_type == "stream":
        output.name = "stdout"  # to nbgrader, text on stderr is a failed test
    elif output.output_type in ("display_data", "execute_result"):
        kinds = ("text/plain", "image/png", "image/jpeg")
        data = {kind: output.data[kind] for kind in kinds if kind in output.data}
        # as a result, a number would be points
        return new_output("display_data", data=data) if data else None
    return output


def _doubts(tripwire: NotebookNode, token: str) -> str | None:
    """What is wrong with the judges in this kernel, None if nothing was found."""
    said = [output.evalue for output in tripwire.outputs if output.output_type == "error"]
    if said == [token]:
        return None
    found = said[0].removeprefix(token) if said and said[0].startswith(token) else ""
    return f"the notebook changed what judges it ({found or 'errors do not arrive'})"


# ---- feedback -------------------------------------------------------------------------------------------------------


class HideTests(NbGraderPreprocessor):
    """What students may see of their graded notebook: no hidden test, no mark scheme, of outputs only the messages.

    Their own outputs they have; here they could show what their code has read of the tests while it ran.
    """

    def preprocess(self, nb, resources):
        """Messages are shortened, and lines of hidden tests in them are blacked out."""
        secret = hidden_lines(nb)
        for cell in nb.cells:
            if cell.cell_type == "code":
                errors = [output for output in cell.outputs if output.output_type == "error"]
                cell.outputs = [_message(error, secret) for error in errors[:1]]
        for step in (ClearHiddenTests(enforce_metadata=False), ClearMarkScheme()):
            nb, resources = step.preprocess(nb, resources)
        return nb, resources


def hidden_lines(notebook: NotebookNode) -> set[str]:
    """The lines of the hidden tests of a notebook, without indentation; the short ones say nothing."""
    lines, inside = set(), False
    for line in "\n".join(cell.source for cell in notebook.cells if is_test(cell)).splitlines():
        if "BEGIN HIDDEN TESTS" in line or "END HIDDEN TESTS" in line:
            inside = "BEGIN" in line
        elif inside and len(line.strip()) > 12:
            lines.add(line.strip())
    return lines


def _message(error: NotebookNode, secret: set[str]) -> NotebookNode:
    text = re.sub(r"\x1b\[[\d;]*m", "", f"{error.ename}: {error.evalue}")
    for line in secret:
        text = text.replace(line, "[...]")
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]} [...]"
    return new_output("error", ename=error.ename[:60], evalue="", traceback=[text])
