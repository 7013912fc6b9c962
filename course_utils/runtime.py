"""Where and how the course computes: course mode, seed, device, precision."""

import ctypes
import os
import platform
import random
import re

import numpy as np
import torch

MODES = ("fast", "default", "full")


def mode() -> str:
    """The course mode, from the environment variable COURSE_MODE (default ``"default"``).

    ``"fast"`` takes seconds a notebook on data inside the wheel of scikit-learn, ``"default"`` minutes on a
    laptop on MNIST, ``"full"`` runs the long recipes. Raises ValueError for any other word.
    """
    value = os.environ.get("COURSE_MODE", "default")
    if value not in MODES:
        raise ValueError(f"COURSE_MODE={value!r} is not a mode of the course: use one of {', '.join(MODES)}")
    return value


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (every device)."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries such as scikit-learn read the global state
    torch.manual_seed(seed)


def device(name: str = "auto") -> torch.device:
    """The device to compute on: ``"auto"`` takes CUDA, then Apple MPS, then the CPU.

    Raises RuntimeError when a device is asked for by name and this machine does not have it.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    kind = str(name).split(":")[0]
    if kind not in available or not re.fullmatch(r"[a-z]+(:\d+)?", str(name)):
        raise ValueError(f"unknown device {name!r}: use 'auto', 'cuda', 'cuda:1', 'mps' or 'cpu'")
    if not available[kind]:
        raise RuntimeError(
            f"device {name!r} was asked for, but PyTorch {torch.__version__} finds none on this machine. "
            "Use device='auto' to take what is there; the README says how to install a CUDA build."
        )
    where = torch.device(name)
    if where.type == "cuda" and (where.index or 0) >= torch.cuda.device_count():
        raise RuntimeError(
            f"device {name!r} was asked for, but the last one here is cuda:{torch.cuda.device_count() - 1}"
        )
    return where


def bfloat16_is_fast(where: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 matrices faster than float32 ones.

    Decided from what the hardware declares, not by timing, so that one machine always takes the same path:
    CUDA from compute capability 8.0 on; CPUs with AVX512-BF16 or AMX-BF16 instructions; never MPS.
    """
    if where.type == "cuda":
        return torch.cuda.get_device_capability(where) >= (8, 0)
    if where.type == "cpu":
        capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def precision(name: str, where: torch.device, large: bool) -> torch.dtype:
    """The number format of the matrix products: torch.float32 or torch.bfloat16.

    ``"auto"`` takes bfloat16 for a `large` model (see `networks.is_large`) where `bfloat16_is_fast`. Weights,
    losses, ``exp`` and ``log`` stay in float32 either way.
    """
    if name == "auto":
        return torch.bfloat16 if large and bfloat16_is_fast(where) else torch.float32
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if name not in known:
        raise ValueError(f"unknown precision {name!r}: use 'auto', 'float32' or 'bfloat16'")
    return known[name]


def keep_freed_memory() -> None:
    """Have the C library of Linux (glibc) keep freed memory for the next step; does nothing elsewhere.

    Each step frees and allocates tens of megabytes. By default glibc hands them back to the system, which then has
    to clear every page anew: a tenth of the time of a step of a large network on the CPU. Up to 1 GB is kept.
    """
    if platform.libc_ver()[0] == "glibc":
        trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
        libc = ctypes.CDLL(None)
        libc.mallopt(trim_threshold, 2**30)
        libc.mallopt(mmap_threshold, 2**25)  # the largest that glibc accepts


def hardware(where: torch.device) -> str:
    """The hardware in words, for results and for the first line of a notebook."""
    if where.type == "cuda":
        return torch.cuda.get_device_name(where)
    if where.type == "mps":
        return f"Apple GPU (MPS), {platform.machine()}"
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    name = capabilities.get("cpu_name") or platform.processor() or platform.machine()
    return f"{name} CPU, {torch.get_num_threads()} threads"


def start(seed: int = 0) -> None:
    """Seed everything and print one line that says how this notebook is going to run."""
    seed_everything(seed)
    where = device()
    fast = "bfloat16 for large networks" if bfloat16_is_fast(where) else "float32"
    print(
        f"Mode: {mode()} · device: {hardware(where)} · {fast} · torch {torch.__version__.split('+')[0]} · seed {seed}"
    )
