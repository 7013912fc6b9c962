"""The family compared: equal budgets, one evaluator that gives a number where there is one, and operations counted."""

import importlib
import math
from functools import cache

import pytest
import tiny
import torch
from torch import nn

from course_utils import datasets, distributions, evaluation, experiments, judge, losses, metrics, networks, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import GAN, VAE, Autoencoder, ConditionalVAE, Method
from course_utils.recipes import family as family_recipes

family_module = importlib.import_module("course_utils.evaluation.family")  # `evaluation.family` is the function in it

# By hand, from the papers: s samples, e codes, b a bound, r reconstructions, p codes that follow a prior of numbers,
# c samples of a class that is asked for, y names classes, d a discriminator of images whose features can be read.
# A denoising autoencoder restores noisy images; it promises nothing for clean ones. The code of the categorical VAE
# has no density. The clusters of the clustering AAE are no classes. The conditional GAN's discriminator needs a class.
CAN = {
    "autoencoder": "er",
    "denoising_autoencoder": "e",
    "vae": "sebrp",
    "full_covariance_vae": "sebrp",
    "categorical_vae": "sebr",
    "conditional_vae": "sebrpc",
    "m2_vae": "sebrpcy",
    "gan": "sd",
    "conditional_gan": "sc",
    "moment_matching": "s",
    "aae": "serp",
    "gaussian_aae": "serp",
    "universal_aae": "serp",
    "labelled_aae": "serp",
    "supervised_aae": "serpc",
    "semi_supervised_aae": "serpy",
    "clustering_aae": "serp",
    "reduction_aae": "serpy",
    "vae_gan": "serp",
}
NUMBERS = {
    "s": {
        *("fid", "kid", "precision_percent", "recall_percent", "inception_score", "judge_confidence_percent"),
        *("sharpness", "sample_megaflops"),
    },
    "e": {"probe_error_percent", "encode_megaflops"},
    "b": {"elbo_binarised", "iwae_50_binarised"},
    "r": {"reconstruction_squared_error", "reconstruction_class_percent"},
    "p": {"energy_distance", "energy_distance_of_prior", "holes_percent", "holes_percent_if_perfect"},
    "c": {"requested_class_percent"},
    "y": {"class_error_percent"},
    "d": {"discriminator_probe_error_percent"},
}
ALWAYS = {"can_sample", "can_encode", "can_log_likelihood", "can_bound", "parameters", "training_megaflops"}


@cache
def digits() -> Splits:
    """A few real ones."""
    data = datasets.load("digits")
    return Splits("few", *(part.first(60) for part in (data.train, data.validation, data.test)))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


# ---- recipes ----------------------------------------------------------------------------------------------------


def test_everybody_is_there():
    assert set(family_recipes.FAMILY) == set(CAN)
    assert {recipe.name for recipe in family_recipes.RECIPES} == {f"family_{name}" for name in CAN}
    assert {f"family_{name}" for name in CAN} <= set(recipes.ALL)


@pytest.mark.parametrize("name", CAN)
def test_all_have_the_same_number_of_parameters(name):
    """250,000 give or take 1 %, counted by hand: whatever a role moves, once."""
    method = experiments.get(f"family_{name}").method(seed=0)
    moved = {p for role in method.optimizers for p in method.role_parameters(role)}
    assert sum(p.numel() for p in moved) == sum(p.numel() for p in method.parameters())
    assert sum(p.numel() for p in moved) == pytest.approx(250_000, rel=0.01)
    assert family_recipes.PARAMETERS == 250_000


@pytest.mark.parametrize("name", sorted(set(CAN) - {"autoencoder", "moment_matching"}))
def test_all_have_the_same_decoder_but_for_the_size_of_the_code(name):
    def decoder(name):
        method = experiments.get(f"family_{name}").method(seed=0)
        return getattr(method, "decoder", None) or method.generator

    def products(network):
        return [p for m in network.modules() for p in m.parameters(recurse=False) if p.ndim > 1]

    own, plain = decoder(name), decoder("autoencoder")
    first, *others = [tuple(p.shape) for p in products(own)]
    assert first == (len(products(plain)[0]), own.latent_dim), "one product takes the code"
    assert others == [tuple(p.shape) for p in products(plain)][1:]
    norms = any(isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) for part in own.modules())
    assert norms == ("gan" in name), "as the papers of the GANs ask for it"


@pytest.mark.parametrize("name", CAN)
def test_labels_are_those_that_the_table_says(name):
    recipe = experiments.get(f"family_{name}")
    assert recipe.labels == family_recipes.FAMILY[name][1]
    known = {"m2_vae": 100, "semi_supervised_aae": 100, "reduction_aae": 100, "labelled_aae": 0.2}
    assert recipe.labels == known.get(name)
    assert recipe.evaluate is evaluation.family and recipe.prepare is None


# ---- the evaluator ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAN)
def test_a_number_is_there_exactly_where_the_method_can(name, monkeypatch):
    monkeypatch.setattr(metrics.iwae_bound, "__defaults__", (1_000,))
    method = experiments.get(f"family_{name}").method(seed=0)
    for _ in range(2):
        x, y = digits().train.x[:20], digits().train.y[:20]
        method.training_step({"x": x, "y": y, "x_labelled": x, "y_labelled": y})
    before, n_steps = tiny.state(method), [dict(o.state_dict()["state"]) for o in method.optimizers.values()]
    numbers = evaluation.family(method.eval(), digits())
    assert set(numbers) == set.union(ALWAYS, *(NUMBERS[what] for what in CAN[name]))
    assert all(isinstance(value, int | float) and math.isfinite(value) for value in numbers.values())
    able = {"can_sample": "s", "can_encode": "e", "can_bound": "b"}
    assert {what: numbers[what] for what in able} == {what: float(letter in CAN[name]) for what, letter in able.items()}
    assert numbers["can_log_likelihood"] == 0
    assert numbers["parameters"] == sum(p.numel() for p in method.parameters())
    # nothing has moved: weights, statistics of batch norm, mode, optimisers
    assert tiny.same(before, tiny.state(method))
    assert not any(module.training for module in method.modules())
    assert all(p.grad is None and p.requires_grad for p in method.parameters())
    after = [o.state_dict()["state"] for o in method.optimizers.values()]
    assert all(
        torch.equal(a[i]["step"], b[i]["step"])
        for a, b in zip(n_steps, after, strict=True)
        for i in a
        if "step" in a[i]
    )


class Linear(nn.Module):
    """One product: x (B, ...) to (B, n_out)."""

    def __init__(self, n_in, out_shape):
        super().__init__()
        self.out_shape = out_shape
        self.layer = nn.Linear(n_in, torch.Size(out_shape).numel())

    def forward(self, x):
        return self.layer(x.flatten(1)).view(-1, *self.out_shape)

    mean = sample = forward


def test_operations_by_hand():
    """An autoencoder of two matrices: two operations an entry forward; back, one product for each gradient."""
    a = b = 784 * 8
    method = Autoencoder(Linear(784, (8,)), Linear(8, (1, 28, 28))).eval()
    numbers = evaluation.family(method, digits())
    assert numbers["encode_megaflops"] == pytest.approx(2 * a / 1e6)
    # forward both; backward both weights, and the decoder's input, but not the image
    assert numbers["training_megaflops"] == pytest.approx((2 * (a + b) + 2 * (a + b) + 2 * b) / 1e6)
    assert "sample_megaflops" not in numbers
    gan = GAN(Linear(8, (1, 28, 28)), networks.Discriminator(networks.mlp((1, 28, 28), ())), distributions.Gaussian(8))
    assert evaluation.family(gan.eval(), digits())["sample_megaflops"] == pytest.approx(2 * b / 1e6)


def written_class(x):
    return nn.functional.one_hot((10 * x[:, 0, 0, 0]).round().long().clamp(0, 9), 10).float()


@pytest.fixture
def numbered(monkeypatch) -> Splits:
    """Noise with the class written into its first pixel, and a judge who knows that."""

    monkeypatch.setattr(judge, "probabilities", written_class)
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1)[:, 1:9].contiguous())

    def part(seed):
        x = torch.rand(120, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
        y = torch.arange(120) % 10
        x[:, 0, 0, 0] = y / 10
        return Images(x, y)

    return Splits("numbered", part(1), part(2), part(3))


class Copier(Method):
    """Made of the test images: reconstructs x as `change` of it, draws images of the class asked for."""

    def __init__(self, data: Splits, change=lambda x: x, shift=0):
        super().__init__()
        self.x, self.change, self.shift = data.test.x, change, shift
        self.anchor = nn.Parameter(torch.zeros(1))

    def configure_optimizers(self):
        return {"anchor": torch.optim.SGD([self.anchor], 0.1)}

    def training_step(self, batch):
        self.minimize(anchor=self.anchor.sum())
        return {}

    def reconstruct(self, x):
        return self.change(x)

    def encode(self, x):
        return written_class(self.change(x))

    def sample(self, y):
        return self.x[(y + self.shift) % 10]  # image i is of class i


def test_a_method_that_copies_loses_nothing(numbered):
    numbers = evaluation.family(Copier(numbered).eval(), numbered)
    assert numbers["reconstruction_squared_error"] == 0
    assert numbers["reconstruction_class_percent"] == numbers["requested_class_percent"] == 100
    assert numbers["probe_error_percent"] == 0
    assert numbers["judge_confidence_percent"] == 100


def test_errors_are_shares_of_the_images(numbered):
    def darker(x):
        x = x.clone()
        x[:, 0, 0, 0] = (x[:, 0, 0, 0] - 0.1).clamp(min=0)
        return x

    numbers = evaluation.family(Copier(numbered, darker, shift=1).eval(), numbered)
    assert numbers["reconstruction_class_percent"] == pytest.approx(10), "only class 0 is read as it was"
    assert numbers["requested_class_percent"] == 0
    assert numbers["reconstruction_squared_error"] == pytest.approx(0.5 * 0.01 * 0.9, rel=1e-4)
    blind = evaluation.family(Copier(numbered, lambda x: 0 * x).eval(), numbered)
    assert blind["probe_error_percent"] > 80


def test_who_asks_for_classes():
    for name, able in CAN.items():
        method = experiments.get(f"family_{name}").method(seed=0)
        assert evaluation.asks_for_class(method) == ("c" in able)


def test_the_bound_of_a_model_that_is_told_the_class_uses_the_class_of_each_image(numbered):
    """log p(x|y) is about 0 with the right class and -100 with any other: one wrong partner would show."""

    class Told(ConditionalVAE):
        def __init__(self):
            nn.Module.__init__(self)
            self.anchor = nn.Parameter(torch.zeros(1))

        def log_weight(self, x, y):
            return -100.0 * ((10 * self.first(x)).round().long() != y)

        def first(self, x):
            at = (x[:, None] == self.binary[None]).flatten(2).all(2).float().argmax(1)
            return self.images.x[at, 0, 0, 0]

    method, few = Told(), numbered.test.first(40)
    torch.manual_seed(5)
    method.binary, method.images = torch.bernoulli(few.x), few
    torch.manual_seed(5)
    assert family_module._bounds(method, few) == {"elbo_binarised": 0, "iwae_50_binarised": pytest.approx(0, abs=1e-5)}


def test_the_bounds_are_those_of_binarised_images():
    method = experiments.get("family_vae").method(seed=0).eval()
    few = digits().test
    torch.manual_seed(3)
    found = family_module._bounds(method, few)
    torch.manual_seed(3)
    assert found == {f"{k}_binarised": v for k, v in evaluation.bounds(method, torch.bernoulli(few.x)).items()}
    assert found["elbo_binarised"] < found["iwae_50_binarised"] < 0


class Posterior(nn.Module):
    """q(z|x) = N(shift, std^2) whatever the image."""

    def __init__(self, dim, shift, std):
        super().__init__()
        self.dim, self.shift, self.std = dim, shift, std

    def sample(self, x):
        return self.shift + self.std * torch.randn(len(x), self.dim)


def test_codes_are_drawn_and_compared_with_the_prior():
    def numbers(shift, std):
        method = VAE.__new__(VAE)
        nn.Module.__init__(method)
        method.encoder, method.prior = Posterior(3, shift, std), distributions.Gaussian(3)
        images = Images(torch.zeros(3_000, 1, 1, 1), torch.zeros(3_000, dtype=torch.int64))
        return family_module._codes(method, images)

    right, moved, means = numbers(0.0, 1.0), numbers(2.0, 1.0), numbers(0.0, 0.0)
    assert abs(right["energy_distance"]) < 0.01 and abs(right["energy_distance_of_prior"]) < 0.01
    assert right["holes_percent_if_perfect"] == pytest.approx(100 / 2**7)
    assert right["holes_percent"] == pytest.approx(100 / 2**7, abs=1)
    assert moved["energy_distance"] > 0.5 and moved["holes_percent"] > 20
    assert means["holes_percent"] > 80, "without the draw all codes lie in one point"


@pytest.mark.parametrize("name", ["conditional_vae", "m2_vae", "semi_supervised_aae", "vae", "aae"])
def test_the_code_that_is_drawn_is_that_of_the_model(name):
    method = experiments.get(f"family_{name}").method(seed=0).eval()
    images = digits().test
    with torch.no_grad():
        if name == "conditional_vae":
            method.encoder.trunk.layers[1].weight[:, 784:] *= 30  # so that a wrong class would show
        draws = torch.stack([family_module._draw(method, images) for _ in range(200)])
        mean = method.encode(images.x, images.y) if name == "conditional_vae" else method.encode(images.x)
    spread = draws.std(0)
    if name in ("aae", "semi_supervised_aae"):
        assert spread.max() < 1e-6 and torch.allclose(draws[0], mean, atol=1e-6)
    else:
        assert spread.min() > 0.1
        assert ((draws.mean(0) - mean) / spread).abs().max() < 5 * 200**-0.5


def test_probes_read_the_code_with_the_class_beside_it():
    method = experiments.get("family_semi_supervised_aae").method(seed=0).eval()
    images = digits().test
    code = family_module._whole_code(method, images)
    logits, z = method.encoder(images.x)
    torch.testing.assert_close(code, torch.cat([logits.softmax(1), z], 1))
    numbers = family_module._probes(method, images)
    assert numbers["class_error_percent"] == pytest.approx(100 * (logits.argmax(1) != images.y).float().mean().item())
    assert numbers["probe_error_percent"] == pytest.approx(100 * (1 - metrics.class_probe(code, images.y).linear))
    gan = experiments.get("family_gan").method(seed=0).eval()
    features = gan.discriminator.trunk(images.x)
    found = family_module._probes(gan, images)["discriminator_probe_error_percent"]
    assert found == pytest.approx(100 * (1 - metrics.class_probe(features, images.y).linear))


def test_reconstructions_of_a_model_that_is_told_the_class_use_it():
    method = experiments.get("family_supervised_aae").method(seed=0).eval()
    images = digits().test
    wanted = losses.squared_error(method.reconstruct(images.x, images.y), images.x).item()
    found = family_module._reconstructions(method, images)
    assert found["reconstruction_squared_error"] == pytest.approx(wanted, rel=1e-5)
