"""One training loop for every method: `fit`."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from course_utils import capture as graphs
from course_utils import checkpoints, distributed, runtime
from course_utils.batches import make_batches
from course_utils.datasets import Images, PartlyLabelled
from course_utils.distributions import Distribution
from course_utils.methods.base import Method
from course_utils.networks import is_large
from course_utils.progress import progress_bar

# Losses stay on the device and are read in blocks of this many steps: reading one waits for the device.
READ_EVERY = 50


USUAL_CAUSES = (
    "Usual causes: a learning rate that is too high (try a tenth), log or exp of an unbounded value, "
    "a division by a standard deviation that went to zero, NaN or values outside [0, 1] in the data."
)


class TrainingDiverged(FloatingPointError):
    """A loss or a parameter became NaN or infinite."""


@dataclass
class History:
    """What a training left behind.

    losses: for each logged name, one number a step. snapshots: (step, whatever the snapshot function returned).
    seconds: training time, summed over interruptions. interrupted: whether it stopped before its last step.
    """

    losses: dict[str, list[float]] = field(default_factory=dict)
    snapshots: list[tuple[int, Any]] = field(default_factory=list)
    seconds: float = 0.0
    steps_per_epoch: int = 1
    interrupted: bool = False

    @property
    def steps(self) -> int:
        """The number of steps made."""
        return len(next(iter(self.losses.values()), []))

    def epoch_means(self) -> dict[str, list[float]]:
        """The mean of each loss over each whole epoch."""
        n = self.steps_per_epoch
        return {
            name: [sum(values[i : i + n]) / n for i in range(0, len(values) - n + 1, n)]
            for name, values in self.losses.items()
        }


def fit(
    method: Method,
    data: "Images | PartlyLabelled | Distribution | DataLoader",
    *,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int = 100,
    decay_at: Sequence[float] = (),
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    capture: bool = False,
    snapshot: Callable[[Method], Any] | None = None,
    n_snapshots: int = 20,
    checkpoint: str | Path | None = None,
    checkpoint_seconds: float = 60.0,
    progress: bool = True,
) -> History:
    """Train a method and return the history. Afterwards the method is on the device and in eval mode.

    data: `Images` (kept on the device, batches taken by index in a new order each epoch, a last incomplete batch
        left out), `PartlyLabelled` (an epoch is a pass over all images; each step also gets as many labelled ones, or
        all if there are fewer), a `Distribution` (fresh samples for ever: give `steps`), or a `DataLoader` of (x, y)
        pairs.
    epochs or steps: how long; exactly one of them.
    decay_at: fractions of the training, each in (0, 1), at which all learning rates are divided by 10 (and stay so).
    seed: sets the order of the data and all noise (the global random state is seeded).
    device, precision: see `runtime.device` and `runtime.precision`.
    capture: on an NVIDIA GPU, record a whole step as a CUDA graph and replay it (see `capture`): for small networks,
        whose steps otherwise wait for Python.
    snapshot: called with the method at `n_snapshots` evenly spaced steps, the first before training and the last
        after it; what it returns (tensors, numbers, in dicts and lists) is kept in the history.
    checkpoint: a file to save to at the end, when interrupted and every `checkpoint_seconds`, and to resume from if
        it exists. A resumed training on the CPU equals an uninterrupted one bit for bit, with `Images` or a
        `Distribution`; a `DataLoader` shuffles by itself, so there the order of the data differs.

    An interrupt (Ctrl-C, or Interrupt Kernel) stops at the end of the current step; model and history are usable.
    Several processes inside `distributed.group` train one model: each takes its part of every batch and noise of its
    own, losses and gradients are means over all of them, and the first one saves.
    Raises TrainingDiverged if a loss or a parameter becomes NaN or infinite, CheckpointError for a checkpoint that is
    damaged, foreign, in use by another training or cannot be written, ValueError for arguments that do not fit
    together (CaptureError, one of its kind, for a step or a device that cannot be recorded).
    """
    where = runtime.device(distributed.device(device))
    if capture:
        graphs.check(where, distributed.world_size())
    method.to(where)
    batches = make_batches(data, batch_size, seed, where)
    steps = _total_steps(epochs, steps, batches.steps_per_epoch)
    decays = _decay_steps(decay_at, steps)
    settings = {"steps": steps, "steps_per_epoch": batches.steps_per_epoch, "decays": sorted(decays)}
    saved = _Checkpoint(checkpoint, method, {**settings, "batch_size": batches.batch_size, "seed": seed}, where)
    number_format = runtime.precision(precision, where, is_large(method))
    shots = _evenly_spaced(steps, n_snapshots) if snapshot else set()

    runtime.keep_freed_memory()
    runtime.seed_everything(distributed.seed(seed))
    history = History(steps_per_epoch=batches.steps_per_epoch or steps)
    training = _Training(method, batches, steps, decays, where, number_format, history, shots, snapshot, capture)
    with saved.locked(), _interrupt_flag() as interrupted:
        distributed.copy_from_first(method)
        saved.restore(history)
        training.run(interrupted, saved, checkpoint_seconds, progress)
    if history.interrupted:
        again = " Call fit again with the same checkpoint to go on." if checkpoint else ""
        print(f"Interrupted after step {history.steps} of {steps}: the model and the history are usable.{again}")
    method.eval()
    return history


@dataclass
class _Training:
    """The loop of `fit`, its arguments checked and its history restored."""

    method: Method
    batches: Any
    steps: int
    decays: set[int]
    where: torch.device
    number_format: torch.dtype
    history: History
    shots: set[int]
    snapshot: Callable[[Method], Any] | None
    capture: bool

    def run(
        self, interrupted: threading.Event, saved: "_Checkpoint", checkpoint_seconds: float, progress: bool
    ) -> None:
        """Train from the last step of the history to the end, or until the flag is raised."""
        first, seconds = self.history.steps, self.history.seconds
        if first == self.steps:
            return
        self.method.train()
        optimizers = self.method.optimizers.values()
        self.compute = graphs.CapturedStep(self._compute, optimizers) if self.capture else self._compute
        unread: list[dict[str, Tensor]] = []
        started = last_save = time.monotonic()
        with progress_bar(first, self.steps, enabled=progress and distributed.is_first()) as bar:
            for step in range(first, self.steps):
                unread.append(self._step(step))
                bar.update(1)
                # asked once a step: the flag may be raised between two lines
                stop = distributed.any_of(interrupted.is_set())
                if len(unread) == READ_EVERY or step + 1 == self.steps or stop:
                    _append_losses(self.history, unread)
                    unread.clear()
                    self.history.seconds = seconds + time.monotonic() - started
                    latest = {name: f"{values[-1]:.3g}" for name, values in self.history.losses.items()}
                    bar.set_postfix(latest, refresh=False)
                    if distributed.any_of(time.monotonic() - last_save >= checkpoint_seconds):
                        self._save(saved)
                        last_save = time.monotonic()
                if stop:
                    break
        self.history.interrupted = self.history.steps < self.steps
        if not self.history.interrupted:
            self._take_snapshot(self.steps)
        self._save(saved)

    def _step(self, step: int) -> dict[str, Tensor]:
        """Everything that happens at one step; returns its losses, still on the device."""
        if step in self.decays:
            _divide_learning_rates(self.method, 10)
        self._take_snapshot(step)
        return self.compute(self.batches.at(step))

    def _compute(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """One training step on this batch, in the number format asked for."""
        with torch.autocast(self.where.type, self.number_format, enabled=self.number_format != torch.float32):
            losses = self.method.training_step(batch)
        return {name: loss.detach() for name, loss in losses.items()}

    def _save(self, saved: "_Checkpoint") -> None:
        """Write the checkpoint, but none of a model that is lost: a gradient can be NaN where the loss is not."""
        for name, p in self.method.named_parameters():
            if not p.isfinite().all():
                raise TrainingDiverged(
                    f"the parameter {name!r} holds NaN or infinite numbers after step {self.history.steps}. "
                    f"{USUAL_CAUSES}"
                )
        saved.write(self.history)

    def _take_snapshot(self, step: int) -> None:
        if step in self.shots:
            self.history.snapshots.append((step, _snapshot(self.method, self.snapshot, self.where)))


def _total_steps(epochs: int | None, steps: int | None, steps_per_epoch: int | None) -> int:
    if (epochs is None) == (steps is None):
        raise ValueError("say how long to train: either epochs= or steps=")
    if steps is None and steps_per_epoch is None:
        raise ValueError("a Distribution gives samples for ever and has no epochs: give steps=")
    total = steps if steps is not None else epochs * steps_per_epoch
    if total < 1:
        raise ValueError(f"a training needs at least one step, got epochs={epochs}, steps={steps}")
    return total


def _decay_steps(fractions: Sequence[float], steps: int) -> set[int]:
    if not all(0 < fraction < 1 for fraction in fractions):
        raise ValueError(f"decay_at holds fractions of the training between 0 and 1, got {tuple(fractions)}")
    return {round(fraction * steps) for fraction in fractions}


def _divide_learning_rates(method: Method, divisor: float) -> None:
    for optimizer in method.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] /= divisor


# ---- losses and snapshots ---------------------------------------------------------------------------------------


def _append_losses(history: History, unread: list[dict[str, Tensor]]) -> None:
    """Read the waiting losses from the device at once, check them, append them to the history."""
    if not unread:
        return
    names = list(unread[0])
    block = torch.stack([torch.stack([losses[name].float() for name in names]) for losses in unread]).cpu()
    [block] = distributed.mean([block])
    bad = (~block.isfinite()).nonzero()
    if len(bad):
        row, column = bad[0].tolist()
        step = history.steps + row
        raise TrainingDiverged(
            f"the loss {names[column]!r} became {block[row, column].item()} at step {step}. {USUAL_CAUSES}"
        )
    for column, name in enumerate(names):
        history.losses.setdefault(name, []).extend(block[:, column].tolist())


def _evenly_spaced(steps: int, n: int) -> set[int]:
    if n < 2:
        raise ValueError(f"n_snapshots must be at least 2 (before and after training), got {n}")
    return {round(i * steps / (n - 1)) for i in range(n)}


@torch.no_grad()
def _snapshot(method: Method, function: Callable[[Method], Any], where: torch.device) -> Any:
    """Call the snapshot function in eval mode, without touching the random state that the training uses."""
    method.eval()
    state = _random_state(where)
    result = function(method)
    _set_random_state(state, where)
    method.train()
    return result


def _random_state(where: torch.device) -> dict[str, Tensor]:
    """The state of torch's random numbers on the CPU, and on the device if that is another."""
    state = {"cpu": torch.get_rng_state()}
    if where.type != "cpu":
        state[where.type] = torch.get_device_module(where).get_rng_state()
    return state


def _set_random_state(state: dict[str, Tensor], where: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if where.type != "cpu":
        torch.get_device_module(where).set_rng_state(state[where.type])


# ---- checkpoints ------------------------------------------------------------------------------------------------


class _Checkpoint:
    """The file that a training saves to and resumes from; does nothing without a path."""

    def __init__(self, path, method: Method, settings: dict, where: torch.device):
        self.path = Path(path) if path else None
        self.method = method
        self.where = where
        shapes = {name: list(value.shape) for name, value in method.state_dict().items()}
        self.identity = {"method": type(method).__name__, **settings, "shapes": shapes, **_settings(method)}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other training away from the file while this one uses it."""
        with contextlib.ExitStack() as held:
            if self.path is not None:
                distributed.from_first(lambda: held.enter_context(checkpoints.locked(self.path)))
            yield

    def write(self, history: History) -> None:
        if self.path is None:
            return
        random, *random_of_others = distributed.gather(_random_state(self.where))
        state = {
            "identity": self.identity,
            "model": self.method.state_dict(),
            "optimizers": {role: o.state_dict() for role, o in self.method.optimizers.items()},
            "random": random,
            "random_of_others": random_of_others,
            "losses": {name: torch.tensor(values, dtype=torch.float64) for name, values in history.losses.items()},
            "snapshots": history.snapshots,
            "seconds": history.seconds,
        }
        distributed.from_first(lambda: self._save(state))

    def _save(self, state: dict) -> None:
        try:
            checkpoints.save(self.path, state)
        except OSError as error:
            raise checkpoints.CheckpointError(
                f"{self.path} could not be saved ({error.strerror or error}). What was saved there before, if "
                "anything, is untouched: mend that and start again to go on from it, or name another file."
            ) from error

    def _load(self) -> dict | None:
        """The state in the file, if there is one. Raises CheckpointError if it is of another training."""
        if self.path is None or not self.path.exists():
            return None
        state = checkpoints.load(self.path)
        if state.get("identity") != self.identity:
            raise checkpoints.CheckpointError(
                f"{self.path} belongs to another training: {self._difference(state.get('identity') or {})}. "
                "Delete it to start afresh, or name another file."
            )
        return state

    def restore(self, history: History) -> None:
        """Go back to the state in the file, if there is one."""
        state = distributed.from_first(self._load)
        if state is None:
            return
        self.method.load_state_dict(state["model"])
        for role, optimizer in self.method.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][role])
        history.losses = {name: values.tolist() for name, values in state["losses"].items()}
        history.snapshots = [tuple(shot) for shot in state["snapshots"]]
        history.seconds = state["seconds"]
        # with another number of processes than before, further ones keep the noise that they begin with
        random = [state["random"], *state.get("random_of_others", [])]
        if distributed.rank() < len(random):
            _set_random_state(random[distributed.rank()], self.where)

    def _difference(self, other: dict) -> str:
        for key, mine in self.identity.items():
            if other.get(key) != mine:
                return (
                    "its networks have other shapes" if key == "shapes" else f"{key} was {other.get(key)}, now {mine}"
                )
        return "it holds something else"


def _settings(method: Method) -> dict[str, str | int | float]:
    """The numbers and words a method and its own modules were built with, such as lr and beta, by attribute."""
    return {
        f"{path}.{name}".lstrip("."): value
        for path, module in method.named_modules()
        if not type(module).__module__.startswith("torch.")  # their attributes differ between versions of torch
        for name, value in vars(module).items()
        if isinstance(value, str | int | float) and not name.startswith("_") and name != "training"
    }


# ---- interrupts -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _interrupt_flag() -> Iterator[threading.Event]:
    """Turn an interrupt into a flag, so that a step is never cut in half; a second one stops at once."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag  # only the main thread receives signals
        return

    def handler(signum, frame):
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    previous = signal.signal(signal.SIGINT, handler)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, previous)
