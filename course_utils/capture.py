"""A whole training step as one CUDA graph: recorded once, then started by one call instead of hundreds.

On a GPU, the steps of small networks wait for Python: each operation takes longer to ask for than to do. A recorded
step asks once. It does the same operations on the same memory, so batches are copied to where the recording read them,
and what changed since (a learning rate) needs a new recording.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]


class CaptureError(ValueError):
    """A step that cannot be recorded; the message says why and what to do."""


class Graph:
    """What CUDA can record and replay. `record` does not run the function, only `replay` does."""

    EAGER_STEPS = 3  # before a recording: optimisers make their states, libraries choose their algorithms

    def __init__(self):
        self.graph = torch.cuda.CUDAGraph()

    def record(self, function: Callable[[], Losses]) -> Losses:
        """The function's outputs, whose values are there after the first replay."""
        with torch.cuda.graph(self.graph):
            return function()

    def replay(self) -> None:
        """Do what was recorded."""
        self.graph.replay()


def check(where: torch.device, processes: int) -> None:
    """Raises CaptureError where steps cannot be recorded: not on a GPU of NVIDIA, or by several processes."""
    if where.type != "cuda":
        raise CaptureError(
            f"capture=True records CUDA graphs, which the device {where.type!r} does not have: leave it out"
        )
    if processes > 1:
        raise CaptureError("capture=True is for one process: with several, the exchange of gradients is not recorded")


class CapturedStep:
    """`step(batch) -> losses` as a recording. Batches of another shape than the first take the step itself."""

    def __init__(self, step: Callable[[Batch], Losses], optimizers):
        self.step = step
        self.optimizers = list(optimizers)
        self.seen = 0
        self.graph: Graph | None = None
        # the steps' counts and powers must lie on the device, where a recording can move them
        for group in self._groups():
            if "capturable" in group:
                group["capturable"] = True

    def __call__(self, batch: Batch) -> Losses:
        self.seen += 1
        if self.seen <= Graph.EAGER_STEPS:
            return self.step(batch)
        rates = [float(group["lr"]) for group in self._groups()]
        if self.graph is None or rates != self.rates:
            self._record(batch, rates)
        if {name: value.shape for name, value in batch.items()} != self.shapes:
            return self.step(batch)
        for name, value in batch.items():
            self.batch[name].copy_(value)
        self.graph.replay()
        return {name: loss.clone() for name, loss in self.losses.items()}  # the next replay overwrites them

    def _groups(self):
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def _record(self, batch: Batch, rates: list[float]) -> None:
        self.rates = rates
        self.shapes = {name: value.shape for name, value in batch.items()}
        self.batch = {name: value.clone() for name, value in batch.items()}
        self.graph = Graph()
        try:
            self.losses = self.graph.record(lambda: self.step(self.batch))
        except RuntimeError as error:
            raise CaptureError(
                f"this training step cannot be recorded as a CUDA graph ({error}). It must not read values back from "
                "the GPU (.item(), if on a tensor) nor make tensors on the CPU: mend that, or leave out capture=True"
            ) from error
