"""What notebook 05 adds: full-covariance posteriors, discrete codes, a circle with a density, and their recipes."""

import itertools
import math

import pytest
import torch
from scipy import stats
from torch import distributions as td
from torch import nn

from course_utils import datasets, distributions, losses, metrics, networks
from course_utils.methods import VAE, CategoricalVAE, FullCovarianceVAE
from course_utils.recipes import limits

D = 3
IMAGE = (1, 4, 4)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def scale_trils(n: int, d: int = D) -> torch.Tensor:
    """Random lower triangular matrices with a positive diagonal."""
    below = torch.randn(n, d, d, dtype=torch.float64).tril(-1)
    return below + torch.diag_embed(torch.rand(n, d, dtype=torch.float64) + 0.2)


# ---- losses -----------------------------------------------------------------------------------------------------


def test_full_covariance_kl_against_torch_distributions():
    mu, scale_tril = torch.randn(7, D, dtype=torch.float64), scale_trils(7)
    prior = td.MultivariateNormal(torch.zeros(D, dtype=torch.float64), torch.eye(D, dtype=torch.float64))
    expected = td.kl_divergence(td.MultivariateNormal(mu, scale_tril=scale_tril), prior).mean()
    torch.testing.assert_close(losses.kl_full_covariance(mu, scale_tril), expected)


def test_full_covariance_kl_of_a_diagonal_is_the_diagonal_kl():
    mu, logvar = torch.randn(5, D), torch.randn(5, D)
    found = losses.kl_full_covariance(mu, torch.diag_embed(torch.exp(0.5 * logvar)))
    torch.testing.assert_close(found, losses.kl_to_standard_normal(mu, logvar))


def test_full_covariance_kl_known_answers():
    mu, eye = torch.zeros(1, 2), torch.eye(2)[None]
    assert losses.kl_full_covariance(mu, eye).item() == 0
    # an entry c below a unit diagonal leaves the determinant at one: half of c^2
    sheared = torch.tensor([[[1.0, 0.0], [3.0, 1.0]]])
    assert losses.kl_full_covariance(mu, sheared).item() == pytest.approx(4.5)


def test_full_covariance_kl_refuses_a_diagonal_where_a_matrix_belongs():
    with pytest.raises(ValueError, match=r"scale_tril must be \(B, d, d\) for mu \(B, d\) = \(4, 3\), got \(4, 3\)"):
        losses.kl_full_covariance(torch.zeros(4, 3), torch.ones(4, 3))


def test_kl_to_uniform_against_torch_distributions():
    logits = torch.randn(6, 4, 5, dtype=torch.float64)
    uniform = td.Categorical(torch.ones(5, dtype=torch.float64))
    expected = td.kl_divergence(td.Categorical(logits=logits), uniform).sum(1).mean()
    torch.testing.assert_close(losses.kl_to_uniform(logits), expected)


def test_kl_to_uniform_of_certainty_is_the_log_of_the_number_of_codes():
    certain = torch.tensor([[[100.0, 0.0, 0.0, 0.0]] * 2])
    assert losses.kl_to_uniform(certain).item() == pytest.approx(2 * math.log(4))
    assert losses.kl_to_uniform(torch.zeros(3, 2, 4)).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "shapes"), [("kl_full_covariance", [(3, 2), (3, 2, 2)]), ("kl_to_uniform", [(3, 2, 4)])]
)
def test_gradients_against_finite_differences(loss, shapes):
    inputs = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    if len(inputs) == 2:
        inputs[1] = scale_trils(3, 2)
    assert torch.autograd.gradcheck(getattr(losses, loss), [v.requires_grad_() for v in inputs])


# ---- the encoder --------------------------------------------------------------------------------------------------


def cholesky_encoder(d: int = D) -> networks.CholeskyEncoder:
    return networks.CholeskyEncoder(networks.mlp(IMAGE, (16,), "tanh"), d)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_cholesky_encoder_returns_a_triangular_matrix_with_a_positive_diagonal(d):
    mu, scale_tril = cholesky_encoder(d)(torch.rand(6, *IMAGE))
    assert mu.shape == (6, d)
    assert scale_tril.shape == (6, d, d)
    assert torch.equal(scale_tril, scale_tril.tril())
    assert (scale_tril.diagonal(dim1=1, dim2=2) > 0).all()


def test_cholesky_encoder_uses_every_output_of_its_head_once():
    encoder = cholesky_encoder()
    assert encoder.head.out_features == D * (D + 3) // 2
    mu, scale_tril = encoder(torch.rand(1, *IMAGE))
    (mu.sum() + scale_tril.sum()).backward()
    assert (encoder.head.bias.grad > 0).all()


def test_samples_of_the_cholesky_encoder_have_its_mean_and_covariance():
    encoder = cholesky_encoder().double()
    encoder.head.weight.data *= 5  # so that the correlations are far from zero
    x = torch.rand(1, *IMAGE, dtype=torch.float64)
    mu, scale_tril = encoder(x)
    z = encoder.sample(x.expand(100_000, *IMAGE))
    covariance = (scale_tril @ scale_tril.mT)[0]
    scale = covariance.diagonal().sqrt()
    correlation = covariance / (scale[:, None] * scale)
    assert (correlation - torch.eye(D)).abs().max() > 0.2, "the test would see little"
    torch.testing.assert_close((z.mean(0) - mu[0]) / scale, torch.zeros(D, dtype=torch.float64), rtol=0, atol=0.02)
    torch.testing.assert_close(torch.corrcoef(z.T), correlation, rtol=0, atol=0.02)
    torch.testing.assert_close(z.std(0), scale, rtol=0.02, atol=0)
    assert torch.equal(encoder.mean(x), mu)


# ---- the full-covariance VAE ----------------------------------------------------------------------------------------


def full_vae(**options) -> FullCovarianceVAE:
    decoder = networks.MLPDecoder(D, IMAGE, (16,), "tanh")
    return FullCovarianceVAE(cholesky_encoder(), decoder, distributions.Gaussian(D), **options)


@pytest.mark.parametrize("options", [{}, {"likelihood": "gaussian", "std": 0.5}, {"binarise": True}])
def test_a_step_of_the_full_covariance_vae_moves_encoder_and_decoder(options):
    vae = full_vae(**options)
    before = {name: p.detach().clone() for name, p in vae.named_parameters()}
    logged = vae.training_step({"x": torch.rand(8, *IMAGE)})
    assert set(logged) == {"reconstruction", "kl"}
    assert all(not torch.equal(p, before[name]) for name, p in vae.named_parameters())


def test_the_step_descends_reconstruction_plus_beta_kl():
    vae = full_vae(beta=3.0)
    x, found = torch.rand(8, *IMAGE).round(), {}
    vae.minimize = found.update
    torch.manual_seed(1)
    vae.training_step({"x": x})
    torch.manual_seed(1)
    mu, scale_tril = vae.encoder(x)
    z = mu + (scale_tril @ torch.randn_like(mu)[:, :, None]).squeeze(2)
    reconstruction = -td.Bernoulli(logits=vae.decoder.logits(z)).log_prob(x).sum((1, 2, 3)).mean()
    kl = td.kl_divergence(
        td.MultivariateNormal(mu, scale_tril=scale_tril), td.MultivariateNormal(torch.zeros(D), torch.eye(D))
    ).mean()
    torch.testing.assert_close(found["autoencoder"], reconstruction + 3 * kl)


def test_with_a_diagonal_matrix_its_bound_is_that_of_the_vae():
    vae = full_vae()
    vae.encoder.head.weight.data[2 * D :] = 0
    vae.encoder.head.bias.data[2 * D :] = 0
    plain = VAE(networks.GaussianEncoder(vae.encoder.trunk, D), vae.decoder, vae.prior)
    # log sigma is the log of the diagonal, logvar twice that
    plain.encoder.head.load_state_dict(
        {
            "weight": torch.cat([vae.encoder.head.weight[:D], 2 * vae.encoder.head.weight[D : 2 * D]]),
            "bias": torch.cat([vae.encoder.head.bias[:D], 2 * vae.encoder.head.bias[D : 2 * D]]),
        }
    )
    x = torch.rand(4, *IMAGE)
    with torch.no_grad():
        one, other = (metrics.iwae_bound(v, x, k=20_000) for v in (vae, plain))
    torch.testing.assert_close(one, other, rtol=0, atol=0.02)


def log_p_on_a_grid(vae: VAE, x: torch.Tensor, n: int = 201, limit: float = 5.0) -> torch.Tensor:
    """log p(x) by numerical integration over codes in the plane."""
    t = torch.linspace(-limit, limit, n)
    z = torch.cartesian_prod(t, t)
    area = 2 * math.log(2 * limit / (n - 1))
    return torch.stack(
        [torch.logsumexp(vae.log_likelihood(v.expand(len(z), 2), z) + vae.prior.log_prob(z), 0) + area for v in x]
    )


@pytest.mark.parametrize("posterior", limits.BOTH_POSTERIORS)
def test_importance_weighted_bound_is_log_p_by_numerical_integration(posterior):
    vae = limits.circle_vae(posterior)().requires_grad_(False)
    x = distributions.Circle().sample(5)
    truth = log_p_on_a_grid(vae, x)
    torch.testing.assert_close(metrics.iwae_bound(vae, x, k=20_000), truth, rtol=0, atol=0.05)
    elbo = torch.stack([metrics.iwae_bound(vae, x, k=1) for _ in range(200)]).mean(0)
    assert (elbo < truth).all()


@pytest.mark.parametrize("prior", [distributions.Gaussian(D, std=2.0), distributions.ten_gaussians()])
def test_another_prior_is_refused(prior):
    with pytest.raises(ValueError, match="std 1, not"):
        FullCovarianceVAE(cholesky_encoder(), networks.MLPDecoder(D, IMAGE), prior)


# ---- discrete codes -----------------------------------------------------------------------------------------------

N, K = 2, 3


def categorical_vae(**options) -> CategoricalVAE:
    encoder = networks.DeterministicEncoder(networks.mlp(IMAGE, (16,), "tanh"), N * K)
    return CategoricalVAE(encoder, networks.MLPDecoder(N * K, IMAGE, (16,), "tanh"), n_classes=K, **options)


def is_one_hot(z: torch.Tensor) -> bool:
    return bool(((z == 0) | (z == 1)).all() and (z.sum(-1) == 1).all())


def test_draws_are_one_hot_with_the_right_probabilities_and_a_gradient():
    logits = torch.tensor([0.0, 1.0, 2.0]).expand(20_000, 1, 3).clone().requires_grad_()
    z = categorical_vae().draw(logits)
    assert is_one_hot(z.detach().round(decimals=4))
    torch.testing.assert_close(z.detach().mean((0, 1)), torch.tensor([0.0, 1.0, 2.0]).softmax(0), rtol=0, atol=0.015)
    z[..., 2].sum().backward()
    assert (logits.grad[..., 2] > 0).all(), "a larger logit makes its class more probable"


def test_a_step_of_the_categorical_vae_moves_everything():
    vae = categorical_vae(binarise=True)
    before = {name: p.detach().clone() for name, p in vae.named_parameters()}
    vae.training_step({"x": torch.rand(8, *IMAGE)})
    assert all(not torch.equal(p, before[name]) for name, p in vae.named_parameters())


def test_the_categorical_bound_tends_to_the_sum_over_all_codes():
    vae = categorical_vae().requires_grad_(False)
    x = torch.rand(4, *IMAGE).round()
    codes = torch.stack([torch.eye(K)[list(c)] for c in itertools.product(range(K), repeat=N)])  # (K^N, N, K)
    likelihoods = torch.stack([vae.log_likelihood(x, c.expand(len(x), N, K)) for c in codes])
    truth = likelihoods.logsumexp(0) - N * math.log(K)
    torch.testing.assert_close(metrics.iwae_bound(vae, x, k=5_000), truth, rtol=0, atol=0.03)
    # the ELBO, by the sum over all codes as well
    log_q = vae.posterior_logits(x).log_softmax(2)
    weights = torch.stack([(c * log_q).sum((1, 2)).exp() for c in codes])
    elbo = (weights * likelihoods).sum(0) - ((log_q.exp() * log_q).sum((1, 2)) + N * math.log(K))
    estimate = torch.stack([metrics.iwae_bound(vae, x, k=1) for _ in range(2_000)]).mean(0)
    torch.testing.assert_close(estimate, elbo, rtol=0, atol=0.03)


def test_codes_reconstructions_and_samples_of_the_categorical_vae():
    vae = categorical_vae().eval()
    x = torch.rand(5, *IMAGE)
    z = vae.encode(x)
    assert is_one_hot(z.unflatten(1, (N, K)))
    assert torch.equal(z.unflatten(1, (N, K)).argmax(2), vae.posterior_logits(x).argmax(2))
    assert torch.equal(vae.reconstruct(x), vae.decoder(z))
    seen = []
    vae.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    assert vae.sample(3_000).shape == (3_000, *IMAGE)
    shares = seen[0].unflatten(1, (N, K)).mean(0)
    torch.testing.assert_close(shares, torch.full((N, K), 1 / K), rtol=0, atol=0.04)


def test_bad_arguments_of_the_categorical_vae():
    with pytest.raises(ValueError, match="the decoder takes 6 numbers, which is no multiple of 4 classes"):
        CategoricalVAE(nn.Identity(), networks.MLPDecoder(6, IMAGE), n_classes=4)
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        categorical_vae(temperature=0)


# ---- the circle ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("std", [0.1, 0.5])
def test_the_density_of_the_circle_integrates_to_one_and_is_that_of_its_samples(std):
    circle = distributions.Circle(radius=1.5, std=std).double()
    t = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    grid = torch.cartesian_prod(t, t)
    p = circle.log_prob(grid).exp() * (t[1] - t[0]) ** 2
    assert p.sum().item() == pytest.approx(1, abs=1e-4)
    torch.manual_seed(0)
    x = circle.sample(100_000).double()
    for moment in (lambda v: v.norm(dim=1), lambda v: v.square().sum(1), lambda v: (v[:, 0] > 0.5).double()):
        assert moment(x).mean().item() == pytest.approx((p * moment(grid)).sum().item(), rel=0.02)


def test_the_density_of_the_circle_against_an_average_over_it():
    circle = distributions.Circle(radius=2.0, std=0.3).double()
    angle = torch.linspace(0, 2 * math.pi, 20_001, dtype=torch.float64)[:-1]
    points = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    x = torch.tensor([[0.0, 0.0], [2.0, 0.0], [-1.0, 1.5], [3.0, 1.0]], dtype=torch.float64)
    component = td.Independent(td.Normal(points, 0.3), 1)
    expected = torch.stack([component.log_prob(v).exp().mean().log() for v in x])
    torch.testing.assert_close(circle.log_prob(x), expected)


def test_bad_circles_and_labels():
    with pytest.raises(ValueError, match="radius and std must be positive"):
        distributions.Circle(std=0)
    with pytest.raises(ValueError, match=r"labels must have shape \(3,\)"):
        distributions.Circle().sample(3, torch.zeros(2, dtype=torch.long))


# ---- starting at the truth ------------------------------------------------------------------------------------------


def test_the_true_generator_and_decoder_have_the_distribution_of_the_data():
    z, circle = torch.randn(100_000, 2), limits.circle()
    decoded = limits.true_decoder(z) + limits.STD * torch.randn_like(z)
    assert (limits.true_decoder(z).norm(dim=1) - circle.radius).abs().max() < 1e-4
    x = circle.sample(100_000)
    for found in (decoded, limits.true_generator(z)):
        radius, wanted = (v.norm(dim=1).double() for v in (found, x))
        # Kolmogorov and Smirnov: 1.95 sqrt(2 / n) is passed by chance once in 2,000 times, and the seed is fixed
        assert stats.ks_2samp(radius.numpy(), wanted.numpy()).statistic < 1.95 * math.sqrt(2 / 100_000)
        torch.testing.assert_close(found.mean(0), torch.zeros(2), rtol=0, atol=0.03)


def test_the_true_generator_keeps_angles_and_its_gradient_is_finite():
    z = torch.randn(1_000, 2, requires_grad=True)
    x = limits.true_generator(z)
    torch.testing.assert_close(nn.functional.normalize(x, dim=1), nn.functional.normalize(z, dim=1))
    x.sum().backward()
    assert z.grad.isfinite().all() and (z.grad != 0).any()


def test_the_decoder_waits_and_then_moves():
    method = limits.vae_from_truth("diagonal", draws=3)()
    method.wait = 2
    z = torch.randn(50, 2)
    assert torch.equal(method.vae.decoder(z), limits.true_decoder(z))
    for step in range(3):
        encoder = method.vae.encoder.head.bias.detach().clone()
        method.training_step({"x": limits.circle().sample(16)})
        assert not torch.equal(method.vae.encoder.head.bias, encoder)
        assert torch.equal(method.vae.decoder(z), limits.true_decoder(z)) == (step < 2)


def test_with_more_draws_the_loss_is_the_importance_weighted_bound():
    x = limits.circle().sample(2_000)
    losses_of = {}
    for draws in (1, 50):
        torch.manual_seed(0)
        method = limits.vae_from_truth("full", draws)()
        bound = metrics.iwae_bound(method.vae, x, k=draws).mean()
        losses_of[draws] = method.training_step({"x": x})["negative_bound"].item()
        assert losses_of[draws] == pytest.approx(-bound.item(), abs=0.5)
    assert losses_of[50] < losses_of[1] - 1


def test_density_of_models_that_are_the_data():
    circle = limits.circle()
    numbers = limits.density(limits.vae_from_truth("diagonal")().requires_grad_(False), circle)
    assert numbers["misplaced_percent"] < numbers["misplaced_percent_of_data"] + 0.5
    assert abs(numbers["energy_distance"]) < 0.02
    assert abs(numbers["kl_to_model"]) < 0.05 and numbers["bound_gap"] > 0.1
    found = limits.density(limits.gan_from_truth().requires_grad_(False), circle)
    assert found["misplaced_percent"] < found["misplaced_percent_of_data"] + 0.5
    assert "kl_to_model" not in found


# ---- misplaced mass -------------------------------------------------------------------------------------------------


def test_misplaced_mass_known_answers():
    x = torch.rand(20_000, 2)
    assert metrics.misplaced_mass(x, x) == 0
    assert metrics.misplaced_mass(x, x + 5, extent=8) == pytest.approx(1)
    # uniform on [0, 1]^2 and on [0.5, 1.5] x [0, 1]: half of the mass has to move
    moved = x + torch.tensor([0.5, 0.0])
    assert metrics.misplaced_mass(x, moved, extent=2, cells=8) == pytest.approx(0.5, abs=0.02)
    outside = torch.full((10, 2), 100.0)
    assert metrics.misplaced_mass(outside, 2 * outside) == 0, "all of it is in the cell at the corner"


def test_misplaced_mass_refuses_other_dimensions():
    with pytest.raises(ValueError, match=r"points in the plane, \(n, 2\), got \(5, 3\)"):
        metrics.misplaced_mass(torch.zeros(5, 3), torch.zeros(5, 3))


# ---- equal but for the posterior ----------------------------------------------------------------------------------


def test_both_image_vaes_are_equal_but_for_the_head_of_the_encoder():
    diagonal, full = limits.image_vae("diagonal")(), limits.image_vae("full")()
    d, width = limits.LATENT_DIM, limits.HIDDEN[-1]
    difference = networks.count_parameters(full) - networks.count_parameters(diagonal)
    assert difference == d * (d - 1) // 2 * (width + 1)
    for part in ("encoder.trunk", "decoder"):
        shapes = [[p.shape for p in vae.get_submodule(part).parameters()] for vae in (diagonal, full)]
        assert shapes[0] == shapes[1]
    assert {(v.likelihood, v.binarise, v.lr, v.beta) for v in (diagonal, full)} == {("bernoulli", True, 2e-3, 1.0)}


def test_bounds_and_size_of_a_model_that_knows_nothing():
    """Zero weights: every pixel is 1 with probability 1/2 and the posterior is the prior, so both bounds are exact."""
    vae = limits.image_vae("full")()
    for p in vae.parameters():
        nn.init.zeros_(p)
    x = torch.rand(60, 1, 28, 28)
    images = datasets.Images(x, torch.zeros(60, dtype=torch.long))
    numbers = limits.bounds_and_size(vae, datasets.Splits("noise", images, images, images))
    assert numbers["elbo_binarised"] == pytest.approx(-784 * math.log(2), rel=1e-5)
    assert numbers["iwae_50_binarised"] == pytest.approx(-784 * math.log(2), rel=1e-5)
    assert numbers["parameters"] == networks.count_parameters(limits.image_vae("full")())
