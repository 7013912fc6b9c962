"""A Jupyter kernel in a sandbox, under a watchdog. Its messages go through sockets in a folder: it has no network."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

from course_utils.homework import sandbox
from course_utils.homework.limits import LIMITS
from course_utils.homework.watchdog import Watchdog


class SandboxedKernelManager(AsyncKernelManager):
    """Starts the kernel of this very Python in a sandbox, whatever the notebook names; for nbclient and nbgrader.

    watchdog: the `Watchdog` of the kernel, once it has been started.
    """

    limits = LIMITS
    watchdog: Watchdog | None = None

    def __init__(self, **settings):
        super().__init__(**settings)
        # a short path: those of sockets may have a hundred characters
        self._shared = Path(os.path.realpath(tempfile.mkdtemp(prefix="course-")))
        self.connection_file = str(self._shared / "kernel.json")
        if sandbox.way() is not None:
            self.transport, self.ip = "ipc", str(self._shared / "socket")

    async def _async_launch_kernel(self, kernel_cmd, **settings) -> None:
        """Called by start_kernel, with the connection file written."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file]
        argv += ["--HistoryManager.enabled=False"]
        home = sandbox.HOME if sandbox.way() else str(self._shared / "home")
        fonts = self._shared / "matplotlib"
        shutil.copytree(_known_fonts(), fonts, ignore=lambda _, names: {n for n in names if "fontlist" not in n})
        if (user := sandbox.user()) is not None:
            for path in (self._shared, *self._shared.rglob("*")):
                os.chown(path, user, user)
        settings |= {"env": sandbox.environment(home) | {"MPLCONFIGDIR": str(fonts)}, "cwd": str(self._shared)}
        settings |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # else it would look for its parent by a number that means another process inside
        settings["independent"] = True
        await super()._async_launch_kernel(sandbox.command(argv, self._shared, self.limits), **settings)
        self.watchdog = Watchdog(self.provisioner.pid, self.limits)
        self.watchdog.start()

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        if self.watchdog is not None:
            self.watchdog.finish()
            self.watchdog.kill()
        await super()._async_cleanup_resources(restart=restart)
        shutil.rmtree(self._shared, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


def _known_fonts() -> str:
    """The folder where matplotlib keeps its list of fonts; a kernel that finds none spends seconds on making it."""
    import matplotlib

    folder = matplotlib.get_cachedir()
    if not list(Path(folder).glob("fontlist*")):
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=False)
    return folder
