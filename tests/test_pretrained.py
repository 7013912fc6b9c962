"""Shipped weights: rounded as stated and checked on the way in and out; those in the repository are what they say."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from course_utils import datasets, experiments, judge, pretrained, recipes, results
from course_utils.checkpoints import CheckpointError

MEGABYTE = 1_000_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    return tmp_path


def network(seed: int, width: int = 5) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width))


class Large(nn.Module):
    """Of each kind one parameter that is stored in 8 bits, with statistics and small parameters between them."""

    def __init__(self, seed: int):
        torch.manual_seed(seed)
        super().__init__()
        self.dense = nn.Linear(100, 70)
        self.norm = nn.BatchNorm1d(70)
        self.convolution = nn.Conv2d(16, 24, 4)
        self.transposed = nn.ConvTranspose2d(24, 16, 4)
        self.small = nn.Linear(100, 3)
        self.narrow = nn.Linear(2, 5000)  # many rows, each too short for a scale of its own to pay
        with torch.no_grad():  # rows of very different size, so that one scale for all of them would not do
            for weights in (self.dense.weight, self.convolution.weight, self.transposed.weight):
                weights *= torch.logspace(-3, 3, len(weights)).view(-1, *[1] * (weights.dim() - 1))


IN_8_BITS = ["dense.weight", "convolution.weight", "transposed.weight"]


def slices(weights: torch.Tensor) -> np.ndarray:
    return weights.detach().double().numpy().reshape(len(weights), -1)


def test_large_weights_move_by_at_most_half_a_step(folder):
    saved, loaded = Large(0), Large(1)
    pretrained.save("large", saved, {})
    pretrained.load("large", loaded)
    for key, weights in saved.named_parameters():
        read = loaded.get_parameter(key)
        if key not in IN_8_BITS:
            assert torch.equal(read, weights.half().float()), key
            continue
        moved = np.abs(slices(read) - slices(weights)).max(1)
        bound = np.abs(slices(weights)).max(1) / 254
        assert (moved <= bound * (1 + 1e-4)).all() and (moved > 0.9 * bound).any(), key
        assert np.abs(slices(read)).max(1) == pytest.approx(np.abs(slices(weights)).max(1))  # the largest stays
        for row in slices(read):  # 8 bits: no more than 255 values, evenly spaced
            assert np.allclose(row / np.abs(row).max() * 127, (row / np.abs(row).max() * 127).round(), atol=1e-3)


def test_the_file_holds_bytes_and_scales_and_takes_half_the_room(folder):
    net = Large(0)
    pretrained.save("large", net, {})
    content = safetensors.numpy.load_file(folder / "large.safetensors")
    assert {key for key, values in content.items() if values.dtype == np.int8} == set(IN_8_BITS)
    assert {key for key in content if key.endswith(".scale")} == {f"{key}.scale" for key in IN_8_BITS}
    assert content["norm.running_var"].dtype == np.float32 and content["small.weight"].dtype == np.float16
    for key in IN_8_BITS:
        weights, scale = slices(net.get_parameter(key)), content[f"{key}.scale"]
        assert scale.dtype == np.float32 and scale.size == len(weights)
        assert scale.ravel() == pytest.approx(np.abs(weights).max(1) / 127)
        assert np.array_equal(np.abs(content[key].reshape(len(weights), -1).astype(int)).max(1), [127] * len(weights))
    wide = nn.Linear(1000, 500, bias=False)
    pretrained.save("wide", wide, {})
    assert (folder / "wide.safetensors").stat().st_size == pytest.approx(1000 * 500 + 4 * 500, rel=0.001)


def test_weights_read_and_saved_again_give_the_same_file(folder):
    pretrained.save("large", Large(0), {})
    content, read = (folder / "large.safetensors").read_bytes(), Large(1)
    pretrained.load("large", read)
    pretrained.save("large", read, {})
    assert (folder / "large.safetensors").read_bytes() == content


def test_slices_of_zeros_and_of_the_least_numbers_come_back(folder):
    saved, loaded = Large(0), Large(1)
    with torch.no_grad():
        saved.dense.weight[3] = 0
        saved.dense.weight[4] = 2.5e-43  # 178 times the least float32: the scale, 1.4 times it, is rounded to it
        saved.transposed.weight[:] = 0
    pretrained.save("large", saved, {})
    pretrained.load("large", loaded)
    assert not loaded.dense.weight[3].any() and not loaded.transposed.weight.any()
    assert loaded.dense.weight[4].min() >= 0 and loaded.dense.weight[4].max() < 1e-42


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_large_weights_that_are_no_numbers_are_not_shipped(folder, bad):
    net = Large(0)
    with torch.no_grad():
        net.convolution.weight[5, 2, 1, 1] = bad
    with pytest.raises(ValueError, match=r"convolution\.weight holds numbers beyond half precision \(65,504\) or NaN"):
        pretrained.save("large", net, {})
    assert not list(folder.iterdir())


def test_8_bits_hold_numbers_beyond_half_precision(folder):
    saved, loaded = Large(0), Large(1)
    with torch.no_grad():
        saved.dense.weight[0, 0] = 1e6
    pretrained.save("large", saved, {})
    pretrained.load("large", loaded)
    assert loaded.dense.weight[0, 0].item() == pytest.approx(1e6)


def test_a_name_that_the_scales_need_is_refused(folder):
    net = Large(0)
    net.dense._parameters["weight.scale"] = nn.Parameter(torch.ones(70))  # PyTorch itself allows no such name
    with pytest.raises(ValueError, match=r"'dense\.weight\.scale' is the name for the scales of 'dense\.weight'"):
        pretrained.save("large", net, {})
    assert not list(folder.iterdir())


def test_a_network_may_have_a_parameter_called_scale(folder):
    saved, loaded = Large(0), Large(1)
    for net, value in ((saved, 3.0), (loaded, 1.0)):
        net.dense.scale = nn.Parameter(torch.tensor(value))
    pretrained.save("large", saved, {})
    pretrained.load("large", loaded)
    assert loaded.dense.scale.item() == 3


def test_files_in_half_precision_alone_are_read(folder):
    """As all files were before there were 8 bits; this one is made without `pretrained`."""
    saved, loaded = Large(0), Large(1)
    saved.norm(torch.randn(50, 70) * 100 + 7)
    half = {
        key: v.half() if v.is_floating_point() and "running" not in key else v for key, v in saved.state_dict().items()
    }
    content = safetensors.numpy.save({key: value.numpy() for key, value in half.items()})
    (folder / "large.safetensors").write_bytes(content)
    (folder / "large.json").write_text(json.dumps({"sha256": hashlib.sha256(content).hexdigest()}))
    pretrained.load("large", loaded)
    for key, value in half.items():
        assert torch.equal(loaded.state_dict()[key], value.to(saved.state_dict()[key].dtype)), key


def test_scales_are_under_the_checksum(folder):
    pretrained.save("large", Large(0), {})
    file = folder / "large.safetensors"
    content = safetensors.numpy.load_file(file)
    content["dense.weight.scale"] = content["dense.weight.scale"] * 2
    safetensors.numpy.save_file(content, file)
    with pytest.raises(CheckpointError, match=r"large\.safetensors is damaged or missing"):
        pretrained.load("large", Large(0))


def test_small_weights_come_back_in_half_precision_and_statistics_exactly(folder):
    saved, loaded = network(0), network(1)
    saved(torch.randn(50, 3) * 100 + 7)  # moves the statistics of batch norm
    pretrained.save("net", saved, {"recipe": "net"})
    facts = pretrained.load("net", loaded)
    assert facts == pretrained.card("net") and facts["recipe"] == "net"
    assert facts["bytes"] == (folder / "net.safetensors").stat().st_size
    assert torch.equal(loaded[0].weight, saved[0].weight.half().float())
    assert torch.equal(loaded[1].running_var, saved[1].running_var)
    assert loaded[1].num_batches_tracked == 1
    assert not loaded.training
    assert pretrained.names() == ["net"]


def test_weights_that_half_precision_cannot_hold_are_not_shipped(folder):
    net = network(0)
    nn.init.constant_(net[0].bias, 1e5)
    with pytest.raises(ValueError, match=r"0\.bias holds numbers beyond half precision"):
        pretrained.save("net", net, {})
    assert not list(folder.iterdir())


def test_missing_weights(folder):
    pretrained.save("net", network(0), {})
    with pytest.raises(CheckpointError, match="no weights of 'other' are shipped; shipped are: net"):
        pretrained.load("other", network(0))


@pytest.mark.parametrize("damage", [lambda f: f.unlink(), lambda f: f.write_bytes(f.read_bytes()[:-1] + b"x")])
def test_damaged_weights(folder, damage):
    pretrained.save("net", network(0), {})
    damage(folder / "net.safetensors")
    with pytest.raises(CheckpointError, match=r"net\.safetensors is damaged or missing"):
        pretrained.load("net", network(0))


def test_weights_of_other_networks(folder):
    pretrained.save("net", network(0), {})
    with pytest.raises(CheckpointError, match="belongs to other networks than 'net' builds now"):
        pretrained.load("net", network(0, width=6))


def test_run_ships_what_it_trained(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")
    path = experiments.run("gan_ring", 3, runs=tmp_path / "runs", ship=True)
    card, result = pretrained.card("gan_ring"), json.loads(path.read_text())
    assert (card["recipe"], card["seed"], card["mode"]) == ("gan_ring", 3, "fast")
    assert card["numbers"].keys() == result["numbers"].keys()
    # measured with the rounded weights: close to the training's own numbers, but not the same
    assert card["numbers"]["discriminator_loss"] == pytest.approx(result["numbers"]["discriminator_loss"], abs=0.05)
    assert card["numbers"] != result["numbers"]


def test_trained_loads_or_trains_and_says_so(folder, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MODE", "fast")
    data = experiments.get("gan_ring").data()
    with pytest.raises(CheckpointError, match="no weights of 'gan_ring'"):
        experiments.trained("gan_ring", data)
    method = experiments.trained("gan_ring", data, retrain=True, progress=False)
    pretrained.save("gan_ring", method, {"data": "a ring", "seed": 0, "date": "2026-01-01"})
    loaded = experiments.trained("gan_ring", data)
    assert "the weights shipped with the course, trained on a ring with seed 0" in capsys.readouterr().out
    for name, weights in loaded.named_parameters():
        trained = method.get_parameter(name)
        assert (weights - trained).abs().max() <= trained.abs().max() / 250, name


def test_weights_that_are_too_large_are_not_shipped(folder, monkeypatch):
    pretrained.save("net", network(0), {})
    size = pretrained.card("net")["bytes"]
    monkeypatch.setattr(pretrained, "MAX_BYTES", size)
    assert not pretrained.too_large(network(0))
    monkeypatch.setattr(pretrained, "MAX_BYTES", size - 1)
    assert pretrained.too_large(network(0))
    with pytest.raises(ValueError, match=f"take {size} bytes, more than {size - 1}: ship its codes"):
        pretrained.save("net", network(0), {})


def test_codes_come_back_in_half_precision(folder):
    codes = {"test_y": torch.rand(20, 16), "test_z": torch.randn(20, 5)}
    pretrained.save_codes("net", codes, {"recipe": "net"})
    read, card = pretrained.load_codes("net")
    assert card["recipe"] == "net" and pretrained.names_of_codes() == ["net"] and not pretrained.names()
    assert list(read) == sorted(codes)
    for name, value in read.items():
        assert value.dtype == torch.float32 and torch.equal(value, codes[name].half().float())


@pytest.mark.parametrize("damage", [lambda f: f.unlink(), lambda f: f.write_bytes(f.read_bytes()[:-1] + b"x")])
def test_damaged_codes(folder, damage):
    pretrained.save_codes("net", {"test_y": torch.rand(20, 16)}, {})
    damage(folder / "codes" / "net.safetensors")
    with pytest.raises(CheckpointError, match=r"net\.safetensors is damaged or missing"):
        pretrained.load_codes("net")


def test_missing_codes(folder):
    with pytest.raises(CheckpointError, match="no codes of 'net' are shipped; shipped are: none"):
        pretrained.load_codes("net")


@pytest.mark.parametrize("name", ["clustering_aae_16", "reduction_aae_2d_0", "reduction_aae_2d_100"])
def test_of_a_model_too_large_its_codes_are_shipped_and_give_its_scores(name, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")
    monkeypatch.setattr(pretrained, "MAX_BYTES", 1_000)
    quick = dataclasses.replace(recipes.ALL[name], epochs={"fast": 1})
    monkeypatch.setitem(recipes.ALL, name, quick)
    stored = json.loads(experiments.run(name, 0, runs=tmp_path, ship=True).read_text())
    assert not pretrained.names()
    codes, card = pretrained.load_codes(name)
    data = datasets.load("digits")
    assert quick.codes[1](codes, data) == card["numbers"]
    for number in ("test_error_percent", *(["nmi"] if not quick.labels else [])):
        assert card["numbers"][number] == pytest.approx(stored["numbers"][number], abs=0.5), "but for half precision"
    if "reduction" in name:
        reached = codes["test_y"] @ codes["heads"] + codes["test_z"]
        torch.testing.assert_close(reached, codes["test_points"], atol=0.05, rtol=0.01)
        assert card["numbers"]["neighbours_error_percent"] == pytest.approx(
            stored["numbers"]["neighbours_error_percent"], abs=1
        )


def test_a_model_too_large_whose_recipe_names_no_codes(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")
    monkeypatch.setattr(pretrained, "MAX_BYTES", 1_000)
    with pytest.raises(
        ValueError, match="the weights of 'gan_ring' are too large to be shipped, and it names no codes"
    ):
        experiments.run("gan_ring", 3, runs=tmp_path / "runs", ship=True)


# ---- those in the repository ------------------------------------------------------------------------------------


def test_the_judge_is_shipped():
    assert judge.NAME in pretrained.names()


def test_the_budget():
    sizes = [file.stat().st_size for file in pretrained.ROOT.rglob("*.safetensors")]
    assert max(sizes) <= 3 * MEGABYTE
    assert sum(sizes) <= 40 * MEGABYTE


@pytest.mark.parametrize("name", pretrained.names())
def test_shipped_weights_fit_their_recipe_and_have_numbers(name):
    card = pretrained.load(name, recipes.ALL[name].method())
    assert card["source"] == recipes.ALL[name].source, "the recipe has changed since: train it again with --ship"
    assert {"seed", "data", "date", "hardware", "versions"} <= card.keys()
    assert card["numbers"]


@pytest.mark.parametrize("name", pretrained.names_of_codes())
def test_shipped_codes_give_the_numbers_of_their_card(name):
    codes, card = pretrained.load_codes(name)
    assert card["source"] == recipes.ALL[name].source, "the recipe has changed since: train it again with --ship"
    if not (datasets.root() / "MNIST" / "raw" / "t10k-images-idx3-ubyte").exists():
        pytest.skip("MNIST is not on this machine (set COURSE_DATA)")
    assert recipes.ALL[name].codes[1](codes, datasets.load("mnist")) == pytest.approx(card["numbers"])


def test_the_judge_is_as_good_as_its_card_says():
    if not (datasets.root() / "MNIST" / "raw" / "t10k-images-idx3-ubyte").exists():
        pytest.skip("MNIST is not on this machine (set COURSE_DATA)")
    data = datasets.load("mnist")
    wrong = judge.probabilities(data.test.x).argmax(1) != data.test.y
    stated = pretrained.card(judge.NAME)["numbers"]["test_error_percent"]
    assert 100 * wrong.float().mean().item() == pytest.approx(stated, abs=0.05)
    assert stated < 1.5
