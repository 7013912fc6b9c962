"""The command line of the benchmark."""

import argparse
import sys

from course_utils import datasets
from course_utils.benchmark import growth, profile, turns, widgets
from course_utils.benchmark.models import BATCH_SIZE, MODELS


def main(arguments: list[str] | None = None) -> int:
    """Time the models (or, with an option, something else about them); returns 1 for input that does not fit."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils benchmark",
        description="Time an epoch of each model beside a plain loop, pythae, and the floor.",
    )
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS, metavar="MODEL")
    parser.add_argument("--steps", type=int, default=turns.EPOCH, help=f"steps of {BATCH_SIZE} images (default: 500)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each one is timed, in turn")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--growth", action="store_true", help="instead: how time and memory grow with the data")
    parser.add_argument("--widgets", action="store_true", help="instead: how fast the interactive figures answer")
    parser.add_argument("--profile", choices=MODELS, metavar="MODEL", help="instead: where a step's time goes")
    options = parser.parse_args(arguments)
    try:
        if not 1 <= options.steps <= turns.EPOCH:
            raise ValueError(f"--steps must lie in 1..{turns.EPOCH} (one epoch), got {options.steps}")
        if options.rounds < 1:
            raise ValueError(f"--rounds must be at least 1, got {options.rounds}")
        if options.growth:
            growth.run(options.device)
        elif options.widgets:
            widgets.run()
        elif options.profile:
            profile.run(options.profile, options.device)
        else:
            turns.run(options.models, options.steps, options.rounds, options.device)
    except (ValueError, RuntimeError, datasets.DatasetError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
