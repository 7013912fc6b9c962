"""The supervised AAE: what each network sees, its losses by hand, and that it learns to separate style from class."""

import numpy as np
import pytest
import tiny
import torch
from torch import nn
from torch.distributions import Bernoulli

from course_utils import attributes, datasets, distributions, evaluation, experiments, networks
from course_utils.datasets import Images, Splits
from course_utils.methods import SupervisedAAE
from course_utils.training import fit

K = 3


def by_hand(method: SupervisedAAE, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """What one step logs, from the formulas, for frozen networks."""
    z, one_hot = method.encoder(x), torch.eye(method.n_classes)[y]
    x_hat = method.decoder(torch.cat([z, one_hot], 1))
    z_prior = method.prior.sample(len(x))
    seen = [torch.cat([v, one_hot], 1) if method.discriminator_sees_class else v for v in (z_prior, z)]
    real, fake = (Bernoulli(logits=method.discriminator(v)) for v in seen)
    return {
        "reconstruction": 0.5 * (x - x_hat).square().sum((1, 2, 3)).mean(),
        "discriminator": -real.log_prob(torch.ones(len(x))).mean() - fake.log_prob(torch.zeros(len(x))).mean(),
        "generator": -fake.log_prob(torch.ones(len(x))).mean(),
    }


@pytest.mark.parametrize("name", ["supervised_aae", "supervised_aae class seen"])
def test_the_losses_are_those_of_the_formulas(name):
    method, b = tiny.build(name), tiny.batch()
    for optimizer in method.optimizers.values():
        optimizer.param_groups[0]["lr"] = 0.0  # nothing moves: all losses are of the same networks
    torch.manual_seed(3)
    expected = by_hand(method, b["x"], b["y"])
    torch.manual_seed(3)
    logged = method.training_step(b)
    assert {k: v.item() for k, v in logged.items()} == pytest.approx({k: v.item() for k, v in expected.items()}, 1e-5)


def test_the_class_reaches_the_decoder_and_the_discriminator_only_if_it_may_see_it():
    for name, may_see in (("supervised_aae", False), ("supervised_aae class seen", True)):
        method = tiny.build(name)
        z, y = torch.zeros(10, tiny.LATENT_DIM), torch.arange(10)
        assert len(method.decode(z, y).flatten(1).unique(dim=0)) == 10
        assert (len(method.discriminate(z, y).unique()) == 10) == may_see


def test_shapes():
    method, b = tiny.build("supervised_aae").eval(), tiny.batch()
    assert method.encode(b["x"]).shape == (16, tiny.LATENT_DIM)
    assert method.reconstruct(b["x"], b["y"]).shape == b["x"].shape
    assert method.sample(b["y"]).shape == b["x"].shape
    drawn = evaluation.in_every_class(method, torch.randn(4, tiny.LATENT_DIM))
    assert drawn.shape == (4, 10, *tiny.IMAGE)


def test_in_every_class_keeps_the_style_in_a_row_and_the_class_in_a_column():
    method = tiny.build("supervised_aae").eval()
    z = torch.randn(4, tiny.LATENT_DIM)
    drawn = evaluation.in_every_class(method, z)
    torch.testing.assert_close(drawn[2, 7:8], method.decode(z[2:3], torch.tensor([7])))


def bars(n: int, seed: int) -> Images:
    """Class k is a bar of 6 rows in the k-th third; its style, the brightness, is between 0.2 and 1."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % K
    x = torch.zeros(n, 1, 8, 9)
    brightness = 0.2 + 0.8 * torch.rand(n, generator=generator)
    for k in range(K):
        x[y == k, :, 1:7, 3 * k : 3 * k + 3] = brightness[y == k][:, None, None, None]
    return Images(x, y)


def bars_method() -> SupervisedAAE:
    torch.manual_seed(0)
    return SupervisedAAE(
        networks.DeterministicEncoder(networks.mlp((1, 8, 9), (64,)), 1),
        networks.MLPDecoder(1 + K, (1, 8, 9), (64,)),
        networks.Discriminator(networks.mlp((1 + K,), (64,))),
        distributions.Gaussian(1),
        n_classes=K,
        discriminator_sees_class=True,
        optimizer="adam",
        lr=3e-3,
        adversarial_lr=1e-3,
        adversarial_momentum=0.5,
    )


def test_one_number_is_enough_for_the_style_and_the_class_asked_for_is_drawn():
    """Three classes and a brightness in one number: possible only because the decoder is told the class."""
    method, test = bars_method(), bars(300, seed=1)
    fit(method, bars(1_200, seed=0), epochs=20, batch_size=50, progress=False, device="cpu")
    with torch.no_grad():
        drawn = evaluation.in_every_class(method, method.encode(test.x), K)
    brightness = test.x.flatten(1).max(1).values
    for k in range(K):
        block = drawn[:, k, 0, 1:7, 3 * k : 3 * k + 3]
        own = test.y == k
        assert np.corrcoef(block[own].mean((1, 2)), brightness[own])[0, 1] > 0.9, "the style of an image was lost"
        elsewhere = drawn[:, k, 0].sum((1, 2)) - block.sum((1, 2))
        assert elsewhere.mean() < block.sum((1, 2)).mean() / 3, "another class was drawn beside the one asked for"


def test_labels_of_another_shape_are_refused():
    method = tiny.build("supervised_aae")
    with pytest.raises(ValueError, match=r"one class a code, shape \(16,\)"):
        method.decode(torch.zeros(16, tiny.LATENT_DIM), torch.zeros(16, 1, dtype=torch.long))
    with pytest.raises(ValueError, match="unknown optimizer 'adagrad'"):
        tiny.supervised_aae(False, optimizer="adagrad")


# ---- what it is measured by -------------------------------------------------------------------------------------


class Known(nn.Module):
    """A model whose answers are known: z is the slant and the class; any class asked for is the source, sheared."""

    def __init__(self, with_class: bool):
        super().__init__()
        self.with_class = with_class
        self.parameter = nn.Parameter(torch.zeros(1))
        self.latent_dim = 29

    def encode(self, x):
        slant = attributes.slant(x).mul(50).round() / 50  # without the trace that the mark leaves in it
        mark = torch.nn.functional.one_hot(x[:, 0, 0].argmax(1), 28).float()
        return torch.cat([slant[:, None], mark * self.with_class], 1)

    def decode(self, z, y):
        return slanted(z[:, 0], y)

    def reconstruct(self, x, y):
        return self.decode(self.encode(x), y)

    def sample(self, y):
        return self.decode(torch.randn(len(y), 29) * 0.3, y)


def slanted(slant: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Sheared bars (N, 1, 28, 28); the class is marked by one faint pixel in the first row."""
    row, column = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    middle = 14 + slant[:, None, None] * (14 - row)
    x = ((column - middle).abs() < 3) * ((row > 5) & (row < 23))
    x = x.float()
    x[torch.arange(len(y)), 0, y] = 1e-4
    return x[:, None]


@pytest.fixture(scope="module")
def known_data() -> Splits:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(600) % 10
    images = Images(slanted(0.3 * torch.randn(600, generator=generator), y), y)
    return Splits("bars", images, images, images)


@pytest.mark.parametrize("with_class", [True, False])
def test_style_says_what_is_in_the_code(known_data, with_class):
    numbers = evaluation.style(Known(with_class), known_data)
    read = [numbers[f"read_{how}_percent"] for how in ("linearly", "by_neighbours", "by_network")]
    if with_class:
        assert min(read) > 80
        assert numbers["class_bits"] > 2
    else:
        assert max(read) < 20
        assert numbers["class_bits"] < 0.3
    assert numbers["chance_percent"] == pytest.approx(10, abs=2)
    assert numbers["slant_r2_within_classes"] > 0.9


def test_style_and_content_says_that_the_style_is_kept(known_data):
    numbers = evaluation.style_and_content(Known(False), known_data)
    assert numbers["slant_kept"] > 0.95
    assert 0 <= numbers["transferred_class_percent"] <= 100
    assert numbers["reconstruction_squared_error"] < 20


@pytest.mark.parametrize("name", ["supervised_aae", "supervised_aae_class_seen", "aae_15d"])
def test_recipes_have_codes_of_fifteen_entries_and_run(name):
    recipe = experiments.get(name)
    method = recipe.method(0)
    data = datasets.load("digits")
    fit(method, recipe.training_data(data), steps=2, progress=False, device="cpu")
    with torch.no_grad():
        assert method.encode(data.test.x[:3]).shape == (3, 15)
    assert method.training_only == ("discriminator",)
