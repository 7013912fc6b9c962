"""Real processes for tests: one that can be killed, or several that train together as under torchrun."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.distributed as dist

# Linux: children are copies of a small server process that has imported once what takes seconds (of torch, a part
# that the first optimiser would import). Elsewhere each one imports it.
CONTEXT = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
if sys.platform == "linux":
    CONTEXT.set_forkserver_preload(["pytest", "course_utils.experiments", "torch._dynamo"])
# COURSE_THOROUGH=1 python -m pytest tests/test_faults.py tests/test_distributed.py: what takes a minute more
THOROUGH = os.environ.get("COURSE_THOROUGH") == "1"
# Against a test that never ends, should processes wait for each other; no test depends on how fast they are.
PATIENCE = 300
# gloo meets on the loopback device, whatever this machine's name and network are
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo"}


def start(function: Callable, *arguments) -> multiprocessing.Process:
    """Call a function of a module in a process of its own."""
    process = CONTEXT.Process(target=_quietly, args=(function, *arguments), daemon=True)
    process.start()
    return process


def _quietly(function: Callable, *arguments) -> None:
    torch.set_num_threads(1)
    function(*arguments)


def kill(process: multiprocessing.Process) -> None:
    """kill -9 (on Windows, TerminateProcess): the process gets no chance to do anything more."""
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == (-signal.SIGKILL if hasattr(signal, "SIGKILL") else process.exitcode)


def together(function: Callable, *arguments, n: int = 2) -> list[Any]:
    """Call a function in each of n connected processes; returns what it returned, or the error it raised, by rank."""
    if os.name == "nt":
        pytest.skip("several processes train together on Linux and macOS")
    # the address at which they meet is held by this process, as torchrun does it
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    ends = [CONTEXT.Pipe(duplex=False) for _ in range(n)]
    processes = [start(_member, rank, n, store.port, ends[rank][1], function, *arguments) for rank in range(n)]
    try:
        for _, sends in ends:
            sends.close()  # this process's copy, so that a child that dies is noticed
        return [_result(receives) for receives, _ in ends]
    finally:
        for process in processes:
            process.join(PATIENCE)
            process.kill()


def _result(receives) -> Any:
    if not receives.poll(PATIENCE):
        raise TimeoutError("the processes wait for each other")
    return receives.recv()


def _member(rank: int, n: int, port: int, sends, function: Callable, *arguments) -> None:
    from course_utils import distributed

    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(n),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        TORCHELASTIC_USE_AGENT_STORE="True",
        **LOOPBACK,
    )
    try:
        with distributed.group():
            result = function(*arguments)
    except Exception as error:  # handed to the test
        result = error
    sends.send(result)
