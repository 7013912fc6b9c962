"""Samples of points in the plane, and where a game of two networks stands."""

import torch
from torch import Tensor

from course_utils import losses, metrics
from course_utils.distributions import GaussianMixture
from course_utils.methods import GAN, VAE, Method

N_POINTS = 2_000  # samples on each side for points in the plane


def points(method: Method, n: int) -> Tensor:
    """n samples of a model of points (n, dim): of a VAE with the noise of its Gaussian likelihood, not the means."""
    samples = method.sample(n)
    return samples + method.std * torch.randn_like(samples) if isinstance(method, VAE) else samples


@torch.no_grad()
def ring(method: Method, data: GaussianMixture) -> dict[str, float]:
    """How well 2,000 samples match a mixture of Gaussians: modes covered, share near a mode, energy distance."""
    samples = points(method, N_POINTS)
    modes = metrics.modes_covered(samples, data)
    return {
        "modes_covered": modes.covered,
        "high_quality_percent": 100 * modes.high_quality,
        "energy_distance": metrics.energy_distance(samples, data.sample(N_POINTS)),
    }


@torch.no_grad()
def ring_game(method: GAN, data: GaussianMixture) -> dict[str, float]:
    """`ring`, and where the game stands on as many fresh points: both losses, and how often D is right."""
    real, fake = (method.discriminator(x) for x in (data.sample(N_POINTS), method.sample(N_POINTS)))
    return {**ring(method, data), **game(real, fake)}


def game(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Both losses, and how often D is right, from its logits."""
    right = torch.cat([real > 0, fake < 0]).float().mean()
    return {
        "discriminator_loss": losses.discriminator_loss(real, fake).item(),
        "generator_loss": losses.generator_loss(fake).item(),
        "discriminator_accuracy_percent": 100 * right.item(),
    }
