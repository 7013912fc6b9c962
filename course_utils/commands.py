"""The commands of `python -m course_utils`. At import, the standard library only: `--help` needs no set-up."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from course_utils import set_up

MODES = ("fast", "default", "full")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace with `run` (the command's function) and `rest` (what it passes on)."""
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help")):
        argv = ["open", *argv]
    parser = _parser()
    arguments, arguments.rest = parser.parse_known_args(argv)
    if arguments.rest and not arguments.passes_on:
        parser.error(f"{arguments.command} does not know {' '.join(arguments.rest)}")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils",
        description="Without a command: set the course up, if that is not done, and open it in JupyterLab.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name, run, text, passes_on=False, in_environment=True):
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run, passes_on=passes_on, in_environment=in_environment)
        return command

    add("open", open_course, "open the course; further options go to jupyter lab (such as --no-browser)", True)
    add("test", test, "check everything; further options go to pytest (such as -k losses)", True)
    command = add("train", train, "train and measure a recipe, and store its results in data/results")
    command.add_argument("recipe", metavar="RECIPE")
    command.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED")
    command.add_argument("--ship", type=int, metavar="SEED", help="store this seed's weights under data/pretrained")
    command.add_argument("--mode", choices=MODES, default="default")
    command.add_argument("--capture", action="store_true", help="record each step as a CUDA graph (NVIDIA GPUs)")
    add("recipes", recipes, "list the recipes that can be trained")
    add("tables", tables, "rewrite the tables of README.md from data/results")
    add("benchmark", benchmark, "time an epoch of training beside other ways to do it; further options go to it", True)
    command = add("run-notebooks", run_notebooks, "execute notebooks in place, to renew their stored outputs")
    command.add_argument("notebooks", type=Path, nargs="*", metavar="NOTEBOOK", help="default: all of them")
    command.add_argument("--mode", choices=MODES, default="default")
    command.add_argument("--timeout", type=int, default=1800, metavar="SECONDS", help="for one notebook")
    command.add_argument("--times", type=int, default=0, metavar="N", help="run each N times, keep nothing: any hangs?")
    command = add("slides", slides, "make slides of the notebooks, which open in a browser without a network")
    command.add_argument("notebooks", type=Path, nargs="*", metavar="NOTEBOOK", help="default: all lessons")
    command.add_argument("--out", type=Path, default=set_up.ROOT / "build" / "slides", metavar="DIR")
    command = add("site", site, "make a website of the course, which opens in a browser without a network")
    command.add_argument("--out", type=Path, default=set_up.ROOT / "build" / "site", metavar="DIR")
    if (set_up.ROOT / "course_utils" / "homework").is_dir():  # students have none
        command = add("homework", homework, "for lecturers and graders: hand out, collect and grade the homework")
        command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="--help lists what it can do")
    add(
        "lock",
        lock,
        "for maintainers: renew uv.lock and environment.yml from pyproject.toml",
        False,
        False,
    )
    return parser


def open_course(arguments) -> int:
    """Open JupyterLab on the first notebook. The repository is its root, so that links into the package work."""
    _absolute_data_root()
    options = [
        f"--ServerApp.root_dir={set_up.ROOT}",
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--LabApp.news_url=None",  # its question about news would cover the first figure
    ]
    return set_up.hand_over([sys.executable, "-m", "jupyterlab", *options, *arguments.rest])


def train(arguments) -> int:
    """Run a recipe for each seed; what is stored already is left as it is."""
    os.environ["COURSE_MODE"] = arguments.mode
    from course_utils import distributed, experiments

    try:
        experiments.get(arguments.recipe)
    except ValueError as error:
        return _fail(error)
    if arguments.ship is not None and arguments.ship not in arguments.seeds:
        return _fail(f"--ship {arguments.ship}: this seed is not trained here, add it to --seeds")
    if arguments.ship is not None and arguments.mode == "fast":
        return _fail("--ship: the fast mode trains for seconds, on other data; its weights are not worth shipping")
    try:
        with distributed.group():
            return _train(arguments)
    except distributed.DistributedError as error:
        return _fail(error)


def _train(arguments) -> int:
    from course_utils import distributed, experiments
    from course_utils.capture import CaptureError
    from course_utils.checkpoints import CheckpointError
    from course_utils.datasets import DatasetError
    from course_utils.training import TrainingDiverged

    try:
        for seed in arguments.seeds:
            path = experiments.run(
                arguments.recipe,
                seed,
                runs=set_up.ROOT / "runs",
                ship=seed == arguments.ship,
                capture=arguments.capture,
            )
            if distributed.is_first():
                numbers = json.loads(path.read_text())["numbers"]
                print(f"{arguments.recipe}, seed {seed}:", ", ".join(f"{k} {v:.4g}" for k, v in numbers.items()))
    except (CheckpointError, TrainingDiverged, distributed.DistributedError) as error:
        return _fail(error) if distributed.is_first() else 1  # it is the same for all processes
    except (CaptureError, DatasetError) as error:
        return _fail(error)
    except KeyboardInterrupt as interrupt:
        print(f"\nStopped. {interrupt}".rstrip())
        return 130
    return 0


def recipes(arguments) -> int:
    """List the recipes, their sources and their budgets."""
    from course_utils.recipes import ALL

    for name, recipe in sorted(ALL.items()):
        kind, budget = ("epochs", recipe.epochs) if recipe.epochs else ("steps", recipe.steps)
        print(f"{name}\n    {recipe.source}\n    {kind}: {', '.join(f'{mode} {n:,}' for mode, n in budget.items())}")
    return 0


def tables(arguments) -> int:
    """Rewrite the tables between the markers of README.md."""
    from course_utils import tables

    tables.rewrite(set_up.ROOT / "README.md")
    return 0


def benchmark(arguments) -> int:
    """Time an epoch of training beside other ways to do it."""
    from course_utils.benchmark.__main__ import main

    return main(arguments.rest)


def run_notebooks(arguments) -> int:
    """Execute notebooks in place in a mode."""
    from course_utils import run_notebooks

    os.environ["COURSE_MODE"] = arguments.mode
    _absolute_data_root()
    return run_notebooks.main(arguments.notebooks, arguments.timeout, arguments.times)


def slides(arguments) -> int:
    """Make slides of the notebooks, in a folder that is made anew."""
    from course_utils.publish import slides

    try:
        made = slides.build(arguments.notebooks, arguments.out)
    except slides.SlidesError as error:
        return _fail(error)
    print(f"{len(made)} decks. Open {made[0].with_name('index.html')} in a browser.")
    return 0


def site(arguments) -> int:
    """Make a website of the course, in a folder that is made anew."""
    from course_utils.publish.site import SiteError, build

    started = time.monotonic()
    try:
        made = build(arguments.out)
    except SiteError as error:
        return _fail(error)
    seconds, (size, heaviest) = time.monotonic() - started, made.sizes[0]
    print(f"{len(made.sizes)} pages in {seconds:.0f} s; the heaviest, {heaviest}, has {size / 1e6:.1f} MB.")
    print(f"{len(made.external)} links to other websites were not followed.")
    print(f"Open {made.folder / 'index.html'} in a browser.")
    return 0


def homework(arguments) -> int:
    """Hand out, collect and grade the homework."""
    from course_utils.homework import commands

    return commands.main(arguments.arguments or ["--help"])


def lock(arguments) -> int:
    """Renew uv.lock and environment.yml."""
    from course_utils import lock

    uv = set_up.find_uv()
    return lock.main(uv) if uv else _fail("this command needs uv: https://docs.astral.sh/uv")


# ---- test -------------------------------------------------------------------------------------------------------


def test(arguments) -> int:
    """Run every check, go on after a failure, and end with a summary."""
    started = time.monotonic()
    results = [(name, *_run_step(name, command)) for name, command in _steps(arguments.rest).items()]
    print("\n---- summary ----")
    for name, verdict, seconds in results:
        print(f"{verdict:9} {name} ({seconds:.0f} s)")
    failed = sum(verdict == "FAILED" for _, verdict, _ in results)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    print(f"{f'{failed} of {len(results)} steps FAILED' if failed else 'all good'} after {minutes} min {seconds} s")
    return int(failed > 0)


def _steps(options: Sequence[str]) -> dict[str, list[str] | None]:
    """Name of a check -> its command line, None where it cannot be done."""
    python = [sys.executable, "-m"]
    pytest = [*python, "pytest", "-n", str(_workers()), *options]
    uv = set_up.find_uv()
    return {
        "lint (ruff check)": [*python, "ruff", "check", "."],
        "format (ruff format)": [*python, "ruff", "format", "--check", "."],
        "lock file is current (uv lock)": [uv, "lock", "--check", "--offline"] if uv else None,
        # one long test after the other would keep a worker busy while the others wait: who is idle takes from it
        "tests": [*pytest, "--dist", "worksteal", "tests"],
        # loadscope keeps the cells of one notebook together, and in order
        "notebooks": [
            *pytest,
            "--dist",
            "loadscope",
            "--nbval-lax",
            "--nbval-current-env",
            "--nbval-cell-timeout=300",
            "notebooks",
        ],
    }


def _run_step(name: str, command: list[str] | None) -> tuple[str, float]:
    """Run one check; returns its verdict in a word and the seconds it took."""
    print(f"\n---- {name} ----", flush=True)
    if command is None:
        print("left out: there is no uv on this machine")
        return "left out", 0.0
    _absolute_data_root()
    # one thread a worker: several processes with several threads each slow each other down
    environment = {**os.environ, "COURSE_MODE": "fast", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=set_up.ROOT, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        set_up.wait_for(process)  # it was interrupted as well: let it end in its own way, then stop
        raise
    return "passed" if code == 0 else "FAILED", time.monotonic() - started


def _workers() -> int:
    """As many test processes as there are cores for us, at least two, at most eight (each takes about 1 GB)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, max(2, cores))


def _absolute_data_root() -> None:
    """Let $COURSE_DATA mean the same folder in notebooks, which run in a folder of their own."""
    if os.environ.get("COURSE_DATA"):
        os.environ["COURSE_DATA"] = str(Path(os.environ["COURSE_DATA"]).resolve())


def _fail(message) -> int:
    print(message, file=sys.stderr)
    return 1
