"""What the property tests share: a few examples each, the same in every run, and tensors of any size."""

import torch
from hypothesis import settings
from hypothesis import strategies as st

quick = settings(max_examples=12, deadline=None, derandomize=True, database=None)

sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31 - 1)
floats = st.sampled_from([torch.float32, torch.float64])
shapes = st.lists(sizes, min_size=1, max_size=3).map(tuple)  # of one example


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Standard normal numbers, from their own generator."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def uniform(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Numbers in [0, 1)."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def close(a, b, dtype: torch.dtype = torch.float64) -> bool:
    """Equal but for the order in which sums are taken."""
    tolerance = {torch.float64: 1e-9, torch.float32: 1e-4}[dtype]
    return torch.allclose(torch.as_tensor(a).double(), torch.as_tensor(b).double(), rtol=tolerance, atol=tolerance)


def rotation(seed: int, d: int) -> torch.Tensor:
    """A random orthogonal matrix (d, d)."""
    return torch.linalg.qr(normal(seed, d, d)).Q
