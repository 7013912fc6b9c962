"""Every loss against torch.distributions, torch.nn.functional or its formula written out by hand."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import distributions as td

from course_utils import distributions, losses

DTYPES = [torch.float32, torch.float64]
IMAGE = (1, 4, 3)


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


def random(*shape, dtype=torch.float64, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def close(found, expected):
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


# --- reconstruction and likelihood ---


def test_squared_error_is_half_the_sum_over_pixels_mean_over_the_batch(dtype):
    x, x_hat = random(6, *IMAGE, dtype=dtype), random(6, *IMAGE, dtype=dtype, seed=1)
    close(losses.squared_error(x_hat, x), F.mse_loss(x_hat, x, reduction="sum") / 2 / 6)


def test_squared_error_of_784_pixels_off_by_one_is_392():
    assert losses.squared_error(torch.ones(5, 1, 28, 28), torch.zeros(5, 1, 28, 28)).item() == 392


def test_gaussian_log_prob_against_torch_distributions(dtype):
    x, mu, logvar = (random(6, *IMAGE, dtype=dtype, seed=seed) for seed in range(3))
    expected = td.Independent(td.Normal(mu, logvar.mul(0.5).exp()), 3).log_prob(x)
    assert expected.shape == (6,)
    close(losses.gaussian_log_prob(x, mu, logvar), expected)


@pytest.mark.parametrize("std", [0.1, 1.0, 3.0])
def test_gaussian_nll_against_a_multivariate_normal(dtype, std):
    x, x_hat = random(6, *IMAGE, dtype=dtype), random(6, *IMAGE, dtype=dtype, seed=1)
    expected = td.MultivariateNormal(x_hat.flatten(1), std**2 * torch.eye(12, dtype=dtype)).log_prob(x.flatten(1))
    torch.testing.assert_close(losses.gaussian_nll(x_hat, x, std), -expected.mean(), rtol=1e-5, atol=1e-4)


def test_gaussian_nll_with_unit_std_is_the_squared_error_and_a_constant():
    x, x_hat = random(6, *IMAGE), random(6, *IMAGE, seed=1)
    difference = losses.gaussian_nll(x_hat, x) - losses.squared_error(x_hat, x)
    assert difference.item() == pytest.approx(12 / 2 * math.log(2 * math.pi))


def test_bernoulli_log_prob_of_black_and_white_images_against_torch_distributions(dtype):
    logits = 3 * random(6, *IMAGE, dtype=dtype)
    x = (random(6, *IMAGE, seed=1) > 0).to(dtype)
    close(losses.bernoulli_log_prob(x, logits), td.Independent(td.Bernoulli(logits=logits), 3).log_prob(x))


def test_bernoulli_losses_of_grey_images_against_binary_cross_entropy(dtype):
    logits = random(6, *IMAGE, dtype=dtype)
    x = torch.rand(6, *IMAGE, generator=torch.Generator().manual_seed(1)).to(dtype)
    expected = F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").flatten(1).sum(1)
    close(losses.bernoulli_log_prob(x, logits), -expected)
    close(losses.bernoulli_nll(logits, x), expected.mean())


def test_bernoulli_log_prob_of_an_undecided_decoder_is_log_2_a_pixel():
    found = losses.bernoulli_log_prob(torch.rand(3, *IMAGE), torch.zeros(3, *IMAGE))
    torch.testing.assert_close(found, torch.full((3,), -12 * math.log(2)))


# --- KL ---


def test_kl_against_torch_distributions(dtype):
    mu, logvar = random(6, 3, dtype=dtype), random(6, 3, dtype=dtype, seed=1)
    q = td.Normal(mu, logvar.mul(0.5).exp())
    expected = td.kl_divergence(q, td.Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(1).mean()
    close(losses.kl_to_standard_normal(mu, logvar), expected)


def test_kl_known_answers():
    zero = torch.zeros(1, 2)
    assert losses.kl_to_standard_normal(zero, zero).item() == 0
    assert losses.kl_to_standard_normal(torch.ones(1, 2), zero).item() == 1  # 1/2 a dimension
    twice_as_wide = torch.full((1, 1), 2 * math.log(2))
    assert losses.kl_to_standard_normal(torch.zeros(1, 1), twice_as_wide).item() == pytest.approx(1.5 - math.log(2))


def test_monte_carlo_kl_of_one_draw_against_torch_distributions(dtype):
    z, mu, logvar = (random(6, 2, dtype=dtype, seed=seed) for seed in range(3))
    prior = distributions.ten_gaussians().to(dtype)
    q = td.Independent(td.Normal(mu, logvar.mul(0.5).exp()), 1)
    p = td.MixtureSameFamily(
        td.Categorical(torch.ones(10, dtype=dtype)),
        td.MultivariateNormal(prior.means, prior.scale @ prior.scale.mT),
    )
    # components 0.05 wide turn the rounding of float32 into visible differences of log densities of about 1,000
    expected = (q.log_prob(z) - p.log_prob(z)).mean()
    torch.testing.assert_close(losses.kl_monte_carlo(z, mu, logvar, prior), expected, rtol=1e-4, atol=1e-4)


def test_monte_carlo_kl_averages_to_the_closed_form():
    n = 200_000
    mu, logvar = torch.tensor([[0.5, -1.0]]).double(), torch.tensor([[-1.0, 0.3]]).double()
    z = mu + torch.exp(0.5 * logvar) * random(n, 2)
    mu, logvar = mu.expand(n, 2), logvar.expand(n, 2)
    estimate = losses.kl_monte_carlo(z, mu, logvar, distributions.Gaussian(2))
    assert estimate.item() == pytest.approx(losses.kl_to_standard_normal(mu, logvar).item(), abs=0.02)


# --- adversarial ---


def test_adversarial_losses_against_cross_entropy(dtype):
    real, fake = 2 * random(7, dtype=dtype), 2 * random(5, dtype=dtype, seed=1)
    one, zero = torch.ones_like, torch.zeros_like
    bce = F.binary_cross_entropy_with_logits
    close(losses.discriminator_loss(real, fake), bce(real, one(real)) + bce(fake, zero(fake)))
    close(losses.generator_loss(fake), bce(fake, one(fake)))
    close(losses.minimax_generator_loss(fake), -bce(fake, zero(fake)))


def test_least_squares_losses_against_the_mean_squared_error(dtype):
    real, fake = 2 * random(7, 3, 3, dtype=dtype), 2 * random(5, 3, 3, dtype=dtype, seed=1)
    one, zero = torch.ones_like, torch.zeros_like
    close(
        losses.least_squares_discriminator_loss(real, fake), F.mse_loss(real, one(real)) + F.mse_loss(fake, zero(fake))
    )
    close(losses.least_squares_generator_loss(fake), F.mse_loss(fake, one(fake)))
    undecided = torch.full((4,), 0.5)
    assert losses.least_squares_discriminator_loss(undecided, undecided).item() == 0.5
    assert losses.least_squares_generator_loss(undecided).item() == 0.25


def test_adversarial_losses_when_the_discriminator_cannot_tell():
    undecided = torch.zeros(4)
    assert losses.discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    assert losses.generator_loss(undecided).item() == pytest.approx(math.log(2))
    assert losses.minimax_generator_loss(undecided).item() == pytest.approx(-math.log(2))


def test_the_minimax_loss_saturates_and_the_other_does_not():
    def slope(loss, logit):
        t = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(loss(t), t)[0].item()

    for logit in (-10.0, -1.0, 0.0, 2.0):  # D(fake) = s: slopes are -s and -(1 - s)
        s = 1 / (1 + math.exp(-logit))
        assert slope(losses.minimax_generator_loss, logit) == pytest.approx(-s)
        assert slope(losses.generator_loss, logit) == pytest.approx(s - 1)
    assert abs(slope(losses.minimax_generator_loss, -10.0)) < 1e-4
    assert abs(slope(losses.generator_loss, -10.0)) > 0.99


def test_adversarial_losses_stay_finite_for_a_discriminator_that_is_very_sure():
    sure = torch.tensor([1000.0])
    assert losses.discriminator_loss(-sure, sure).item() == 2000
    assert losses.generator_loss(-sure).item() == 1000
    assert losses.minimax_generator_loss(sure).item() == -1000


# --- MMD ---


def slow_mmd2(x, y, bandwidths):
    """Gretton et al. 2012, equation 3, with loops."""

    def k(a, b):
        return sum(math.exp(-((a - b) ** 2).sum() / (2 * s**2)) for s in bandwidths)

    def mean_of_pairs(a):
        return np.mean([k(a[i], a[j]) for i in range(len(a)) for j in range(len(a)) if i != j])

    return mean_of_pairs(x) + mean_of_pairs(y) - 2 * np.mean([k(a, b) for a in x for b in y])


@pytest.mark.parametrize("bandwidths", [(0.1, 0.2, 0.5, 1.0, 2.0), (0.7,)])
def test_mmd2_against_loops(dtype, bandwidths):
    x, y = random(7, 3, dtype=dtype), random(5, 3, dtype=dtype, seed=1) + 0.5
    found = losses.mmd2(x, y, bandwidths)
    assert found.dtype == dtype
    assert found.item() == pytest.approx(slow_mmd2(x.numpy(), y.numpy(), bandwidths), abs=1e-5)


def test_mmd2_default_bandwidths_against_loops():
    x, y = random(7, 2), random(5, 2, seed=1)
    assert losses.mmd2(x, y).item() == pytest.approx(slow_mmd2(x.numpy(), y.numpy(), (0.1, 0.2, 0.5, 1.0, 2.0)))


def test_mmd2_of_images_and_its_gradient_against_loops():
    """Many entries take the faster formula for distances."""
    x, y = random(6, 300, dtype=torch.float32), random(5, 300, dtype=torch.float32, seed=1) * 0.9
    bandwidths = (5.0, 20.0)
    assert losses.mmd2(x, y, bandwidths).item() == pytest.approx(slow_mmd2(x.numpy(), y.numpy(), bandwidths), abs=1e-5)
    x.requires_grad_()
    (slope,) = torch.autograd.grad(losses.mmd2(x, y, bandwidths), x)
    step = torch.zeros_like(x)
    step[2, 7] = 1e-2
    x = x.detach().double().numpy()
    ahead, behind = (slow_mmd2(x + sign * step.numpy(), y.numpy(), bandwidths) for sign in (1, -1))
    assert slope[2, 7].item() == pytest.approx((ahead - behind) / 2e-2, rel=1e-2)


def test_mmd2_of_two_distant_points_is_twice_the_number_of_bandwidths():
    assert losses.mmd2(torch.zeros(3, 2), torch.full((4, 2), 1e3)).item() == 10


def test_mmd2_of_equal_distributions_is_zero_on_average():
    found = torch.stack([losses.mmd2(random(20, 2, seed=2 * s), random(30, 2, seed=2 * s + 1)) for s in range(400)])
    assert abs(found.mean()) < 4 * found.std() / 400**0.5
    assert (found < 0).float().mean() > 0.3  # unbiased, so often negative
    assert losses.mmd2(random(20, 2), random(30, 2, seed=1) + 1).item() > 5 * found.std()


def test_mmd2_needs_two_samples_on_each_side():
    with pytest.raises(ValueError, match="at least two samples on each side, got 1 and 5"):
        losses.mmd2(torch.zeros(1, 2), torch.zeros(5, 2))


# --- all ---

# each loss as a function of float64 inputs of these shapes
DIFFERENTIABLE = {
    "squared_error": (losses.squared_error, [(3, 2, 2), (3, 2, 2)]),
    "gaussian_log_prob": (losses.gaussian_log_prob, [(3, 2), (3, 2), (3, 2)]),
    "gaussian_nll": (losses.gaussian_nll, [(3, 2), (3, 2)]),
    "bernoulli_nll": (lambda logits: losses.bernoulli_nll(logits, torch.full_like(logits, 0.3)), [(3, 2, 2)]),
    "kl_to_standard_normal": (losses.kl_to_standard_normal, [(3, 2), (3, 2)]),
    "kl_monte_carlo": (
        lambda z, mu, logvar: losses.kl_monte_carlo(z, mu, logvar, distributions.Gaussian(2)),
        [(3, 2), (3, 2), (3, 2)],
    ),
    "discriminator_loss": (losses.discriminator_loss, [(3,), (4,)]),
    "generator_loss": (losses.generator_loss, [(3,)]),
    "minimax_generator_loss": (losses.minimax_generator_loss, [(3,)]),
    "mmd2": (losses.mmd2, [(3, 2), (4, 2)]),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_against_finite_differences(name):
    loss, shapes = DIFFERENTIABLE[name]
    inputs = [random(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes)]
    assert torch.autograd.gradcheck(loss, inputs)


def test_mmd2_has_a_finite_gradient_where_points_coincide():
    x = torch.zeros(3, 2, requires_grad=True)
    losses.mmd2(x, torch.zeros(3, 2)).backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(
    "loss",
    [losses.squared_error, losses.gaussian_nll, losses.bernoulli_nll, losses.kl_to_standard_normal],
)
@pytest.mark.parametrize("other", [(4, 1), (4,), (1, 3), (3, 4)])
def test_inputs_that_would_broadcast_are_refused(loss, other):
    with pytest.raises(ValueError, match="must have the same shape, got"):
        loss(torch.zeros(4, 3), torch.zeros(other))


def test_bernoulli_log_prob_refuses_inputs_that_would_broadcast():
    with pytest.raises(ValueError, match="logits and x must have the same shape"):
        losses.bernoulli_log_prob(torch.zeros(4, 3), torch.zeros(4, 1))
