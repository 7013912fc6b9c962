"""What is read from the two codes: answers known by construction, and the formula again by hand."""

import math

import numpy as np
import pytest
import torch

from course_utils import metrics


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_class_probe_reads_codes_that_are_the_class_and_no_others():
    y = torch.arange(1000) % 10
    one_hot = torch.eye(10)[y]
    noise = torch.randn(1000, 10, generator=torch.Generator().manual_seed(0))
    known, blind = metrics.class_probe(one_hot + 0.01 * noise, y), metrics.class_probe(noise, y)
    assert known.linear == known.neighbours == 1
    # of 500 guesses at 10 % right: 10 % +- 1.3 % (standard deviation)
    assert abs(blind.linear - 0.1) < 0.06 and abs(blind.neighbours - 0.1) < 0.06


def test_class_probe_tells_a_line_from_a_ring():
    # class 1 lies on a ring around class 0: neighbours see it, no straight line does
    rng = draws()
    angle, y = rng.uniform(0, 2 * math.pi, 800), torch.arange(800) % 2
    radius = np.where(y == 0, 0.2, 2.0)
    ring = torch.tensor(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1))
    probe = metrics.class_probe(ring, y)
    assert probe.neighbours > 0.95 and probe.linear < 0.75


def test_chance_is_the_share_of_the_most_frequent_class():
    y = (torch.arange(400) % 4 == 0).long()  # three quarters are class 0
    assert metrics.class_probe(torch.randn(400, 2), y).chance == pytest.approx(0.75, abs=0.08)


@pytest.mark.parametrize("shape", [(5, 2), (100,)])
def test_class_probe_refuses_what_it_cannot_read(shape):
    with pytest.raises(ValueError, match="codes"):
        metrics.class_probe(torch.zeros(shape), torch.zeros(shape[0], dtype=torch.long))


def test_style_probe_gives_the_share_that_was_put_in():
    # attribute = feature + noise with variances 3 and 1: three quarters are explained, in every class alike
    rng = draws()
    y = torch.arange(6000) % 3
    feature, noise = rng.normal(0, 3**0.5, 6000), rng.normal(0, 1, 6000)
    attribute = torch.tensor(100.0 * y.numpy() + feature + noise)
    explained = metrics.style_probe(torch.tensor(feature)[:, None], attribute, y)
    assert explained == pytest.approx(0.75, abs=0.02)


def test_style_probe_gives_nothing_for_the_class_itself():
    y = torch.arange(3000) % 10
    attribute = 5.0 * y + torch.tensor(draws().normal(size=3000))
    assert metrics.style_probe(torch.eye(10)[y], attribute, y) == pytest.approx(0, abs=0.01)


def test_style_probe_does_not_count_tiny_differences():
    rng = draws()
    attribute = torch.tensor(rng.normal(size=1000))
    y = torch.zeros(1000, dtype=torch.long)
    assert metrics.style_probe(attribute[:, None], attribute, y) > 0.99
    assert metrics.style_probe(1e-4 * attribute[:, None], attribute, y) < 0.01


def test_style_probe_leaves_out_what_could_not_be_measured():
    attribute = torch.tensor(draws().normal(size=500))
    y = torch.zeros(500, dtype=torch.long)
    features = attribute[:, None].clone()
    attribute[:50] = torch.nan
    assert metrics.style_probe(features, attribute, y) > 0.95


def test_style_probe_asks_for_enough_images_of_each_class():
    y = torch.tensor([0] * 20 + [1] * 3)
    with pytest.raises(ValueError, match=r"class 1 has 3 images.*5 folds"):
        metrics.style_probe(torch.randn(23, 2), torch.randn(23), y)


def test_effective_classes():
    assert metrics.effective_classes(torch.eye(10)) == pytest.approx(10)  # sure each time, all ten alike
    assert metrics.effective_classes(torch.eye(10)[:1].expand(50, 10)) == pytest.approx(1)
    p = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
    mean = [0.5, 0.375, 0.125]
    assert metrics.effective_classes(p) == pytest.approx(math.exp(-sum(v * math.log(v) for v in mean)), rel=1e-5)


def test_nearest_labelled_by_hand():
    x = torch.tensor([[0.0, 0.0], [10.0, 0.0]]).view(2, 1, 1, 2)
    labelled = torch.tensor([[3.0, 4.0], [0.0, 1.0], [10.0, 2.0]]).view(3, 1, 1, 2)
    nearest = metrics.nearest_labelled(x, torch.tensor([0, 1]), labelled, torch.tensor([0, 1, 1]))
    assert nearest.own.tolist() == pytest.approx([5.0, 2.0])
    assert nearest.other.tolist() == pytest.approx([1.0, math.hypot(7, 4)])


def test_nearest_labelled_needs_a_label_of_each_class():
    x = torch.zeros(2, 1, 1, 2)
    with pytest.raises(ValueError, match="every class needs a labelled image"):
        metrics.nearest_labelled(x, torch.tensor([0, 1]), x, torch.tensor([0, 0]))


def test_share_by_quantile_by_hand():
    values = torch.tensor([4.0, 1.0, 3.0, 2.0, torch.nan, 6.0, 5.0])
    hit = torch.tensor([True, False, False, False, True, True, True])
    low, high = range(2)
    binned = metrics.share_by_quantile(values, hit, bins=2)
    assert binned.value.tolist() == [2.0, 5.0] and binned.share.tolist() == [0.0, 1.0]
    thirds = metrics.share_by_quantile(values, hit, bins=3)
    assert thirds.share.tolist() == [0.0, 0.5, 1.0]
    assert thirds.error.tolist() == pytest.approx([0, math.sqrt(0.25 / 2), 0])
    assert binned.value[low] < binned.value[high]
    with pytest.raises(ValueError, match="8 bins cannot be filled with 6 images"):
        metrics.share_by_quantile(values, hit, bins=8)
