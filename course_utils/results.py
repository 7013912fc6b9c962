"""The stored results: one JSON file a run under `data/results/<recipe>/`, and the tables made from them."""

import json
import math
import statistics
from pathlib import Path

from course_utils.files import write_whole

ROOT = Path(__file__).resolve().parent.parent / "data" / "results"


def path(recipe: str, mode: str, seed: int) -> Path:
    """Where the result of a run is stored."""
    return ROOT / recipe / f"{mode}-seed{seed}.json"


def save(file: Path, result: dict) -> None:
    """Write a result, whole or not at all. Raises ValueError if a number in it is NaN or infinite."""
    write_whole(file, (json.dumps(result, indent=2, allow_nan=False) + "\n").encode())


def load(recipe: str, mode: str = "default") -> list[dict]:
    """All stored results of a recipe in a mode, by seed. An empty list if there are none."""
    files = (ROOT / recipe).glob(f"{mode}-seed*.json")
    return sorted(map(_read, files), key=lambda result: result["seed"])


def _read(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is not a stored result ({error}): delete it and run its recipe again") from error


def values(recipe: str, number: str, mode: str = "default") -> list[float]:
    """One number of a recipe, one entry a stored seed. Raises LookupError if it is not stored."""
    stored = [result["numbers"] for result in load(recipe, mode)]
    if not stored:
        raise LookupError(
            f"no result of {recipe!r} in mode {mode!r} under {ROOT.name}/: "
            f"run python -m course_utils train {recipe} --mode {mode}"
        )
    if not all(number in numbers for numbers in stored):
        known = sorted(set.intersection(*map(set, stored)))
        raise LookupError(f"not every result of {recipe!r} has a number {number!r}; all have: {', '.join(known)}")
    return [numbers[number] for numbers in stored]


def mean(recipe: str, number: str, mode: str = "default") -> float:
    """The mean of a number over the stored runs of a recipe; NaN if there are none."""
    return statistics.fmean(values(recipe, number, mode)) if load(recipe, mode) else math.nan


def summary(recipe: str, number: str, mode: str = "default", digits: int = 3) -> str:
    """ "mean ± sample standard deviation (n = seeds)" of one number, or just the value when n = 1."""
    found = values(recipe, number, mode)
    mean = statistics.fmean(found)
    # so many that the mean shows `digits` digits, if it is small enough
    decimals = max(0, digits - 1 - (math.floor(math.log10(abs(mean))) if mean else 0))
    if len(found) == 1:
        return f"{mean:.{decimals}f} (n = 1)"
    return f"{mean:.{decimals}f} ± {statistics.stdev(found):.{decimals}f} (n = {len(found)})"
