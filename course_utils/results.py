"""The stored results: one JSON file a run under `data/results/<recipe>/`, and the tables made from them."""

import json
import math
import os
import statistics
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "data" / "results"


def path(recipe: str, mode: str, seed: int) -> Path:
    """Where the result of a run is stored."""
    return ROOT / recipe / f"{mode}-seed{seed}.json"


def save(file: Path, result: dict) -> None:
    """Write a result, whole or not at all. Raises ValueError if a number in it is NaN or infinite."""
    content = json.dumps(result, indent=2, allow_nan=False) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False) as temporary:
        temporary.write(content)
    os.replace(temporary.name, file)


def load(recipe: str, mode: str = "default") -> list[dict]:
    """All stored results of a recipe in a mode, by seed. An empty list if there are none."""
    files = (ROOT / recipe).glob(f"{mode}-seed*.json")
    return sorted((json.loads(file.read_text()) for file in files), key=lambda result: result["seed"])


def values(recipe: str, number: str, mode: str = "default") -> list[float]:
    """One number of a recipe, one entry a stored seed. Raises LookupError if nothing is stored."""
    found = [result["numbers"][number] for result in load(recipe, mode)]
    if not found:
        raise LookupError(
            f"no result of {recipe!r} in mode {mode!r} under {ROOT.name}/: run python -m course_utils train {recipe} --mode {mode}"
        )
    return found


def summary(recipe: str, number: str, mode: str = "default", digits: int = 3) -> str:
    """ "mean ± sample standard deviation (n = seeds)" of one number, or just the value when n = 1."""
    found = values(recipe, number, mode)
    mean = statistics.fmean(found)
    if len(found) == 1:
        return f"{mean:.{digits}g} (n = 1)"
    spread = statistics.stdev(found)
    # as many decimals as the mean shows
    decimals = max(0, digits - 1 - (math.floor(math.log10(abs(mean))) if mean else 0))
    return f"{mean:.{decimals}f} ± {spread:.{decimals}f} (n = {len(found)})"
