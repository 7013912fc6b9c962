"""How much one submission may take. What takes more is stopped, and gets no points from the tests."""

from dataclasses import dataclass

MEBI = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits for one notebook. `memory` counts all processes of the submission together."""

    cell_seconds: int = 60
    notebook_seconds: int = 180
    memory: int = 4096 * MEBI
    processes: int = 200  # threads count as well
    files: int = 256 * MEBI  # all that it writes; they live in memory
    output: int = 10 * MEBI  # of all cells together


LIMITS = Limits()
