"""Recorded steps: without a GPU, with a stand-in for CUDA graphs; with one, against the same training step by step."""

import pytest
import tiny
import torch
from torch.utils.data import DataLoader, TensorDataset

from course_utils import capture, experiments, training
from course_utils.training import fit

QUIET = {"batch_size": 16, "device": "cpu", "progress": False}
HAS_GPU = torch.cuda.is_available()
# one optimiser, updates in turn, simultaneous updates; fully connected, convolutional with batch norm; Adam and SGD
METHODS = ["gan mlp", "gan conv", "vae gaussian", "aae gaussian", "aae adam", "vae_gan conv"]


class StandIn:
    """Like a CUDA graph: `record` gives outputs without values, `replay` does what was recorded and fills them."""

    EAGER_STEPS = 3
    made = 0

    def __init__(self):
        type(self).made += 1

    def record(self, function):
        self.function = function
        self.outputs = {}
        return self.outputs

    def replay(self):
        for name, value in self.function().items():
            if name in self.outputs:
                self.outputs[name].copy_(value)  # the same memory again, as a graph writes it
            else:
                self.outputs[name] = value.clone()


@pytest.fixture
def stand_in(monkeypatch):
    StandIn.made = 0
    monkeypatch.setattr(capture, "Graph", StandIn)
    monkeypatch.setattr(capture, "check", lambda where, processes: None)
    return StandIn


def trained(name, captured, data=None, **options):
    method = tiny.build(name)
    history = fit(method, data or tiny.images(), capture=captured, **{**QUIET, "steps": 9, **options})
    return tiny.state(method), history.losses


@pytest.mark.parametrize("name", METHODS)
def test_recorded_steps_are_the_same_steps(name, stand_in):
    plain, losses = trained(name, False)
    recorded, recorded_losses = trained(name, True)
    assert tiny.same(plain, recorded)
    assert recorded_losses == losses
    assert stand_in.made == 1


def test_each_learning_rate_has_a_recording(stand_in):
    plain, _ = trained("aae deterministic", False, decay_at=(0.5, 0.8))
    recorded, _ = trained("aae deterministic", True, decay_at=(0.5, 0.8))
    assert tiny.same(plain, recorded)
    assert stand_in.made == 3


def test_a_batch_of_another_shape_is_computed_as_it_is(stand_in):
    def loader():
        images = tiny.images()
        return DataLoader(TensorDataset(images.floats()[:40], images.y[:40]), batch_size=16)

    plain, losses = trained("aae deterministic", False, loader())
    recorded, recorded_losses = trained("aae deterministic", True, loader())
    assert tiny.same(plain, recorded)
    assert losses == recorded_losses


def test_losses_are_not_overwritten_by_the_next_replay(stand_in):
    _, losses = trained("aae deterministic", True)
    assert len(set(losses["reconstruction"])) == 9


def test_an_interrupted_training_goes_on(stand_in, tmp_path):
    whole, losses = trained("aae deterministic", True)
    method = tiny.build("aae deterministic")
    step, seen = method.training_step, []

    def interrupted(batch):
        seen.append(1)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return step(batch)

    method.training_step = interrupted
    options = {**QUIET, "steps": 9, "checkpoint": tmp_path / "x.safetensors", "checkpoint_seconds": 0.0}
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "READ_EVERY", 1)
        fit(method, tiny.images(), capture=True, **options)
    again = tiny.build("aae deterministic")
    history = fit(again, tiny.images(), capture=True, **options)
    assert tiny.same(whole, tiny.state(again))
    assert history.losses == losses


def test_optimisers_keep_their_counts_on_the_device(stand_in):
    method = tiny.aae("mlp", optimizer="adam", lr=0.02, adversarial_lr=0.02)
    seen = []
    step = method.training_step

    def watched(batch):
        seen.append([g["capturable"] for o in method.optimizers.values() for g in o.param_groups])
        return step(batch)

    method.training_step = watched
    fit(method, tiny.images(), steps=1, capture=True, **QUIET)
    assert seen == [[True] * 3]


def test_what_cannot_be_recorded_is_said(stand_in, monkeypatch):
    def refuse(self, function):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(StandIn, "record", refuse)
    with pytest.raises(capture.CaptureError, match=r"cannot be recorded as a CUDA graph .*leave out capture=True"):
        trained("gan mlp", True)


def test_a_cpu_and_several_processes_are_refused():
    with pytest.raises(capture.CaptureError, match="which the device 'cpu' does not have"):
        trained("gan mlp", True)
    with pytest.raises(capture.CaptureError, match="for one process"):
        capture.check(torch.device("cuda"), processes=2)
    capture.check(torch.device("cuda"), processes=1)


def test_the_command_line_passes_it_on(monkeypatch, tmp_path):
    from course_utils import commands

    seen = {}

    def run(name, seed, **options):
        seen.update(options)
        path = tmp_path / "result.json"
        path.write_text('{"numbers": {"x": 1.0}}')
        return path

    monkeypatch.setattr(experiments, "run", run)
    arguments = commands.parse(["train", "aae_gaussian_2d", "--capture"])
    assert arguments.run(arguments) == 0
    assert seen["capture"] is True


@pytest.mark.skipif(not HAS_GPU, reason="records real CUDA graphs: needs an NVIDIA GPU")
@pytest.mark.parametrize("name", METHODS)
def test_cuda_graphs_train_as_single_steps_do(name):
    plain, losses = trained(name, False, device="cuda")
    recorded, recorded_losses = trained(name, True, device="cuda")
    for key, value in plain.items():
        torch.testing.assert_close(recorded[key], value, rtol=1e-3, atol=1e-5)
    for key, values in losses.items():
        assert recorded_losses[key] == pytest.approx(values, rel=1e-3)
