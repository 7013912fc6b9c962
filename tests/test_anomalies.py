"""Anomaly detection: each method against its paper's formulas by hand, and its measures on detectors that are known."""

import pytest
import tiny
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import anomalies, defects, distributions, evaluation, experiments, metrics, networks, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import AnoGAN, Method
from course_utils.recipes import anomalies as anomaly_recipes


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def float64(method: Method) -> Method:
    """In eval mode and double precision, its batch norms having seen something."""
    for _ in range(3):
        method.training_step(tiny.batch())
    return method.double().eval()


def x64(n: int = 4) -> torch.Tensor:
    return tiny.images(n).x.double()


def losses_given_to_minimize(method: Method, batch=None) -> tuple[dict, dict]:
    """What one training step wants to minimise, before anything moves, and what it logs."""
    given = {}
    method.minimize = lambda **losses: given.update(losses)
    logged = method.training_step(batch or tiny.batch())
    return given, logged


def reached(loss: torch.Tensor, part: nn.Module) -> bool:
    """Whether a loss has a gradient for some parameter of a part."""
    return any(
        g is not None for g in torch.autograd.grad(loss, part.parameters(), allow_unused=True, retain_graph=True)
    )


def features_by_hand(discriminator, x):
    """What the head of a discriminator sees."""
    return discriminator.trunk.layers(x)


def gan_loss_by_hand(discriminator, real, fake):
    ones, zeros = (torch.full((len(real),), v) for v in (1.0, 0.0))
    real, fake = (Bernoulli(logits=discriminator(x)) for x in (real, fake))
    return -(real.log_prob(ones).mean() + fake.log_prob(zeros).mean())


# ---- GANomaly and Skip-GANomaly ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["conv", "mlp"])
def test_ganomaly_minimises_the_papers_three_terms(kind):
    method, twin = (tiny.build(f"ganomaly {kind}") for _ in range(2))
    method.weight_context, method.weight_code = 7.0, 0.3
    given, logged = losses_given_to_minimize(method)
    x = tiny.batch()["x"]
    z = twin.encoder(x)
    x_hat = twin.decoder(z)
    z_hat = twin.second_encoder(x_hat)
    f, f_hat = features_by_hand(twin.discriminator, x), features_by_hand(twin.discriminator, x_hat)
    adversarial, context, code = ((f - f_hat) ** 2).mean(), (x - x_hat).abs().mean(), ((z - z_hat) ** 2).mean()
    d_loss = gan_loss_by_hand(twin.discriminator, x, x_hat)
    torch.testing.assert_close(given["generator"], adversarial + 7 * context + 0.3 * code)
    torch.testing.assert_close(given["discriminator"], d_loss)
    by_hand = {"adversarial": adversarial, "context": context, "code": code, "discriminator": d_loss}
    assert logged.keys() == by_hand.keys()
    for name, value in by_hand.items():
        torch.testing.assert_close(logged[name], value)
    generator = (method.encoder, method.decoder, method.second_encoder)
    assert all(reached(given["generator"], part) for part in generator)
    assert not any(reached(given["discriminator"], part) for part in generator)
    assert all(reached(term, method.encoder) for term in (logged["adversarial"], logged["context"], logged["code"]))


def test_the_first_encoder_feels_the_distance_of_codes_at_both_ends():
    """(z - z_hat)^2 reaches it through z too: as in the paper, nothing is detached."""
    method = tiny.build("ganomaly mlp").eval()
    _, logged = losses_given_to_minimize(method)
    x = tiny.batch()["x"]
    z = method.encoder(x)
    loss = ((z - method.second_encoder(method.decoder(z))) ** 2).mean()
    wanted = torch.autograd.grad(loss, method.encoder.head.bias)
    torch.testing.assert_close(torch.autograd.grad(logged["code"], method.encoder.head.bias), wanted)


def test_ganomaly_scores_by_the_mean_distance_of_codes():
    method, x = float64(tiny.build("ganomaly conv")), x64()
    z = method.encoder(x)
    z_hat = method.second_encoder(method.decoder(z))
    by_hand = [sum(abs(a - b) for a, b in zip(*row, strict=True)) / 2 for row in zip(z.tolist(), z_hat.tolist())]  # noqa: B905
    torch.testing.assert_close(method.anomaly_scores(x), torch.tensor(by_hand, dtype=torch.float64))
    torch.testing.assert_close(method.reconstruct(x), method.decoder(method.encode(x)))
    torch.testing.assert_close(method.encode(x), z)
    assert method.training_only == ("discriminator",), "its score does not need the discriminator"


def test_skip_ganomaly_minimises_and_scores_with_weights():
    method, twin = (tiny.build("skip_ganomaly conv") for _ in range(2))
    method.weight_context, method.weight_latent, method.score_weight = 7.0, 0.3, 0.8
    given, logged = losses_given_to_minimize(method)
    x = tiny.batch()["x"]
    x_hat = twin.generator(x)
    adversarial = -Bernoulli(logits=twin.discriminator(x_hat)).log_prob(torch.ones(len(x))).mean()
    f, f_hat = features_by_hand(twin.discriminator, x), features_by_hand(twin.discriminator, x_hat)
    context, latent = (x - x_hat).abs().mean(), ((f - f_hat) ** 2).mean()
    d_loss = gan_loss_by_hand(twin.discriminator, x, x_hat)
    torch.testing.assert_close(given["generator"], adversarial + 7 * context + 0.3 * latent)
    by_hand = {"adversarial": adversarial, "context": context, "latent": latent, "discriminator": d_loss}
    assert logged.keys() == by_hand.keys()
    for name, value in by_hand.items():
        torch.testing.assert_close(logged[name], value)
    torch.testing.assert_close(given["discriminator"], d_loss)
    assert reached(given["generator"], method.generator) and not reached(given["discriminator"], method.generator)
    assert all(reached(term, method.generator) for term in (logged["adversarial"], logged["context"], logged["latent"]))


def test_skip_ganomaly_scores_each_image_with_both_distances():
    method, x = float64(tiny.skip_ganomaly(score_weight=0.8)), x64()
    x_hat = method.generator(x)
    for i in range(len(x)):
        f, f_hat = (features_by_hand(method.discriminator, v[i : i + 1]) for v in (x, x_hat))
        wanted = 0.8 * (x[i] - x_hat[i]).abs().mean() + 0.2 * ((f - f_hat) ** 2).mean()
        torch.testing.assert_close(method.anomaly_scores(x)[i], wanted)
    assert torch.equal(method.reconstruct(x), x_hat)
    assert method.training_only == (), "its score needs the discriminator"


# ---- AnoGAN -----------------------------------------------------------------------------------------------------


class Halves(nn.Module):
    """A generator whose every answer is known: z_0 in the upper half of the image, z_1 in the lower."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return self.scale * z.repeat_interleave(32, 1).view(-1, *tiny.IMAGE)


class Starts(distributions.Gaussian):
    """A prior that gives the codes it was given."""

    def __init__(self, z):
        super().__init__(z.shape[1])
        self.z = z

    def sample(self, n, labels=None):
        assert n == len(self.z)
        return self.z.clone()


def known_anogan(z, **options) -> AnoGAN:
    discriminator = networks.Discriminator(networks.mlp(tiny.IMAGE, ()))  # its features are the pixels
    return AnoGAN(Halves(), discriminator, Starts(z), **options).eval()


def test_the_residual_is_that_of_the_paper():
    method, x = float64(tiny.anogan(weight=0.3)), x64()
    z = torch.randn(4, tiny.LATENT_DIM, dtype=torch.float64)
    for i in range(4):
        x_hat = method.generator(z[i : i + 1])
        f, f_hat = (features_by_hand(method.discriminator, v) for v in (x[i : i + 1], x_hat))
        wanted = 0.7 * (x[i] - x_hat[0]).abs().sum() + 0.3 * (f - f_hat).abs().sum()
        torch.testing.assert_close(method.residual(x, z)[i], wanted)


def test_the_first_step_of_the_search_is_adams():
    """A step as long as the rate against the sign of the gradient; here towards the image."""
    start = torch.tensor([[0.0, 0.0], [1.0, -1.0]])
    method = known_anogan(start, search_steps=1, search_lr=0.05)
    x = method.generator(torch.tensor([[0.5, -0.5], [0.5, 0.5]])).detach()
    wanted = torch.tensor([[0.05, -0.05], [0.95, -0.95]])
    torch.testing.assert_close(method.search(x), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("weight", [0.0, 0.1, 1.0])
def test_the_search_finds_the_code_that_made_the_image(weight):
    truth = torch.tensor([[0.3, -0.4], [1.0, 0.2], [-1.5, 0.6]])
    method = known_anogan(torch.zeros(3, 2), search_steps=150, search_lr=0.1, weight=weight)
    x = method.generator(truth).detach()
    torch.testing.assert_close(method.search(x), truth, atol=0.05, rtol=0)
    torch.testing.assert_close(method.reconstruct(x), x, atol=0.05, rtol=0)
    # features are pixels here: the residual is the sum of |x - x_hat| whatever the weight
    scores = method.anomaly_scores(x + 1)
    assert scores.shape == (3,) and (method.anomaly_scores(x) < 4).all()
    left = (x + 1 - method.reconstruct(x + 1)).abs().sum((1, 2, 3))
    torch.testing.assert_close(scores, left, atol=1e-3, rtol=1e-3)


def test_what_no_code_can_make_is_left_over():
    method = known_anogan(torch.zeros(1, 2), search_steps=150, search_lr=0.05)
    x = method.generator(torch.tensor([[0.5, 0.5]])).detach()
    x[0, 0, 0, 0] += 3.0
    assert method.anomaly_scores(x).item() == pytest.approx(3, abs=1.5)


@pytest.mark.parametrize("no_grad", [False, True])
def test_the_search_lowers_the_residual_and_moves_nothing(no_grad):
    method = tiny.anogan(search_steps=40)
    for _ in range(3):
        method.training_step(tiny.batch())
    method.eval()
    before, x = tiny.state(method), tiny.images(6).x
    with torch.set_grad_enabled(not no_grad):
        torch.manual_seed(1)
        start = method.prior.sample(6)
        torch.manual_seed(1)
        z = method.search(x)
        torch.manual_seed(1)
        scores = method.anomaly_scores(x)
    assert z.shape == (6, tiny.LATENT_DIM) and not z.requires_grad
    assert (method.residual(x, z) < method.residual(x, start)).all()
    torch.testing.assert_close(scores, method.residual(x, z))
    assert tiny.same(before, tiny.state(method))
    assert all(p.grad is None and p.requires_grad for p in method.parameters())
    assert not any(module.training for module in method.modules())


def test_the_other_images_of_the_batch_do_not_change_the_result():
    start = torch.randn(5, 2, dtype=torch.float64)
    method = float64(tiny.anogan(search_steps=25))
    x = x64(5)
    method.prior = Starts(start)
    together = method.search(x)
    for i in range(5):
        method.prior = Starts(start[i : i + 1])
        torch.testing.assert_close(method.search(x[i : i + 1]), together[i : i + 1])


def test_the_search_refuses_the_training_mode_and_settings_without_sense():
    method = tiny.build("anogan conv")
    for ask in (method.search, method.reconstruct, method.anomaly_scores):
        with pytest.raises(RuntimeError, match="eval mode"):
            ask(tiny.images(2).x)
    for options in ({"weight": -0.1}, {"weight": 1.1}, {"search_steps": 0}):
        with pytest.raises(ValueError, match=r"weight must lie in \[0, 1\] and search_steps be positive"):
            tiny.anogan(**options)


def test_anogan_trains_as_a_gan():
    states = []
    for build in (tiny.gan, tiny.anogan):
        torch.manual_seed(3)
        method = build("conv").train()
        for _ in range(3):
            logged = method.training_step(tiny.batch())
        states.append((tiny.state(method), logged))
    assert tiny.same(states[0][0], states[1][0]) and states[0][1] == states[1][1]


# ---- attention --------------------------------------------------------------------------------------------------


def bilinear(small: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Enlarge (h, w) by a loop: each pixel's middle lies between the middles of four places."""
    h, w = small.shape
    out = torch.zeros(size, dtype=small.dtype)
    for i in range(size[0]):
        for j in range(size[1]):
            row = min(max((i + 0.5) * h / size[0] - 0.5, 0), h - 1)
            column = min(max((j + 0.5) * w / size[1] - 0.5, 0), w - 1)
            a, b = int(row), int(column)
            c, d = min(a + 1, h - 1), min(b + 1, w - 1)
            u, v = row - a, column - b
            upper = (1 - v) * small[a, b] + v * small[a, d]
            out[i, j] = (1 - u) * upper + u * ((1 - v) * small[c, b] + v * small[c, d])
    return out


def test_the_attention_of_a_linear_head_is_known():
    """mu is linear in the features: the weight of feature map k is the sum of its weights in all channels of mu."""
    method = float64(tiny.build("attention_vae conv"))
    method.encoder.head = nn.Conv2d(8, 6, 1).double()  # mu is 0 to 2, the logarithms of the variance 3 to 5
    x = x64()
    features = method.encoder.layers(x)
    a = method.encoder.head.weight[:3].sum(0).flatten()
    for found, maps in zip(method.look(x)[2], features, strict=True):
        cam = sum(a[k] * maps[k] for k in range(8))
        torch.testing.assert_close(found, bilinear(cam, tiny.IMAGE[1:]).sigmoid())


def test_the_attention_of_any_head_by_finite_differences():
    """Pushing a whole feature map up by a little moves the sum of mu by places x weight."""
    method = float64(tiny.build("attention_vae conv"))
    with torch.no_grad():
        method.encoder.head[0].weight.mul_(4)  # more of it bends
        x = x64()
        features = method.encoder.features(x)
        assert features.shape == (4, 8, 2, 2)
        weights = torch.zeros(4, 8, dtype=torch.float64)
        for k in range(8):
            push = torch.zeros(1, 8, 1, 1, dtype=torch.float64)
            push[0, k] = 1e-6
            up, down = (method.encoder.parameters_of(features + s * push)[0].sum((1, 2, 3)) for s in (1, -1))
            weights[:, k] = (up - down) / 2e-6 / 4
    assert weights.std(0).max() > 1e-3, "the weights differ between images: the head is not linear"
    cams = (weights[:, :, None, None] * features).sum(1)
    wanted = torch.stack([bilinear(cam, tiny.IMAGE[1:]) for cam in cams]).sigmoid()
    torch.testing.assert_close(method.look(x)[2], wanted, atol=1e-7, rtol=1e-5)


def test_mu_and_logvar_of_a_look_are_those_of_the_encoder():
    method, x = float64(tiny.build("attention_vae conv")), x64()
    mu, logvar, _ = method.look(x)
    torch.testing.assert_close((mu, logvar), method.encoder(x))


@pytest.mark.parametrize("name", ["layers.0.weight", "layers.2.weight", "head.0.weight", "head.2.weight"])
def test_gradients_pass_through_the_attention(name):
    """Its derivative by a weight holds derivatives of derivatives: against finite differences of the attention."""
    method, x = float64(tiny.build("attention_vae conv")), x64()
    weight = dict(method.encoder.named_parameters())[name]
    (found,) = torch.autograd.grad(method.look(x)[2].mean(), weight)
    place = divmod(found.abs().argmax().item(), found[0].numel())
    with torch.no_grad():
        entry = weight.view(len(weight), -1)
        values = []
        for step in (1e-6, -1e-6):
            entry[place] += step
            values.append(method.look(x)[2].mean().item())
            entry[place] -= step
    assert found.reshape(len(weight), -1)[place].item() == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("no_grad", [False, True])
def test_the_map_is_the_same_without_gradients_and_with_frozen_weights(frozen, no_grad):
    method, x = float64(tiny.build("attention_vae conv")), x64()
    wanted = 1 - method.look(x)[2].detach()
    before = tiny.state(method)
    method.requires_grad_(not frozen)
    with torch.set_grad_enabled(not no_grad):
        found = method.anomaly_map(x)
    assert torch.equal(found, wanted) and not found.requires_grad
    assert found.shape == (4, 8, 8) and found.min() > 0 and found.max() < 1
    torch.testing.assert_close(method.anomaly_scores(x), found.mean((1, 2)))
    alone = torch.cat([method.anomaly_map(one) for one in x.split(1)])
    torch.testing.assert_close(alone, found)  # one image does not see the others
    assert tiny.same(before, tiny.state(method)) and all(p.grad is None for p in method.parameters())


def test_the_attention_vae_minimises_what_it_says():
    method, twin = (tiny.build("attention_vae conv") for _ in range(2))
    method.weight_adversarial, method.weight_attention = 0.3, 7.0
    torch.manual_seed(4)
    given, logged = losses_given_to_minimize(method)
    x = tiny.batch()["x"]
    torch.manual_seed(4)
    mu, logvar, attention = twin.look(x)
    q = Normal(mu, (logvar / 2).exp())
    logits = twin.decoder.layers(mu + q.stddev * torch.randn(mu.shape))
    # grey values stand for probabilities: the expectation over the binary pixels they describe
    ones, zeros = (Bernoulli(logits=logits).log_prob(torch.full_like(x, v)) for v in (1.0, 0.0))
    reconstruction = -(x * ones + (1 - x) * zeros).sum((1, 2, 3)).mean()
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum((1, 2, 3)).mean()
    x_hat = 1 / (1 + torch.exp(-logits))
    adversarial = -Bernoulli(logits=twin.discriminator(x_hat)).log_prob(torch.ones(len(x))).mean()
    expansion = 1 - attention.mean()
    d_loss = gan_loss_by_hand(twin.discriminator, x, x_hat)
    torch.testing.assert_close(given["autoencoder"], reconstruction + kl + 0.3 * adversarial + 7 * expansion)
    torch.testing.assert_close(given["discriminator"], d_loss)
    by_hand = {"reconstruction": reconstruction, "kl": kl, "attention": expansion, "discriminator": d_loss}
    assert logged.keys() == by_hand.keys()
    for name, value in by_hand.items():
        torch.testing.assert_close(logged[name], value)
    assert reached(logged["attention"], method.encoder) and not reached(given["discriminator"], method.decoder)


def test_training_widens_the_attention():
    method = tiny.attention_vae(weight_attention=200.0, lr=1e-2).train()
    before = method.eval().anomaly_map(tiny.batch()["x"]).mean()
    method.train()
    for _ in range(40):
        method.training_step(tiny.batch())
    assert method.eval().anomaly_map(tiny.batch()["x"]).mean() < 0.5 * before


def test_the_attention_vae_codes_and_decodes_in_place():
    method, x = float64(tiny.build("attention_vae conv")), x64()
    mu, _ = method.encoder(x)
    assert torch.equal(method.encode(x), mu)
    assert torch.equal(method.reconstruct(x), method.decoder(mu))
    method = method.float()
    torch.manual_seed(2)
    samples = method.sample(5)
    torch.manual_seed(2)
    assert torch.equal(samples, method.decoder(method.prior.sample(5).view(5, 3, 2, 2)))
    assert samples.shape == (5, *tiny.IMAGE) and samples.min() >= 0 and samples.max() <= 1


# ---- scores and maps --------------------------------------------------------------------------------------------


class Flat(Method):
    """Reconstructs every image as an even grey, its mean; may have scores and maps of its own."""

    def __init__(self):
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.sizes = []

    def reconstruct(self, x):
        self.sizes.append(len(x))
        return x.mean((1, 2, 3), keepdim=True).expand_as(x) + self.anchor


class Own(Flat):
    def anomaly_scores(self, x):
        return x[:, 0, 0, 0] + self.anchor

    def anomaly_map(self, x):
        return x[:, 0] * 2 + self.anchor


def test_scores_and_maps_of_a_plain_autoencoder():
    method, x = Flat().eval(), torch.rand(7, 3, 4, 5)
    away = x - x.mean((1, 2, 3), keepdim=True)
    squares = torch.stack([sum(v**2 for v in image.flatten()) for image in away])
    torch.testing.assert_close(anomalies.scores(method, x), squares)
    torch.testing.assert_close(anomalies.reconstruction_scores(method, x), squares)
    absolute = (away[:, 0].abs() + away[:, 1].abs() + away[:, 2].abs()) / 3
    torch.testing.assert_close(anomalies.maps(method, x), absolute)
    torch.testing.assert_close(anomalies.difference_maps(method, x), absolute)


def test_a_methods_own_scores_and_maps_come_first():
    method, x = Own().eval(), torch.rand(7, 3, 4, 5)
    assert torch.equal(anomalies.scores(method, x), x[:, 0, 0, 0])
    assert torch.equal(anomalies.maps(method, x), 2 * x[:, 0])
    assert torch.equal(anomalies.reconstruction_scores(method, x), anomalies.reconstruction_scores(Flat().eval(), x))
    assert torch.equal(anomalies.difference_maps(method, x), anomalies.difference_maps(Flat().eval(), x))


@pytest.mark.parametrize("ask", ["scores", "reconstruction_scores", "maps", "difference_maps"])
def test_many_images_are_scored_in_parts_and_in_order(ask):
    method, x = Flat().eval(), torch.rand(2 * anomalies.BATCH + 3, 1, 2, 2)
    found = getattr(anomalies, ask)(method, x)
    assert max(method.sizes) <= anomalies.BATCH and sum(method.sizes) == len(x) == len(found)
    for i in (0, anomalies.BATCH - 1, anomalies.BATCH, len(x) - 1):
        torch.testing.assert_close(found[i : i + 1], getattr(anomalies, ask)(method, x[i : i + 1]))
    assert not found.requires_grad
    with pytest.raises(RuntimeError, match=r"eval mode: call .eval\(\) first"):
        getattr(anomalies, ask)(method.train(), x)


@pytest.mark.parametrize(
    "name", ["autoencoder conv", "vae conv", "aae conv", "ganomaly conv", "skip_ganomaly conv", "attention_vae conv"]
)
def test_one_images_score_and_map_do_not_depend_on_the_others(name, monkeypatch):
    method, x = float64(tiny.build(name)), x64(7)
    before = tiny.state(method)
    scores, maps = anomalies.scores(method, x), anomalies.maps(method, x)
    assert scores.shape == (7,) and maps.shape == (7, 8, 8)
    monkeypatch.setattr(anomalies, "BATCH", 2)
    torch.testing.assert_close(anomalies.scores(method, x), scores)
    torch.testing.assert_close(anomalies.maps(method, x), maps)
    assert tiny.same(before, tiny.state(method)) and not method.training


# ---- detection --------------------------------------------------------------------------------------------------


def labelled(n: int, seed: int, size: int = 12) -> Images:
    """Noise with the class written into its first pixel."""
    x = torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(seed))
    y = torch.arange(n) % 10
    x[:, 0, 0, 0] = y / 10
    return Images(x, y)


@pytest.fixture
def numbered() -> Splits:
    return Splits("numbered", labelled(300, 1), labelled(50, 2), labelled(200, 3))


class Reader(Flat):
    """Knows the class: finds `abnormal` stranger (sign 1), or more normal (-1), than all others."""

    def __init__(self, abnormal: int, sign: float = 1.0):
        super().__init__()
        self.abnormal, self.sign = abnormal, sign

    def anomaly_scores(self, x):
        return self.sign * ((10 * x[:, 0, 0, 0]).round() == self.abnormal).float()


def test_a_detector_that_knows_the_class_is_perfect_and_its_opposite_the_worst(numbered, monkeypatch):
    monkeypatch.setattr(evaluation.anomalies, "PER_CLASS", 5)
    for sign, auroc in ((1.0, 1.0), (-1.0, 0.0), (0.0, 0.5)):
        numbers = evaluation.detection(7)(Reader(7, sign).eval(), numbered)
        assert numbers["auroc"] == numbers["auroc_subset"] == auroc
        assert numbers["normal_score"] == 0 and numbers["abnormal_score"] == sign
    assert numbers["average_precision_subset"] == pytest.approx(0.1), "chance is the share of the abnormal"
    assert numbers["abnormal_percent"] == pytest.approx(10)
    other = evaluation.detection(3)(Reader(7).eval(), numbered)
    assert other["auroc"] == pytest.approx(0.5 * 8 / 9), "one of nine normal classes scores higher, the others tie"


def test_detection_is_measured_on_the_test_images_with_the_scores_of_the_method(numbered):
    method = Own().eval()
    method.anomaly_scores = lambda x: x[:, 0, 5, 5]
    numbers = evaluation.detection(4)(method, numbered)
    test = numbered.test
    assert numbers["auroc"] == metrics.auroc(test.x[:, 0, 5, 5], test.y == 4)
    some = evaluation.class_subset(test)
    assert numbers["n_subset"] == len(some) == 200, "20 of each class are all there are"
    scores, strange = some.x[:, 0, 5, 5], some.y == 4
    assert numbers["auroc_subset"] == metrics.auroc(scores, strange)
    assert numbers["average_precision_subset"] == metrics.average_precision(scores, strange)
    assert numbers["normal_score"] == pytest.approx(scores[~strange].mean().item())
    assert numbers["abnormal_score"] == pytest.approx(scores[strange].mean().item())
    errors = (some.x - some.x.mean((1, 2, 3), keepdim=True)).square().sum((1, 2, 3))
    assert numbers["reconstruction_auroc_subset"] == metrics.auroc(errors, strange)


def test_the_subset_is_the_same_for_everybody_and_has_as_many_of_each_class():
    images = Images(torch.rand(90, 1, 2, 2), torch.tensor([0] * 50 + [4] * 37 + [7] * 3)[torch.randperm(90)])
    torch.manual_seed(1)
    state = torch.get_rng_state()
    some = evaluation.class_subset(images, 10)
    assert torch.equal(torch.get_rng_state(), state)
    assert some.y.bincount().tolist() == [10, 0, 0, 0, 10, 0, 0, 3]
    torch.manual_seed(2)
    again = evaluation.class_subset(images, 10)
    assert torch.equal(some.x, again.x) and torch.equal(some.y, again.y)
    where = [(images.x == x).flatten(1).all(1).nonzero().item() for x in some.x]
    assert len(set(where)) == 23, "no image twice"
    assert torch.equal(images.y[where], some.y), "each with its own label"
    first = [i for k in (0, 4) for i in (images.y == k).nonzero()[:10, 0].tolist()]
    assert set(where[:20]) != set(first), "chosen at random, not the first ones"
    assert len(evaluation.class_subset(images)) == 90 and evaluation.anomalies.PER_CLASS == 100


def test_anogan_is_asked_about_the_subset_only(numbered, monkeypatch):
    monkeypatch.setattr(evaluation.anomalies, "PER_CLASS", 3)
    monkeypatch.setattr(evaluation.class_subset, "__defaults__", (3,))
    method = tiny.anogan("mlp").eval()
    asked = []
    method.anomaly_scores = lambda x: asked.append(len(x)) or x[:, 0, 0, 0]
    numbers = evaluation.detection(9)(method, numbered)
    assert asked == [30] and numbers["n_subset"] == 30
    assert "auroc" not in numbers and "reconstruction_auroc_subset" not in numbers
    assert numbers["auroc_subset"] == 1


# ---- planted defects --------------------------------------------------------------------------------------------


def same_picture(n: int, column: int = 9) -> Images:
    """n copies of one picture with a stroke."""
    x = torch.zeros(n, 1, 20, 20)
    x[:, :, 3:17, column : column + 3] = 1
    return Images(x, torch.zeros(n, dtype=torch.int64))


PICTURES = Splits("pictures", same_picture(3), same_picture(20), same_picture(25))


class Knows(Flat):
    """Knows the whole picture (sign 1), or shows everything but the defect (-1), or sees nothing (0)."""

    def __init__(self, sign: float):
        super().__init__()
        self.sign, self.asked = sign, []

    def anomaly_map(self, x):
        return self.sign * (x - same_picture(len(x)).x).abs()[:, 0]

    def anomaly_scores(self, x):
        self.asked.append(x)
        return self.anomaly_map(x).sum((1, 2))


@pytest.mark.parametrize(("sign", "auroc", "iou"), [(1.0, 1.0, 0.95), (-1.0, 0.0, 0.0), (0.0, 0.5, 0.0)])
def test_defects_are_found_by_who_knows_the_whole_picture(sign, auroc, iou):
    numbers = evaluation.planted_defects(Knows(sign).eval(), PICTURES)
    for kind in [*defects.DEFECTS, None]:
        found = {name: numbers[f"{kind}_{name}" if kind else name] for name in ("pixel_auroc", "image_auroc", "iou")}
        assert found["pixel_auroc"] == found["image_auroc"] == pytest.approx(auroc, abs=1e-6)
        assert found["iou"] >= iou if sign == 1 else found["iou"] < 0.4
    assert numbers["n_damaged"] == 25


def test_what_planted_defects_are_measured_on():
    """By hand, from the same defects: threshold from validation images only, then each kind on the test images."""

    def dirty(n):  # ink on the left, faint dirt on the right
        x = torch.rand(n, 1, 16, 16) * torch.tensor([1.0] * 8 + [0.09] * 8)
        return Images(x, torch.zeros(n, dtype=torch.int64))

    data, method = Splits("dirt", dirty(5), dirty(30), dirty(40)), Flat().eval()
    numbers = evaluation.planted_defects(method, data)

    def distance(x):
        return (x - x.mean((1, 2, 3), keepdim=True)).abs()[:, 0]

    def chosen(images):
        return images.x[
            torch.randperm(len(images), generator=torch.Generator().manual_seed(evaluation.anomalies.SUBSET_SEED))
        ]

    x = chosen(data.validation)
    damaged = [defects.plant(kind, x, seed=1) for kind in defects.DEFECTS]
    maps, masks = torch.cat([distance(d.x) for d in damaged]), torch.cat([d.mask for d in damaged])
    assert numbers["threshold"] == metrics.best_threshold(maps, masks)
    x = chosen(data.test)
    for kind in defects.DEFECTS:
        damaged = defects.plant(kind, x)
        found = metrics.localisation(distance(damaged.x), damaged.mask, numbers["threshold"])
        assert (numbers[f"{kind}_pixel_auroc"], numbers[f"{kind}_iou"]) == found
        before, after = (distance(v).square().sum((1, 2)) for v in (x, damaged.x))
        higher = (after[:, None] > before).float() + 0.5 * (after[:, None] == before).float()
        assert numbers[f"{kind}_image_auroc"] == pytest.approx(higher.mean().item(), abs=1e-6)
    for name in ("pixel_auroc", "iou", "image_auroc"):
        of_kinds = [numbers[f"{kind}_{name}"] for kind in defects.DEFECTS]
        assert numbers[name] == pytest.approx(sum(of_kinds) / 3)
    again = evaluation.planted_defects(method, data)
    assert again == numbers


def test_the_threshold_does_not_see_the_test_images():
    def threshold(test: Images, validation: Images) -> float:
        return evaluation.planted_defects(Flat().eval(), Splits("", same_picture(2), validation, test))["threshold"]

    wanted = threshold(same_picture(10), same_picture(12))
    assert threshold(same_picture(10, column=5), same_picture(12)) == wanted
    noisy = Images(same_picture(12).x * 0.6, same_picture(12).y)
    assert threshold(same_picture(10), noisy) != wanted


def test_large_sets_are_damaged_in_part(monkeypatch):
    monkeypatch.setattr(evaluation.anomalies, "N_DAMAGED", 8)
    monkeypatch.setattr(evaluation.anomalies, "N_FOR_THRESHOLD", 6)
    method = Knows(1.0).eval()
    assert evaluation.planted_defects(method, PICTURES)["n_damaged"] == 8
    assert {len(x) for x in method.asked} == {8}


# ---- recipes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", [0, 4, 9])
def test_without_takes_one_class_out_of_the_training_images_only(numbered, digit):
    found = anomaly_recipes.without(digit, numbered)
    assert set(found.train.y.tolist()) == set(range(10)) - {digit}
    kept = numbered.train.y != digit
    assert torch.equal(found.train.x, numbered.train.x[kept]) and torch.equal(found.train.y, numbered.train.y[kept])
    assert found.test is numbered.test and found.validation is numbered.validation
    assert len(numbered.train) == 300, "the data set given is as it was"
    assert found.name == numbered.name


def test_each_digit_is_once_the_abnormal_one_of_each_method(numbered):
    rows = (*anomaly_recipes.METHODS, "autoencoder_batch_norm")  # the last is a control
    names = {f"anomaly_{method}_{digit}" for method in rows for digit in range(10)}
    names |= {f"defects_{method}" for method in (*anomaly_recipes.METHODS, "attention_vae")}
    assert {recipe.name for recipe in anomaly_recipes.RECIPES} == names and names <= set(recipes.ALL)
    assert set(anomaly_recipes.METHODS) == {"autoencoder", "vae", "aae", "anogan", "ganomaly", "skip_ganomaly"}
    for digit in range(10):
        for method in rows:
            recipe = experiments.get(f"anomaly_{method}_{digit}")
            assert digit not in recipe.training_data(recipe.prepare(numbered)).y
            assert len(recipe.training_data(recipe.prepare(numbered))) == 270
            assert f"without the digit {digit}" in recipe.source
        found = experiments.get(f"anomaly_vae_{digit}").evaluate(Reader(digit).eval(), numbered)
        assert found["auroc"] == 1, "the digit left out is the one to be found"
    for method in (*anomaly_recipes.METHODS, "attention_vae"):
        recipe = experiments.get(f"defects_{method}")
        assert recipe.prepare is None and recipe.evaluate is evaluation.planted_defects


def test_the_control_is_the_autoencoder_with_batch_norm_and_nothing_else():
    plain, control = (recipes.ALL[f"anomaly_{n}_3"].method(0) for n in ("autoencoder", "autoencoder_batch_norm"))

    def kinds(method):
        return [type(part).__name__ for part in method.modules()]

    assert type(plain) is type(control) and plain.lr == control.lr
    assert sum("BatchNorm" in kind for kind in kinds(control)) == 3
    assert kinds(plain) == [kind for kind in kinds(control) if "BatchNorm" not in kind]


@pytest.mark.parametrize("name", [*anomaly_recipes.METHODS, "attention_vae"])
def test_recipes_train_and_score_digits(name):
    method = experiments.get(f"defects_{name}").method(seed=0)
    x = torch.rand(4, 1, 28, 28)
    logged = method.training_step({"x": x})
    assert all(value.isfinite() for value in logged.values())
    method.search_steps = 2
    scores, maps = anomalies.scores(method.eval(), x), anomalies.maps(method, x)
    assert scores.shape == (4,) and maps.shape == (4, 28, 28)
    assert scores.isfinite().all() and maps.isfinite().all()


@pytest.mark.parametrize("name", ["ganomaly", "attention_vae", "aae"])
def test_what_is_not_shipped_is_not_needed_to_score(name):
    method, x = experiments.get(f"defects_{name}").method(seed=0).eval(), torch.rand(3, 1, 28, 28)
    wanted = anomalies.scores(method, x), anomalies.maps(method, x)
    for part in method.training_only:
        delattr(method, part)
    assert method.training_only
    found = anomalies.scores(method, x), anomalies.maps(method, x)
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True))
