"""A closed room for the code of students, made by bubblewrap (``bwrap``), where there is one.

Inside there is no network, no other process, nothing of the file system but what Python and the course need, and all
that is read-only; the working directory is new, small, in memory, and gone afterwards. `notebooks/homework/README.md`
says what that protects and what it does not. It knows nothing of notebooks: see `kernels`.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from course_utils.homework.limits import LIMITS, Limits
from course_utils.set_up import ROOT

LIMITED = Path(__file__).with_name("limited.py")
HOME = "/tmp/home"
# of the system: programs and libraries, and what they look up
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys/devices/system/cpu"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts", "/etc/localtime"),
)
COURSE = (ROOT / "course_utils", ROOT / "data" / "results" / "homework")
# Another user may not be allowed to read what only root may: then the room has to be made in the other way.
PROBE = f"""
import pathlib, course_utils.set_up
for folder in {[str(path) for path in COURSE]}:
    for path in pathlib.Path(folder).rglob("*.*"):
        path.is_dir() or path.open("rb").close()
"""
UNPROTECTED = (
    "NOT PROTECTED: {}. Submissions run as your own user, with limits on time and memory but with access to your "
    "files and the network."
)
ROOT_DROPPED, NAMESPACE = "another user", "a user namespace"


def way() -> str | None:
    """How rooms are made on this machine, None if they cannot be made: `why_not` says why."""
    return _found()[0]


def why_not() -> str:
    """One line for people: what keeps this machine from making rooms. An empty string if nothing does."""
    return _found()[1]


@functools.cache
def _found() -> tuple[str | None, str]:
    program = shutil.which("bwrap")
    if program is None:
        return None, "bubblewrap (bwrap) is not installed, or there is none for this system"
    is_root = os.geteuid() == 0
    complaint = ""
    for candidate in (ROOT_DROPPED, NAMESPACE) if is_root else (NAMESPACE,):
        with tempfile.TemporaryDirectory(prefix="course-") as shared:
            test = _bwrap([sys.executable, "-c", PROBE], Path(shared), candidate, LIMITS)
            done = subprocess.run(test, env=environment(HOME), capture_output=True, text=True)
        if done.returncode == 0:
            return candidate, ""
        complaint = complaint or (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
    return None, f"bubblewrap does not work here: {complaint}"


def command(argv: Sequence[str], shared: Path, limits: Limits = LIMITS) -> list[str]:
    """The command that runs `argv` in a room with the folder `shared` in it, under the same path, writable.

    Where there are no rooms, it only sets the limits that the system knows, and uses `shared` as its working
    directory. Give it `environment` as environment: it must not see ours.
    """
    if way() is not None:
        return _bwrap(argv, shared, way(), limits)
    settings = {"limits": {}, "user": None, "folder": str(shared / "work")}
    if os.name != "nt":
        settings["limits"] = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": limits.files}
        return [sys.executable, str(LIMITED), json.dumps(settings), *argv]
    return list(argv)  # Windows cannot become another program


def user() -> int | None:
    """The user that code runs as in a room made by root; None where it stays ours. A new one for each process."""
    return 20_000 + os.getpid() % 40_000 if way() == ROOT_DROPPED else None


def environment(home: str) -> dict[str, str]:
    """The environment variables inside: none of ours (they may hold secrets) but what Windows cannot do without."""
    kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "LANG")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": home,
        "USERPROFILE": home,
        "USER": "student",
        "LOGNAME": "student",
        "IPYTHONDIR": os.path.join(home, "ipython"),
        "TORCHINDUCTOR_CACHE_DIR": os.path.join(home, "inductor"),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONWARNINGS": "ignore",  # a warning is no mistake
    }


def _bwrap(argv: Sequence[str], shared: Path, way: str, limits: Limits) -> list[str]:
    """The command line of bubblewrap. The order counts: later mounts lie on top of earlier ones."""
    line = [shutil.which("bwrap"), "--die-with-parent", "--new-session", "--hostname", "homework"]
    line += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if way == ROOT_DROPPED:
        # root makes the room and `limited` leaves it to a user who owns nothing
        line += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/tmp", "/dev/shm"):
        line += ["--perms", "1777", "--size", str(limits.files), "--tmpfs", place]
    seen = [Path(path) for path in [*SYSTEM, *_python(), *COURSE]]
    links = [link for link in _links_to_python() if not set(link.parents) & set(seen)]
    # bubblewrap would make the folders on the way to them, too, but so that only root may pass
    for folder in sorted({parent for path in [*seen, *links] for parent in path.parents} - {Path("/")}):
        line += ["--perms", "0755", "--dir", str(folder)]
    for path in seen:
        line += ["--ro-bind-try", str(path), str(path)]
    for link in links:
        line += ["--symlink", os.readlink(link), str(link)]
    line += ["--bind", str(shared), str(shared), "--remount-ro", "/dev", "--remount-ro", "/"]
    settings = {
        "user": 20_000 + os.getpid() % 40_000 if way == ROOT_DROPPED else None,
        "folder": f"{HOME}/work",
        "limits": {
            "RLIMIT_DATA": limits.memory,  # not RLIMIT_AS: torch with CUDA reserves more addresses than any machine has
            "RLIMIT_FSIZE": limits.files,
            "RLIMIT_NPROC": limits.processes,
            "RLIMIT_NOFILE": 512,
            "RLIMIT_CPU": limits.notebook_seconds,
            "RLIMIT_CORE": 0,
        },
    }
    return [*line, "--", sys.executable, str(LIMITED), json.dumps(settings), *argv]


def _python() -> list[str]:
    """The folders of this Python and of its packages: of the environment, and of the installation below it."""
    installation = Path(os.path.realpath(sys.executable)).parent.parent
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    folders = list(dict.fromkeys([sys.prefix, sys.base_prefix, str(installation), *packages]))
    return [path for path in folders if not any(Path(other) in Path(path).parents for other in folders)]


def _links_to_python() -> Iterator[Path]:
    """The links on the way from the name of this Python to its file: an environment's points to that it was made of."""
    path = Path(sys.executable)
    while path.is_symlink():
        yield path
        path = path.parent / os.readlink(path)
