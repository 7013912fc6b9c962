"""Stripes: by hand, by the sine of each pixel, and whether their phase can be read off again."""

import math

import pytest
import torch

from course_utils import stripes
from course_utils.datasets import Images, Splits


def digits(n: int, side: int = 28) -> torch.Tensor:
    return 0.5 + 0.5 * torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(0))


def test_ink_stays_where_the_sine_is_positive():
    x, phases = digits(3), torch.tensor([0.0, 0.25, 0.9])
    found = stripes.striped(x, phases)
    for i, row, column in [(0, 0, 1), (0, 0, 5), (1, 0, 5), (1, 3, 7), (2, 20, 2), (2, 27, 27), (0, 13, 4), (1, 9, 9)]:
        distance = (row + column) / math.sqrt(2)  # from the upper left corner, across the bands
        stays = math.sin(2 * math.pi * (distance / 6 + phases[i].item())) > 0
        assert found[i, 0, row, column] == (x[i, 0, row, column] if stays else 0)
    share = (found > 0).float().mean().item()
    assert 0.4 < share < 0.6


def test_stripes_add_nothing_and_together_with_the_opposite_ones_they_are_the_whole_digit():
    x, phases = digits(20), torch.rand(20, generator=torch.Generator().manual_seed(1))
    one, other = stripes.striped(x, phases), stripes.striped(x, (phases + 0.5) % 1)
    torch.testing.assert_close(torch.maximum(one, other), x)
    assert (one * other).max() == 0


def test_the_phase_of_even_ink_can_be_read_off():
    phases = torch.linspace(0, 0.95, 20)
    found = stripes.phase(stripes.striped(torch.ones(20, 1, 28, 28), phases))
    assert stripes.phase_error(found, phases).max() < 0.03


def test_a_phase_error_takes_the_shorter_way_around():
    one, other = torch.tensor([0.1, 0.95, 0.3, 0.0]), torch.tensor([0.2, 0.05, 0.8, 1.0])
    torch.testing.assert_close(stripes.phase_error(one, other), torch.tensor([0.1, 0.1, 0.5, 0.0]))
    g = torch.Generator().manual_seed(0)
    by_chance = stripes.phase_error(torch.rand(20_000, generator=g), torch.rand(20_000, generator=g)).mean()
    assert by_chance == pytest.approx(0.25, abs=0.005)


def test_images_and_phases_that_do_not_fit_are_refused():
    for x, phases in [(digits(2)[:, 0], torch.zeros(2)), (digits(2), torch.zeros(3)), (digits(2), torch.zeros(2, 1))]:
        with pytest.raises(ValueError, match="stripes need images"):
            stripes.striped(x, phases)


def parts(n: int = 12) -> Splits:
    """Every image has a brightness of its own."""
    x = (torch.arange(1, 3 * n + 1) / (3 * n)).view(-1, 1, 1, 1) * torch.ones(1, 1, 28, 28)
    y = torch.arange(3 * n) % 10
    return Splits("grey", *(Images(x[i * n : (i + 1) * n], y[i * n : (i + 1) * n]) for i in range(3)))


def test_a_pair_is_a_striped_digit_to_the_left_of_the_same_without():
    data = parts()
    for split, plain in zip(("train", "validation", "test"), (data.train, data.validation, data.test), strict=True):
        found = getattr(stripes.pairs(data), split)
        left, right = found.x[..., :28], found.x[..., 28:]
        assert torch.equal(right, plain.x) and torch.equal(found.y, plain.y)
        assert torch.equal(left.amax((1, 2, 3)), right.amax((1, 2, 3))) and 0 < (left == 0).float().mean() < 1
    assert len(stripes.phase(stripes.pairs(data).train.x[..., :28]).unique()) > 6, "each has a phase of its own"
    assert torch.equal(stripes.pairs(data).train.x, stripes.pairs(data).train.x), "a seed fixes them"
    assert not torch.equal(stripes.pairs(data, seed=1).train.x, stripes.pairs(data).train.x)


def test_without_pairs_no_training_digit_is_seen_both_ways():
    data, found = parts(), stripes.unpaired(parts())
    zebras, horses = found.train.x[..., :28].amax((1, 2, 3)), found.train.x[..., 28:].amax((1, 2, 3))
    assert torch.equal(zebras, data.train.x[0::2].amax((1, 2, 3)))
    assert torch.equal(horses, data.train.x[1::2].amax((1, 2, 3))) and torch.equal(found.train.y, data.train.y[1::2])
    assert torch.equal(found.test.x, stripes.pairs(data).test.x), "test images are pairs all the same"
    assert torch.equal(found.validation.x, stripes.pairs(data).validation.x)
