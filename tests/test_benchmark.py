"""The benchmark compares two ways to run the same algorithm, and counts as it says."""

import pytest
import torch
from torch.utils.data import TensorDataset

from course_utils import benchmark, training
from course_utils.datasets import Images

CPU = torch.device("cpu")


def test_both_loops_make_the_same_step(monkeypatch):
    """From the same weights, images and noise: the plain loop and ours must move every network alike."""
    x = torch.rand(benchmark.BATCH_SIZE, *benchmark.IMAGE, generator=torch.Generator().manual_seed(0))
    y = torch.zeros(len(x), dtype=torch.long)
    plain, ours = benchmark.build(), benchmark.build()
    start = torch.nn.utils.parameters_to_vector(plain.parameters()).detach()
    noise = torch.randn(len(x), benchmark.LATENT_DIM)
    for model in (plain, ours):
        monkeypatch.setattr(model.prior, "sample", lambda n: noise)
    benchmark.plain_training(TensorDataset(x, y), plain, steps=1, where=CPU)
    training.fit(ours, Images(x, y), steps=1, batch_size=len(x), device="cpu", precision="float32", progress=False)
    moved = [torch.nn.utils.parameters_to_vector(model.parameters()).detach() - start for model in (plain, ours)]
    # Adam's first step has the size of the rate whatever the gradient: rounding can turn the sign of a few tiny ones
    alike = ((moved[0] - moved[1]).abs() < 0.05 * benchmark.LR).float().mean()
    assert alike > 0.99
    assert moved[0].abs().mean() > 0.2 * benchmark.LR


def test_ratios_of_medians_and_of_pairs():
    found = benchmark.ratios(plain_seconds=[10.0, 20.0, 40.0], our_seconds=[5.0, 4.0, 10.0])
    assert found == pytest.approx({"ratio_of_medians": 5 / 20, "median_ratio": 0.25})
    found = benchmark.ratios([1.0, 2.0, 10.0], [0.9, 0.2, 5.0])
    assert found == pytest.approx({"ratio_of_medians": 0.45, "median_ratio": 0.5})


def test_the_loops_take_turns(capsys):
    calls = []
    seconds = benchmark.in_turn(lambda: calls.append("plain") or 4.0, lambda: calls.append("ours") or 1.0, pairs=2)
    assert calls == ["plain", "ours"] * 2
    assert seconds == {"plain_seconds": [4.0, 4.0], "our_seconds": [1.0, 1.0]}
    assert capsys.readouterr().out.splitlines()[1] == "pair 2 of 2: plain loop 4.0 s, ours 1.0 s: 0.250"


def test_the_verdict_can_come_out_both_ways():
    def verdict(ratio):
        numbers = {"images": 50_000, "hardware": "a CPU", "our_number_format": "float32", "median_ratio": ratio}
        return benchmark._verdict({**numbers, "ratio_of_medians": ratio})

    assert verdict(0.3).endswith("at most 0.333, reached.")
    assert verdict(0.4).endswith("at most 0.333, NOT reached.")


@pytest.mark.parametrize("arguments", [["--steps", "0"], ["--steps", "501"], ["--pairs", "0"], ["--device", "tpu"]])
def test_mistakes_are_said_before_anything_is_timed(arguments, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "in_turn", lambda *_: pytest.fail("timed"))
    assert benchmark.main(arguments) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_ours_is_what_fit_does_by_default(monkeypatch):
    seen = {}
    monkeypatch.setattr(benchmark.datasets, "load", lambda name: type("Splits", (), {"train": None}))
    monkeypatch.setattr(benchmark.training, "fit", lambda *_, **options: seen.update(options))
    assert benchmark.time_our_fit(7, "cpu") >= 0
    assert seen == {"steps": 7, "batch_size": benchmark.BATCH_SIZE, "device": "cpu", "progress": False}
