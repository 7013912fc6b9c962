"""Watches the processes of one submission from outside: how much they take, and that they do not take too much."""

import threading
import time

import psutil  # ipykernel brings it

from course_utils.homework.limits import MEBI, Limits

SECONDS = 0.2  # between two looks; memory fills at a few GB a second


class Watchdog(threading.Thread):
    """Looks at a process and its children until it is `finish`ed; ends them all if they pass a limit.

    reason: why it ended them, None if it did not. peak_memory (bytes, all processes together) and cpu_seconds are as
    of its last look.
    """

    def __init__(self, pid: int, limits: Limits):
        super().__init__(daemon=True)
        self.limits, self.reason = limits, None
        self.peak_memory = 0
        self._root = psutil.Process(pid)
        self._begun, self._cpu = time.monotonic(), {}
        self._finished = threading.Event()

    @property
    def cpu_seconds(self) -> float:
        """Of all processes seen."""
        return sum(self._cpu.values())

    def run(self) -> None:
        """Look, again and again."""
        while not self._finished.wait(SECONDS):
            self.look()

    def look(self) -> None:
        """Measure once, and stop what has passed a limit."""
        memory, family = 0, self._family()
        for process in family:
            try:
                memory += process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
            except psutil.Error:  # it has ended
                continue
        self.peak_memory = max(self.peak_memory, memory)
        if memory > self.limits.memory:
            self.stop(f"it used more than {self.limits.memory / MEBI:.0f} MB of memory")
        elif len(family) > self.limits.processes:
            self.stop(f"it started more than {self.limits.processes} processes")
        elif time.monotonic() - self._begun > self.limits.notebook_seconds:
            self.stop(f"it did not end within {self.limits.notebook_seconds} seconds")

    def stop(self, reason: str) -> None:
        """End all processes, for this reason (the first one counts)."""
        self.reason = self.reason or reason
        self.kill()

    def kill(self) -> None:
        """End all processes. In a sandbox, nothing outlives the first of them."""
        for process in self._family():
            try:
                process.kill()
            except psutil.Error:
                continue

    def finish(self) -> None:
        """Stop watching."""
        self._finished.set()

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []
