"""The conditional VAE against the formulas by hand and torch.distributions, and which parameters its step moves."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import distributions, experiments, networks
from course_utils.datasets import Images
from course_utils.methods import VAE, ConditionalVAE
from course_utils.training import fit


@pytest.fixture
def cvae() -> ConditionalVAE:
    """Images of 2x2 pixels, three classes, a 2-D code."""
    torch.manual_seed(0)
    encoder = networks.GaussianEncoder(networks.mlp((4 + 3,), (16,)), 2)
    decoder = networks.MLPDecoder(2 + 3, (1, 2, 2), (16,))
    return ConditionalVAE(encoder, decoder, distributions.Gaussian(2), n_classes=3, lr=1e-2)


def batch(n: int = 6) -> dict[str, torch.Tensor]:
    return {"x": torch.rand(n, 1, 2, 2), "y": torch.arange(n) % 3}


def test_the_losses_are_those_of_independent_distributions(cvae):
    b = batch()
    one_hot = torch.eye(3)[b["y"]]
    mu, logvar = cvae.encoder(torch.cat([b["x"].reshape(6, 4), one_hot], 1))
    torch.manual_seed(7)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    logits = cvae.decoder.logits(torch.cat([z, one_hot], 1))
    # grey values stand for probabilities: the expectation over the binary pixels they describe
    ones, zeros = (Bernoulli(logits=logits).log_prob(torch.full_like(logits, v)) for v in (1.0, 0.0))
    expected = -(b["x"] * ones + (1 - b["x"]) * zeros).sum((1, 2, 3)).mean()
    kl = kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), Normal(0.0, 1.0)).sum(1).mean()
    torch.manual_seed(7)
    found = cvae.training_step(b)
    assert found["reconstruction"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert found["kl"].item() == pytest.approx(kl.item(), rel=1e-5)


def test_a_step_moves_encoder_and_decoder_and_not_the_prior(cvae):
    before = {name: p.detach().clone() for name, p in cvae.named_parameters()}
    cvae.training_step(batch())
    assert all((p != before[name]).any() for name, p in cvae.named_parameters())


def test_both_networks_see_the_class(cvae):
    x, y = torch.rand(1, 1, 2, 2).expand(3, 1, 2, 2), torch.arange(3)
    assert len(cvae.encode(x, y).unique(dim=0)) == 3
    assert len(cvae.decode(torch.zeros(3, 2), y).flatten(1).unique(dim=0)) == 3


@pytest.mark.parametrize("y", [0, 1, 2])
def test_importance_weights_average_to_the_likelihood_given_the_class(cvae, y):
    x, n = torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]]), 60_000
    one_hot = torch.eye(3)[y]
    with torch.no_grad():
        for p in cvae.decoder.parameters():
            p.mul_(3.0)
        axis = torch.linspace(-6, 6, 241)
        z = torch.cartesian_prod(axis, axis)  # p(x|z, y) p(z), summed over a fine grid
        pixels = Bernoulli(logits=cvae.decoder.logits(torch.cat([z, one_hot.expand(len(z), 3)], 1)))
        joint = pixels.log_prob(x).sum((1, 2, 3)) + Normal(0.0, 1.0).log_prob(z).sum(1)
        exact = joint.logsumexp(0).item() + 2 * math.log(12 / 240)
        many = x.expand(n, 1, 2, 2), torch.full((n,), y)
        log_w = cvae.log_weight(*many)
        weights = (log_w - exact).exp()
        assert log_w.shape == (n,)
        assert weights.mean().item() == pytest.approx(1, abs=5 * weights.std().item() / n**0.5)
        assert log_w.mean() < exact, "the mean of the logarithms is a bound"
        cvae.minimize = lambda **losses: None
        step = cvae.training_step({"x": many[0], "y": many[1]})
    elbo = -(step["reconstruction"] + step["kl"]).item()
    assert log_w.mean().item() == pytest.approx(elbo, abs=0.03)


def test_reconstructions_keep_the_class_they_are_told(cvae):
    b = batch()
    one_hot = torch.eye(3)[b["y"]]
    mu = cvae.encoder(torch.cat([b["x"].flatten(1), one_hot], 1))[0]
    torch.testing.assert_close(cvae.reconstruct(b["x"], b["y"]), cvae.decoder(torch.cat([mu, one_hot], 1)))


def test_it_learns_to_draw_the_class_it_is_asked_for(cvae):
    # class k is white in pixel k, black elsewhere, with noise in the fourth pixel
    y = torch.arange(3).repeat(200)
    x = torch.zeros(600, 4)
    x[torch.arange(600), y] = 1
    x[:, 3] = torch.bernoulli(torch.full((600,), 0.5))
    fit(cvae, Images(x.view(-1, 1, 2, 2), y), epochs=30, batch_size=50, progress=False, device="cpu")
    asked = torch.arange(3).repeat(50)
    with torch.no_grad():
        drawn = cvae.sample(asked).flatten(1)[:, :3].argmax(1)
    assert (drawn == asked).all()


@pytest.mark.parametrize("y", [torch.zeros(5, dtype=torch.int64), torch.zeros(6, 1, dtype=torch.int64)])
def test_labels_of_another_shape_are_refused(cvae, y):
    with pytest.raises(ValueError, match=r"one class an example, shape \(6,\)"):
        cvae.with_label(torch.rand(6, 1, 2, 2), y)


def test_binarise_trains_on_fresh_binary_pixels():
    torch.manual_seed(0)
    seen = []

    class Spy(networks.GaussianEncoder):
        def forward(self, x):
            seen.append(x)
            return super().forward(x)

    decoder = networks.MLPDecoder(2, (1, 20, 20), (8,))
    vae = VAE(Spy(networks.mlp((1, 20, 20), (8,)), 2), decoder, distributions.Gaussian(2), binarise=True)
    x = torch.full((50, 1, 20, 20), 0.3)
    vae.training_step({"x": x})
    vae.training_step({"x": x})
    assert all(set(s.unique().tolist()) == {0.0, 1.0} for s in seen)
    assert not seen[0].equal(seen[1])
    # 20,000 pixels: the standard error of the share is 0.003
    assert seen[0].mean().item() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("name", ["vae_2d", "vae_2d_without_kl", "vae_50d", "conditional_vae"])
def test_recipes_take_images(name):
    method = experiments.get(name).method(seed=0)
    losses = method.training_step({"x": torch.rand(4, 1, 28, 28), "y": torch.arange(4)})
    assert losses.keys() == {"reconstruction", "kl"}


def test_conditional_elbo_agrees_with_the_training_loss():
    recipe = experiments.get("conditional_vae")
    torch.manual_seed(0)
    method = recipe.method(seed=0)
    torch.nn.init.constant_(method.encoder.head.bias, 2.0)  # a KL of many nats: its sign must show
    images = Images(torch.rand(2000, 1, 28, 28), torch.arange(2000) % 10)

    class OnlyTest:
        test = images

    with torch.no_grad():
        found = recipe.evaluate(method, OnlyTest)["conditional_elbo"]
    losses = method.training_step({"x": images.x, "y": images.y})
    assert losses["kl"] > 10
    # another draw of z for each of 2,000 images, of an untrained decoder: the mean hardly moves
    assert found == pytest.approx(-(losses["reconstruction"] + losses["kl"]).item(), rel=1e-3)
