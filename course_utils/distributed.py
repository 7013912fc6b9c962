"""Several processes that train one model: each works on its part of every batch, the gradients are averaged.

`torchrun` starts the processes, one a GPU (or several on the CPU), on one machine or on many, and tells each its rank
by environment variables. Inside `group` they are connected. In a process that is alone everything here does nothing.
What every process must do alike (and in the same order, or all wait for ever): each call of a function below.

For a loss that is a mean over the examples of a batch, N processes with batch_size / N examples each make the steps
of one process. What is no such mean differs: batch norm normalises over the examples of one process, and MMD compares
them alone.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")

# A process waits this long for the others. Long, since the first one measures and stores while they wait; when a
# process dies, torchrun ends the others at once.
PATIENCE = timedelta(hours=12)


class DistributedError(ValueError):
    """Something that several processes cannot do together; the message says what can."""


# ---- who is there -----------------------------------------------------------------------------------------------


def world_size() -> int:
    """The number of processes that train together; 1 outside of `group`."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0; 0 outside of `group`."""
    return dist.get_rank() if world_size() > 1 else 0


def is_first() -> bool:
    """Whether this process is the one that writes files and prints."""
    return rank() == 0


@contextlib.contextmanager
def group() -> Iterator[None]:
    """Connect the processes that torchrun has started; for a process that is alone, do nothing.

    They exchange gradients by NCCL on GPUs, each process on the GPU of its local rank, and by gloo on CPUs. Only the
    first one prints. Raises DistributedError if a machine has fewer GPUs than processes.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        _take_gpu(_local_rank())
    # gloo for what lies on the CPU, such as the flags and losses that the processes agree on
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(sys.stdout if is_first() else nowhere):
        yield
    # not after an error: the others may be in the middle of an exchange, which this would wait for
    dist.destroy_process_group()


def _local_rank() -> int:
    return int(os.environ.get("LOCAL_RANK", "0"))


def _take_gpu(local_rank: int) -> None:
    n = torch.cuda.device_count()
    if local_rank >= n:
        raise DistributedError(
            f"process {local_rank} of this machine has no GPU of its own, there are {n}: "
            f"start torchrun with --nproc-per-node {n}"
        )
    torch.cuda.set_device(local_rank)


def device(name: str) -> str:
    """The device that `name` means for this process: with several processes, "auto" is its own GPU, or the CPU.

    Raises DistributedError for another one by name: the processes would be in each other's way.
    """
    if world_size() == 1:
        return name
    own = f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"
    if name not in ("auto", own, own.split(":")[0]):
        raise DistributedError(f"each of several processes computes on a device of its own, here {own}: not {name!r}")
    return own


# ---- what each one does -----------------------------------------------------------------------------------------


def share(batch_size: int) -> int:
    """The number of examples of a batch that each process works on. Raises DistributedError if that is no integer."""
    n = world_size()
    if batch_size % n:
        raise DistributedError(
            f"batch_size={batch_size} cannot be divided equally among {n} processes: "
            f"take a multiple of {n}, or another number of processes"
        )
    return batch_size // n


def seed(seed: int) -> int:
    """The seed of this process's noise: `seed` itself on the first one, an unrelated one on each of the others."""
    return (seed + rank() * 0x9E3779B1) % 2**32 if rank() else seed


def on_each_machine(function: Callable[[], T]) -> T:
    """Call `function` on one process of each machine and then on the others: they find what it downloaded."""
    if world_size() == 1:
        return function()
    if _local_rank() != 0:
        dist.barrier()
        return function()
    try:
        return function()
    finally:
        dist.barrier()


def from_first(function: Callable[[], T]) -> T:
    """Call `function` on the first process only; all get what it returns, or raise what it raises."""
    if world_size() == 1:
        return function()
    outcome: list = [None, None]
    if is_first():
        try:
            outcome[0] = function()
        except Exception as error:  # raised below, here and on all others
            outcome[1] = error
    dist.broadcast_object_list(outcome, src=0)
    result, error = outcome
    if error is not None:
        raise error
    return result


# ---- what they exchange -----------------------------------------------------------------------------------------


@torch.no_grad()
def mean(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The mean over all processes of each tensor, by one exchange for all of them.

    The processes must come with tensors of the same shapes. So which parameters a loss reaches must not depend on
    the examples of a batch. (TORCH_DISTRIBUTED_DEBUG=DETAIL finds such a difference, which otherwise hangs.)
    """
    if world_size() == 1:
        return list(tensors)
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    parts = flat.div_(world_size()).split([t.numel() for t in tensors])
    return [part.view_as(t).to(t.dtype) for part, t in zip(parts, tensors, strict=True)]


def any_of(flag: bool) -> bool:
    """Whether the flag is up on any process."""
    if world_size() == 1:
        return flag
    flags = torch.tensor([flag], dtype=torch.uint8)
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return bool(flags)


def gather(value: T) -> list[T]:
    """The value of each process, by rank; a list of one where there is only one."""
    if world_size() == 1:
        return [value]
    values: list = [None] * world_size()
    dist.all_gather_object(values, value)
    return values


@torch.no_grad()
def copy_from_first(module: nn.Module) -> None:
    """Give a module on every process the parameters and buffers of the first one."""
    if world_size() > 1:
        for value in module.state_dict().values():
            dist.broadcast(value, src=0)
