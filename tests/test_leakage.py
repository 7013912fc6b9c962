"""How much of the class a code gives away: against known mutual information and known correlations."""

import math

import numpy as np
import pytest
import torch

from course_utils import metrics


def rings(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two rings round the origin: no line tells them apart."""
    y = torch.arange(n) % 2
    angle = 2 * math.pi * torch.rand(n, generator=torch.Generator().manual_seed(0))
    radius = 1.0 + y
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1), y


def test_a_network_reads_what_a_line_cannot():
    codes, y = rings(2_000)
    assert metrics.class_probe(codes, y).linear < 0.6
    found = metrics.network_probe(codes, y)
    assert found.accuracy > 0.97
    assert 0.8 < found.bits <= 1


def test_bits_are_near_the_mutual_information_of_two_overlapping_gaussians():
    y = torch.arange(8_000) % 2
    codes = torch.randn(8_000, 1, generator=torch.Generator().manual_seed(0)) + 2.0 * y[:, None]
    grid = torch.linspace(-8, 10, 4001, dtype=torch.float64)
    p = [torch.exp(-0.5 * (grid - m) ** 2) / math.sqrt(2 * math.pi) for m in (0.0, 2.0)]
    mixture = (p[0] + p[1]) / 2
    exact = sum(0.5 * torch.trapezoid(q * torch.log2(q / mixture), grid).item() for q in p)
    assert metrics.network_probe(codes, y).bits == pytest.approx(exact, abs=0.05)


def test_nothing_is_read_where_there_is_nothing():
    codes = torch.randn(2_000, 5, generator=torch.Generator().manual_seed(0))
    found = metrics.network_probe(codes, torch.arange(2_000) % 10)
    assert found.accuracy < 0.15
    assert abs(found.bits) < 0.15


def test_the_probe_is_repeatable_and_leaves_the_random_state_alone():
    codes, y = rings(400)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global state is what must not move
    first = metrics.network_probe(codes, y)
    state = torch.rand(1), np.random.rand()  # noqa: NPY002
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    assert state == (torch.rand(1), np.random.rand())  # noqa: NPY002
    assert metrics.network_probe(codes, y) == first


def test_kept_is_the_mean_correlation_of_the_deviations():
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(300) % 3
    deviation = torch.randn(300, generator=generator)
    source = deviation + 10 * y  # classes differ: that must not count
    copied = torch.stack([2 * deviation + 7, deviation - 3], 1)
    assert metrics.kept(source, y, copied) == pytest.approx(1, abs=0.01)
    half = torch.stack([deviation, -deviation], 1)
    assert metrics.kept(source, y, half) == pytest.approx(0, abs=0.01)
    by_class = (10.0 * y)[:, None].expand(-1, 2) + torch.randn(300, 2, generator=generator)
    assert abs(metrics.kept(source, y, by_class)) < 0.2  # the class of the source alone is not style


def test_kept_leaves_out_what_was_not_measured():
    y, source = torch.zeros(4, dtype=torch.long), torch.tensor([1.0, 2.0, 3.0, math.nan])
    images = torch.tensor([[1.0], [2.0], [3.0], [9.0]])
    assert metrics.kept(source, y, images) == pytest.approx(1)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="one class a code"):
        metrics.network_probe(torch.zeros(50, 2), torch.zeros(49))
    with pytest.raises(ValueError, match="at least 20 codes of each class"):
        metrics.network_probe(torch.zeros(50, 2), torch.arange(50) % 10)
    with pytest.raises(ValueError, match=r"images \(N, K\)"):
        metrics.kept(torch.zeros(5), torch.zeros(5), torch.zeros(5))
