"""The named recipes, and running them."""

import dataclasses
import json
import math
import signal

import pytest
import torch
from torch import nn

from course_utils import datasets, distributions, experiments, recipes, results, training
from course_utils.methods import Method
from course_utils.methods.base import sgd
from course_utils.recipes.base import Recipe, by_mode


@pytest.fixture(autouse=True)
def _fast(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


# ---- the recipes ------------------------------------------------------------------------------------------------


def like(name: str, digits: datasets.Splits) -> datasets.Splits:
    """The digits, in the shape of the images of the data set of that name."""
    if name in ("celeba", "lfw"):
        faces = torch.nn.functional.interpolate(digits.train.x[:64], 64).expand(-1, 3, -1, -1)
        attributes = torch.randn(64, {"celeba": 40, "lfw": 73}[name])
        return dataclasses.replace(digits, train=datasets.Images((255 * faces).byte(), digits.train.y[:64], attributes))
    if name != "svhn":
        return digits
    x = torch.nn.functional.pad(digits.train.x, (2, 2, 2, 2)).expand(-1, 3, -1, -1)
    return dataclasses.replace(digits, train=datasets.Images(x, digits.train.y))


@pytest.mark.parametrize("name", recipes.ALL)
def test_every_recipe_builds_and_makes_a_step(name, digits):
    recipe = experiments.get(name)
    method = recipe.method(seed=0)
    data = recipe.data() if callable(recipe.data) else like(recipe.data, digits)
    data = recipe.training_data(recipe.prepare(data) if recipe.prepare else data)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    history = training.fit(method, data, steps=1, batch_size=recipe.batch_size, device="cpu", progress=False)
    assert all(math.isfinite(values[0]) for values in history.losses.values())
    assert any(not torch.equal(value, before[key]) for key, value in method.state_dict().items())


@pytest.mark.parametrize("name", recipes.ALL)
def test_every_recipe_says_where_it_comes_from_and_has_a_budget_in_every_mode(name, monkeypatch):
    recipe = recipes.ALL[name]
    assert len(recipe.source) > 20
    kind = "steps" if callable(recipe.data) else "epochs"
    budgets = []
    for mode in ("fast", "default", "full"):
        monkeypatch.setenv("COURSE_MODE", mode)
        budgets.append(recipe.budget[kind])
    fast, default, full = budgets
    # epochs of the fast mode go over forty times fewer images
    assert 1 <= fast <= default * (40 if kind == "epochs" else 1)
    assert default <= full
    assert isinstance(recipe.data, str) == (recipe.steps is None)
    assert not isinstance(recipe.data, str) or recipe.data in datasets.NAMES


def test_names_are_unique():
    names = [recipe.name for family in recipes.FAMILIES for recipe in family.RECIPES]
    assert len(names) == len(set(names)) == len(recipes.ALL)


def test_a_recipe_with_the_same_seed_has_the_same_weights():
    one, two, three = (recipes.ALL["aae_gaussian_2d"].method(seed).encoder.head.weight for seed in (0, 0, 1))
    assert torch.equal(one, two)
    assert not torch.equal(one, three)


def test_an_unknown_recipe_is_answered_with_those_like_it():
    with pytest.raises(
        ValueError, match=r"unknown recipe 'aae_gausian_2d'\. Did you mean aae_gaussian_2d, .*All of them"
    ):
        experiments.get("aae_gausian_2d")
    with pytest.raises(ValueError, match=r"unknown recipe 'xyzzy'\. All of them: python -m course_utils recipes"):
        experiments.get("xyzzy")


# ---- running one ------------------------------------------------------------------------------------------------


class Mean(Method):
    """Learns the mean of points in the plane."""

    def __init__(self):
        super().__init__()
        self.mean = nn.Parameter(torch.rand(2))

    def configure_optimizers(self):
        return {"mean": sgd([self.mean], lr=0.05)}

    def training_step(self, batch):
        COUNT.append(1)
        if len(COUNT) == STOP_AT[0]:
            signal.raise_signal(signal.SIGINT)
        loss = (batch["x"] - self.mean).square().sum(1).mean()
        self.minimize(mean=loss)
        return {"loss": loss}


COUNT: list[int] = []
STOP_AT = [-1]
CENTRE = torch.tensor([[3.0, -1.0]])


def off_centre() -> distributions.Distribution:
    return distributions.GaussianMixture(CENTRE, torch.eye(2)[None])


def distance(method, data):
    assert not method.training
    assert not torch.is_grad_enabled()
    return {"distance": (method.mean - CENTRE[0]).norm().item(), "noise": torch.rand(()).item()}


@pytest.fixture
def recipe(monkeypatch):
    made = Recipe("mean", "a test", Mean, distance, data=off_centre, steps=by_mode(120, 200, 300), batch_size=32)
    monkeypatch.setitem(recipes.ALL, "mean", made)
    COUNT.clear()
    STOP_AT[0] = -1
    return made


def test_a_run_stores_what_it_measured_and_how(recipe, tmp_path):
    path = experiments.run("mean", seed=3, runs=tmp_path / "runs")
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert path == results.path("mean", "fast", 3)
    assert stored["numbers"]["distance"] < 0.3
    expected = {"recipe": "mean", "seed": 3, "mode": "fast", "source": "a test", "data": "GaussianMixture"}
    assert expected | {"steps": 120, "batch_size": 32} == {
        key: stored[key] for key in [*expected, "steps", "batch_size"]
    }
    assert stored["versions"]["torch"] == torch.__version__
    assert stored["hardware"]
    assert stored["training_seconds"] >= 0
    assert list((tmp_path / "runs").iterdir()) == [], "the checkpoint of a finished run is not kept"
    assert results.values("mean", "distance", "fast") == [stored["numbers"]["distance"]]


def test_outside_the_fast_mode_nothing_is_stored_on_other_data_than_mnist(monkeypatch, tmp_path):
    def unreachable(name):
        raise datasets.DatasetError(f"{name} cannot be had")

    monkeypatch.setenv("COURSE_MODE", "default")
    monkeypatch.setattr(datasets.downloaded, "load", unreachable)
    with pytest.raises(datasets.DatasetError, match="mnist cannot be had"):
        experiments.run("digit_classifier", seed=0, runs=tmp_path)
    assert not results.path("digit_classifier", "default", 0).exists()


def test_a_stored_run_is_not_made_again(recipe, tmp_path, capsys):
    path = experiments.run("mean", seed=0, runs=tmp_path)
    written, steps = path.read_bytes(), len(COUNT)
    assert experiments.run("mean", seed=0, runs=tmp_path) == path
    assert path.read_bytes() == written
    assert len(COUNT) == steps
    assert "mean, fast, seed 0: stored already" in capsys.readouterr().out


def test_an_interrupted_run_stores_nothing_and_the_next_one_goes_on(recipe, tmp_path):
    STOP_AT[0] = 70
    with pytest.raises(KeyboardInterrupt, match="the same command goes on with it"):
        experiments.run("mean", seed=0, runs=tmp_path)
    assert results.load("mean", "fast") == []
    path = experiments.run("mean", seed=0, runs=tmp_path)
    assert len(COUNT) == 120, "the second run makes only the steps that were missing"
    resumed = json.loads(path.read_text(encoding="utf-8"))["numbers"]
    path.unlink()
    experiments.run("mean", seed=0, runs=tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["numbers"] == resumed


def test_seeds_give_different_runs(recipe, tmp_path):
    for seed in (0, 1):
        experiments.run("mean", seed, runs=tmp_path)
    first, second = results.values("mean", "distance", "fast")
    assert first != second


def test_evaluation_is_a_function_of_its_seed(recipe):
    method = recipe.method(0)
    numbers = [experiments.evaluate("mean", method, off_centre(), seed) for seed in (0, 0, 1)]
    assert numbers[0] == numbers[1] != numbers[2]
