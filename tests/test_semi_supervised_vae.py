"""M2 and M1+M2 against the equations by hand in torch.distributions, and on data where the answer is known."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, Normal, kl_divergence

from course_utils import datasets, distributions, experiments, metrics, networks, runtime
from course_utils.datasets import Images
from course_utils.methods import LayeredVAE, SemiSupervisedVAE
from course_utils.training import fit

K, LATENT = 3, 2


def m2(likelihood: str = "bernoulli", in_shape: tuple[int, ...] = (1, 2, 2), **options) -> SemiSupervisedVAE:
    """Images of 2x2 pixels (or vectors), three classes, a 2-D code."""
    inputs = torch.Size(in_shape).numel()
    decoder = (
        networks.MLPDecoder(LATENT + K, in_shape, (16,))
        if likelihood == "bernoulli"
        else networks.GaussianEncoder(networks.mlp((LATENT + K,), (16,)), inputs)
    )
    return SemiSupervisedVAE(
        networks.GaussianEncoder(networks.mlp((inputs + K,), (16,)), LATENT),
        decoder,
        networks.DeterministicEncoder(networks.mlp(in_shape, (16,)), K),
        distributions.Gaussian(LATENT),
        likelihood=likelihood,
        **options,
    )


def layered(in_shape: tuple[int, ...] = (1, 2, 2), lr: float = 1e-3, alpha: float = 0.1) -> LayeredVAE:
    encoder = networks.GaussianEncoder(networks.mlp(in_shape, (16,)), 5)
    return LayeredVAE(encoder, networks.MLPDecoder(5, in_shape, (16,)), m2("gaussian", (5,), alpha=alpha, lr=lr), lr)


def batch(n: int = 6, n_labelled: int = 3) -> dict[str, torch.Tensor]:
    x = torch.rand(n + n_labelled, 1, 2, 2, generator=torch.Generator().manual_seed(3))
    return {"x": x[:n], "x_labelled": x[n:], "y_labelled": torch.arange(n_labelled) % K}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def bound_by_hand(method: SemiSupervisedVAE, x: torch.Tensor, y: int, noise: torch.Tensor) -> torch.Tensor:
    """Equation 6 for one class, from library distributions and the noise that draws z, (B,)."""
    one_hot = torch.eye(K)[torch.full((len(x),), y)]
    mu, logvar = method.encoder(torch.cat([x.flatten(1), one_hot], 1))
    q = Normal(mu, torch.exp(0.5 * logvar))
    z = torch.cat([q.mean + q.stddev * noise, one_hot], 1)
    if method.likelihood == "gaussian":
        mean, log_variance = method.decoder(z)
        log_likelihood = Normal(mean, torch.exp(0.5 * log_variance)).log_prob(x).sum(1)
    else:
        pixels = Bernoulli(logits=method.decoder.logits(z))
        # grey values stand for probabilities: the expectation over the binary pixels they describe
        ones, zeros = (pixels.log_prob(torch.full_like(x, v)) for v in (1.0, 0.0))
        log_likelihood = (x * ones + (1 - x) * zeros).flatten(1).sum(1)
    uniform = Categorical(logits=torch.zeros(K))
    return log_likelihood + uniform.log_prob(torch.tensor(y)) - kl_divergence(q, Normal(0.0, 1.0)).sum(1)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_labelled_bound_is_equation_6(likelihood):
    x = batch()["x"] if likelihood == "bernoulli" else batch()["x"].flatten(1)
    method = m2(likelihood, tuple(x.shape[1:]))
    for y in range(K):
        torch.manual_seed(5)
        found = method.labelled_bound(x, torch.full((len(x),), y))
        torch.manual_seed(5)
        torch.testing.assert_close(found, bound_by_hand(method, x, y, torch.randn(len(x), LATENT)))


def test_the_unlabelled_bound_sums_over_all_classes_and_adds_the_entropy():
    method, x = m2(), batch()["x"]
    torch.manual_seed(5)
    found = method.unlabelled_bound(x)
    torch.manual_seed(5)
    noise = torch.randn(K, len(x), LATENT)  # one draw of z for every class and image
    q = Categorical(logits=method.classifier(x))
    expected = sum(q.probs[:, y] * bound_by_hand(method, x, y, noise[y]) for y in range(K)) + q.entropy()
    torch.testing.assert_close(found, expected)


def test_a_sure_classifier_leaves_the_labelled_bound_of_its_class():
    method, x = m2(), batch()["x"]
    torch.nn.init.zeros_(method.classifier.head.weight)
    method.classifier.head.bias.data = torch.tensor([-50.0, 50.0, -50.0])
    torch.manual_seed(5)
    found = method.unlabelled_bound(x)
    torch.manual_seed(5)
    noise = torch.randn(K, len(x), LATENT)
    torch.testing.assert_close(found, bound_by_hand(method, x, 1, noise[1]))


def test_the_bound_is_below_the_exact_log_likelihood_and_touches_it():
    """Where x does not depend on z and y, p(x) is known, and q(y|x) = p(y), q(z|x, y) = p(z) is the best posterior."""
    method, x = m2(), torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]])
    for part in (method.decoder.head, method.encoder.head, method.classifier.head):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
    exact = 4 * math.log(0.5)
    assert method.unlabelled_bound(x).item() == pytest.approx(exact, rel=1e-6)
    method.classifier.head.bias.data = torch.tensor([1.0, 0.0, -1.0])
    gap = kl_divergence(Categorical(logits=method.classifier.head.bias), Categorical(logits=torch.zeros(3)))
    assert method.unlabelled_bound(x).item() == pytest.approx(exact - gap.item(), rel=1e-6)


def undecided_m2(likelihood: str, in_shape: tuple[int, ...]) -> SemiSupervisedVAE:
    """One whose decoder listens to class and style, and whose q(y|x) and q(z|x, y) are not quite right."""
    method = m2(likelihood, in_shape)
    with torch.no_grad():
        for p in method.decoder.parameters():
            p.mul_(2.0)
        method.encoder.head.weight.mul_(0.5)
        method.encoder.head.bias[LATENT:] = -0.2
        method.classifier.head.bias += torch.tensor([0.5, 0.0, -0.5])
    return method


def log_p_by_a_sum(method: SemiSupervisedVAE, x: torch.Tensor) -> float:
    """log p(x) of one image: p(x|y, z) p(y) p(z), summed over the classes and a fine grid of z."""
    axis = torch.linspace(-6, 6, 241)
    z = torch.cartesian_prod(axis, axis)
    log_p_z = Normal(0.0, 1.0).log_prob(z).sum(1) + 2 * math.log(12 / 240)
    terms = []
    for y in range(K):
        code = torch.cat([z, torch.eye(K)[y].expand(len(z), K)], 1)
        if method.likelihood == "gaussian":
            mean, logvar = method.decoder(code)
            log_p_x = Normal(mean, (logvar / 2).exp()).log_prob(x).sum(1)
        else:
            log_p_x = Bernoulli(logits=method.decoder.logits(code)).log_prob(x).flatten(1).sum(1)
        terms.append(log_p_x + log_p_z - math.log(K))
    return torch.cat(terms).logsumexp(0).item()


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_importance_weights_average_to_the_likelihood_and_their_logarithms_to_the_bound(likelihood):
    x = torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]]) if likelihood == "bernoulli" else torch.tensor([[0.3, -0.2]])
    method = undecided_m2(likelihood, tuple(x.shape[1:]))
    n = 60_000
    with torch.no_grad():
        exact = log_p_by_a_sum(method, x)
        log_w = method.log_weight(x.expand(n, *x.shape[1:]))
        bounds = method.unlabelled_bound(x.expand(n, *x.shape[1:]))
        assert log_w.shape == (n,)
        weights = (log_w - exact).exp()
        assert weights.mean().item() == pytest.approx(1, abs=5 * weights.std().item() / n**0.5)
        assert weights.std() / n**0.5 < 0.01
        error = ((log_w.var() + bounds.var()) / n).sqrt().item()
        assert log_w.mean().item() == pytest.approx(bounds.mean().item(), abs=5 * error)
        assert log_w.mean() < exact - 0.05, "a bound, and not one that touches"
        means = [metrics.iwae_bound(method, x.expand(2_000, *x.shape[1:]), k).mean().item() for k in (1, 4, 32)]
    assert means[0] < means[1] < means[2] < exact + 0.02 and means[2] == pytest.approx(exact, abs=0.1)


def test_the_weights_depend_on_the_prior_that_was_given():
    method, x = m2(), batch()["x"].round()
    torch.manual_seed(1)
    plain = method.log_weight(x)
    method.prior = distributions.Gaussian(LATENT, std=3.0)
    torch.manual_seed(1)
    assert not torch.allclose(method.log_weight(x), plain)


def test_style_and_reconstruction_are_those_of_the_most_probable_class():
    method, x = m2(), batch()["x"]
    with torch.no_grad():
        method.classifier.head.bias -= method.classifier(x).mean(0)  # no class is that of all images
        y = method.classifier(x).argmax(1)
        assert len(set(y.tolist())) > 1
        one_hot = torch.eye(K)[y]
        z = method.encoder(torch.cat([x.flatten(1), one_hot], 1))[0]
        assert torch.equal(method.encode(x), z)
        assert torch.equal(method.reconstruct(x), method.decoder(torch.cat([z, one_hot], 1)))
    gaussian = m2("gaussian", (4,))
    flat = x.flatten(1)
    z, y = gaussian.encode(flat), gaussian.logits(flat).argmax(1)
    torch.testing.assert_close(gaussian.reconstruct(flat), gaussian.decoder(torch.cat([z, torch.eye(K)[y]], 1))[0])


def test_the_objective_weighs_its_parts_and_logs_them():
    method, b = m2(alpha=0.7), batch()
    loss, logged = method.objective(b["x"], b["x_labelled"], b["y_labelled"])
    expected = logged["unlabelled"] + logged["labelled"] + 0.7 * logged["cross_entropy"]
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    by_hand = -Categorical(logits=method.classifier(b["x_labelled"])).log_prob(b["y_labelled"]).mean()
    assert logged["cross_entropy"].item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert set(logged) == {"unlabelled", "labelled", "cross_entropy"}


@pytest.mark.parametrize("part", ["encoder", "decoder", "classifier"])
def test_a_step_moves_every_network(part):
    method = m2()
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    method.training_step(batch())
    assert all((p != before[name]).any() for name, p in method.named_parameters() if name.startswith(part))


def test_unlabelled_images_alone_teach_the_classifier_through_the_bound():
    method, x = m2(), batch()["x"]
    gradient = torch.autograd.grad(-method.unlabelled_bound(x).mean(), method.classifier.head.weight)[0]
    assert gradient.abs().max() > 0


def test_the_layers_train_at_once_but_only_the_lower_one_moves_the_code():
    method, b = layered(), batch()
    assert set(method.optimizers) == {"m1", "m2"}
    roles = {role: set(method.role_parameters(role)) for role in ("m1", "m2")}
    assert roles["m1"].isdisjoint(roles["m2"])
    assert roles["m1"] | roles["m2"] == set(method.parameters())
    # the same noise with and without labels that shape the upper layer: M1 must come out the same
    other = {**b, "y_labelled": (b["y_labelled"] + 1) % K}
    moved = []
    for given in (b, other):
        torch.manual_seed(0)
        method = layered()
        method.training_step(given)
        moved.append(method)
    for a, c in zip(*(m.encoder.parameters() for m in moved), strict=True):
        assert torch.equal(a, c)
    assert not torch.equal(*(m.m2.classifier.head.weight for m in moved))


@pytest.mark.parametrize("build", [m2, layered])
def test_few_labels_and_many_images_are_enough_where_classes_are_clear(build):
    # class k has its ink in row k, with noise in the last row
    y = torch.arange(K).repeat(200)
    x = 0.1 * torch.rand(600, 1, 4, 8)
    x[torch.arange(600), 0, y] = 1
    x[:, 0, 3] = torch.bernoulli(torch.full((600, 8), 0.5))
    data = datasets.partly_labelled(Images(x, y), 2 * K, seed=0)
    method = build(in_shape=(1, 4, 8), alpha=10.0, lr=1e-2)
    fit(method, data, epochs=10, batch_size=6, progress=False, device="cpu")
    with torch.no_grad():
        assert (method.logits(x).argmax(1) == y).float().mean() > 0.98
        drawn = method.sample(torch.arange(K).repeat(50))
    assert drawn.shape == (150, 1, 4, 8)
    assert (drawn >= 0).all() and (drawn <= 1).all()


@pytest.mark.parametrize("build", [m2, layered])
def test_losses_and_weights_keep_their_number_format(build):
    method = build()
    with torch.autocast("cpu", torch.bfloat16):
        logged = method.training_step(batch())
    assert {loss.dtype for loss in logged.values()} == {p.dtype for p in method.parameters()} == {torch.float32}
    double = {name: v.double() if v.is_floating_point() else v for name, v in batch().items()}
    assert {loss.dtype for loss in build().double().training_step(double).values()} == {torch.float64}


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="unknown likelihood 'laplace'"):
        SemiSupervisedVAE(*[None] * 4, likelihood="laplace")
    with pytest.raises(ValueError, match=r"one class an example, shape \(6,\)"):
        m2().labelled_bound(batch()["x"], torch.zeros(6, 1, dtype=torch.long))


@pytest.mark.parametrize("name", ["m2_vae_100", "m2_vae_1000", "m1_m2_100", "m1_m2_1000"])
def test_recipes_see_the_labels_that_their_name_says(name):
    recipe = experiments.get(name)
    runtime.seed_everything(0)
    assert recipe.labels == int(name.rsplit("_", 1)[1])
    x = torch.rand(5, 1, 28, 28)
    assert recipe.method(0).eval().logits(x).shape == (5, 10)
