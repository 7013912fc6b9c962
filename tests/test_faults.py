"""What goes wrong on real machines, done to real processes: kill -9, full disks, two trainings on one file.

With COURSE_THOROUGH=1 in the environment a training is killed 50 times instead of 5.
"""

import hashlib
import os
import pickle
import random
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import processes
import pytest
import tiny
import torch

from course_utils import checkpoints, datasets, training
from course_utils.checkpoints import CheckpointError
from course_utils.methods import Autoencoder
from course_utils.training import TrainingDiverged, fit

KILLS = 50 if processes.THOROUGH else 5
STEPS_A_LIFE = 30
QUIET = {"batch_size": 16, "progress": False, "device": "cpu"}


def train(file: Path | None, steps: int, before_step=lambda step: None):
    """A training with noise, Adam, snapshots and decay that saves after every second step."""
    training.READ_EVERY = 2
    method = tiny.build("aae adam")
    step_itself = method.training_step
    made = iter(range(10**9))

    def step(batch):
        before_step(next(made))
        return step_itself(batch)

    method.training_step = step
    history = fit(
        method,
        tiny.images(),
        steps=steps,
        seed=3,
        decay_at=(0.5,),
        snapshot=lambda m: m.sample(1),
        n_snapshots=10,
        checkpoint=file,
        checkpoint_seconds=0,
        **QUIET,
    )
    return method, history


def content(file: Path):
    """All that a checkpoint holds, but for the seconds it took; the order of names may differ."""
    state = checkpoints.load(file)
    del state["seconds"]
    return state


def equal(a, b) -> bool:
    """Whether two states are the same, bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.fixture(autouse=True)
def _as_in_a_child(monkeypatch):
    """What `train` and `processes.start` set is put back; the number of threads can change the last bit of a sum."""
    monkeypatch.setattr(training, "READ_EVERY", training.READ_EVERY)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# ---- kill -9 ----------------------------------------------------------------------------------------------------


def life(file: Path, steps: int, arrived, permits) -> None:
    """A training that says when it arrives at a step, and makes it when it is given a permit."""
    train(file, steps, before_step=lambda step: (arrived.release(), permits.acquire()))


def start_life(file: Path, steps: int, n_permits: int):
    """The process, and its two semaphores, which live as long as they are kept here."""
    arrived, permits = processes.CONTEXT.Semaphore(0), processes.CONTEXT.Semaphore(n_permits)
    return processes.start(life, file, steps, arrived, permits), arrived, permits


def wait_for(process, arrived) -> None:
    """Until it has arrived at a step."""
    while not arrived.acquire(timeout=1):
        assert process.is_alive(), f"the training ended with exit code {process.exitcode}"


def test_a_killed_training_goes_on_and_ends_as_if_nothing_had_been(tmp_path):
    """Killed at moments that no one chose: in a step, in the middle of a save, between the two."""
    steps = STEPS_A_LIFE * (KILLS + 1)
    whole, file = tmp_path / "whole.safetensors", tmp_path / "killed" / "training.safetensors"
    train(whole, steps)
    rng = random.Random(0)
    reached = [0]
    for _ in range(KILLS):
        process, arrived, _permits = start_life(file, steps, STEPS_A_LIFE)
        for _ in range(rng.randint(1, STEPS_A_LIFE)):
            wait_for(process, arrived)
        time.sleep(rng.uniform(0, 0.02))  # where in a step or a save this falls is up to the machine
        processes.kill(process)
        if file.exists():
            reached.append(len(checkpoints.load(file)["losses"]["generator"]))
    assert reached == sorted(reached)
    assert reached[-1] > 0, "killed before anything was saved, every time: this tested nothing"
    train(file, steps)
    assert equal(content(file), content(whole))
    assert [path.name for path in file.parent.iterdir()] == [file.name], "nothing half written is left"


# ---- a disk that is full ----------------------------------------------------------------------------------------


def on_a_full_disk(file: Path, answers) -> None:
    """From its 20th step on, this process may not make files as long as a checkpoint."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step):
        if step == 20:
            answers.put(content(file)["losses"]["generator"].tolist())
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))

    try:
        train(file, 40, before_step=fill)
    except CheckpointError as error:
        answers.put(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    train(file, 40)


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
def test_a_full_disk_is_said_the_old_checkpoint_stays_and_is_gone_on_from(tmp_path):
    whole, file = tmp_path / "whole.safetensors", tmp_path / "full" / "training.safetensors"
    train(whole, 40)
    answers = processes.CONTEXT.Queue()
    process = processes.start(on_a_full_disk, file, answers)
    before, sentence = (answers.get(timeout=processes.PATIENCE) for _ in range(2))
    process.join(processes.PATIENCE)
    assert process.exitcode == 0
    assert len(before) == 20
    assert f"{file} could not be saved (File too large). What was saved there before" in sentence
    assert equal(content(file), content(whole))
    assert [path.name for path in file.parent.iterdir()] == [file.name]


# ---- checkpoints of others --------------------------------------------------------------------------------------


class Payload:
    """What unpickling would do: touch a file."""

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.mark.parametrize("write", [pickle.dump, torch.save], ids=["pickle", "torch.save"])
def test_a_pickle_in_the_place_of_a_checkpoint_is_never_unpickled(tmp_path, write):
    file, touched = tmp_path / "x.safetensors", tmp_path / "touched"
    with open(file, "wb") as opened:
        write(Payload(touched), opened)
    with open(file, "rb") as opened:
        assert b"touch" in opened.read(), "the file would do it"
    with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
        train(file, 2)
    assert not touched.exists()


# ---- two trainings on one file ----------------------------------------------------------------------------------


def test_a_second_training_on_the_same_file_is_refused_until_the_first_has_ended(tmp_path):
    whole, file = tmp_path / "whole.safetensors", tmp_path / "one" / "training.safetensors"
    train(whole, 20)
    first, arrived, permits = start_life(file, 20, 10)
    wait_for(first, arrived)
    with pytest.raises(CheckpointError, match=r"training\.safetensors is in use by another training: wait until"):
        train(file, 20)
    for _ in range(10):
        permits.release()
    first.join(processes.PATIENCE)
    assert first.exitcode == 0
    assert equal(content(file), content(whole)), "the second one did not disturb the first"
    train(file, 20)  # and now it may have it


def test_a_lock_dies_with_its_process(tmp_path):
    file = tmp_path / "training.safetensors"
    first, arrived, _permits = start_life(file, 4, 0)
    wait_for(first, arrived)
    with pytest.raises(CheckpointError, match="in use"):
        train(file, 4)
    processes.kill(first)
    assert train(file, 4)[1].steps == 4
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_two_trainings_in_one_process_do_not_share_a_file_either(tmp_path):
    file = tmp_path / "training.safetensors"
    found = []

    def again(step):
        if step == 1:
            with pytest.raises(CheckpointError, match="in use") as error:
                train(file, 4)
            found.append(error)

    train(file, 4, before_step=again)
    assert len(found) == 1


def test_after_an_error_the_file_is_free(tmp_path):
    file = tmp_path / "training.safetensors"

    def fail(step):
        if step == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(file, 4, before_step=fail)
    assert train(file, 4)[1].steps == 4


# ---- folders that may not be written ----------------------------------------------------------------------------


def load_read_only(sizes: dict[str, int], checksums: dict[str, str], root: Path, answers) -> None:
    """Without the rights of root, who may write everywhere."""
    os.environ |= {"COURSE_DATA": str(root), "COURSE_MODE": "default"}
    downloaded = datasets.downloaded
    downloaded._SIZES, downloaded._MD5, downloaded.N_VALIDATION = sizes, {"MNIST": checksums}, 10
    if os.geteuid() == 0:
        datasets.load("mnist")  # imports what it needs from where others may not look
        os.setgid(65534)
        os.setuid(65534)
    answers.put(len(datasets.load("mnist").train))
    try:
        train(root / "runs" / "x.safetensors", 2)
    except CheckpointError as error:
        answers.put(str(error))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a child that has imported all before it gives up its rights")
def test_a_folder_of_data_that_may_only_be_read():
    import test_datasets

    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "data"
        raw = test_datasets.put(root)
        Path(name).chmod(0o755)
        for folder in (raw, raw.parent, root):
            folder.chmod(0o555)
        sizes = {name: len(content) for name, content in test_datasets.FILES.items()}
        checksums = {name: hashlib.md5(content).hexdigest() for name, content in test_datasets.FILES.items()}
        answers = processes.CONTEXT.Queue()
        process = processes.start(load_read_only, sizes, checksums, root, answers)
        process.join(processes.PATIENCE)
        assert process.exitcode == 0
        assert answers.get() == test_datasets.N_TRAIN - 10
        assert "cannot be written (Permission denied): name a file in a folder you may write to" in answers.get()
        for folder in (root, raw.parent, raw):
            folder.chmod(0o755)


# ---- numbers that are lost --------------------------------------------------------------------------------------


def test_a_nan_in_the_data_is_said_and_the_checkpoint_stays_sound(tmp_path):
    training.READ_EVERY = 2
    file = tmp_path / "x.safetensors"
    data = tiny.images()
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    data.x[order[40], 0, 2, 3] = float("nan")  # seen in the third step
    with pytest.raises(TrainingDiverged, match="the loss 'reconstruction' became nan at step 2"):
        fit(tiny.build("aae deterministic"), data, epochs=1, checkpoint=file, checkpoint_seconds=0, **QUIET)
    state = checkpoints.load(file)
    assert len(state["losses"]["generator"]) == 2
    assert all(value.isfinite().all() for value in state["model"].values())


def test_a_gradient_that_is_lost_in_the_last_step_is_said_although_no_loss_shows_it(tmp_path):
    file = tmp_path / "x.safetensors"

    class LosesGradient(Autoencoder):
        """The square root of nothing: 0, with an infinite slope."""

        def training_step(self, batch):
            losses = super().training_step(batch)
            distance = (self.encode(batch["x"]) * 0).square().sum().sqrt()
            self.minimize(autoencoder=distance)
            return losses

    plain = tiny.build("autoencoder mlp")
    method = LosesGradient(plain.encoder, plain.decoder)
    with pytest.raises(TrainingDiverged, match=r"'encoder\S+' holds NaN or infinite numbers after step 1\. Usual"):
        fit(method, tiny.images(), steps=1, checkpoint=file, **QUIET)
    assert not file.exists()


# ---- what is not there ------------------------------------------------------------------------------------------


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(tmp_path):
    file = tmp_path / "x.safetensors"
    with pytest.raises(RuntimeError, match=r"device 'cuda' was asked for, but PyTorch .* finds none on this machine"):
        fit(tiny.build("gan mlp"), tiny.images(), steps=1, checkpoint=file, **{**QUIET, "device": "cuda"})
    assert list(tmp_path.iterdir()) == []


# ---- a notebook -------------------------------------------------------------------------------------------------

CELL = """
    import sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    import test_faults, time
    method, history = test_faults.train(Path({file!r}), 40, before_step={before})
    print("steps", history.steps, history.interrupted)
"""
SLOWLY = "lambda step: (print('step', flush=True), time.sleep(0.01))"


@pytest.mark.skipif(os.name == "nt", reason="Windows interrupts a kernel in another way")
def test_a_notebook_that_is_interrupted_and_run_again_ends_as_if_nothing_had_been(tmp_path):
    from jupyter_client.manager import start_new_kernel

    whole, file = tmp_path / "whole.safetensors", tmp_path / "notebook" / "training.safetensors"
    train(whole, 40)
    manager, client = start_new_kernel(kernel_name="python3", env={**os.environ, "OMP_NUM_THREADS": "1"})
    printed = ""

    def watch(message):
        nonlocal printed
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            if not printed:
                manager.interrupt_kernel()
            printed += message["content"]["text"]

    cell = textwrap.dedent(CELL)
    names = {"tests": os.path.dirname(__file__), "file": str(file)}
    try:
        reply = client.execute_interactive(cell.format(**names, before=SLOWLY), output_hook=watch, timeout=300)
        assert reply["content"]["status"] == "ok"
        assert "Interrupted after step" in printed
        assert "the model and the history are usable. Call fit again with the same checkpoint to go on." in printed
        steps = len(checkpoints.load(file)["losses"]["generator"])
        assert f"steps {steps} True" in printed
        assert 0 < steps < 40
        reply = client.execute_interactive(
            cell.format(**names, before="lambda step: None"), output_hook=watch, timeout=300
        )
        assert printed.endswith("steps 40 False\n")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert equal(content(file), content(whole))
