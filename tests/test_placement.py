"""Where classes and styles lie in the parts of a prior: metrics, and the priors' own coordinates."""

import itertools

import pytest
import scipy.stats
import torch

from course_utils import distributions, metrics

# ---- where a point lies in its part -----------------------------------------------------------------------------


def test_a_standard_normal_placed_in_components_is_a_sample_of_them():
    prior = distributions.ten_gaussians()
    w = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
    z = prior.at(w, torch.full((20_000,), 7))
    covariance = prior.scale[7] @ prior.scale[7].T
    torch.testing.assert_close(z.mean(0), prior.means[7], atol=0.02, rtol=0)
    torch.testing.assert_close(z.T.cov(), covariance, atol=0.01, rtol=0)


def test_the_axes_of_a_petal_point_outwards_and_across():
    prior = distributions.ten_gaussians(radius=1.4, long=0.5, short=0.05)
    k = torch.tensor([3, 3])
    along, across = prior.at(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), k) - prior.means[k]
    outwards = prior.means[3] / prior.means[3].norm()
    torch.testing.assert_close(along, 0.5 * outwards)
    assert across.norm().item() == pytest.approx(0.05) and across.dot(outwards).abs() < 1e-6


def test_whitened_takes_back_what_at_does():
    prior = distributions.ten_gaussians()
    w, y = torch.randn(50, 2), torch.arange(50) % 10
    torch.testing.assert_close(prior.whitened(prior.at(w, y), y), w, atol=1e-4, rtol=1e-4)


def test_the_position_of_a_point_of_the_roll_is_its_u():
    roll = distributions.SwissRoll()
    u = torch.linspace(0.01, 1, 300)
    torch.testing.assert_close(roll.position(roll.at(u)), u, atol=1 / 4000, rtol=0)


def test_the_position_is_the_nearest_and_not_the_next_turn():
    roll = distributions.SwissRoll()
    z = 3 * torch.randn(200, 2, generator=torch.Generator().manual_seed(1))
    curve = roll.at(torch.linspace(0, 1, 100_001))
    found = (roll.at(roll.position(z)) - z).norm(dim=1)
    assert (found <= torch.cdist(z, curve).min(1).values + 0.01).all()


def test_components_of_the_roll_are_those_of_its_samples():
    roll = distributions.SwissRoll()
    y = torch.arange(1000) % 10
    found = roll.component(roll.sample(1000, y))
    assert (found == y).float().mean() > 0.99  # samples within 1/4000 of a border may fall to the neighbour
    assert roll.component(roll.at(torch.tensor([0.0, 0.35, 1.0]))).tolist() == [0, 3, 9]


@pytest.mark.parametrize(
    "use",
    [
        lambda: distributions.SwissRoll().position(torch.zeros(4, 3)),
        lambda: distributions.ten_gaussians().at(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long)),
        lambda: distributions.ten_gaussians().whitened(torch.zeros(4), torch.zeros(4, dtype=torch.long)),
    ],
)
def test_points_of_another_dimension_are_refused(use):
    with pytest.raises(ValueError, match=r"z must be \(B, 2\)"):
        use()


# ---- agreement of fields ----------------------------------------------------------------------------------------


def test_agreement_is_the_mean_correlation_over_pairs():
    fields = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(0))
    pairs = list(itertools.combinations(fields.flatten(1).numpy(), 2))
    expected = sum(scipy.stats.pearsonr(a, b).statistic for a, b in pairs) / 6
    assert metrics.field_agreement(fields).correlation == pytest.approx(expected)


def test_reflections_turn_each_axis_and_both():
    a, b = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0)).numpy()
    turned = [b[::-1], b[:, ::-1], b[::-1, ::-1]]
    expected = sum(scipy.stats.pearsonr(a.ravel(), t.ravel()).statistic for t in turned) / 3
    found = metrics.field_agreement(torch.stack([torch.tensor(a), torch.tensor(b)]))
    assert found.reflected == pytest.approx(expected, abs=1e-6)


def test_fields_that_rise_the_same_way_agree_whatever_their_scale():
    t = torch.linspace(0, 1, 20)
    found = metrics.field_agreement(torch.stack([t, 5 * t - 3, 0.1 * t]))
    assert found == pytest.approx((1, -1))


def test_places_without_a_value_are_left_out():
    a = torch.tensor([1.0, 2.0, float("nan"), 4.0, 5.0])
    b = torch.tensor([2.0, 4.0, 100.0, 8.0, 10.0])
    assert metrics.field_agreement(torch.stack([a, b])).correlation == pytest.approx(1)


def test_a_field_that_does_not_vary_agrees_with_none():
    assert metrics.field_agreement(torch.stack([torch.ones(5), torch.arange(5.0)])) == (0, 0)


@pytest.mark.parametrize("shape", [(1, 5), (5,), (2, 3, 4, 5)])
def test_fields_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="fields must be"):
        metrics.field_agreement(torch.zeros(shape))


# ---- parts and classes ------------------------------------------------------------------------------------------


def test_the_best_matching_is_found_among_all():
    y = torch.randint(4, (300,), generator=torch.Generator().manual_seed(0))
    parts = torch.randint(4, (300,), generator=torch.Generator().manual_seed(1))
    best = max((torch.tensor(p)[parts] == y).float().mean().item() for p in itertools.permutations(range(4)))
    assert metrics.matched_share(parts, y, 4) == pytest.approx(best)


def test_a_permutation_of_the_classes_is_matched_fully():
    y = torch.arange(100) % 10
    assert metrics.matched_share((y + 3) % 10, y, 10) == 1


@pytest.mark.parametrize(
    ("parts", "message"), [([0, 1, 3], "parts must lie in 0..2"), ([0, 1], r"must both be \(N,\)")]
)
def test_impossible_parts_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        metrics.matched_share(torch.tensor(parts), torch.tensor([0, 1, 2]), 3)


def test_smaller_inside_compares_the_middle_fifth_with_both_ends():
    valley = (torch.arange(10.0) - 4.5).abs()
    slope = torch.arange(10.0)
    assert metrics.smaller_inside(torch.stack([valley, slope, 9 - slope, -valley])) == 1
    ends = torch.tensor([1.0, 9.0, 0.0, 9.0, 1.0])
    assert metrics.smaller_inside(ends[None]) == 1
    with pytest.raises(ValueError, match="n of at least 5"):
        metrics.smaller_inside(torch.zeros(2, 4))
