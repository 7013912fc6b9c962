"""Several processes that train one model equal one process with the same batches; nobody waits for ever."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from unittest import mock

import numpy as np
import processes
import pytest
import tiny
import torch
from torch.utils.data import DataLoader, TensorDataset

from course_utils import checkpoints, commands, datasets, distributed, results, runtime, set_up, training
from course_utils.checkpoints import CheckpointError
from course_utils.distributed import DistributedError
from course_utils.distributions import Distribution, ring_of_gaussians
from course_utils.methods import Method
from course_utils.methods.base import sgd
from course_utils.training import TrainingDiverged, fit

QUIET = {"batch_size": 16, "progress": False, "device": "cpu"}


class Replay(Distribution):
    """Normal noise that does not depend on the number of processes: each takes its part of the same numbers."""

    def __init__(self, dim: int):
        super().__init__(dim)
        self.generator = torch.Generator().manual_seed(7)

    def sample(self, n, labels=None):
        of_all = torch.randn(n * distributed.world_size(), self.dim, generator=self.generator, dtype=self._origin.dtype)
        return of_all[n * distributed.rank() :][:n]


def without_noise(name: str) -> Method:
    """A method in float64 with SGD whose steps draw nothing from the global random state."""
    method = tiny.build(name)
    if hasattr(method, "prior"):
        method.prior = Replay(tiny.LATENT_DIM)
    configure = method.configure_optimizers
    method.configure_optimizers = lambda: {
        role: sgd(o.param_groups[0]["params"], 0.05, 0.5) for role, o in configure().items()
    }
    return method.double()


def arrays(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy().copy() for name, value in tensors.items()}


# ---- the same as one process ------------------------------------------------------------------------------------

EQUAL = ("autoencoder mlp", "classifier mlp", "aae deterministic", "gan mlp")


def trained_without_noise(names) -> dict[str, dict[str, np.ndarray]]:
    """Name -> the parameters after three epochs, and the losses."""
    found = {}
    data = tiny.images(48)
    data = training.Images(data.x.double(), data.y)
    for name in names:
        method = without_noise(name)
        history = fit(method, data, epochs=3, decay_at=(0.5,), **QUIET)
        found[name] = arrays(method.state_dict()) | {k: np.array(v) for k, v in history.losses.items()}
    return found


def test_two_processes_equal_one_with_the_same_batches():
    alone = trained_without_noise(EQUAL)
    first, second = processes.together(trained_without_noise, EQUAL)
    for name in EQUAL:
        start = arrays(without_noise(name).state_dict())
        for key, expected in alone[name].items():
            exact = key in start  # parameters; the history holds losses as float32
            np.testing.assert_allclose(first[name][key], expected, rtol=0, atol=1e-10 if exact else 1e-4)
            np.testing.assert_array_equal(first[name][key], second[name][key])
            if exact:
                assert np.abs(expected - start[key]).max() > 1e-6, "nothing was trained: the test says nothing"


class LeavesOneOut(Method):
    """Two parameters and a role of each, and one that no loss reaches."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.unused = (torch.nn.Parameter(torch.tensor(v)) for v in (2.0, 3.0, 5.0))

    def configure_optimizers(self):
        return {"a": sgd([self.a, self.unused], 0.1), "b": sgd([self.b, self.unused], 0.1)}

    def training_step(self, batch):
        factor = 1.0 + 2 * distributed.rank()
        loss = factor * self.a * self.b
        self.minimize(a=loss, b=loss)
        assert self.unused.grad is None
        return {"loss": loss}


def step_by_hand():
    method = LeavesOneOut()
    history = fit(method, tiny.images(16), epochs=1, **QUIET)
    return [method.a.item(), method.b.item(), method.unused.item()], history.losses["loss"]


def test_gradients_and_losses_are_means_over_the_processes():
    # factors 1 and 3, mean 2: a <- 2 - 0.1 * 2 * 3, b <- 3 - 0.1 * 2 * 2, both by gradients taken before; loss 2 * 6
    for numbers, losses in processes.together(step_by_hand):
        assert numbers == pytest.approx([1.4, 2.6, 5])
        assert losses == pytest.approx([12])


# ---- who works on what ------------------------------------------------------------------------------------------


class Keeps(Method):
    """Learns nothing of interest and keeps its batches."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.seen: list[list] = []
        self.noise: list[float] = []

    def configure_optimizers(self):
        return {"weight": sgd([self.weight], 1e-3)}

    def training_step(self, batch):
        self.seen.append(batch["y"].tolist() if "y" in batch else batch["x"].tolist())
        self.noise.append(torch.rand(()).item())
        loss = (self.weight * batch["x"].mean()).square()
        self.minimize(weight=loss)
        return {"loss": loss}


def shown(points: bool):
    """The batches that a process sees, the noise it draws, and what it began with if that were its rank."""
    method = Keeps()
    with torch.no_grad():
        method.weight += distributed.rank()
    data = ring_of_gaussians() if points else training.Images(tiny.images(40).x, torch.arange(40))
    fit(method, data, steps=5, seed=4, **QUIET)
    return method.seen, method.noise, method.weight.item()


def test_each_batch_of_images_is_divided_and_parameters_come_from_the_first():
    seen, noise, weight = shown(points=False)
    (seen_0, noise_0, weight_0), (seen_1, noise_1, weight_1) = processes.together(shown, False)
    assert [a + b for a, b in zip(seen_0, seen_1, strict=True)] == seen
    assert {len(part) for part in seen_0 + seen_1} == {8}
    assert weight_0 == weight_1 == pytest.approx(weight)
    assert noise_0 == noise, "the first process draws what a single one draws"
    assert not set(noise_1) & set(noise_0)


def test_fresh_samples_are_divided_and_differ():
    (seen_0, *_), (seen_1, *_) = processes.together(shown, True)
    assert {len(part) for part in seen_0 + seen_1} == {8}
    assert not {tuple(p) for part in seen_0 for p in part} & {tuple(p) for part in seen_1 for p in part}


def bad_arguments():
    """The errors of arguments that several processes cannot do."""
    images = tiny.images()
    found = []
    for data, options in (
        (images, {"batch_size": 15}),
        (ring_of_gaussians(), {"batch_size": 15}),
        (DataLoader(TensorDataset(images.x, images.y), batch_size=16), {}),
        (images, {"device": "mps"}),
    ):
        try:
            fit(Keeps(), data, steps=1, **{**QUIET, **options})
        except DistributedError as error:
            found.append(str(error))
    return found


def test_what_several_processes_cannot_do_is_named():
    for divide, divide_too, loader, device in processes.together(bad_arguments):
        assert divide == divide_too
        assert divide.startswith("batch_size=15 cannot be divided equally among 2 processes: take a multiple of 2")
        assert "not those of a DataLoader" in loader
        assert "a device of its own, here cpu: not 'mps'" in device


def test_a_machine_with_fewer_gpus_than_processes(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with (
        pytest.raises(DistributedError, match="there are 2: start torchrun with --nproc-per-node 2"),
        distributed.group(),
    ):
        pass


def test_on_gpus_each_process_takes_its_own_and_gradients_go_by_nccl(monkeypatch):
    asked = []
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", asked.append)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(distributed.dist, "init_process_group", lambda backend, timeout: asked.append(backend))
    monkeypatch.setattr(distributed.dist, "destroy_process_group", lambda: asked.append("end"))
    with distributed.group():
        monkeypatch.setattr(distributed, "world_size", lambda: 4)
        assert [distributed.device(name) for name in ("auto", "cuda", "cuda:1")] == ["cuda:1"] * 3
        with pytest.raises(DistributedError, match="here cuda:1: not 'cpu'"):
            distributed.device("cpu")
    assert asked == [1, "cpu:gloo,cuda:nccl", "end"]


def test_a_process_that_is_alone_is_left_alone(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    with distributed.group():
        assert (distributed.world_size(), distributed.rank(), distributed.seed(3)) == (1, 0, 3)
        assert distributed.device("auto") == "auto"
        assert distributed.share(15) == 15
        assert distributed.gather("x") == ["x"]


# ---- one writer -------------------------------------------------------------------------------------------------


def written(folder):
    """Train with a checkpoint and a progress bar; returns the files this process wrote and all that it printed."""
    saved, save = [], checkpoints.save
    checkpoints.save = lambda path, state: (saved.append(path.name), save(path, state))
    file = folder / "out.txt"
    with open(file if distributed.is_first() else os.devnull, "w") as errors:
        sys.stderr = errors
        print("printed", file=sys.stdout)
        silent = sys.stdout.name == os.devnull
        fit(Keeps(), tiny.images(), steps=4, checkpoint=folder / "x.safetensors", **{**QUIET, "progress": True})
        sys.stderr = sys.__stderr__
    return saved, silent


def test_the_first_process_alone_writes_and_prints(tmp_path):
    (saved, silent), (saved_1, silent_1) = processes.together(written, tmp_path)
    assert (saved, silent) == (["x.safetensors"], False)
    assert (saved_1, silent_1) == ([], True)
    assert "4/4" in (tmp_path / "out.txt").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"x.safetensors", "out.txt"}


def ordered(folder):
    """Who of two processes of one machine loads first, seen by what it leaves behind."""

    def load():
        found = sorted(path.name for path in folder.iterdir())
        (folder / str(distributed.rank())).touch()
        return found

    def broken():
        raise datasets.DatasetError(f"nothing for {distributed.rank()}")

    found = distributed.on_each_machine(load)
    with pytest.raises(datasets.DatasetError, match=str(distributed.rank())):
        distributed.on_each_machine(broken)
    return found


def test_one_process_of_a_machine_downloads_and_then_the_others_look(tmp_path):
    assert processes.together(ordered, tmp_path) == [[], ["0"]]


# ---- interrupts, damage and divergence reach everyone -----------------------------------------------------------


def whole_state(method: Method, history) -> dict[str, np.ndarray]:
    random = {"random": torch.get_rng_state()}
    losses = {f"loss {k}": torch.tensor(v, dtype=torch.float64) for k, v in history.losses.items()}
    return arrays({**method.state_dict(), **losses, **random})


def interrupted_and_resumed(file):
    """A training with noise in one go; and one where a single process gets Ctrl-C, continued."""

    def run(signal_at=None, **options):
        method = tiny.build("aae adam")
        step, count = method.training_step, iter(range(100))

        def watched(batch):
            if next(count) == signal_at and distributed.rank() == 1:
                signal.raise_signal(signal.SIGINT)
            return step(batch)

        method.training_step = watched
        return method, fit(method, tiny.images(), steps=9, seed=2, **{**QUIET, **options})

    whole = whole_state(*run())
    _, history = run(signal_at=4, checkpoint=file)
    runtime.seed_everything(1234)
    return whole, (history.interrupted, history.steps), whole_state(*run(checkpoint=file))


def test_an_interrupt_of_one_process_stops_all_at_the_same_step_and_they_resume_bit_for_bit(tmp_path):
    found = processes.together(interrupted_and_resumed, tmp_path / "x.safetensors")
    for whole, stopped, resumed in found:
        assert stopped == (True, 5)
        assert whole.keys() == resumed.keys()
        assert [key for key in whole if not np.array_equal(whole[key], resumed[key])] == []
    assert not np.array_equal(found[0][0]["random"], found[1][0]["random"]), "each process has noise of its own"


def test_one_process_goes_on_with_the_checkpoint_of_two(tmp_path):
    file = tmp_path / "x.safetensors"
    processes.together(interrupted_and_resumed, file)
    state = checkpoints.load(file)
    assert len(state["random_of_others"]) == 1
    method = tiny.build("aae adam")
    history = fit(method, tiny.images(), steps=9, seed=2, checkpoint=file, **QUIET)
    assert history.steps == 9
    assert tiny.same(tiny.state(method), state["model"])


def diverging(name: str):
    """A NaN in the part of the data that the second process works on."""
    data = tiny.images(16)
    data.x[torch.randperm(16, generator=torch.Generator().manual_seed(0))[-1]] = float("nan")
    fit(tiny.build(name), data, steps=3, **QUIET)


def test_a_nan_in_one_process_stops_all_with_the_same_sentence():
    first, second = processes.together(diverging, "autoencoder mlp")
    assert isinstance(first, TrainingDiverged)
    assert str(first) == str(second)
    assert "the loss 'reconstruction' became nan at step 0" in str(first)


def resuming(file):
    fit(Keeps(), tiny.images(), steps=3, checkpoint=file, **QUIET)


def test_a_damaged_checkpoint_is_refused_by_all(tmp_path):
    file = tmp_path / "x.safetensors"
    file.write_bytes(b"damaged")
    first, second = processes.together(resuming, file)
    assert isinstance(first, CheckpointError)
    assert str(first) == str(second)
    assert file.read_bytes() == b"damaged"


# ---- the command ------------------------------------------------------------------------------------------------


def command(folder):
    """`train gan_ring` with its results under `folder`; its exit code, and what it prints."""
    results.ROOT, set_up.ROOT = folder / "results", folder
    with contextlib.redirect_stdout(io.StringIO() if distributed.is_first() else sys.stdout) as printed:
        arguments = commands.parse(["train", "gan_ring", "--seeds", "0", "--mode", "fast"])
        # the group is there already
        with mock.patch.object(distributed, "group", contextlib.nullcontext):
            code = arguments.run(arguments)
    return code, printed.getvalue() if distributed.is_first() else printed.name


def assert_one_result(folder, printed: str) -> None:
    stored = json.loads((folder / "results" / "gan_ring" / "fast-seed0.json").read_text())
    assert (stored["processes"], stored["steps"], stored["batch_size"]) == (2, 60, 128)
    assert printed.count("gan_ring, seed 0: modes_covered") == 1
    assert list((folder / "runs").iterdir()) == []


def test_the_command_trains_together_and_one_process_measures_stores_and_speaks(tmp_path):
    (code, printed), (code_1, nowhere) = processes.together(command, tmp_path)
    assert (code, code_1, nowhere) == (0, 0, os.devnull)
    assert_one_result(tmp_path, printed)


TORCHRUN = """
    import sys
    from pathlib import Path
    from course_utils import __main__, results, set_up
    results.ROOT, set_up.ROOT = Path({folder!r}) / "results", Path({folder!r})
    set_up.is_done_here = lambda: True
    sys.exit(__main__.main())
"""


@pytest.mark.skipif(not processes.THOROUGH or os.name == "nt", reason="half a minute: with COURSE_THOROUGH=1")
def test_torchrun_itself(tmp_path):
    """`torchrun --nproc-per-node 2 -m course_utils train gan_ring`, but for the folder that it stores into."""
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(TORCHRUN).format(folder=str(tmp_path)))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        [*torchrun, "train", "gan_ring", "--seeds", "0", "--mode", "fast"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **processes.LOOPBACK},
        timeout=processes.PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert_one_result(tmp_path, done.stdout)
    assert done.stderr.count("60/60") == 1, "one progress bar"
