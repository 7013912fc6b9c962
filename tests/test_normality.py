"""The tests of normality, against scipy, against expectations taken by Monte Carlo, and on clouds of known shape."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from course_utils import metrics

N = 300


def gaussian_clouds(n_clouds: int, n: int = N, d: int = 2, seed: int = 0) -> torch.Tensor:
    """Samples of Gaussians, each with a mean and a covariance of its own, some very thin."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(n_clouds, n, d, generator=generator, dtype=torch.float64)
    factor = torch.randn(n_clouds, d, d, generator=generator, dtype=torch.float64) + 0.3 * torch.eye(d)
    size = torch.logspace(-4, 2, n_clouds, dtype=torch.float64)[:, None, None]
    return size * (noise @ factor + torch.randn(n_clouds, 1, d, generator=generator, dtype=torch.float64))


def shapes(n: int = N) -> dict[str, torch.Tensor]:
    """Clouds that are no Gaussians, (1, n, 2)."""
    generator = torch.Generator().manual_seed(1)
    u, noise = torch.rand(n, generator=generator), 0.1 * torch.randn(n, 2, generator=generator)
    side = (torch.rand(n, generator=generator) < 0.5).float()
    angle = math.pi * u
    found = {
        "crescent": torch.stack([angle.cos(), angle.sin()], 1) + noise,
        "two lumps": torch.stack([side, 0 * side], 1) + noise,
        "square": torch.rand(n, 2, generator=generator),
    }
    return {name: cloud[None] for name, cloud in found.items()}


def test_standardised_clouds_have_mean_zero_and_covariance_one():
    y = metrics.standardised(gaussian_clouds(20))
    torch.testing.assert_close(y.mean(1), torch.zeros(20, 2).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(y.mT @ y / N, torch.eye(2).double().expand(20, 2, 2), atol=1e-8, rtol=0)


def test_in_one_dimension_mardia_is_what_scipy_computes():
    x = np.random.default_rng(0).gamma(2.0, size=(3, N, 1))
    found = metrics.mardia(torch.from_numpy(x))
    np.testing.assert_allclose(found.skewness, scipy.stats.skew(x[..., 0], axis=1) ** 2)
    np.testing.assert_allclose(found.kurtosis, scipy.stats.kurtosis(x[..., 0], axis=1, fisher=False))


def test_mardia_by_its_definition():
    cloud = shapes()["crescent"].double()
    x = cloud[0].numpy()
    offset = x - x.mean(0)
    products = offset @ np.linalg.inv(np.cov(x.T, bias=True)) @ offset.T
    found = metrics.mardia(cloud)
    assert found.skewness.item() == pytest.approx((products**3).mean())
    assert found.kurtosis.item() == pytest.approx((products.diagonal() ** 2).mean())


@pytest.mark.parametrize("d", [1, 2, 5])
def test_mardia_has_its_known_distribution_on_gaussians(d):
    # n b1 / 6 is chi-squared, and the kurtosis normal around d (d + 2), for large n
    skewness, kurtosis = metrics.mardia(gaussian_clouds(200, 1000, d))
    degrees = d * (d + 1) * (d + 2) / 6
    assert scipy.stats.kstest(1000 * skewness / 6, scipy.stats.chi2(degrees).cdf).pvalue > 1e-3
    z = (kurtosis - d * (d + 2)) / math.sqrt(8 * d * (d + 2) / 1000)
    assert abs(z.mean()) < 0.5
    assert 0.7 < z.std() < 1.3


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_distance_agrees_with_many_samples_of_the_gaussian(d):
    # the formula replaces the other sample of metrics.energy_distance by its expectations
    y = metrics.standardised(torch.rand(1, N, d, generator=torch.Generator().manual_seed(2), dtype=torch.float64))
    z = torch.randn(4000, d, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert metrics.distance_to_gaussian(y).item() == pytest.approx(metrics.energy_distance(y[0], z), abs=0.02)
    larger = metrics.distance_to_gaussian(y.sign() + 0.01 * y).item()  # the corners of a cube: far from Gaussian
    assert larger == pytest.approx(metrics.energy_distance(metrics.standardised(y.sign() + 0.01 * y)[0], z), abs=0.02)
    assert larger > metrics.distance_to_gaussian(y).item()


def test_gaussians_are_rejected_as_often_as_promised():
    p = metrics.normality_test(gaussian_clouds(400)).p_value
    for alpha in (0.05, 0.2, 0.5):
        share = (p <= alpha).double().mean().item()
        assert abs(share - alpha) < 4 * math.sqrt(alpha * (1 - alpha) / 400) + 0.02
    assert scipy.stats.kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", shapes())
def test_other_shapes_are_told_from_gaussians(name):
    found = metrics.normality_test(shapes()[name], n_simulated=200)
    assert found.p_value.item() == pytest.approx(1 / 201)
    assert found.statistic.item() > 0


def test_more_points_see_more():
    # the tails of a t-distribution with 5 degrees of freedom need many points
    x = torch.from_numpy(np.random.default_rng(0).standard_t(5, size=(40, 1000, 2)))
    few, many = (metrics.normality_test(x[:, :n], n_simulated=200).p_value for n in (30, 1000))
    assert (few <= 0.05).sum() < (many <= 0.05).sum()
    assert (many <= 0.05).double().mean() > 0.9


def test_the_same_seed_gives_the_same_p_values_and_leaves_the_random_state_alone():
    z = gaussian_clouds(5, 50)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = metrics.normality_test(z, n_simulated=50, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.p_value, metrics.normality_test(z, n_simulated=50, seed=1).p_value)
    assert not torch.equal(first.p_value, metrics.normality_test(z, n_simulated=50, seed=2).p_value)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (torch.zeros(2, 10, 2), "no width in some direction"),
        (torch.randn(1, 10, 1).expand(1, 10, 2), "on a line or a plane"),
        (torch.randn(10, 2), r"clouds must be \(B, n, d\)"),
        (torch.randn(1, 3, 3), "more points than dimensions"),
        (torch.full((1, 10, 2), math.nan), "NaN or infinite"),
    ],
)
def test_clouds_without_a_covariance_are_refused(z, message):
    for metric in (metrics.mardia, metrics.distance_to_gaussian, metrics.normality_test):
        with pytest.raises(ValueError, match=message):
            metric(z)


def test_flat_clouds_are_found_whatever_their_size():
    clouds = gaussian_clouds(4, 50)
    line = clouds[..., :1] * torch.tensor([1.0, -2.0])
    point = torch.ones(4, 50, 2).double()
    one_way = clouds * torch.tensor([1.0, 0.0])
    assert not metrics.is_flat(clouds).any()
    for flat in (line, point, one_way):
        assert metrics.is_flat(flat).all()
    assert metrics.is_flat(torch.cat([clouds, line])).tolist() == 4 * [False] + 4 * [True]
