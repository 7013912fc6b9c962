"""How much a right number varies: the reference solution's numbers over many seeds, and the tolerances from them."""

import json
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from course_utils import results

FOLDER = results.ROOT / "homework"
DEVIATIONS = 4  # a tolerance reaches this many standard deviations to both sides of the mean


def bounds(assignment: str, name: str) -> tuple[float, float]:
    """The lowest and the highest value of a number that counts as right: mean ± 4 standard deviations over the seeds.

    Raises FileNotFoundError or KeyError for a number that was not measured.
    """
    values = json.loads((FOLDER / f"{assignment}.json").read_text(encoding="utf-8"))["numbers"][name]
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    return mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation


def within(assignment: str, name: str, value: float) -> bool:
    """Whether a number is one that a right solution could have given."""
    low, high = bounds(assignment, name)
    return low <= float(value) <= high


def measure(assignment: str, seeds: Sequence[int]) -> Path:
    """Run the reference solution's experiments (`measure` of its trials) for each seed and store the numbers."""
    import torch

    from course_utils import runtime
    from course_utils.homework import assignments, trials

    measure_one = trials.load(assignment).measure
    names = trials.Run().execute(assignments.source(assignment).cells).names
    rows = [measure_one(names, seed) for seed in seeds]
    file = FOLDER / f"{assignment}.json"
    results.save(
        file,
        {
            "what": f"numbers of the reference solution of {assignment}, one for each seed",
            "seeds": list(seeds),
            "numbers": {name: [float(row[name]) for row in rows] for name in rows[0]},
            "hardware": runtime.hardware(torch.device("cpu")),
            "date": datetime.now(UTC).date().isoformat(),
        },
    )
    file.chmod(0o644)  # notebooks that are graded run as another user
    for name in rows[0]:
        low, high = bounds(assignment, name)
        print(f"{assignment} {name}: {low:.4g} to {high:.4g}")
    return file
