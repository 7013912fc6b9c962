"""Metrics against scipy, scikit-learn, torch.distributions and models whose answer is known in closed form."""

import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import special, stats
from scipy.spatial.distance import cdist, pdist
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KernelDensity
from torch import distributions as td
from torch import nn

from course_utils import datasets, distributions, evaluation, losses, metrics
from course_utils.methods import VAE
from course_utils.networks import MLPDecoder

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_leaves_the_random_state_alone(function):
    before = torch.get_rng_state()
    first = function()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert function() == first  # its own seed decides


# --- energy distance, two-sample test ---


def test_energy_distance_against_scipy_in_one_dimension():
    x, y = normal(40, 1), 2 * normal(30, 1, seed=1) + 0.3
    # scipy: square root of the biased estimate, which counts each point with itself (a distance of zero)
    biased = stats.energy_distance(x[:, 0], y[:, 0]) ** 2
    unbiased = biased - pdist(x).mean() / 40 - pdist(y).mean() / 30
    assert metrics.energy_distance(x, y) == pytest.approx(unbiased, rel=1e-9)


@pytest.mark.parametrize("device", DEVICES)
def test_energy_distance_against_scipy_distances(device):
    x, y = normal(40, 3), normal(30, 3, seed=1) + 0.3
    expected = 2 * cdist(x, y).mean() - pdist(x).mean() - pdist(y).mean()
    assert metrics.energy_distance(x.to(device), y.to(device)) == pytest.approx(expected, rel=1e-9)


def test_energy_distance_of_two_points_is_twice_their_distance():
    assert metrics.energy_distance(torch.zeros(4, 2), torch.tensor([[3.0, 4.0]] * 5)) == pytest.approx(10)


def test_energy_distance_of_equal_distributions_is_zero_on_average():
    found = np.array(
        [metrics.energy_distance(normal(10, 2, seed=2 * s), normal(15, 2, seed=2 * s + 1)) for s in range(400)]
    )
    assert abs(found.mean()) < 4 * found.std() / 20
    assert (found < 0).mean() > 0.3


def test_the_statistics_are_those_of_the_losses_and_the_distance():
    x, y = normal(20, 2), normal(30, 2, seed=1) + 0.3
    energy, mmd = (metrics.two_sample_test(x, y, statistic).statistic for statistic in ("energy", "mmd"))
    assert energy == pytest.approx(metrics.energy_distance(x, y))
    assert mmd == pytest.approx(losses.mmd2(x, y).item())


def exact_p_value(x, y, statistic):
    """By scipy, over all ways to relabel the points."""

    def value(a, b):
        return statistic(torch.tensor(a)[:, None], torch.tensor(b)[:, None])

    both = (x[:, 0].numpy(), y[:, 0].numpy())
    return stats.permutation_test(both, value, alternative="greater", vectorized=False, n_resamples=10_000).pvalue


@pytest.mark.parametrize("shift", [0.0, 0.8])
@pytest.mark.parametrize("statistic", ["energy", "mmd"])
def test_p_value_against_all_permutations_by_scipy(statistic, shift):
    x, y = normal(5, 1), normal(4, 1, seed=1) + shift
    function = {"energy": metrics.energy_distance, "mmd": lambda a, b: losses.mmd2(a, b).item()}[statistic]
    exact = exact_p_value(x, y, function)  # 126 relabellings
    assert metrics.two_sample_test(x, y, statistic, n_permutations=20_000).p_value == pytest.approx(exact, abs=0.015)


def test_p_value_with_many_ties_against_scipy():
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0], [2.0]], dtype=torch.float64) * 0.1
    y = torch.tensor([[1.0], [2.0], [2.0], [2.0]], dtype=torch.float64) * 0.1
    exact = exact_p_value(x, y, metrics.energy_distance)
    assert metrics.two_sample_test(x, y, n_permutations=20_000).p_value == pytest.approx(exact, abs=0.015)


def test_indistinguishable_points_give_p_one():
    assert metrics.two_sample_test(torch.ones(5, 2), torch.ones(7, 2)).p_value == 1


@pytest.mark.parametrize("statistic", ["energy", "mmd"])
def test_false_alarms_come_at_the_stated_level(statistic):
    p = np.array(
        [
            metrics.two_sample_test(normal(15, 2, seed=2 * s), normal(20, 2, seed=2 * s + 1), statistic, 99, s).p_value
            for s in range(500)
        ]
    )
    for alpha in (0.05, 0.2, 0.5):  # with 99 relabellings, p <= alpha has probability alpha exactly
        alarms = int((p <= alpha).sum())
        assert stats.binomtest(alarms, 500, alpha).pvalue > 0.001


@pytest.mark.parametrize("statistic", ["energy", "mmd"])
def test_shifted_and_stretched_samples_are_told_apart(statistic):
    for other in (normal(100, 2, seed=1) + 0.7, 2 * normal(100, 2, seed=1)):
        test = metrics.two_sample_test(normal(100, 2), other, statistic)
        assert test.p_value == pytest.approx(1 / 201)  # the smallest there is
        assert test.statistic > 0


def test_two_sample_test_is_reproducible_and_leaves_the_random_state_alone():
    x, y = normal(10, 2), normal(10, 2, seed=1)
    assert_leaves_the_random_state_alone(lambda: metrics.two_sample_test(x, y))
    assert metrics.two_sample_test(x, y, seed=1).p_value != metrics.two_sample_test(x, y, seed=2).p_value


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.zeros(5), torch.zeros(5, 1), r"x must be \(n, d\), one row a point, got shape \(5,\)"),
        (torch.zeros(5, 2), torch.zeros(5, 3), r"same dimension, got \(5, 2\) and \(5, 3\)"),
        (torch.zeros(5, 2), torch.zeros(1, 2), "at least two points on each side are needed, got 5 and 1"),
        (torch.zeros(5, 2), torch.full((5, 2), math.nan), "y holds NaN or infinite numbers"),
    ],
)
def test_bad_points_are_refused(x, y, message):
    for function in (metrics.energy_distance, metrics.two_sample_test):
        with pytest.raises(ValueError, match=message):
            function(x, y)


def test_unknown_statistic_is_refused():
    with pytest.raises(ValueError, match="unknown statistic 't': use 'energy' or 'mmd'"):
        metrics.two_sample_test(normal(5, 1), normal(5, 1), "t")


# --- holes ---

PLANE = distributions.Gaussian(2)


@pytest.mark.parametrize("prior", [PLANE, distributions.ten_gaussians(), distributions.SwissRoll()], ids=str)
@pytest.mark.parametrize("k", [1, 3])
def test_perfect_codes_leave_the_share_of_holes_that_the_derivation_says(prior, k):
    n = 12
    shares = np.array([metrics.holes(prior.sample(n), prior, k, n_probe=50, seed=s) for s in range(1000)])
    expected = special.comb(n, k) / special.comb(2 * n, k)  # the k nearest of 2n all come from the n reference points
    assert shares.mean() == pytest.approx(expected, abs=4 * shares.std() / 1000**0.5)
    assert abs(expected - 2.0**-k) < 0.02


def test_perfect_codes_leave_two_to_the_minus_seven():
    shares = [metrics.holes(PLANE.sample(3000), PLANE, seed=s) for s in range(10)]
    assert np.mean(shares) == pytest.approx(2**-7, abs=0.002)


@pytest.mark.parametrize("device", DEVICES)
def test_half_of_the_prior_without_codes(device):
    prior = distributions.Gaussian(2, std=3.0).to(device)
    z = prior.sample(5000)
    z[:, 0].abs_()
    assert metrics.holes(z, prior) == pytest.approx(0.5, abs=0.04)


def test_one_of_ten_components_without_codes():
    prior = distributions.ten_gaussians()
    z = prior.sample(9000, torch.arange(9000) % 9)
    assert metrics.holes(z, prior, n_probe=10_000) == pytest.approx(0.1 + 0.9 * 2**-7, abs=0.015)


def test_codes_drawn_from_the_same_seed_are_not_compared_with_themselves():
    torch.manual_seed(0)
    assert metrics.holes(PLANE.sample(3000), PLANE, seed=0) > 0.002


def test_codes_far_away_or_in_one_point_cover_nothing():
    assert metrics.holes(PLANE.sample(1000) + 100, PLANE) == 1
    assert metrics.holes(torch.zeros(1000, 2), PLANE) > 0.95


def test_codes_spread_too_wide_leave_no_more_holes_than_codes_shrunk():
    z = PLANE.sample(3000)
    assert metrics.holes(0.3 * z, PLANE) > 0.3 > metrics.holes(1.3 * z, PLANE)


def test_holes_is_reproducible_and_leaves_the_random_state_alone():
    z = PLANE.sample(100)
    assert_leaves_the_random_state_alone(lambda: metrics.holes(z, PLANE, k=2))
    assert metrics.holes(z, PLANE, k=2, seed=1) != metrics.holes(z, PLANE, k=2, seed=2)


def test_holes_refuses_what_it_cannot_measure():
    with pytest.raises(ValueError, match=r"codes z must be \(n, 2\) for this prior, got \(9, 3\)"):
        metrics.holes(torch.zeros(9, 3), PLANE)
    for k in (0, 10):
        with pytest.raises(ValueError, match=f"k must lie between 1 and the number of codes, 9, got {k}"):
            metrics.holes(torch.zeros(9, 2), PLANE, k=k)
    with pytest.raises(ValueError, match="z holds NaN"):
        metrics.holes(torch.full((9, 2), math.nan), PLANE)


# --- KL = mutual information + marginal KL ---


def test_posteriors_equal_to_the_prior():
    zero = torch.zeros(50, 2)
    assert metrics.kl_decomposition(zero, zero, PLANE) == pytest.approx((0, 0, 0), abs=1e-12)


def test_equal_posteriors_carry_no_information():
    mu, logvar = torch.tensor([[1.0, -0.5]]).expand(200, 2), torch.tensor([[-1.0, 0.4]]).expand(200, 2)
    kl = td.kl_divergence(td.Normal(mu[0], logvar[0].mul(0.5).exp()), td.Normal(0.0, 1.0)).sum().item()
    found = metrics.kl_decomposition(mu, logvar, PLANE, n_samples=50)
    assert found.kl == pytest.approx(kl, rel=1e-6)
    assert found.mutual_information == pytest.approx(0, abs=1e-12)
    assert found.marginal_kl == pytest.approx(kl, abs=0.05)


def test_separate_posteriors_carry_log_n():
    mu = 1000 * torch.arange(64.0)[:, None]
    found = metrics.kl_decomposition(mu, torch.zeros(64, 1), distributions.Gaussian(1, std=1e4))
    assert found.mutual_information == pytest.approx(math.log(64))


@pytest.mark.parametrize("std", [1.0, 2.0])
def test_gaussian_aggregate_against_its_closed_form(std):
    """Means spread as N(0, a^2) and posteriors N(mu, s^2): q(z) = N(0, a^2 + s^2) for many images."""
    a, s, n, d = 1.2, 0.5, 3000, 2
    mu = a * normal(n, d)
    logvar = torch.full((n, d), 2 * math.log(s), dtype=torch.float64)
    prior = distributions.Gaussian(d, std)
    found = metrics.kl_decomposition(mu, logvar, prior, n_samples=3)
    q = td.Normal(0.0, math.sqrt(a**2 + s**2))
    assert found.mutual_information == pytest.approx(d / 2 * math.log(1 + a**2 / s**2), abs=0.05)
    assert found.marginal_kl == pytest.approx(d * td.kl_divergence(q, td.Normal(0.0, std)).item(), abs=0.05)
    posterior = td.Normal(mu, s)
    kl = td.kl_divergence(posterior, td.Normal(torch.zeros(()).double(), std)).sum(1).mean().item()
    assert found.kl == pytest.approx(kl, rel=1e-9)  # in closed form: no noise


@pytest.mark.parametrize("prior", [PLANE, distributions.ten_gaussians()], ids=str)
def test_the_two_sides_are_computed_apart_and_agree(prior):
    mu, logvar = normal(400, 2), -2 + 0.5 * normal(400, 2, seed=1)
    found = metrics.kl_decomposition(mu, logvar, prior, n_samples=100)
    difference = found.kl - found.mutual_information - found.marginal_kl
    # the flower's components are thin: a density of codes off them varies by tens of nats from draw to draw
    assert 0 < abs(difference) < (0.03 if prior is PLANE else 0.4)
    assert found.mutual_information < math.log(400)


def test_kl_to_a_mixture_against_torch_distributions():
    prior = distributions.ring_of_gaussians(std=0.5)
    mu, logvar = normal(100, 2), normal(100, 2, seed=1) - 1
    p = td.MixtureSameFamily(td.Categorical(torch.ones(8)), td.MultivariateNormal(prior.means, 0.25 * torch.eye(2)))
    q = td.Independent(td.Normal(mu, logvar.mul(0.5).exp()), 1)
    z = q.sample((300,))
    ratio = q.log_prob(z) - p.log_prob(z)
    spread = 2 * ratio.std().item() / ratio.numel() ** 0.5  # at most: both sides are estimates
    found = metrics.kl_decomposition(mu, logvar, prior, n_samples=300).kl
    assert found == pytest.approx(ratio.mean().item(), abs=3 * spread)


def test_log_q_of_all_posteriors_in_pieces_against_torch_distributions(monkeypatch):
    """More draws than fit in one piece; the answer is that of a mixture with one component an image."""
    n, d = 2500, 2  # 2500 * 2500 * 2 numbers are four pieces
    mu, logvar = 2 * normal(n, d), normal(n, d, seed=1) - 2
    torch.manual_seed(3)
    z = mu + torch.exp(0.5 * logvar) * torch.randn(n, d, dtype=torch.float64)
    q = td.Independent(td.Normal(mu, logvar.mul(0.5).exp()), 1)
    log_q = td.MixtureSameFamily(td.Categorical(torch.ones(n).double()), q).log_prob(z[:500])
    information = (q.log_prob(z)[:500] - log_q).mean().item()
    found = metrics.kl_decomposition(mu, logvar, PLANE)
    spread = (q.log_prob(z)[:500] - log_q).std().item()
    assert found.mutual_information == pytest.approx(information, abs=4 * spread / 500**0.5)


def test_kl_decomposition_is_reproducible_and_leaves_the_random_state_alone():
    mu, logvar = normal(20, 2), normal(20, 2, seed=1)
    assert_leaves_the_random_state_alone(lambda: metrics.kl_decomposition(mu, logvar, distributions.ten_gaussians()))


@pytest.mark.parametrize("device", DEVICES)
def test_kl_decomposition_on_a_device(device):
    mu, logvar = normal(20, 2).float(), normal(20, 2, seed=1).float()
    on_device = metrics.kl_decomposition(mu.to(device), logvar.to(device), distributions.ten_gaussians().to(device))
    assert on_device == pytest.approx(metrics.kl_decomposition(mu, logvar, distributions.ten_gaussians()), abs=1e-3)


def test_kl_decomposition_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match=r"must both be \(N, d\), got \(5, 2\) and \(5, 1\)"):
        metrics.kl_decomposition(torch.zeros(5, 2), torch.zeros(5, 1), PLANE)


# --- IWAE ---

STD = 0.7
W = torch.tensor([[1.0, 0.5], [-1.0, 1.0], [0.5, 1.0], [0.0, 0.5]], dtype=torch.float64)  # orthogonal columns ...
OFFSET = torch.tensor([0.3, -0.2, 0.0, 1.0], dtype=torch.float64)
SPREAD = (1 + (W**2).sum(0) / STD**2) ** -0.5  # ... so the true posterior has independent entries


class LinearDecoder(nn.Module):
    def forward(self, z):
        return z @ W.T + OFFSET


class LinearEncoder(nn.Module):
    """The true posterior N(mean, SPREAD^2), moved by `shift` and widened by `stretch`."""

    def __init__(self, shift=0.0, stretch=1.0):
        super().__init__()
        self.shift, self.stretch = shift, stretch

    def forward(self, x):
        mu = SPREAD**2 * ((x - OFFSET) @ W) / STD**2
        return mu + self.shift, (2 * torch.log(self.stretch * SPREAD)).expand_as(mu)


def linear_vae(**posterior):
    return VAE(LinearEncoder(**posterior), LinearDecoder(), PLANE, likelihood="gaussian", std=STD)


def linear_log_p(x):
    return td.MultivariateNormal(OFFSET, W @ W.T + STD**2 * torch.eye(4).double()).log_prob(x)


def linear_data(n):
    return normal(n, 2) @ W.T + OFFSET + STD * normal(n, 4, seed=1)


@pytest.mark.parametrize("k", [1, 7])
def test_with_the_true_posterior_the_bound_is_log_p(k):
    x = linear_data(10)
    torch.testing.assert_close(metrics.iwae_bound(linear_vae(), x, k), linear_log_p(x))


def test_elbo_iwae_and_log_p_in_order_with_a_weak_posterior():
    x, weak = linear_data(2000), {"shift": 0.3, "stretch": 1.4}
    vae, log_p = linear_vae(**weak), linear_log_p(x)
    elbo, iwae_5, iwae_50, iwae_500 = (metrics.iwae_bound(vae, x, k).mean().item() for k in (1, 5, 50, 500))
    true, q = td.Normal(torch.zeros(2).double(), SPREAD), td.Normal(torch.full((2,), 0.3).double(), 1.4 * SPREAD)
    gap = td.kl_divergence(q, true).sum().item()  # log p - ELBO, the same for every x here
    assert elbo == pytest.approx(log_p.mean().item() - gap, abs=0.05)
    assert elbo + 0.1 < iwae_5 < iwae_50 < iwae_500 < log_p.mean().item() + 0.005
    assert iwae_500 == pytest.approx(log_p.mean().item(), abs=0.01)


@pytest.mark.parametrize(("chunk", "k"), [(1, 3), (4, 3), (5, 11), (64, 11), (1000, 2)])
def test_iwae_is_the_log_mean_of_k_weights_in_passes_no_larger_than_chunk(chunk, k):
    passes = []

    def log_weight(x):  # the i-th draw of an image x weighs e^x times i
        passes.append(len(x))
        for value in x[:, 0].tolist():
            draws[value] += 1
        counts = torch.tensor([seen.setdefault(value, []).append(0) or len(seen[value]) for value in x[:, 0].tolist()])
        return x[:, 0] + counts.double().log()

    x = torch.arange(7.0, dtype=torch.float64)[:, None]
    seen, draws = {}, dict.fromkeys(x[:, 0].tolist(), 0)
    found = metrics.iwae_bound(SimpleNamespace(log_weight=log_weight), x, k, chunk)
    torch.testing.assert_close(found, x[:, 0] + math.log((k + 1) / 2))  # the mean of 1..k
    assert set(draws.values()) == {k} and max(passes) <= chunk


def test_iwae_has_no_gradient_and_refuses_zero_draws():
    vae = linear_vae(shift=nn.Parameter(torch.zeros(2).double()))
    assert not metrics.iwae_bound(vae, linear_data(3), 2).requires_grad
    with pytest.raises(ValueError, match="k and chunk must be at least 1, got k=0"):
        metrics.iwae_bound(vae, linear_data(3), 0)


# --- Parzen window ---


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [0.1, 0.5])
def test_parzen_against_scikit_learn(width, dtype):
    samples, x = normal(300, 1, 4, 4).sigmoid(), normal(70, 1, 4, 4, seed=1).sigmoid()
    # one leaf: its tree sums differences of large numbers and would be wrong by several nats at this width
    density = KernelDensity(kernel="gaussian", bandwidth=width, leaf_size=300).fit(samples.flatten(1))
    expected = torch.tensor(density.score_samples(x.flatten(1)))
    found = metrics.parzen_log_likelihood(samples.to(dtype), x.to(dtype), width, chunk=32)
    tolerance = 1e-9 if dtype == torch.float64 else 1e-2
    torch.testing.assert_close(found.double(), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("device", DEVICES)
def test_parzen_of_one_sample_is_a_gaussian(device):
    x = normal(5, 3)
    expected = td.MultivariateNormal(torch.ones(3).double(), 0.25 * torch.eye(3).double()).log_prob(x)
    found = metrics.parzen_log_likelihood(torch.ones(1, 3, device=device).double(), x.to(device), 0.5)
    torch.testing.assert_close(found.cpu(), expected)


def test_the_width_of_a_known_gaussian_is_found():
    samples, validation = torch.zeros(1, 3).double(), 0.5 * normal(2000, 3)
    assert metrics.choose_parzen_width(samples, validation, [0.3, 0.4, 0.5, 0.6, 0.8]) == 0.5


def test_the_width_is_the_one_that_scikit_learn_chooses():
    samples, validation, widths = normal(200, 2), normal(200, 2, seed=1), np.logspace(-2, 1, 13)
    split = PredefinedSplit([-1] * 200 + [0] * 200)  # fit on the samples, score the validation points
    search = GridSearchCV(KernelDensity(), {"bandwidth": widths}, cv=split, refit=False)
    search.fit(torch.cat([samples, validation]).numpy())
    chosen = metrics.choose_parzen_width(samples, validation, widths.tolist())
    assert chosen == pytest.approx(search.best_params_["bandwidth"])
    assert widths[0] < chosen < widths[-1]


def test_the_width_cannot_depend_on_test_data():
    assert list(inspect.signature(metrics.choose_parzen_width).parameters) == ["samples", "validation", "widths"]


def test_parzen_refuses_bad_widths_and_shapes():
    with pytest.raises(ValueError, match="width of the window must be positive, got 0"):
        metrics.parzen_log_likelihood(torch.zeros(2, 3), torch.zeros(2, 3), 0)
    with pytest.raises(ValueError, match=r"of one shape, got \(2, 3\) and \(2, 4\)"):
        metrics.parzen_log_likelihood(torch.zeros(2, 3), torch.zeros(2, 4), 1.0)


# --- modes ---

RING = distributions.ring_of_gaussians(8)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n_std", [1.0, 2.0, 3.0])
def test_perfect_samples_cover_all_modes_with_the_share_of_a_chi_square(n_std, device):
    ring = distributions.ring_of_gaussians(8).to(device)
    found = metrics.modes_covered(ring.sample(50_000), ring, n_std)
    assert found.covered == 8
    assert found.high_quality == pytest.approx(stats.chi2(2).cdf(n_std**2), abs=0.01)


def test_missing_modes_are_not_counted():
    samples = RING.sample(5000, torch.arange(5000) % 3)
    assert metrics.modes_covered(samples, RING).covered == 3


def test_a_mode_needs_its_share_of_all_samples():
    labels = torch.zeros(1000, dtype=torch.int64)
    labels[:10] = 1
    samples = RING.means[labels]
    assert metrics.modes_covered(samples, RING, min_share=0.01).covered == 2
    labels[0] = 0
    assert metrics.modes_covered(RING.means[labels], RING, min_share=0.01).covered == 1
    between = torch.zeros(200, 2)  # the middle of the ring belongs to no mode, but counts as samples
    assert metrics.modes_covered(torch.cat([samples, between]), RING, min_share=0.01) == (1, 1000 / 1200)


def test_samples_off_every_mode():
    assert metrics.modes_covered(torch.zeros(100, 2), RING) == (0, 0)


def test_long_components_are_measured_by_their_own_spread():
    flower = distributions.ten_gaussians(radius=1.4, long=0.5, short=0.05)  # component 0 lies along the first axis
    inside, outside = torch.tensor([[1.4 + 1.4, 0.0]]), torch.tensor([[1.4, 0.2]])
    assert metrics.modes_covered(inside, flower) == (1, 1)
    assert metrics.modes_covered(outside, flower) == (0, 0)


def test_modes_covered_refuses_other_dimensions():
    with pytest.raises(ValueError, match=r"samples must be \(n, 2\) for this mixture, got \(5, 3\)"):
        metrics.modes_covered(torch.zeros(5, 3), RING)


# --- evaluation: a trained method and data to numbers ---


def images(x):
    return datasets.Images(x, torch.zeros(len(x), dtype=torch.int64))


def splits(test, validation=None):
    validation = test if validation is None else validation
    return datasets.Splits("made up", images(test), images(validation), images(test))


class StubEncoder(nn.Module):
    """Draws codes from `sampler`, whatever the image; its mean is useless."""

    def __init__(self, sampler):
        super().__init__()
        self.sampler = sampler

    def sample(self, x):
        return self.sampler(len(x))

    def mean(self, x):
        return torch.zeros(len(x), 2)


class Stub(nn.Module):
    def __init__(self, sampler=None, sample=None, prior=PLANE):
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(1))  # evaluation asks a parameter for the device
        self.prior = prior
        self.encoder = StubEncoder(sampler)
        self.sample = sample

    def decoder(self, z):
        return z.sum(1)[:, None, None, None].expand(-1, 1, 4, 4)


def test_codes_that_match_the_prior():
    x = torch.rand(3000, 1, 4, 4)
    drawn = []
    method = Stub(lambda n: drawn.append(PLANE.sample(n)) or drawn[-1])
    numbers = evaluation.codes(method, splits(x))
    (z,) = drawn
    assert numbers["energy_p_value"] > 0.05
    assert abs(numbers["energy_distance"]) < 0.005 and abs(numbers["mmd2"]) < 0.005
    assert numbers["holes_percent_if_perfect"] == 0.78125
    assert numbers["holes_percent"] == pytest.approx(0.78, abs=0.6)
    assert numbers["code_std"] == pytest.approx(1, abs=0.03)
    expected = 0.5 * ((x - z.sum(1)[:, None, None, None]) ** 2).sum() / 3000
    assert numbers["reconstruction_squared_error"] == pytest.approx(expected.item(), rel=1e-5)


def test_codes_that_do_not_match_the_prior():
    numbers = evaluation.codes(Stub(lambda n: 0.5 * PLANE.sample(n)), splits(torch.rand(3000, 1, 4, 4)))
    assert numbers["energy_p_value"] == pytest.approx(1 / 201)
    assert numbers["energy_distance"] > 0.05 and numbers["mmd2"] > 0.05
    assert numbers["holes_percent"] > 10
    assert numbers["code_std"] == pytest.approx(0.5, abs=0.02)


def test_codes_of_a_small_test_set():
    numbers = evaluation.codes(Stub(PLANE.sample), splits(torch.rand(100, 1, 4, 4)))
    assert all(math.isfinite(value) for value in numbers.values())


class PriorEncoder(nn.Module):
    """q(z|x) = p(z); remembers the images it saw."""

    def forward(self, x):
        self.seen = x
        return torch.zeros(len(x), 2), torch.zeros(len(x), 2)


def test_likelihood_of_a_decoder_that_ignores_its_code():
    """Then p(x|z) = p(x), and every bound is the log-likelihood of independent pixels."""
    decoder = MLPDecoder(2, (1, 4, 4), hidden=(8,))
    nn.init.zeros_(decoder.head.weight)
    nn.init.constant_(decoder.head.bias, 0.5)
    vae = VAE(PriorEncoder(), decoder, PLANE)
    x = torch.rand(400, 1, 4, 4)
    numbers = evaluation.likelihood(vae, splits(x))
    p = 1 / (1 + math.exp(-0.5))
    ink, paper = math.log(p), math.log(1 - p)
    grey = (x * ink + (1 - x) * paper).sum().item() / 400
    assert numbers["elbo"] == pytest.approx(grey, rel=1e-4)
    assert numbers["iwae_50"] == pytest.approx(grey, rel=1e-4)
    # binarised: the same in expectation, pixels 0 or 1 only
    assert set(vae.encoder.seen.unique().tolist()) == {0, 1}
    assert numbers["elbo_binarised"] == pytest.approx(grey, abs=0.15)
    assert numbers["elbo_binarised"] != pytest.approx(grey, rel=1e-6)
    assert numbers["iwae_50_binarised"] == pytest.approx(numbers["elbo_binarised"], rel=1e-4)


def test_likelihood_of_a_gaussian_vae_has_no_binarised_number():
    x = linear_data(800)
    vae = linear_vae(shift=0.3, stretch=1.4)
    vae.lonely = nn.Parameter(torch.zeros(1))
    data = SimpleNamespace(test=SimpleNamespace(x=x, to=lambda device: SimpleNamespace(x=x)))
    numbers = evaluation.likelihood(vae, data)
    assert set(numbers) == {"elbo", "iwae_50"}
    assert numbers["elbo"] < numbers["iwae_50"] == pytest.approx(linear_log_p(x).mean().item(), abs=0.02)


def test_parzen_window_with_the_width_of_the_validation_images():
    """All samples in one point: the window is one Gaussian, and the best width is the spread of the images."""
    widths = evaluation.PARZEN_WIDTHS
    validation = widths[3] * torch.randn(500, 1, 4, 4)
    test = widths[6] * torch.randn(600, 1, 4, 4)
    method = Stub(sample=lambda n: torch.zeros(n, 1, 4, 4))
    numbers = evaluation.parzen(method, splits(test, validation))
    assert numbers["parzen_width"] == widths[3]
    expected = td.Independent(td.Normal(0.0, widths[3] * torch.ones(16)), 1).log_prob(test.flatten(1))
    assert numbers["parzen_log_likelihood"] == pytest.approx(expected.mean().item(), rel=1e-4)
    assert numbers["parzen_standard_error"] == pytest.approx(expected.std().item() / 600**0.5, rel=1e-3)


# --- anomalies ---


def scores_of(n_normal=60, n_abnormal=15, shift=0.7, seed=0, ties=False):
    abnormal = torch.arange(n_normal + n_abnormal) >= n_normal
    scores = normal(len(abnormal), seed=seed) + shift * abnormal
    order = torch.randperm(len(abnormal), generator=torch.Generator().manual_seed(seed))
    return ((4 * scores).round() if ties else scores)[order], abnormal[order]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shift", [0.7, -2.0])
def test_auroc_is_the_statistic_of_mann_and_whitney(ties, shift):
    scores, abnormal = scores_of(ties=ties, shift=shift)
    u = stats.mannwhitneyu(scores[abnormal].numpy(), scores[~abnormal].numpy()).statistic
    assert metrics.auroc(scores, abnormal) == pytest.approx(u / (60 * 15), rel=1e-12)
    pairs = scores[abnormal][:, None] - scores[~abnormal]
    by_hand = ((pairs > 0).double() + 0.5 * (pairs == 0)).mean().item()
    assert metrics.auroc(scores, abnormal) == pytest.approx(by_hand, rel=1e-12)


def test_average_precision_by_a_loop():
    scores, abnormal = scores_of()
    ranked = abnormal[scores.argsort(descending=True)].tolist()
    precisions = [sum(ranked[: i + 1]) / (i + 1) for i, strange in enumerate(ranked) if strange]
    assert metrics.average_precision(scores, abnormal) == pytest.approx(sum(precisions) / 15, rel=1e-12)
    assert metrics.average_precision(torch.zeros(75), abnormal) == pytest.approx(15 / 75), "chance"
    assert metrics.average_precision(abnormal.float(), abnormal) == 1


def maps_and_masks(n=6, seed=0):
    masks = torch.zeros(n, 5, 7, dtype=torch.bool)
    for i in range(n):
        masks[i, i % 3 : i % 3 + 2, i % 4 : i % 4 + 3] = True
    return 0.4 * normal(n, 5, 7, seed=seed) + masks, masks


def iou_by_hand(maps, masks, threshold):
    """Sets of pixels, image by image."""
    values = []
    for found, mask in zip(maps, masks, strict=True):
        a = {tuple(place) for place in (found > threshold).nonzero().tolist()}
        b = {tuple(place) for place in mask.nonzero().tolist()}
        values.append(len(a & b) / len(a | b))
    return sum(values) / len(values)


@pytest.mark.parametrize("threshold", [-0.3, 0.5, 1.2, 9.0])
def test_localisation_by_sets_of_pixels(threshold):
    maps, masks = maps_and_masks()
    found = metrics.localisation(maps, masks, threshold)
    assert found.iou == pytest.approx(iou_by_hand(maps, masks, threshold), abs=1e-6)
    u = stats.mannwhitneyu(maps[masks].numpy(), maps[~masks].numpy()).statistic
    assert found.auroc == pytest.approx(u / (masks.sum() * (~masks).sum()).item(), rel=1e-12)


def test_the_mean_overlap_is_over_images_and_not_over_pixels():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, 0, 0] = masks[1] = True
    maps = torch.zeros(2, 4, 4)
    maps[1] = 1  # the large one found, the small one missed
    assert metrics.localisation(maps, masks, 0.5).iou == 0.5
    assert metrics.localisation(maps, masks, 1.0).iou == 0, "above the threshold, not at it"


@pytest.mark.parametrize("n", [200, 7])
def test_the_best_threshold_is_the_best_of_the_quantiles(n):
    maps, masks = maps_and_masks()
    candidates = np.quantile(maps.numpy().ravel(), [i / n for i in range(n)])
    values = [iou_by_hand(maps, masks, value) for value in candidates]
    assert metrics.best_threshold(maps, masks, n) == pytest.approx(candidates[int(np.argmax(values))], rel=1e-12)
    assert max(values) > values[0] + 0.1, "it was worth looking"


def test_the_best_threshold_separates_what_can_be_separated():
    _, masks = maps_and_masks()
    maps = torch.where(masks, 0.8, 0.2)
    assert metrics.localisation(maps, masks, metrics.best_threshold(maps, masks)) == (1, 1)
    assert math.isfinite(metrics.best_threshold(torch.zeros(6, 5, 7), masks))


@pytest.mark.parametrize("metric", [metrics.auroc, metrics.average_precision])
@pytest.mark.parametrize(
    ("scores", "abnormal", "message"),
    [
        (torch.zeros(3, 1), torch.tensor([[True], [False], [True]]), r"needs scores \(N,\).*got \(3, 1\)"),
        (torch.zeros(3), torch.tensor([True, False]), r"got \(3,\) and \(2,\)"),
        (torch.zeros(2), torch.tensor([1, 0]), "bool, got .* in torch.int64"),
        (torch.tensor([0.0, torch.nan]), torch.tensor([True, False]), "NaN or infinite numbers"),
        (torch.tensor([torch.inf, 0.0]), torch.tensor([True, False]), "NaN or infinite numbers"),
        (torch.zeros(2), torch.tensor([True, True]), "all are of one kind"),
        (torch.zeros(2), torch.tensor([False, False]), "all are of one kind"),
    ],
)
def test_scores_that_make_no_sense_are_named(metric, scores, abnormal, message):
    with pytest.raises(ValueError, match=message):
        metric(scores, abnormal)


@pytest.mark.parametrize("metric", [lambda *a: metrics.localisation(*a, 0.5), metrics.best_threshold])
@pytest.mark.parametrize(
    ("maps", "masks", "message"),
    [
        (torch.zeros(2, 1, 3, 3), torch.ones(2, 1, 3, 3, dtype=torch.bool), r"needs maps \(N, H, W\)"),
        (torch.zeros(2, 3, 3), torch.ones(2, 3, 4, dtype=torch.bool), r"got \(2, 3, 3\) and \(2, 3, 4\)"),
        (torch.zeros(2, 3, 3), torch.ones(2, 3, 3), "in torch.float32"),
        (torch.full((2, 3, 3), torch.nan), torch.ones(2, 3, 3, dtype=torch.bool), "NaN or infinite"),
        (torch.zeros(2, 3, 3), torch.arange(18).view(2, 3, 3) > 9, "the mask of an image is empty"),
    ],
)
def test_maps_that_make_no_sense_are_named(metric, maps, masks, message):
    with pytest.raises(ValueError, match=message):
        metric(maps, masks)
