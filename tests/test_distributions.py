"""The distributions against torch.distributions, scipy, and moments worked out by hand."""

import math

import pytest
import torch
from scipy import stats
from torch import distributions as td

from course_utils import distributions
from course_utils.distributions import Categorical, Gaussian, GaussianMixture, SwissRoll

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
N = 100_000


def mixture():
    """Three correlated components in 3-D."""
    generator = torch.Generator().manual_seed(5)
    means = 2 * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    scale = torch.randn(3, 3, 3, generator=generator, dtype=torch.float64) + torch.eye(3)
    return GaussianMixture(means, scale)


MAKE = {
    "gaussian": lambda: Gaussian(3, std=0.5),
    "mixture": mixture,
    "ring": distributions.ring_of_gaussians,
    "flower": distributions.ten_gaussians,
    "roll": SwissRoll,
    "categorical": lambda: Categorical(4),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(params=MAKE)
def any_distribution(request):
    return MAKE[request.param]()


def assert_moments(z, mean, covariance):
    """Sample mean and covariance within six standard errors of the true ones."""
    n, sd = len(z), covariance.diagonal().sqrt()
    assert ((z.mean(0) - mean).abs() < 6 * sd / n**0.5).all()
    assert ((z.T.cov() - covariance).abs() < 6 * 2 * sd[:, None] * sd / n**0.5).all()


# --- Gaussian ---


@pytest.mark.parametrize("std", [0.3, 1.0, 2.0])
def test_gaussian_log_prob_against_torch(std):
    z = 2 * torch.randn(20, 3, dtype=torch.float64)
    expected = td.MultivariateNormal(torch.zeros(3).double(), std**2 * torch.eye(3).double()).log_prob(z)
    torch.testing.assert_close(Gaussian(3, std).log_prob(z), expected)


def test_gaussian_sample_moments():
    z = Gaussian(3, std=0.5).sample(N)
    assert_moments(z, torch.zeros(3), 0.25 * torch.eye(3))
    assert stats.kstest(z[:, 0].numpy(), stats.norm(scale=0.5).cdf).pvalue > 0.001


# --- mixtures ---


@pytest.mark.parametrize("make", [mixture, distributions.ten_gaussians, distributions.ring_of_gaussians])
def test_mixture_log_prob_against_torch(make):
    p = make().double()
    z = 2 * torch.randn(50, p.dim, dtype=torch.float64)
    components = td.MultivariateNormal(p.means, p.scale @ p.scale.mT)
    expected = td.MixtureSameFamily(td.Categorical(torch.ones(p.n_classes).double()), components)
    torch.testing.assert_close(p.log_prob(z), expected.log_prob(z))
    torch.testing.assert_close(p.log_prob_by_component(z), components.log_prob(z[:, None]))


def test_mixture_log_prob_far_away_is_finite():
    assert distributions.ten_gaussians().log_prob(torch.full((1, 2), 100.0)).isfinite().all()


def test_mixture_density_has_mass_one():
    axis = torch.arange(-4.0, 4.0, 0.0125) + 0.00625
    z = torch.cartesian_prod(axis, axis)
    mass = sum(distributions.ten_gaussians().log_prob(part).exp().sum() for part in z.split(100_000)) * 0.0125**2
    assert mass.item() == pytest.approx(1, abs=1e-4)


def test_mixture_sample_moments():
    p = mixture()
    covariance = (p.scale @ p.scale.mT + p.means[:, :, None] * p.means[:, None]).mean(0)
    mean = p.means.mean(0)
    assert_moments(p.sample(N), mean, covariance - mean[:, None] * mean)


@pytest.mark.parametrize("k", range(3))
def test_mixture_labels_choose_the_component(k):
    p = mixture()
    z = p.sample(N, torch.full((N,), k))
    assert_moments(z, p.means[k], p.scale[k] @ p.scale[k].T)


def test_mixture_samples_follow_mixed_labels_one_by_one():
    p = distributions.ring_of_gaussians(8)
    labels = torch.randint(8, (1000,))
    assert torch.equal(p.component(p.sample(1000, labels)), labels)


def test_every_component_is_equally_likely():
    p = distributions.ring_of_gaussians(8)
    counts = p.component(p.sample(N)).bincount(minlength=8)
    assert stats.chisquare(counts.numpy()).pvalue > 0.001


def test_component_is_the_most_probable_one_not_the_nearest_mean():
    wide_and_narrow = GaussianMixture(torch.tensor([[0.0], [4.0]]), torch.tensor([[[10.0]], [[0.1]]]))
    assert wide_and_narrow.component(torch.tensor([[3.0], [4.0]])).tolist() == [0, 1]


def test_ring_lies_on_the_circle():
    p = distributions.ring_of_gaussians(6, radius=3.0, std=0.2)
    torch.testing.assert_close(p.means.norm(dim=1), torch.full((6,), 3.0))
    assert_moments(p.sample(N, torch.zeros(N, dtype=torch.int64)), torch.tensor([3.0, 0.0]), 0.04 * torch.eye(2))


def test_the_long_axes_of_the_flower_point_outwards():
    p = distributions.ten_gaussians(long=0.5, short=0.05)
    for k, angle in enumerate(2 * math.pi * torch.arange(10) / 10):
        outwards = torch.stack([angle.cos(), angle.sin()])
        across = torch.stack([-angle.sin(), angle.cos()])
        z = p.sample(20_000, torch.full((20_000,), k))
        assert (z @ outwards).mean().item() == pytest.approx(1.4, abs=0.02)
        assert (z @ outwards).std().item() == pytest.approx(0.5, rel=0.03)
        assert (z @ across).std().item() == pytest.approx(0.05, rel=0.03)


# --- swiss roll ---


def test_roll_starts_at_the_origin_and_makes_two_turns():
    ends = SwissRoll(size=3.0).at(torch.tensor([0.0, 1 / 16, 1 / 4, 1.0]))  # angles 0, pi, 2 pi, 4 pi
    torch.testing.assert_close(
        ends, torch.tensor([[0.0, 0.0], [-0.75, 0.0], [1.5, 0.0], [3.0, 0.0]]), atol=1e-5, rtol=0
    )


def test_roll_samples_lie_on_the_curve_uniformly_in_u():
    roll = SwissRoll(size=3.0)
    z = roll.sample(N).double()
    u = (z.norm(dim=1) / 3).square()
    torch.testing.assert_close(roll.at(u), z, atol=1e-4, rtol=0)
    assert stats.kstest(u.numpy(), "uniform").pvalue > 0.001


def test_roll_labels_follow_one_another_along_the_roll():
    labels = torch.randint(5, (5000,))
    u = (SwissRoll(size=2.0, n_classes=5).sample(5000, labels).norm(dim=1) / 2).square()
    assert ((u - (labels + 0.5) / 5).abs() <= 0.1 + 1e-5).all()
    assert (u - labels / 5).min() < 0.01 and (u - labels / 5).max() > 0.19


# --- categorical ---


def test_categorical_samples_are_uniform_one_hot_vectors():
    z = Categorical(4).sample(N)
    assert z.shape == (N, 4)
    assert torch.equal(z.sum(1), torch.ones(N)) and torch.equal(z.max(1).values, torch.ones(N))
    assert stats.chisquare(z.sum(0).numpy()).pvalue > 0.001


def test_categorical_samples_are_the_labels():
    assert torch.equal(Categorical(3).sample(3, torch.tensor([2, 0, 1])), torch.eye(3)[[2, 0, 1]])


# --- all ---


@pytest.mark.parametrize("kind", ["roll", "categorical"])
def test_no_density_is_a_clear_error(kind):
    p = MAKE[kind]()
    with pytest.raises(NotImplementedError, match=f"{type(p).__name__} has no density.*only samples"):
        p.log_prob(torch.zeros(1, p.dim))


def test_samples_have_the_promised_shape(any_distribution):
    for n in (0, 1, 7):
        assert any_distribution.sample(n).shape == (n, any_distribution.dim)


def test_the_same_seed_gives_the_same_samples_and_another_seed_does_not(any_distribution):
    def draw(seed):
        torch.manual_seed(seed)
        return any_distribution.sample(50)

    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_and_densities_follow_device_and_dtype(any_distribution, device, dtype):
    p = any_distribution.to(device=device, dtype=dtype)
    labels = torch.arange(p.n_classes)  # on the CPU: sample() moves them
    for z in (p.sample(5), p.sample(p.n_classes, labels)):
        assert z.dtype == dtype and z.device.type == device
    if isinstance(p, Gaussian | GaussianMixture):
        density = p.log_prob(z)
        assert density.dtype == dtype and density.device.type == device and density.shape == (len(z),)


def test_a_prior_adds_nothing_to_a_checkpoint(any_distribution):
    assert not any_distribution.state_dict()


def test_labels_of_the_wrong_shape_are_refused(any_distribution):
    with pytest.raises(ValueError, match=r"labels must have shape \(3,\), one a sample, got \(2,\)"):
        any_distribution.sample(3, torch.tensor([0, 0]))


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_out_of_range_are_refused(any_distribution, label):
    with pytest.raises(ValueError, match=rf"labels must lie in 0\.\.{any_distribution.n_classes - 1}"):
        any_distribution.sample(1, torch.tensor([label]))


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="at least one dimension, got dim=0"):
        Gaussian(0)
    with pytest.raises(ValueError, match="std must be positive, got 0"):
        Gaussian(2, std=0)
    with pytest.raises(ValueError, match=r"scale must be \(K, dim, dim\).*\(3, 2\), got \(3, 2\)"):
        GaussianMixture(torch.zeros(3, 2), torch.ones(3, 2))
