"""The recipes on points in the plane: what measures them, on models whose answers are known; and that they train."""

import math

import pytest
import torch
from torch import nn

from course_utils import distributions, evaluation, experiments, networks
from course_utils.methods import GAN, VAE
from course_utils.recipes import toy

DATA = distributions.ring_of_gaussians()


class Constant(nn.Module):
    """A discriminator that gives every point the same probability of being real."""

    def __init__(self, probability: float):
        super().__init__()
        self.logit = math.log(probability / (1 - probability))

    def forward(self, x):
        return torch.full((len(x),), self.logit)


def model_that_is(distribution, probability: float = 0.8) -> GAN:
    """A GAN whose samples are those of `distribution`: its generator passes them on."""
    return GAN(nn.Identity(), Constant(probability), distribution)


def test_the_data_themselves_score_as_perfect():
    torch.manual_seed(0)
    numbers = evaluation.ring(model_that_is(DATA), DATA)
    assert numbers["modes_covered"] == 8
    # 1 - exp(-3^2 / 2) of a round Gaussian lies within three standard deviations
    assert numbers["high_quality_percent"] == pytest.approx(100 * (1 - math.exp(-4.5)), abs=1)
    assert abs(numbers["energy_distance"]) < 0.02


def test_one_mode_is_one_mode():
    torch.manual_seed(0)
    one = distributions.GaussianMixture(DATA.means[:1], DATA.scale[:1])
    numbers = evaluation.ring(model_that_is(one), DATA)
    assert numbers["modes_covered"] == 1 and numbers["high_quality_percent"] > 97
    assert numbers["energy_distance"] > 1


def test_game_of_a_constant_discriminator_has_the_losses_of_the_formulas():
    numbers = evaluation.ring_game(model_that_is(DATA, probability=0.8), DATA)
    assert numbers["discriminator_loss"] == pytest.approx(-math.log(0.8) - math.log(0.2), rel=1e-5)
    assert numbers["generator_loss"] == pytest.approx(-math.log(0.8), rel=1e-5)
    assert numbers["discriminator_accuracy_percent"] == 50


def test_points_of_a_vae_carry_the_noise_of_its_likelihood():
    torch.manual_seed(0)
    vae = toy.ring_vae(std=0.3)
    for p in vae.decoder.parameters():
        p.data.zero_()  # every mean is the origin
    assert isinstance(vae, VAE)
    with torch.no_grad():
        assert evaluation.points(vae, 20_000).std(0).tolist() == pytest.approx([0.3, 0.3], rel=0.05)
        assert evaluation.points(model_that_is(DATA), 5).shape == (5, 2)


@pytest.mark.parametrize("name", [recipe.name for recipe in toy.RECIPES])
def test_every_recipe_trains_the_same_generator(name, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    recipe = experiments.get(name)
    method, history = experiments.train(name, recipe.data(), seed=0, progress=False)
    generator = method.decoder if isinstance(method, VAE) else method.generator
    assert networks.count_parameters(generator) == networks.count_parameters(toy.ring_generator())
    assert history.steps == recipe.steps["fast"]
    assert 0 <= experiments.evaluate(name, method, recipe.data())["modes_covered"] <= 8
