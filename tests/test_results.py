"""Stored results and the numbers drawn from them."""

import math
import os
import statistics

import pytest

from course_utils import files, results


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")
    return tmp_path / "results"


def store(*numbers: float, recipe: str = "vae", mode: str = "default", first_seed: int = 0) -> None:
    for seed, number in enumerate(numbers, first_seed):
        result = {"recipe": recipe, "seed": seed, "mode": mode, "numbers": {"error": number}}
        results.save(results.path(recipe, mode, seed), result)


def test_stored_results_are_read_by_seed(root):
    store(*range(12))
    assert [result["seed"] for result in results.load("vae")] == list(range(12))
    assert results.values("vae", "error") == list(range(12))
    assert results.path("vae", "default", 3) == root / "vae" / "default-seed3.json"


def test_modes_and_recipes_are_kept_apart():
    store(1.0)
    store(2.0, mode="fast")
    store(3.0, recipe="aae")
    assert results.values("vae", "error") == [1.0]
    assert results.values("vae", "error", "fast") == [2.0]
    assert results.values("aae", "error") == [3.0]
    assert results.load("gan") == []


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(root, number):
    store(1.0)
    with pytest.raises(ValueError, match="not JSON compliant"):
        store(number)
    assert results.values("vae", "error") == [1.0]


def test_a_write_that_fails_leaves_the_old_result_and_no_other_file(root, monkeypatch):
    store(1.0)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store(2.0)
    assert results.values("vae", "error") == [1.0]
    assert os.listdir(root / "vae") == ["default-seed0.json"]


def test_what_is_missing_is_named_with_the_command_that_makes_it():
    with pytest.raises(LookupError, match="run python -m course_utils train vae --mode full"):
        results.values("vae", "error", "full")
    store(1.0, 2.0)
    with pytest.raises(LookupError, match="'accuracy'; all have: error"):
        results.values("vae", "accuracy")


def test_a_damaged_result_is_named(root):
    store(1.0)
    results.path("vae", "default", 0).write_text('{"recipe": "vae",', encoding="utf-8")
    with pytest.raises(ValueError, match=r"default-seed0\.json is not a stored result .*delete it"):
        results.load("vae")


@pytest.mark.parametrize(
    ("numbers", "digits", "text"),
    [
        ((1.0,), 3, "1.00 (n = 1)"),
        ((0.123456,), 2, "0.12 (n = 1)"),
        ((1495.3,), 3, "1495 (n = 1)"),
        ((1.0, 2.0, 3.0), 3, "2.00 ± 1.00 (n = 3)"),
        ((101.0, 102.0), 3, "102 ± 1 (n = 2)"),
        ((1234.0, 1236.0), 2, "1235 ± 1 (n = 2)"),
        ((-0.011, -0.013), 2, "-0.012 ± 0.001 (n = 2)"),
        ((-1.0, 1.0), 3, "0.00 ± 1.41 (n = 2)"),
    ],
)
def test_summary(numbers, digits, text):
    store(*numbers)
    assert results.summary("vae", "error", digits=digits) == text


def test_summary_agrees_with_the_statistics_module():
    numbers = [3.1, 4.1, 5.9, 2.6]
    store(*numbers)
    mean, spread, _ = results.summary("vae", "error", digits=6).replace("(", "± (").split("± ")
    assert float(mean) == pytest.approx(statistics.mean(numbers), abs=1e-5)
    assert float(spread) == pytest.approx(statistics.stdev(numbers), abs=1e-5)


def test_a_mean_is_over_the_stored_runs_and_nan_without_any():
    for seed, fid in enumerate((1.0, 2.0, 6.0)):
        results.save(results.path("gan", "default", seed), {"seed": seed, "numbers": {"fid": fid}})
    assert results.mean("gan", "fid") == 3
    assert math.isnan(results.mean("vae", "fid"))
    with pytest.raises(LookupError, match="has a number 'kid'"):
        results.mean("gan", "kid")
