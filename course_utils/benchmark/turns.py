"""Contenders in turn, each in a process of its own; what they took, stored and compared."""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import torch

from course_utils import networks, results, runtime, set_up
from course_utils.benchmark.models import BATCH_SIZE, build

EPOCH = 500
CONTENDERS = ("ours", "plain", "pythae", "floor")
PYTHAE = "pythae==0.1.2"
NOT_IN_PYTHAE = ("dcgan",)


class BenchmarkError(RuntimeError):
    """A measurement failed; the message says which, and ends with what it printed."""


def contenders(model: str) -> tuple[str, ...]:
    """Who is timed on a model."""
    return tuple(name for name in CONTENDERS if name != "pythae" or model not in NOT_IN_PYTHAE)


def measure(contender: str, model: str, steps: int, device: str) -> dict[str, float]:
    """{"seconds", "megabytes"} of one contender in a fresh process. Raises BenchmarkError if it fails.

    pythae is no part of the course: uv lays it over the environment for this process alone.
    """
    python = [sys.executable]
    if contender == "pythae":
        uv = set_up.find_uv()
        if uv is None:
            raise BenchmarkError("pythae is installed by uv, which is not on this machine: see the README")
        python = [uv, "run", "--no-sync", "--with", PYTHAE, "python"]
    command = [*python, "-m", "course_utils.benchmark.one", contender, model, str(steps), device]
    done = subprocess.run(command, cwd=set_up.ROOT, env=os.environ, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"{contender} on {model} failed:\n{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turn(
    models: Iterable[str], rounds: int, measure_one: Callable[[str, str], dict[str, float]]
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """model -> contender -> {"seconds": one a round, "megabytes": one a round}; each round asks all in turn."""
    found = {model: {name: {"seconds": [], "megabytes": []} for name in contenders(model)} for model in models}
    for round_ in range(1, rounds + 1):
        for model, rows in found.items():
            for name, row in rows.items():
                for what, value in measure_one(name, model).items():
                    row[what].append(value)
                print(f"round {round_} of {rounds}: {model:8} {name:8} {row['seconds'][-1]:7.2f} s", flush=True)
    return found


def ratio(rows: dict[str, dict[str, list[float]]], one: str, other: str, what: str = "seconds") -> float | None:
    """The median over the rounds of what `one` took / what `other` took; None where one of them was not measured."""
    if one not in rows or other not in rows:
        return None
    pairs = zip(rows[one][what], rows[other][what], strict=True)
    return statistics.median(a / b for a, b in pairs)


def median(rows: dict[str, dict[str, list[float]]], one: str) -> float:
    """The median seconds of a contender."""
    return statistics.median(rows[one]["seconds"])


def path(where: torch.device) -> Path:
    """Where the result for a device is stored."""
    return results.ROOT / "benchmark" / f"{where.type}-{torch.get_num_threads()}threads.json"


def run(models: Iterable[str], steps: int, rounds: int, device: str) -> Path:
    """Time all contenders on these models, store the times, print the ratios; returns the file."""
    from course_utils import datasets

    where = runtime.device(device)
    datasets.load("mnist")  # downloads it, if need be, before anything is timed
    found = in_turn(models, rounds, lambda name, model: measure(name, model, steps, where.type))
    formats = {model: str(runtime.precision("auto", where, networks.is_large(build(model)))) for model in found}
    result = {
        "what": "seconds and peak megabytes to train on MNIST, contenders in turn, each in a process of its own",
        "steps": steps,
        "batch_size": BATCH_SIZE,
        "hardware": runtime.hardware(where),
        "threads": torch.get_num_threads(),
        "our_number_format": {model: name.removeprefix("torch.") for model, name in formats.items()},
        "versions": {"torch": torch.__version__, "python": platform.python_version(), "pythae": PYTHAE.split("==")[1]},
        "date": datetime.now(UTC).date().isoformat(),
        "models": found,
    }
    results.save(path(where), result)
    for model, rows in found.items():
        print(f"{model}: {verdict(rows)}")
    return path(where)


def verdict(rows: dict[str, dict[str, list[float]]]) -> str:
    """How much faster ours is, and how near to the floor, in words."""
    faster = {name: ratio(rows, name, "ours") for name in ("plain", "pythae") if name in rows}
    parts = [f"{factor:.2f} times as fast as {name}" for name, factor in faster.items()]
    if "floor" in rows:
        parts.append(f"{ratio(rows, 'floor', 'ours'):.0%} of the floor's speed")
    return ", ".join(parts)
