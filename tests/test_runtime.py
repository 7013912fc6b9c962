"""Mode, seed, device and number format."""

import random

import numpy as np
import pytest
import torch

from course_utils import runtime

CPU = torch.device("cpu")


# ---- mode -------------------------------------------------------------------------------------------------------


def test_the_mode_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("COURSE_MODE", raising=False)
    assert runtime.mode() == "default"
    for mode in runtime.MODES:
        monkeypatch.setenv("COURSE_MODE", mode)
        assert runtime.mode() == mode


@pytest.mark.parametrize("word", ["quick", "", "FAST"])
def test_an_unknown_mode_is_named_with_those_there_are(monkeypatch, word):
    monkeypatch.setenv("COURSE_MODE", word)
    with pytest.raises(ValueError, match=f"COURSE_MODE='{word}' is not a mode of the course: use one of fast, default"):
        runtime.mode()


# ---- seed -------------------------------------------------------------------------------------------------------


def draw() -> tuple:
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002 - the global state is the point


def test_a_seed_fixes_all_three_generators():
    runtime.seed_everything(4)
    first = draw()
    second = draw()
    runtime.seed_everything(4)
    assert draw() == first
    assert all(a != b for a, b in zip(first, second, strict=True))
    runtime.seed_everything(5)
    assert all(a != b for a, b in zip(first, draw(), strict=True))


# ---- device -----------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch):
    """A machine with the accelerators that a test wants."""

    def pretend(gpus: int = 0, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("gpus", "mps", "taken"), [(0, False, "cpu"), (0, True, "mps"), (1, False, "cuda"), (2, True, "cuda")]
)
def test_auto_takes_the_best_there_is(machine, gpus, mps, taken):
    machine(gpus, mps)
    assert runtime.device() == torch.device(taken)
    assert runtime.device("cpu") == CPU


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_is_refused(machine, name):
    machine()
    with pytest.raises(RuntimeError, match=f"device '{name}' was asked for.*Use device='auto'"):
        runtime.device(name)


def test_a_gpu_beyond_the_last_is_refused(machine):
    machine(gpus=2)
    assert runtime.device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(RuntimeError, match="the last one here is cuda:1"):
        runtime.device("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", ""])
def test_words_that_are_no_device_are_refused(machine, name):
    machine(gpus=1)
    with pytest.raises(ValueError, match=r"unknown device .*: use 'auto', 'cuda', 'cuda:1', 'mps' or 'cpu'"):
        runtime.device(name)


def test_a_device_object_is_accepted():
    assert runtime.device(CPU) == CPU


# ---- number format ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fast", "large", "taken"),
    [(True, True, torch.bfloat16), (True, False, torch.float32), (False, True, torch.float32)],
)
def test_bfloat16_is_taken_for_large_networks_on_hardware_that_is_fast_at_it(monkeypatch, fast, large, taken):
    monkeypatch.setattr(runtime, "bfloat16_is_fast", lambda where: fast)
    assert runtime.precision("auto", CPU, large) == taken
    assert runtime.precision("float32", CPU, large) == torch.float32
    assert runtime.precision("bfloat16", CPU, large) == torch.bfloat16


def test_an_unknown_number_format_is_refused():
    with pytest.raises(ValueError, match="unknown precision 'half': use 'auto', 'float32' or 'bfloat16'"):
        runtime.precision("half", CPU, True)


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, False),
        ({}, False),
    ],
)
def test_a_cpu_is_fast_at_bfloat16_if_it_has_the_instructions(monkeypatch, capabilities, fast):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert runtime.bfloat16_is_fast(CPU) is fast


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_a_gpu_is_fast_at_bfloat16_from_ampere_on(monkeypatch, capability, fast):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda where: capability)
    assert runtime.bfloat16_is_fast(torch.device("cuda")) is fast


def test_apple_gpus_compute_in_float32():
    assert not runtime.bfloat16_is_fast(torch.device("mps"))


# ---- the first line of a notebook -------------------------------------------------------------------------------


def test_start_seeds_and_says_how_the_notebook_runs(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MODE", "fast")
    runtime.start(seed=7)
    first = draw()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Mode: fast · device: ")
    assert line.endswith(f"· torch {torch.__version__.split('+')[0]} · seed 7")
    runtime.seed_everything(7)
    assert draw() == first


def test_hardware_names_the_number_of_threads():
    assert runtime.hardware(CPU).endswith(f"CPU, {torch.get_num_threads()} threads")


def test_keeping_freed_memory_can_be_asked_for_anywhere(monkeypatch):
    """On glibc it sets two limits of malloc; elsewhere there is nothing to set."""
    runtime.keep_freed_memory()
    monkeypatch.setattr(runtime.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(runtime.ctypes, "CDLL", lambda name: pytest.fail("there is no glibc here"))
    runtime.keep_freed_memory()
