"""Run a named recipe: build, train, measure, store. Notebooks and the command line share this."""

import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

import course_utils
from course_utils import datasets, recipes, results, runtime
from course_utils.methods import Method
from course_utils.recipes.base import Recipe
from course_utils.training import History, fit


def get(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError naming those that exist."""
    if name not in recipes.ALL:
        raise ValueError(f"unknown recipe {name!r}; the recipes are: {', '.join(sorted(recipes.ALL))}")
    return recipes.ALL[name]


def train(name: str, data, seed: int = 0, **fit_options) -> tuple[Method, History]:
    """Build a recipe and train it for the current mode's budget on `data` (`Splits` or a `Distribution`)."""
    recipe = get(name)
    method = recipe.method(seed)
    training = data.train if isinstance(data, datasets.Splits) else data
    history = fit(method, training, **recipe.budget, batch_size=recipe.batch_size, seed=seed, **fit_options)
    return method, history


@torch.no_grad()
def evaluate(name: str, method: Method, data, seed: int = 0) -> dict[str, float]:
    """The numbers of a recipe for a trained method, on the test images of `data`."""
    runtime.seed_everything(seed)
    return get(name).evaluate(method.eval(), data)


def run(name: str, seed: int, runs: Path = Path("runs")) -> Path:
    """Train and measure one recipe with one seed in the current mode, and store its result; returns the file.

    Restartable: a stored result is left as it is; an unfinished training goes on from its checkpoint under `runs`.
    """
    recipe, mode = get(name), runtime.mode()
    path = results.path(name, mode, seed)
    if path.exists():
        print(f"{name}, {mode}, seed {seed}: stored already (delete {path.name} to run it again)")
        return path
    data = _data(recipe)
    checkpoint = runs / f"{name}-{mode}-seed{seed}.safetensors"
    method, history = train(name, data, seed, checkpoint=checkpoint)
    if history.interrupted:
        raise KeyboardInterrupt(f"{checkpoint} keeps the unfinished training: the same command goes on with it")
    started = time.monotonic()
    numbers = evaluate(name, method, data, seed)
    results.save(
        path,
        {
            "recipe": name,
            "seed": seed,
            "mode": mode,
            "source": recipe.source,
            "data": getattr(data, "name", type(data).__name__),
            **recipe.budget,
            "batch_size": recipe.batch_size,
            "hardware": runtime.hardware(next(method.parameters()).device),
            "versions": {
                "course_utils": course_utils.__version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
            "date": datetime.now(UTC).date().isoformat(),
            "training_seconds": round(history.seconds, 1),
            "evaluation_seconds": round(time.monotonic() - started, 1),
            "numbers": numbers,
        },
    )
    checkpoint.unlink(missing_ok=True)
    return path


def _data(recipe: Recipe):
    """What a stored run trains on. Outside the fast mode "auto" means MNIST: results on other data never mix in."""
    if callable(recipe.data):
        return recipe.data()
    stands_for_mnist = recipe.data == "auto" and runtime.mode() != "fast"
    return datasets.load("mnist" if stands_for_mnist else recipe.data)
