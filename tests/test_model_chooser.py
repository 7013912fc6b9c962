"""Who is better, who cannot and why, which one to take; and the model chooser, without a browser."""

import inspect
import itertools
import math
import random

import pytest
import torch

from course_utils import comparison, experiments, results, taxonomy
from course_utils.comparison import CRITERIA, MORE_CRITERIA, Criterion, better, choose, unbeaten
from course_utils.datasets import UNLABELLED
from course_utils.recipes.family import FAMILY
from course_utils.widgets.model_chooser import ModelChooser, model_chooser

FID, ERROR = CRITERIA[0], CRITERIA[4]


def numbers(can: str, cost: float, **values: list[float]) -> dict[str, list[float]]:
    """The stored numbers of two runs of a model that can do these of sample, encode, bound."""
    n = len(next(iter(values.values())))
    able = {f"can_{what}": [float(what in can)] * n for what in ("sample", "encode", "log_likelihood", "bound")}
    return {**able, "training_megaflops": [cost] * n, **values}


RUNS = {
    "vae": numbers("sample encode bound", 7.0, fid=[200.0, 220.0], reconstruction_squared_error=[5.0, 5.2]),
    "gan": numbers("sample", 14.0, fid=[90.0, 110.0]),
    "conditional_gan": numbers("sample", 20.0, fid=[20.0, 30.0]),
    "aae": numbers("sample encode", 11.0, fid=[105.0, 300.0], reconstruction_squared_error=[4.0, 4.4]),
    "m2_vae": numbers(
        "sample encode bound",
        43.0,
        fid=[250.0, 260.0],
        reconstruction_squared_error=[6.0, 6.1],
        class_error_percent=[5, 6],
    ),
    "autoencoder": numbers("encode", 7.0, reconstruction_squared_error=[3.0, 3.1]),
}


# ---- comparing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "smaller", "expected"),
    [
        ([1.0, 2.0], [3.0, 4.0], True, 1),
        ([3.0, 4.0], [1.0, 2.0], True, -1),
        ([3.0, 4.0], [1.0, 2.0], False, 1),
        ([1.0, 3.5], [3.0, 4.0], True, 0),  # they overlap
        ([1.0, 2.0], [2.0, 3.0], True, 0),  # a tie is not better
        ([1.0], [3.0, 4.0], True, 0),  # one run decides nothing
        ([], [3.0, 4.0], True, 0),
    ],
)
def test_better_means_every_run(a, b, smaller, expected):
    assert better(a, b, smaller) == expected


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 3), (2, 3)])
def test_by_chance_is_the_share_of_all_orders_of_equal_runs(n, m):
    orders = list(itertools.combinations(range(n + m), n))
    decided = [better(o, [i for i in range(n + m) if i not in o]) != 0 for o in orders]
    assert comparison.by_chance(n, m) == pytest.approx(sum(decided) / len(orders))


def test_ranks_share_ties():
    assert comparison.ranks({"a": 3.0, "b": 1.0, "c": 3.0}) == {"a": 2.5, "b": 1.0, "c": 2.5}
    assert comparison.ranks({"a": 3.0, "b": 1.0}, smaller=False) == {"a": 1.0, "b": 2.0}


def test_unbeaten_by_hand():
    points = {"A": (1, 9), "B": (5, 5), "C": (6, 6), "D": (9, 1), "E": (9, 2), "twin": (5, 5)}
    assert unbeaten(points, (True, True)) == ["A", "B", "D", "twin"]
    assert unbeaten(points, (False, False)) == ["A", "C", "E"]  # larger is better in both
    assert unbeaten({"A": (1, None), "B": (2, 3), "C": (2, None)}, (True, True)) == ["A", "B"]


def test_the_smallest_of_any_weighted_sum_is_never_beaten():
    rng = random.Random(0)
    points = {i: (rng.random(), rng.random(), rng.random()) for i in range(40)}
    front = set(unbeaten(points, (True, True, True)))
    for _ in range(200):
        weights = [rng.random() for _ in range(3)]
        assert min(points, key=lambda i: sum(w * v for w, v in zip(weights, points[i], strict=True))) in front


def test_shown_is_mean_and_standard_deviation():
    assert comparison.shown([1.0, 2.0, 3.0]) == "2.00 ± 1.00"
    assert comparison.shown([1234.0]) == "1,234" and comparison.shown([0.0, 0.0]) == "0.00"
    assert comparison.shown(None) == ""


# ---- reading ----------------------------------------------------------------------------------------------------


def test_read_takes_what_all_seeds_have_and_pays_log_10_for_the_class(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    for name in ("vae", "conditional_vae"):
        for seed, extra in ((0, {"fid": 5.0}), (1, {})):
            stored = {"seed": seed, "numbers": {"iwae_50_binarised": -100.0 - seed, **extra}}
            results.save(results.path(f"family_{name}", "default", seed), stored)
    runs = comparison.read()
    assert list(runs) == ["vae", "conditional_vae"]  # the others are not run
    assert runs["vae"] == {"iwae_50_binarised": [-100.0, -101.0], "bound_of_x": [-100.0, -101.0]}
    assert runs["conditional_vae"]["bound_of_x"] == pytest.approx([-100 - math.log(10), -101 - math.log(10)])


# ---- what is said of the family is true of its code -------------------------------------------------------------


@pytest.fixture(scope="module")
def family():
    return {name: experiments.get(f"family_{name}").method(seed=0).eval() for name in FAMILY}


def test_the_names_are_those_of_the_recipes():
    assert list(comparison.FAMILY) == list(FAMILY)


def test_every_ability_that_a_model_lacks_has_a_reason_and_no_other(family):
    x, y = torch.rand(10, 1, 28, 28), torch.arange(10)
    of_operation = {"sample": "fid", "encode": "probe_error_percent", "bound": "bound_of_x"}
    for name, method in family.items():
        can = taxonomy.abilities(method, x, y)
        for operation, number in of_operation.items():
            if can[operation]:
                with pytest.raises(LookupError, match="no reason"):
                    comparison.why_not(name, number)
            else:
                assert comparison.why_not(name, number)
        assert hasattr(method, "reconstruct") != _has_reason(name, "reconstruction_squared_error")
        has_codes = can["encode"] and hasattr(method, "prior")
        assert has_codes != _has_reason(name, "holes_percent")
        comparable = has_codes and method.prior.dim == 16
        assert comparable != _has_reason(name, "energy_distance")


def test_distances_in_the_plane_are_not_ranked_among_those_in_16_dimensions(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    for name in ("labelled_aae", "aae"):
        run = {"seed": 0, "numbers": {"energy_distance": 0.1, "holes_percent": 5.0}}
        results.save(results.path(f"family_{name}", "default", 0), run)
    found = comparison.read()
    assert "energy_distance" not in found["labelled_aae"] and found["aae"]["energy_distance"] == [0.1]
    assert found["labelled_aae"]["holes_percent"] == [5.0]


def _has_reason(name: str, number: str) -> bool:
    try:
        return bool(comparison.why_not(name, number))
    except LookupError:
        return False


def test_reasons_contain_no_bar_since_they_stand_in_tables():
    said = [reason for by_name in comparison._REASONS.values() for reason in by_name.values()]
    said += [reason(name) for reason in comparison._FOR_ALL.values() for name in FAMILY]
    assert said and not any("|" in reason for reason in said)


def test_labels_taken_are_those_that_training_reads(family):
    x, y = torch.rand(10, 1, 28, 28), torch.arange(10)
    for name, method in family.items():
        taken = comparison.LABELS_TAKEN.get(name, "none")
        assert {"none": None, "all": None, "100": 100, "a fifth": 0.2}[taken] == FAMILY[name][1]
        batch = {"x": x, "x_labelled": x, "y_labelled": y}
        if taken == "all":  # needs the class of every image
            with pytest.raises(KeyError, match="y"):
                method.train().training_step(batch)
        elif taken != "a fifth":
            method.train().training_step(batch)
        else:  # hidden labels are enough for a step
            method.train().training_step(batch | {"y": torch.full((10,), UNLABELLED)})
        method.eval()


def test_a_class_on_request_is_an_argument_of_a_method_that_samples(family):
    for name, method in family.items():
        samplers = [getattr(method, what) for what in ("sample", "sample_class") if hasattr(method, what)]
        takes_y = any("y" in inspect.signature(sampler).parameters for sampler in samplers)
        is_class = takes_y and name != "clustering_aae"  # its y is a cluster, not a class
        assert (name in comparison.CLASS_ON_REQUEST) == is_class


def test_every_criterion_is_a_number_with_known_reasons_or_one_that_all_have():
    for criterion in CRITERIA + MORE_CRITERIA:
        missing = [name for name in FAMILY if _has_reason(name, criterion.number)]
        assert missing or criterion.number == "training_megaflops"
    assert Criterion("a", "b").best([1, 2]) == 1 and Criterion("a", "b", smaller=False).best([1, 2]) == 2


# ---- choosing ---------------------------------------------------------------------------------------------------


def test_all_models_that_can_are_ranked_by_their_means():
    choice = choose(RUNS, ["sample"], criterion=FID)
    assert [name for name, _, _ in choice.ranked] == ["conditional_gan", "gan", "aae", "vae", "m2_vae"]
    assert [worse for _, _, worse in choice.ranked] == [False, True, True, True, True]
    assert choice.out == {"autoencoder": "not a model that draws new images"}


def test_overlapping_runs_are_not_called_worse():
    choice = choose(RUNS, ["sample"], labels="none", criterion=FID)
    assert [(name, worse) for name, _, worse in choice.ranked] == [("gan", False), ("aae", False), ("vae", True)]
    assert choice.out["conditional_gan"] == "takes all of the labels" and choice.out["m2_vae"] == "takes 100 labels"


@pytest.mark.parametrize(
    ("needs", "labels", "limit", "criterion", "remain"),
    [
        (["encode"], "all", math.inf, ERROR, ["autoencoder", "aae", "vae", "m2_vae"]),
        (["sample", "encode", "bound"], "100", math.inf, FID, ["vae", "m2_vae"]),
        (["sample", "encode", "bound"], "100", 20.0, FID, ["vae"]),
        (["class on request"], "100", math.inf, FID, ["m2_vae"]),
        (["names the class", "encode"], "all", math.inf, ERROR, ["m2_vae"]),
        (["class on request"], "none", math.inf, FID, []),
    ],
)
def test_needs_labels_and_cost_strike_out(needs, labels, limit, criterion, remain):
    choice = choose(RUNS, needs, labels, limit, criterion)
    assert [name for name, _, _ in choice.ranked] == remain
    assert set(choice.out) == set(RUNS) - set(remain) and all(choice.out.values())


def test_without_a_number_for_the_criterion_a_model_is_out_with_its_reason():
    choice = choose(RUNS, ["sample"], criterion=ERROR)
    assert choice.out["gan"] == comparison.why_not("gan", "reconstruction_squared_error")


def test_unknown_wishes_are_errors():
    with pytest.raises(ValueError, match="unknown needs"):
        choose(RUNS, ["beauty"])
    with pytest.raises(ValueError, match="unknown labels"):
        choose(RUNS, [], labels="some")


# ---- the widget -------------------------------------------------------------------------------------------------


def test_the_answer_names_the_first_its_number_and_those_level_with_it():
    chooser = ModelChooser(RUNS)
    said = chooser.sentence(chooser.choice(["sample"], "none", "any", "FID"))
    assert said == "3 of 6 models remain. By FID the first is GAN with 100 ± 14. Not clearly worse over seeds: AAE."
    assert "No model remains" in chooser.sentence(chooser.choice(["class on request"], "none", "any", "FID"))


def test_the_table_holds_everybody():
    chooser = ModelChooser(RUNS, called=str.upper)
    head, *rows = chooser.rows(chooser.choice(["sample"], "none", "any", "FID"))
    assert head == ["rank", "model", "FID", "against the first"]
    assert [row[1] for row in rows[:3]] == ["GAN", "AAE", "VAE"] and [row[0] for row in rows[:4]] == [
        "1",
        "2",
        "3",
        "out",
    ]
    assert sorted(row[1] for row in rows) == sorted(map(str.upper, RUNS))
    assert [row[3] for row in rows[:3]] == ["", "undecided", "worse in every run"]


def test_limits_of_cost_let_a_third_two_thirds_and_all_through():
    limits = ModelChooser(RUNS).limits
    costs = sorted(numbers["training_megaflops"][0] for numbers in RUNS.values())
    assert [sum(cost <= limit for cost in costs) for limit in limits.values()] == [2, 4, 6]


def test_controls_are_labelled_and_move_the_answer():
    box = model_chooser(RUNS)
    *ticks, labels, limit, heading, words, table = box.children
    assert [tick.description.split(":")[0] for tick in ticks] == list(comparison.NEEDS)
    assert [c.description for c in (labels, limit, heading)] == [
        "labels there are",
        "training, an image",
        "what matters most",
    ]
    assert "5 of 6 models remain" in words.value
    labels.value = "none"
    assert "3 of 6 models remain" in words.value and "takes all of the labels" in table.value
    ticks[1].value = True  # codes
    assert "2 of 6 models remain" in words.value and "the first is AAE" in words.value
    heading.value = "half squared error"
    assert "By half squared error" in words.value
    limit.value = next(iter(ModelChooser(RUNS).limits))
    assert "1 of 6" in words.value and "the first is VAE" in words.value


def test_no_stored_run_is_an_error():
    with pytest.raises(ValueError, match="no model"):
        ModelChooser({})
