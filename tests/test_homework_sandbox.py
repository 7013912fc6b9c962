"""The room in which the code of students runs: what it can see and do there, and how much it can take."""

import json
import os
import subprocess
import sys
import time

import pytest

from course_utils.homework import hostile, sandbox
from course_utils.homework.limits import MEBI, Limits
from course_utils.homework.watchdog import Watchdog
from course_utils.set_up import ROOT

closed = pytest.mark.skipif(sandbox.way() is None, reason=f"no sandbox here: {sandbox.why_not()}")
as_root = sandbox.way() == sandbox.NAMESPACE and os.geteuid() == 0
SMALL = Limits(cell_seconds=5, notebook_seconds=10, memory=512 * MEBI, processes=30, files=8 * MEBI)


def inside(code: str, shared, limits: Limits = SMALL) -> subprocess.CompletedProcess:
    """Run code in a room."""
    if (user := sandbox.user()) is not None:
        os.chown(shared, user, user)
    command = sandbox.command([sys.executable, "-c", code], shared, limits)
    environment = sandbox.environment(sandbox.HOME)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_where_there_should_be_a_sandbox_there_is_one():
    """CI installs bubblewrap and sets this, so that the tests below are not left out there."""
    if os.environ.get("COURSE_SANDBOX") == "required":
        assert sandbox.way() is not None, sandbox.why_not()


@closed
def test_a_python_behind_several_links_is_found(tmp_path, monkeypatch):
    """pyenv, stow and others put links between an environment and the Python it was made of."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "python").symlink_to(sys.executable)
    (tmp_path / "python").symlink_to("elsewhere/python")
    monkeypatch.setattr(sandbox.sys, "executable", str(tmp_path / "python"))
    (tmp_path / "shared").mkdir()
    assert inside("print(6 * 7)", tmp_path / "shared").stdout == "42\n"


@closed
def test_what_code_sees_inside(tmp_path):
    code = f"""
import json, os, pathlib
root = pathlib.Path({str(ROOT)!r})
print(json.dumps({{
    "course": sorted(path.name for path in root.iterdir()),
    "top": os.listdir("/"),
    "me": os.getuid(),
    "processes": sorted(name for name in os.listdir("/proc") if name.isdigit()),
    "environment": dict(os.environ),
    "here": os.getcwd(),
    "files": os.listdir("."),
    "names": open("/proc/net/dev").read(),
}}))
"""
    seen = json.loads(inside(code, tmp_path).stdout)
    assert set(seen["course"]) <= {"course_utils", "data", ".venv"}
    assert "home" not in seen["top"]
    assert seen["me"] != os.getuid()
    assert len(seen["processes"]) <= 2
    assert seen["here"] == "/tmp/home/work"
    assert seen["files"] == []
    assert [line.split(":")[0].strip() for line in seen["names"].splitlines()[2:]] in ([], ["lo"])


@closed
def test_secrets_in_our_environment_stay_outside(tmp_path, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "s3cret")
    code = "import os, glob; print(os.environ)\nfor f in glob.glob('/proc/*/environ'):\n  try: print(open(f).read())\n"
    done = inside(code + "  except OSError: pass", tmp_path)
    assert "HOME" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


@closed
@pytest.mark.parametrize(
    "attack",
    [
        "reads the instructor's files",
        "deletes its folder and writes outside",
        "uses the network",
        "reaches other processes",
    ],
)
def test_attacks_do_nothing(attack, tmp_path):
    done = inside(hostile.OTHERS[attack] + "\nprint('done')", tmp_path)
    assert done.stdout.strip() == "done", done.stderr
    assert (ROOT / "course_utils" / "__init__.py").is_file()
    assert not (ROOT / "homework_was_here").exists()


@closed
def test_these_attacks_would_succeed_without_a_sandbox():
    """Else the test above would show nothing: this file can be read out here, and there are other processes."""
    assert any((ROOT / "notebooks" / "homework").iterdir())
    assert os.path.exists("/etc/passwd")


@closed
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = bytearray(2**30)", "MemoryError"),
        ("open('x', 'wb').write(bytes(2**24))", "OSError"),
        ("for i in range(9): open(f'x{i}', 'wb').write(bytes(2**22))", "OSError"),
        ("for i in range(9): open(f'/dev/shm/x{i}', 'wb').write(bytes(2**22))", "OSError"),
        pytest.param(
            "import os, time\nfor i in range(99):\n  if os.fork() == 0: time.sleep(2); os._exit(0)",
            "BlockingIOError",
            marks=pytest.mark.skipif(as_root, reason="Linux counts no processes of root; the watchdog does"),
        ),
        ("import os; os.setuid(0)", "Error"),
        ("open('/usr/x', 'w')", "Read-only file system"),
        ("open('/x', 'w')", "Read-only file system"),
    ],
)
def test_too_much_is_an_error_inside(code, error, tmp_path):
    done = inside(code, tmp_path)
    assert done.returncode != 0
    assert error in done.stderr


@closed
def test_processor_time_is_limited(tmp_path):
    done = inside("while True: pass", tmp_path, Limits(notebook_seconds=1))
    assert done.returncode not in (0, None)


# ---- the watchdog -------------------------------------------------------------------------------------------------


def watched(code: str, limits: Limits) -> Watchdog:
    """Run code with a watchdog, outside of any room; returns the watchdog when the code has ended."""
    process = subprocess.Popen([sys.executable, "-c", code])
    watchdog = Watchdog(process.pid, limits)
    watchdog.start()
    try:
        process.wait(30)
    finally:
        watchdog.kill()
        watchdog.finish()
    return watchdog


def test_the_watchdog_stops_what_takes_too_much_memory():
    """Also memory that no limit of a process counts: shared, and in children."""
    code = "import mmap, time\nm = mmap.mmap(-1, 2**28)\nfor i in range(0, 2**28, 4096): m[i] = 1\ntime.sleep(20)"
    watchdog = watched(code, Limits(memory=128 * MEBI))
    assert "memory" in watchdog.reason
    assert watchdog.peak_memory > 128 * MEBI


def test_the_watchdog_stops_what_takes_too_long():
    started = time.monotonic()
    assert "1 seconds" in watched("import time; time.sleep(20)", Limits(notebook_seconds=1)).reason
    assert time.monotonic() - started < 10


def test_the_watchdog_leaves_others_alone():
    watchdog = watched("sum(range(10**7)); import time; time.sleep(0.5)", Limits())
    assert watchdog.reason is None
    assert watchdog.cpu_seconds > 0


# ---- where there is none --------------------------------------------------------------------------------------------


@pytest.fixture
def no_bubblewrap(monkeypatch):
    monkeypatch.setattr(sandbox, "_found", lambda: (None, "bubblewrap (bwrap) is not installed"))


def test_without_bubblewrap_code_runs_in_a_process_of_its_own(no_bubblewrap, tmp_path):
    command = sandbox.command([sys.executable, "-c", "import os; print(os.getpid())"], tmp_path)
    done = subprocess.run(command, env=sandbox.environment(str(tmp_path)), capture_output=True, text=True)
    assert int(done.stdout) != os.getpid()
    assert "not installed" in sandbox.why_not()


def test_a_bubblewrap_that_does_not_work_is_noticed(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'no permissions to create a namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(broken))
    if os.name == "nt":
        pytest.skip("there is no bubblewrap for Windows")
    way, why = sandbox._found.__wrapped__()
    assert way is None
    assert "no permissions" in why
