"""Run a named recipe: build, train, measure, store. Notebooks and the command line share this."""

import difflib
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

import course_utils
from course_utils import datasets, distributed, pretrained, recipes, results, runtime
from course_utils.methods import Method
from course_utils.recipes.base import Recipe
from course_utils.training import History, fit


def get(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError, with the names most like it."""
    if name not in recipes.ALL:
        alike = difflib.get_close_matches(name, recipes.ALL, n=5, cutoff=0.5)
        meant = f" Did you mean {', '.join(alike)}?" if alike else ""
        raise ValueError(f"unknown recipe {name!r}.{meant} All of them: python -m course_utils recipes")
    return recipes.ALL[name]


def train(name: str, data, seed: int = 0, **fit_options) -> tuple[Method, History]:
    """Build a recipe and train it for the current mode's budget on `data` (`Splits` or a `Distribution`)."""
    recipe = get(name)
    method = recipe.method(seed)
    training = recipe.training_data(data, seed)
    history = fit(method, training, **recipe.budget, batch_size=recipe.batch_size, seed=seed, **fit_options)
    return method, history


def trained(name: str, data, seed: int = 0, retrain: bool = False, **fit_options) -> Method:
    """A trained method: the shipped weights of a recipe, or with `retrain` (and in the full mode) trained here.

    Says in one line which of the two. Raises CheckpointError if no weights are shipped, or damaged ones.
    """
    if retrain or runtime.mode() == "full":
        return train(name, data, seed, **fit_options)[0]
    method = get(name).method(seed)
    card = pretrained.load(name, method)
    print(
        f"{name}: the weights shipped with the course, trained on {card['data']} with seed {card['seed']} "
        f"on {card['date']}. Train it here instead: retrain=True."
    )
    return method.to(runtime.device())


@torch.no_grad()
def evaluate(name: str, method: Method, data, seed: int = 0) -> dict[str, float]:
    """The numbers of a recipe for a trained method, on the test images of `data`."""
    runtime.seed_everything(seed)
    return get(name).evaluate(method.eval(), data)


def run(name: str, seed: int, runs: Path = Path("runs"), ship: bool = False, capture: bool = False) -> Path:
    """Train and measure one recipe with one seed in the current mode, and store its result; returns the file.

    Restartable: a stored result is left as it is; an unfinished training goes on from its checkpoint under `runs`.
    `ship`: also make this training's weights those that the course ships. `capture`: see `training.fit`.
    """
    recipe, mode = get(name), runtime.mode()
    path = results.path(name, mode, seed)
    if distributed.from_first(path.exists) and not ship:
        print(f"{name}, {mode}, seed {seed}: stored already (delete {path.name} to run it again)")
        return path
    data = distributed.on_each_machine(lambda: _data(recipe))
    checkpoint = runs / f"{name}-{mode}-seed{seed}.safetensors"
    method, history = train(name, data, seed, checkpoint=checkpoint, capture=capture, **_tracking(recipe, data))
    if history.interrupted:
        raise KeyboardInterrupt(f"{checkpoint} keeps the unfinished training: the same command goes on with it")
    if not distributed.is_first():
        return path  # the first of several processes measures and stores
    started = time.monotonic()
    numbers = evaluate(name, method, data, seed)
    facts = {**_facts(recipe, seed, method, data), "training_seconds": round(history.seconds, 1)}
    facts["evaluation_seconds"] = round(time.monotonic() - started, 1)
    results.save(path, {**facts, "numbers": numbers, **_curves(recipe, history)})
    if ship:
        _ship(recipe, seed, method, data, facts)
    checkpoint.unlink(missing_ok=True)
    return path


def _tracking(recipe: Recipe, data) -> dict:
    """Arguments for `fit` that have it measure the validation images before training and after every epoch."""
    if recipe.track is None:
        return {}
    return {"snapshot": lambda method: recipe.track(method, data), "n_snapshots": recipe.budget["epochs"] + 1}


def _curves(recipe: Recipe, history: History) -> dict:
    """What `recipe.track` measured, one entry an epoch and the first before training; and the mean of each loss."""
    if recipe.track is None:
        return {}
    measured = [numbers for _, numbers in history.snapshots]
    return {
        "curve": {name: [numbers[name] for numbers in measured] for name in measured[0]},
        "epoch_losses": {name: [round(mean, 4) for mean in means] for name, means in history.epoch_means().items()},
    }


def _facts(recipe: Recipe, seed: int, method: Method, data) -> dict:
    """What was trained on what, and where."""
    return {
        "recipe": recipe.name,
        "seed": seed,
        "mode": runtime.mode(),
        "source": recipe.source,
        "data": getattr(data, "name", type(data).__name__),
        **({"labels": recipe.labels} if recipe.labels else {}),
        **recipe.budget,
        "batch_size": recipe.batch_size,
        "hardware": runtime.hardware(next(method.parameters()).device),
        "processes": distributed.world_size(),
        "versions": {
            "course_utils": course_utils.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def _ship(recipe: Recipe, seed: int, method: Method, data, facts: dict) -> None:
    """Ship the weights of a method, or its codes. The numbers on their card are measured with what the files hold."""
    if pretrained.too_large(method):
        return _ship_codes(recipe, method, data, facts)
    pretrained.save(recipe.name, method, facts)
    read = recipe.method(seed)
    pretrained.load(recipe.name, read)
    numbers = evaluate(recipe.name, read.to(runtime.device()), data, seed)
    pretrained.save(recipe.name, read, {**facts, "numbers": numbers})


def _ship_codes(recipe: Recipe, method: Method, data, facts: dict) -> None:
    if recipe.codes is None:
        raise ValueError(f"the weights of {recipe.name!r} are too large to be shipped, and it names no codes instead")
    codes, score = recipe.codes
    pretrained.save_codes(recipe.name, codes(method, data), facts)
    read, _ = pretrained.load_codes(recipe.name)
    pretrained.save_codes(recipe.name, read, {**facts, "numbers": score(read, data)})


def _data(recipe: Recipe):
    """What a stored run trains on. Outside the fast mode "auto" means MNIST: results on other data never mix in."""
    if callable(recipe.data):
        return recipe.data()
    stands_for_mnist = recipe.data == "auto" and runtime.mode() != "fast"
    data = datasets.load("mnist" if stands_for_mnist else recipe.data)
    return recipe.prepare(data) if recipe.prepare else data
