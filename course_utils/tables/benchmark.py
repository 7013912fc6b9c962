"""How fast the training loop is, how it grows, and how fast the interactive figures answer."""

import json
from pathlib import Path

from course_utils import results
from course_utils.benchmark import turns
from course_utils.tables.common import grid

NAMES = {"aae": "AAE", "vae": "VAE", "vae_gan": "VAE/GAN", "dcgan": "DCGAN (convolutions)"}
LIMIT = 100  # milliseconds: an answer that takes longer is felt to lag
CHANGED = {
    "images": "images",
    "side": "height and width",
    "latent_dim": "numbers in the code",
    "batch_size": "batch size",
}


def benchmark() -> str:
    """Our epoch beside a plain loop's, pythae's and the floor, a row a model, for every machine that was timed."""
    others = ("growth", "widgets")
    files = [file for file in sorted((results.ROOT / "benchmark").glob("*.json")) if not file.name.startswith(others)]
    if not files:
        return "Not run yet: `python -m course_utils benchmark`."
    return "\n\n".join(_one_machine(json.loads(file.read_text(encoding="utf-8"))) for file in files)


def _one_machine(stored: dict) -> str:
    lines = []
    for model, rows in stored["models"].items():
        times = [f"{turns.median(rows, name):.1f} s" if name in rows else "-" for name in turns.CONTENDERS]
        faster = [turns.ratio(rows, name, "ours") for name in ("plain", "pythae")]
        factors = [f"{factor:.2f}" if factor else "-" for factor in faster]
        floor, memory = turns.ratio(rows, "floor", "ours"), turns.ratio(rows, "ours", "pythae", "megabytes")
        lines.append([NAMES[model], *times, *factors, f"{floor:.0%}", f"{memory:.2f}" if memory else "-"])
    headings = [
        f"{stored['steps'] * stored['batch_size']:,} images",
        *turns.CONTENDERS,
        "plain / ours",
        "pythae / ours",
        "floor / ours",
        "memory, ours / pythae",
    ]
    rounds = len(next(iter(stored["models"].values()))["ours"]["seconds"])
    where = f"{stored['hardware']}, torch {stored['versions']['torch']}; medians of {rounds} rounds."
    return "\n".join([*grid(headings, lines), "", where])


def growth() -> str:
    """Time a step and memory, one size changed at a time, for every machine that was measured."""
    files = sorted((results.ROOT / "benchmark").glob("growth-*.json"))
    if not files:
        return "Not run yet: `python -m course_utils benchmark --growth`."
    return "\n\n".join(map(_one_growth, files))


def _one_growth(file: Path) -> str:
    stored = json.loads(file.read_text(encoding="utf-8"))
    lines = [
        [
            CHANGED[row["changed"]],
            f"{row['size']:,}",
            f"{row['milliseconds']:.1f} ms",
            f"{row['microseconds_an_image']:.0f} µs",
            f"{row['megabytes']:,} MB",
        ]
        for row in stored["rows"]
    ]
    headings = ["changed", "to", "a step", "an image", "peak memory"]
    return "\n".join([*grid(headings, lines), "", f"{stored['hardware']}, torch {stored['versions']['torch']}."])


def widgets() -> str:
    """How long each interactive figure takes from a new value of a control to its new picture."""
    file = results.ROOT / "benchmark" / "widgets.json"
    if not file.is_file():
        return "Not run yet: `python -m course_utils benchmark --widgets`."
    stored = json.loads(file.read_text(encoding="utf-8"))
    lines = [
        [row["widget"], row["notebook"], f"{row['median']:.0f} ms", f"{row['p95']:.0f} ms"] for row in stored["rows"]
    ]
    slow = [row["widget"] for row in stored["rows"] if row["p95"] > LIMIT]
    verdict = f"Slower than {LIMIT} ms: {', '.join(slow)}." if slow else f"All of them answer within {LIMIT} ms."
    where = f"{stored['hardware']}, torch {stored['versions']['torch']}, {stored['data']}."
    return "\n".join([*grid(["figure", "notebook", "median", "95 % within"], lines), "", f"{verdict} {where}"])
