"""The benchmark compares several ways to run the same algorithm, and counts as it says."""

import collections
import json
import subprocess
import sys

import pytest
import torch
from torch.utils.data import TensorDataset

from course_utils import datasets, results, set_up, training
from course_utils.benchmark import floor, growth, models, one, plain, turns
from course_utils.benchmark.__main__ import main
from course_utils.datasets import Images

CPU = torch.device("cpu")


def images(n: int = models.BATCH_SIZE) -> Images:
    return Images(
        torch.rand(n, *models.IMAGE, generator=torch.Generator().manual_seed(0)), torch.zeros(n, dtype=torch.long)
    )


@pytest.mark.parametrize("name", models.MODELS)
def test_both_loops_make_the_same_step(name, monkeypatch):
    """From the same weights, images and noise: the plain loop and ours must move every network alike."""
    data = images()
    loop, ours = models.build(name).train(), models.build(name)
    start = {key: p.detach().clone() for key, p in loop.named_parameters()}
    noise = torch.randn(len(data), loop.prior.sample(1).shape[1])
    # what is added to codes is the same for every image: the two shuffle them differently
    monkeypatch.setattr(torch, "randn_like", lambda x: noise[:1].expand(len(data), -1))
    for model in (loop, ours):
        monkeypatch.setattr(model.prior, "sample", lambda n: noise)
    plain.train(name, TensorDataset(data.x, data.y), loop, steps=1, where=CPU)
    training.fit(ours, data, steps=1, batch_size=len(data), device="cpu", precision="float32", progress=False)
    theirs = dict(loop.named_parameters())
    for key, mine in ours.named_parameters():
        if key == "generator.project.layers.1.bias":
            continue  # before batch norm: its gradient is zero, and Adam makes a full step of the rounding
        # Adam's first step has the size of the rate whatever the gradient: rounding can turn the sign of tiny ones
        moved, expected = (mine - start[key]).flatten(), (theirs[key] - start[key]).flatten()
        assert torch.cosine_similarity(moved, expected, 0) > 0.95, key
        assert expected.abs().mean() > 0.05 * models.LR, key


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="has no model 'gan'; it has aae, vae, vae_gan, dcgan"):
        models.build("gan")


# ---- the floor --------------------------------------------------------------------------------------------------


def recorded(name: str) -> floor.Recording:
    data = images()
    return floor.record(models.build(name).train(), {"x": data.x, "y": data.y}, torch.float32)


def test_the_floor_has_the_products_of_a_step():
    """Counted by hand for an AAE of 3 + 3 layers with a discriminator of 3."""
    calls = collections.Counter(function.overloadpacket for function, _, _ in recorded("aae").calls)
    aten = torch.ops.aten
    # forward: encoder and decoder, encoder, discriminator twice, discriminator
    assert calls[aten.addmm] == 6 + 3 + 2 * 3 + 3
    # backward: weights of 6 layers and inputs of 5; twice 3 and 2; inputs of the discriminator's 3, then 3 and 2
    assert calls[aten.mm] == 11 + 2 * 5 + 3 + 5
    assert calls[aten._fused_adam_] == 3


def test_the_floor_has_the_convolutions_of_a_step():
    calls = collections.Counter(function.overloadpacket for function, _, _ in recorded("dcgan").calls)
    # the generator twice, the discriminator three times, two (transposed) convolutions each
    assert calls[torch.ops.aten.convolution] == 2 * 2 + 3 * 2
    assert calls[torch.ops.aten.convolution_backward] == 2 * 2 + 2 + 2
    assert calls[torch.ops.aten._fused_adam_] == 2


def test_a_replay_makes_the_calls_again():
    recording = recorded("vae")
    again = floor.Recording()
    with again:
        recording.replay(2)
    names = [call[0] for call in recording.calls]
    assert [call[0] for call in again.calls] == 2 * names


# ---- one measurement --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contender", ["ours", "floor"])
def test_a_measurement_gives_seconds(contender, monkeypatch):
    monkeypatch.setattr(datasets, "load", lambda name: type("Splits", (), {"train": images(300)}))
    assert one.CONTENDERS[contender]("vae", 2, CPU) > 0


def test_ours_is_what_fit_does_by_default(monkeypatch):
    seen = {}
    monkeypatch.setattr(datasets, "load", lambda name: type("Splits", (), {"train": None}))
    monkeypatch.setattr(training, "fit", lambda *_, **options: seen.update(options))
    assert one.ours("aae", 7, CPU) >= 0
    assert seen == {"steps": 7, "batch_size": models.BATCH_SIZE, "device": "cpu", "progress": False}


def test_memory_is_the_most_that_the_process_has_held():
    """In a process of its own: this one may have held more before."""
    code = (
        "import torch; from course_utils.benchmark.one import megabytes; before = megabytes(); "
        "kept = torch.ones(50_000_000); del kept; print(megabytes() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 150 < float(done.stdout) < 300


def test_pythae_trains_the_same_networks():
    """A real run of the peer: needs MNIST, uv, and pythae from the package index or uv's cache."""
    if not (datasets.root() / "MNIST" / "raw" / "train-images-idx3-ubyte").exists():
        pytest.skip("no MNIST here: pythae is timed on it")
    try:
        found = turns.measure("pythae", "aae", 2, "cpu")
    except turns.BenchmarkError as error:
        if "is installed by uv" in str(error) or "error sending request" in str(error):
            pytest.skip("pythae could not be installed: no uv, or no network")
        raise
    assert found["seconds"] > 0


# ---- turns ------------------------------------------------------------------------------------------------------


def test_the_contenders_take_turns(capsys):
    calls = []

    def measure(contender, model):
        calls.append((model, contender))
        return {"seconds": float(len(calls)), "megabytes": 1.0}

    found = turns.in_turn(["vae", "dcgan"], 2, measure)
    one_round = [("vae", c) for c in turns.CONTENDERS] + [("dcgan", c) for c in ("ours", "plain", "floor")]
    assert calls == one_round * 2
    assert found["vae"]["ours"] == {"seconds": [1.0, 8.0], "megabytes": [1.0, 1.0]}
    assert len(capsys.readouterr().out.splitlines()) == 14


ROWS = {
    "ours": {"seconds": [1.0, 2.0, 4.0], "megabytes": [10.0, 10.0, 10.0]},
    "plain": {"seconds": [3.0, 5.0, 16.0], "megabytes": [5.0, 5.0, 5.0]},
    "floor": {"seconds": [0.9, 1.0, 3.0], "megabytes": [1.0, 1.0, 1.0]},
}


def test_ratios_are_medians_over_the_rounds():
    assert turns.ratio(ROWS, "plain", "ours") == 3.0  # of 3, 2.5, 4
    assert turns.ratio(ROWS, "ours", "plain", "megabytes") == 2.0
    assert turns.ratio(ROWS, "pythae", "ours") is None
    assert turns.verdict(ROWS) == "3.00 times as fast as plain, 75% of the floor's speed"


def test_a_failed_measurement_says_what_it_printed():
    with pytest.raises(turns.BenchmarkError, match=r"(?s)ours on no_model failed:.*has no model 'no_model'"):
        turns.measure("ours", "no_model", 1, "cpu")


def test_without_uv_there_is_no_pythae(monkeypatch):
    monkeypatch.setattr(set_up, "find_uv", lambda: None)
    with pytest.raises(turns.BenchmarkError, match="pythae is installed by uv"):
        turns.measure("pythae", "vae", 1, "cpu")


def test_the_times_are_stored(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(datasets, "load", lambda name: None)
    monkeypatch.setattr(turns, "measure", lambda contender, *_: {"seconds": len(contender), "megabytes": 1.0})
    file = turns.run(["vae"], steps=7, rounds=2, device="cpu")
    stored = json.loads(file.read_text())
    assert stored["models"]["vae"]["pythae"]["seconds"] == [6, 6]
    assert (stored["steps"], stored["threads"]) == (7, torch.get_num_threads())
    assert "vae: 1.25 times as fast as plain, 1.50 times as fast as pythae, 125% of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--steps", "0"], ["--steps", "501"], ["--rounds", "0"], ["--device", "tpu"], ["--device", "mps"]]
)
def test_mistakes_are_said_before_anything_is_timed(arguments, monkeypatch, capsys):
    monkeypatch.setattr(turns, "in_turn", lambda *_: pytest.fail("timed"))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert main(arguments) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


# ---- growth -----------------------------------------------------------------------------------------------------


def test_growth_trains_what_it_is_told(monkeypatch):
    seen = []
    fit = training.fit

    def watched(model, data, **options):
        seen.append((tuple(data.x.shape), model.encoder.latent_dim, options["batch_size"]))
        return fit(model, data, **options)

    monkeypatch.setattr(training, "fit", watched)
    row = growth.train_once({"images": 40, "side": 8, "latent_dim": 3, "batch_size": 100}, "cpu")
    assert set(seen) == {((40, 1, 8, 8), 3, 40)}
    assert row["microseconds_an_image"] == pytest.approx(row["milliseconds"] * 1e3 / 40, rel=0.2)
    assert row["megabytes"] > 0


def test_growth_changes_one_size_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    asked = []

    class Done:
        returncode, stderr = 0, ""
        stdout = '{"milliseconds": 1.0, "microseconds_an_image": 10.0, "megabytes": 5}\n'

    monkeypatch.setattr(growth.subprocess, "run", lambda command, **_: asked.append(json.loads(command[3])) or Done)
    stored = json.loads(growth.run("cpu").read_text())
    assert len(stored["rows"]) == len(asked) == sum(map(len, growth.GROWTH.values()))
    for row, sizes in zip(stored["rows"], asked, strict=True):
        assert sizes == {**growth.USUAL, row["changed"]: row["size"]}
