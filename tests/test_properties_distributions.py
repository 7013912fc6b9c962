"""What holds for every distribution, whatever its dimension and settings, and for any number of samples."""

import inspect
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import close, floats, normal, quick, seeds, sizes
from scipy import stats

from course_utils import distributions
from course_utils.distributions import (
    Categorical,
    Circle,
    Distribution,
    Gaussian,
    GaussianMixture,
    SwissRoll,
    TruncatedGaussian,
    ring_of_gaussians,
    ten_gaussians,
)

N = 4000


def mixture(seed: int, n_modes: int, dim: int, size: float) -> GaussianMixture:
    """A mixture of any shape; no component is nearly flat."""
    scale = 0.3 * normal(seed, n_modes, dim, dim).tril(-1) + torch.eye(dim) * (0.5 + size)
    return GaussianMixture(3 * normal(seed + 1, n_modes, dim), scale)


# name -> how to make one from (seed, a number of classes, a dimension, a size)
KINDS = {
    "Gaussian": lambda seed, k, dim, size: Gaussian(dim, std=size),
    "TruncatedGaussian": lambda seed, k, dim, size: TruncatedGaussian(dim, threshold=size),
    "GaussianMixture": mixture,
    "ring_of_gaussians": lambda seed, k, dim, size: ring_of_gaussians(k, radius=2 * size, std=0.1 * size),
    "ten_gaussians": lambda seed, k, dim, size: ten_gaussians(k, long=0.4 * size, short=0.05 * size),
    "SwissRoll": lambda seed, k, dim, size: SwissRoll(size, k),
    "Categorical": lambda seed, k, dim, size: Categorical(k),
    "Circle": lambda seed, k, dim, size: Circle(2 * size, 0.2 * size),
}
WITH_DENSITY = [name for name in KINDS if name not in ("SwissRoll", "Categorical")]
arguments = (seeds, sizes, sizes, st.floats(0.2, 3))


def make(name: str, settings, dtype=torch.float64) -> Distribution:
    return KINDS[name](*settings).to(dtype)


def sampled(distribution: Distribution, seed: int, n: int, labels=None) -> torch.Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return distribution.sample(n, labels)


def test_every_public_distribution_is_here():
    def ours(thing):
        return inspect.isclass(thing) or inspect.isfunction(thing)

    public = {name for name, it in inspect.getmembers(distributions, ours) if it.__module__ == distributions.__name__}
    assert public - {"Distribution"} == set(KINDS), "describe the distribution in KINDS above"


# ---- samples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
@quick
@given(st.tuples(*arguments), st.integers(0, 20), floats)
def test_samples_have_the_promised_shape_and_format_and_follow_the_seed(name, settings, n, dtype):
    p = make(name, settings, dtype)
    z = sampled(p, 1, n)
    assert z.shape == (n, p.dim)
    assert z.dtype == dtype
    assert z.isfinite().all()
    assert torch.equal(sampled(p, 1, n), z)


@pytest.mark.parametrize("name", KINDS)
@quick
@given(st.tuples(*arguments), st.integers(1, 6), st.data())
def test_labels_are_taken_one_a_sample_and_others_refused(name, settings, n, data):
    p = make(name, settings)
    labels = torch.tensor(data.draw(st.lists(st.integers(0, p.n_classes - 1), min_size=n, max_size=n)))
    assert sampled(p, 1, n, labels).shape == (n, p.dim)
    for bad in (labels[None], torch.cat([labels, labels]), labels[:, None]):
        with pytest.raises(ValueError, match="labels must have shape") as error:
            p.sample(n, bad)
        assert str(tuple(bad.shape)) in str(error.value)
    with pytest.raises(ValueError, match="labels must be integers"):
        p.sample(n, labels.float())
    with pytest.raises(ValueError, match="labels must lie in"):
        p.sample(n, labels + p.n_classes)


@quick
@given(sizes, st.floats(0.2, 3), st.integers(1, 30), seeds)
def test_the_classes_of_the_roll_follow_one_another(k, size, n, seed):
    """Radius / size is the square root of a number in (label, label + 1) / K."""
    labels = torch.arange(n) % k
    radius = sampled(SwissRoll(size, k).double(), seed, n, labels).norm(dim=1)
    u = (radius / size).square() * k
    assert ((u >= labels - 1e-9) & (u <= labels + 1 + 1e-9)).all()


# ---- densities --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_DENSITY)
@quick
@given(st.tuples(*arguments), st.integers(1, 8), floats, st.randoms(use_true_random=False))
def test_the_density_of_each_point_is_its_own(name, settings, n, dtype, rng):
    """Whatever other points are there, in whatever order."""
    p = make(name, settings, dtype)
    z = sampled(p, 2, n)
    log_p = p.log_prob(z)
    assert log_p.shape == (n,)
    assert log_p.dtype == dtype
    order = rng.sample(range(n), n)
    assert close(p.log_prob(z[order]), log_p[order], dtype)
    assert close(p.log_prob(z[:1]), log_p[:1], dtype)


@pytest.mark.parametrize("name", WITH_DENSITY)
@quick
@given(st.tuples(*arguments), st.integers(1, 4))
def test_points_of_another_shape_are_named_and_never_broadcast(name, settings, n):
    p = make(name, settings)
    for shape in ((n, p.dim + 1), (n, 1) if p.dim > 1 else (n, 3), (p.dim,), (), (n, 1, p.dim)):
        with pytest.raises(ValueError, match=rf"must be \(B, {p.dim}\)") as error:
            p.log_prob(torch.zeros(shape, dtype=torch.float64))
        assert str(shape) in str(error.value)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in WITH_DENSITY])
def test_no_density_is_said(name):
    p = make(name, (0, 3, 2, 1.0))
    with pytest.raises(NotImplementedError, match=f"{type(p).__name__} has no density"):
        p.log_prob(p.sample(2))


NARROWER = {
    "Gaussian": lambda seed, k, dim, size: Gaussian(dim, std=0.7 * size),
    "TruncatedGaussian": lambda seed, k, dim, size: TruncatedGaussian(dim, threshold=0.7 * size),
    "GaussianMixture": lambda *settings: first_component(mixture(*settings)),
    "ring_of_gaussians": lambda *settings: first_component(KINDS["ring_of_gaussians"](*settings)),
    "ten_gaussians": lambda *settings: first_component(KINDS["ten_gaussians"](*settings)),
    "Circle": lambda seed, k, dim, size: Circle(2 * size, 0.14 * size),
}


def first_component(p: GaussianMixture) -> GaussianMixture:
    return GaussianMixture(p.means[:1], p.scale[:1])


@pytest.mark.parametrize("name", WITH_DENSITY)
@quick
@given(st.tuples(*arguments))
def test_samples_follow_the_density(name, settings):
    """E_p[q(z) / p(z)] = 1 for any density q; here one that lies inside p, so that the ratio is bounded."""
    p, q = make(name, settings), NARROWER[name](*settings).double()
    z = sampled(p, settings[0] % 1000, N)
    ratio = (q.log_prob(z) - p.log_prob(z)).exp()
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / math.sqrt(N) + 1e-6


@quick
@given(st.floats(0.05, 9), seeds)
def test_a_truncated_gaussian_is_scipys(threshold, seed):
    p, expected = TruncatedGaussian(3, threshold).double(), stats.truncnorm(-threshold, threshold)
    z = sampled(p, seed, 2000)
    assert z.abs().max() <= threshold
    assert stats.kstest(z.flatten().numpy(), expected.cdf).pvalue > 1e-4
    assert close(p.log_prob(z[:5]), expected.logpdf(z[:5].numpy()).sum(1))
    outside = torch.tensor([[0.0, 1.01 * threshold, 0.0]], dtype=torch.float64)
    assert p.log_prob(outside) == -math.inf


def test_a_truncated_gaussian_stays_finite_where_nothing_is_left_out(monkeypatch):
    """In float32 the probability of six standard deviations rounds to one; the very end of it is infinitely far out."""
    monkeypatch.setattr(torch, "rand", lambda *shape, **like: torch.zeros(shape, **like))
    assert (TruncatedGaussian(2, 6.0).sample(3) == -6).all()
    with pytest.raises(ValueError, match="threshold must be positive, got 0"):
        TruncatedGaussian(2, 0)


@quick
@given(*arguments)
def test_a_mixture_is_the_mean_of_its_components(seed, k, dim, size):
    p = mixture(seed, k, dim, size)
    z = sampled(p, 3, 10)
    alone = [
        torch.distributions.MultivariateNormal(m, scale_tril=s).log_prob(z)
        for m, s in zip(p.means, p.scale, strict=True)
    ]
    assert close(p.log_prob_by_component(z), torch.stack(alone, 1))
    assert close(p.log_prob(z).exp(), torch.stack(alone, 1).exp().mean(1))
    assert torch.equal(p.component(z), torch.stack(alone, 1).argmax(1))


@quick
@given(st.lists(st.integers(0, 3), max_size=4).map(tuple), st.lists(st.integers(0, 3), max_size=4).map(tuple))
def test_means_and_scales_that_do_not_fit_are_named(means, scale):
    if len(means) == 2 and means[1] and scale == (*means, means[1]):
        return
    with pytest.raises(ValueError, match=r"must be|at least one") as error:
        GaussianMixture(torch.zeros(means), torch.zeros(scale))
    named = {str(means), str(scale), "got dim=0"}
    assert any(name in str(error.value) for name in named)
