"""The set-up that `python -m course_utils` does by itself: uv, `.venv` from `uv.lock`, and the way into it.

Standard library only, and no syntax newer than Python 3.8 (see `__main__`).
"""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The Pythons of pyproject.toml's requires-python.
OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
SUFFIX = ".exe" if os.name == "nt" else ""
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / PROGRAMS / ("python" + SUFFIX)
OWN_UV = ROOT / ".uv" / PROGRAMS / ("uv" + SUFFIX)
# Holds the hash of the uv.lock that .venv was made from. While it agrees, .venv is not touched: the course starts
# without a network, and packages that somebody replaced by hand (a CUDA build of torch) stay.
STAMP = VENV / "course-lock.sha256"
# Set for the process started in .venv: if that one still finds nothing installed, another try would not help.
HANDED_OVER = "COURSE_UTILS_HANDED_OVER"


def check_python():
    """Stop with a clear message on a Python that the course's packages do not support."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            "The course needs Python {}.{} to {}.{}, this is Python {}.{}. Install one of those from python.org "
            "and run the same command with it, for example: python3.12 -m course_utils".format(
                *OLDEST, *NEWEST, *sys.version_info[:2]
            )
        )


def is_done_here():
    """Whether this interpreter has the course installed: in .venv and up to date, or in any other environment."""
    handed_over = os.environ.pop(HANDED_OVER, None)
    try:
        importlib.metadata.distribution("course-utils")
    except importlib.metadata.PackageNotFoundError:
        if handed_over:
            sys.exit(f"The environment in .venv is damaged: delete the folder {VENV} and start again.")
        return False
    stamped = Path(sys.prefix).resolve() == VENV.resolve() and STAMP.is_file()
    return not stamped or _is_current()


def install():
    """Make .venv as uv.lock says. Does nothing, and needs no network, if that was done for this very lock."""
    if VENV_PYTHON.exists() and _is_current():
        return
    print("Setting the course up in .venv: a few minutes and some gigabytes the first time.", flush=True)
    command = [find_uv() or _install_uv(), "sync", "--locked", "--all-extras"]
    if not VENV_PYTHON.exists():
        command += ["--python", sys.executable]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    if subprocess.call(command, cwd=str(ROOT), env=environment):
        sys.exit(
            "The set-up did not finish; uv says above why. The usual causes: no network (the first start needs one), "
            "a full disk (Linux needs 8 GB, for CUDA), a proxy that has to be named in HTTPS_PROXY. "
            "Then run the same command again: it goes on where it stopped."
        )
    STAMP.write_text(_lock_hash())


def find_uv():
    """The path of a uv that works: the one on PATH, else our own in .uv; None if there is neither."""
    for uv in (shutil.which("uv"), str(OWN_UV)):
        if uv and os.path.exists(uv) and subprocess.call([uv, "--version"], **_QUIET) == 0:
            return uv
    return None


def continue_in_venv(arguments):
    """Go on with these arguments in .venv's Python."""
    os.environ[HANDED_OVER] = "1"
    return hand_over([str(VENV_PYTHON), "-m", "course_utils", *arguments])


def hand_over(command):
    """Become another program. Windows cannot: there it is started, waited for, and its exit code returned."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    return wait_for(subprocess.Popen(command))


def wait_for(process):
    """The exit code of a process. Ctrl-C reaches it too: let it finish in its own way."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _lock_hash():
    return hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()


def _is_current():
    return STAMP.is_file() and STAMP.read_text() == _lock_hash()


def _install_uv():
    """Install uv with pip into a small environment of its own, .uv, and return its path."""
    folder = OWN_UV.parent.parent
    print("Installing uv (the tool that installs the rest) in .uv", flush=True)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(folder)], stdout=subprocess.DEVNULL):
        shutil.rmtree(str(folder), ignore_errors=True)
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv. "
            "Or install uv yourself (https://docs.astral.sh/uv). Then run the same command again."
        )
    pip = [str(OWN_UV.with_name("python" + SUFFIX)), "-m", "pip", "install", "--quiet", "uv"]
    if subprocess.call(pip):
        sys.exit(
            "pip could not install uv; it says above why. The first start needs a network (behind a proxy, name it in "
            "HTTPS_PROXY). Or install uv yourself (https://docs.astral.sh/uv). Then run the same command again."
        )
    return str(OWN_UV)
