"""JupyterLab in a real browser: the course opens, a notebook runs from top to bottom, its widgets answer."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import browser
import playwright.sync_api
import pytest

from course_utils.set_up import ROOT

PATIENCE = 180_000  # milliseconds; against a test that never ends, no measure of speed
LESSON = "08_imposed_priors.ipynb"  # trains for seconds in the fast mode, and has widgets


@contextmanager
def serving(arguments: list[str], folder: Path):
    """The address of a JupyterLab server, with settings of its own in this folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", "--no-browser"]
    options += ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--ServerApp.allow_root=True"]
    places = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **places, "COURSE_MODE": "fast", "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen([*arguments, *options], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server, folder / "log.txt")
            yield address
        finally:
            _end(server)


def _end(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(30)  # it ends its kernels first
    except subprocess.TimeoutExpired:  # a server that is told to end while it starts a kernel may wait for ever
        server.kill()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/api").read()
            return
        except urllib.error.URLError:
            assert server.poll() is None, f"JupyterLab ended: {log.read_text()[-2000:]}"
            time.sleep(0.2)
    raise TimeoutError(f"JupyterLab does not answer: {log.read_text()[-2000:]}")


CODE_CELLS = (
    "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells"
    ".filter(cell => cell.cell_type === 'code' && cell.source.trim())"
)
# the command's promise may be kept before the page has heard of the last cell; a cell that fails ends the run
RAN = f"{CODE_CELLS}.every(c => c.execution_count) || {CODE_CELLS}.some(c => c.outputs.some(o => o.ename))"


def click(page, selector: str) -> None:
    """Click when it can be clicked. Raises AssertionError with the words of a dialog that is in the way."""
    try:
        page.click(selector, timeout=PATIENCE)
    except playwright.sync_api.TimeoutError as error:
        raise AssertionError(f"in the way: {page.locator('dialog').all_inner_texts()}") from error


def run_all(page) -> None:
    """Run all cells, as the menu does, and wait for the end.

    The kernel's connection has to stand first: the tool bar calls it idle too early, and then nothing would run.
    """
    kernel = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"
    page.wait_for_function("window.jupyterapp !== undefined", timeout=PATIENCE)
    page.evaluate("window.jupyterapp.restored")
    connected = f"{kernel}?.connectionStatus === 'connected' && {kernel}.status === 'idle'"
    page.wait_for_function(connected, timeout=PATIENCE)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(RAN, timeout=PATIENCE)


def counts(page) -> list[int | None]:
    """The execution count of each code cell with a source, None where it has not run."""
    return page.evaluate(f"{CODE_CELLS}.map(cell => cell.execution_count)")


def errors(page) -> list[str]:
    """What cells of the notebook raised or wrote to stderr."""
    outputs = f"{CODE_CELLS}.flatMap(cell => cell.outputs)"
    return page.evaluate(f"{outputs}.filter(o => o.ename || o.name === 'stderr').map(o => o.evalue || String(o.text))")


def test_the_command_of_the_readme_opens_the_first_notebook(tmp_path):
    with serving([sys.executable, "-m", "course_utils", "open"], tmp_path) as address, browser.opened() as (page, said):
        page.goto(address)  # the server knows where the course begins
        page.wait_for_selector(".jp-Notebook h1", timeout=PATIENCE)
        assert "Start here" in page.inner_text(".jp-Notebook h1")
        settings = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent)")
        assert settings["news"]["disabled"], "JupyterLab asks whether its news should be shown"
        assert said == []


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A lesson in JupyterLab, all cells run; what the page complained about, its server still up."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "course").mkdir()
    shutil.copy(ROOT / "notebooks" / LESSON, folder / "course")  # the page saves what it shows
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder / 'course'}"]
    with serving(command, folder) as address, browser.opened() as (page, said):
        page.goto(f"{address}/lab/tree/{LESSON}?reset")
        page.wait_for_selector(".jp-Notebook", timeout=PATIENCE)
        run_all(page)
        yield page, said


def test_a_notebook_runs_from_top_to_bottom(lesson):
    page, _ = lesson
    assert errors(page) == []
    n = len(counts(page))
    assert n > 20
    assert counts(page) == list(range(1, n + 1))


def test_a_slider_moves_and_the_picture_changes(lesson):
    page, _ = lesson
    page.evaluate("document.querySelector('.jp-Notebook .widget-image')?.scrollIntoView()")
    picture = page.locator(".jp-Notebook img.widget-image").first
    picture.scroll_into_view_if_needed(timeout=PATIENCE)
    before = picture.get_attribute("src")
    page.locator(".jp-Notebook .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([image, old]) => image.src !== old", arg=[picture.element_handle(), before])


def test_a_click_on_the_map_of_codes_goes_there(lesson):
    page, _ = lesson
    walker = page.locator(".jp-Notebook .jupyter-widgets", has=page.locator("canvas[title^='Map of codes']")).last
    canvas, picture = walker.locator("canvas").last, walker.locator("img.widget-image")
    canvas.scroll_into_view_if_needed()
    before = picture.get_attribute("src")
    canvas.click(position={"x": 120, "y": 250})
    page.wait_for_function("([image, old]) => image.src !== old", arg=[picture.element_handle(), before])


def test_no_errors_in_the_console(lesson):
    _, said = lesson
    assert said == []
