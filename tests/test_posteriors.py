"""The three posteriors: what the recipes have in common, and what they are measured by, on known answers."""

import math

import pytest
import torch
from torch import nn

from course_utils import distributions, evaluation, experiments, networks
from course_utils.datasets import Images, Splits
from course_utils.methods import Method
from course_utils.recipes import posteriors

NAMES = ("deterministic", "gaussian", "universal")


def splits(n: int = 400) -> Splits:
    """Images of noise whose first two pixels are normal: all that the encoders below look at."""
    g = torch.Generator().manual_seed(0)
    x = torch.rand(n, 1, 28, 28, generator=g)
    x[:, 0, 0, :2] = torch.randn(n, 2, generator=g)
    images = Images(x, torch.arange(n) % 10)
    return Splits("noise", images, images, images)


class Known(Method):
    """Codes are the first two pixels, plus noise drawn by a function; the decoder is linear, of known slope."""

    def __init__(self, noise, slope: float = 3.0):
        super().__init__()
        self.encoder = nn.Identity()
        self.encoder.sample = lambda x: x[:, 0, 0, :2] + noise(len(x))
        q = torch.linalg.qr(torch.randn(784, 2, generator=torch.Generator().manual_seed(1))).Q
        self.matrix = nn.Parameter(slope * q.T)
        self.prior = distributions.Gaussian(2)

    def decoder(self, z):
        return (z @ self.matrix).unflatten(1, (1, 28, 28))

    def sample(self, n):
        return self.decoder(self.prior.sample(n))


def gaussian_noise(n):
    return 0.5 * torch.randn(n, 2) @ torch.tensor([[1.0, 0.5], [0.0, 0.2]])


def corners(n):
    return torch.randint(0, 2, (n, 2)) + 0.1 * torch.randn(n, 2)


def measured(noise) -> dict[str, float]:
    torch.manual_seed(0)
    return evaluation.posteriors(Known(noise), splits())


def test_the_width_is_the_share_of_the_spread_that_is_within_images():
    numbers = measured(gaussian_noise)
    within = 0.25 * (1 + 0.25 + 0.04) / 2  # the mean variance of the noise over both entries
    assert numbers["posterior_width_percent"] == pytest.approx(100 * math.sqrt(within / (1 + within)), rel=0.05)
    assert numbers["code_std"] == pytest.approx(math.sqrt(1 + within), rel=0.1)


def test_gaussian_posteriors_are_rejected_as_often_as_chance_says_and_others_always():
    gaussian, other = measured(gaussian_noise), measured(corners)
    assert 1 < gaussian["non_gaussian_percent"] < 10
    assert other["non_gaussian_percent"] == 100
    assert other["gaussian_distance"] > 0.01 > gaussian["gaussian_distance_top"] > gaussian["gaussian_distance"]


def test_a_point_has_no_width_and_no_shape():
    numbers = measured(lambda n: torch.zeros(n, 2))
    assert numbers["posterior_width_percent"] == 0
    assert not {"non_gaussian_percent", "gaussian_distance"} & set(numbers)
    assert numbers["energy_p_value"] > 0.01, "the codes do follow the prior here"


def test_the_slope_of_a_linear_decoder_is_the_length_of_its_matrix():
    torch.manual_seed(0)
    model = Known(gaussian_noise, slope=3.0)
    assert evaluation.slope(model.decoder, torch.randn(50, 2)) == pytest.approx(3.0, rel=1e-3)
    assert measured(gaussian_noise)["slope"] == pytest.approx(3.0, rel=1e-3)


def test_draws_are_of_each_image_in_turn():
    clouds = evaluation.draws(Known(lambda n: 0.01 * torch.randn(n, 2)).encoder, splits().test.x[:5], n=7)
    assert clouds.shape == (5, 7, 2)
    torch.testing.assert_close(clouds, splits().test.x[:5, 0, 0, :2][:, None].expand(5, 7, 2), atol=0.1, rtol=0)
    assert clouds.std(1).min() > 0


def test_the_recipes_differ_only_in_the_encoder():
    methods = [experiments.get(f"aae_posterior_{name}").method(seed=0) for name in NAMES]
    kinds = [networks.DeterministicEncoder, networks.GaussianEncoder, networks.UniversalEncoder]
    assert [type(method.encoder) for method in methods] == kinds
    for part in ("decoder", "discriminator"):
        shapes = [[p.shape for p in getattr(method, part).parameters()] for method in methods]
        assert shapes[0] == shapes[1] == shapes[2]
    rates = [(m.optimizer, m.lr, m.momentum, m.adversarial_lr, m.adversarial_momentum) for m in methods]
    assert len(set(rates)) == 1
    recipes = [experiments.get(f"aae_posterior_{name}") for name in NAMES]
    assert len({(str(r.epochs), r.batch_size, r.decay_at, r.evaluate) for r in recipes}) == 1
    sizes = [networks.count_parameters(method.encoder) for method in methods]
    assert max(sizes) / min(sizes) < 1.01, "equal terms: none has more parameters worth the name"


def test_a_louder_noise_is_the_same_noise_larger():
    encoder = posteriors.universal(2, hidden=(8,), noise_dim=3, noise_std=5.0)
    x = splits().test.x[:4]
    torch.manual_seed(0)
    z = encoder.sample(x)
    torch.manual_seed(0)
    assert torch.equal(z, encoder(x, 5.0 * torch.randn(4, 3)))
    with pytest.raises(ValueError, match="noise_std must be positive, got 0"):
        posteriors.universal(2, noise_std=0)
