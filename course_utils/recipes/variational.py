"""Recipes of variational autoencoders (notebook 04)."""

from collections.abc import Callable

import torch

from course_utils import distributions, evaluation, networks
from course_utils.datasets import Splits
from course_utils.losses import bernoulli_log_prob, kl_to_standard_normal
from course_utils.methods import VAE, ConditionalVAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode


def vae(
    prior: Callable[[], distributions.Distribution],
    hidden: tuple[int, ...] = (512, 512),
    act: str = "relu",
    **options,
):
    """A function that builds a VAE with MLPs and this prior; `options` go to `VAE`."""

    def build() -> VAE:
        p = prior()
        encoder = networks.GaussianEncoder(networks.mlp(IMAGE, hidden, act), p.dim)
        return VAE(encoder, networks.MLPDecoder(p.dim, IMAGE, hidden, act), prior=p, **options)

    return build


def conditional_vae(latent_dim: int, hidden: tuple[int, ...] = (512, 512), n_classes: int = 10, **options):
    """A function that builds a class-conditional VAE with MLPs, prior N(0, I); `options` go to `ConditionalVAE`."""

    def build() -> ConditionalVAE:
        n_pixels = torch.Size(IMAGE).numel()
        encoder = networks.GaussianEncoder(networks.mlp((n_pixels + n_classes,), hidden), latent_dim)
        decoder = networks.MLPDecoder(latent_dim + n_classes, IMAGE, hidden)
        return ConditionalVAE(encoder, decoder, distributions.Gaussian(latent_dim), n_classes, **options)

    return build


def conditional_elbo(method: ConditionalVAE, data: Splits) -> dict[str, float]:
    """ELBO of log p(x|y), mean over the test images in nats, one draw of z an image; grey values as probabilities."""
    test = evaluation.test_images(method, data)
    mu, logvar = method.encoder(method.with_label(test.x, test.y))
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    log_likelihood = bernoulli_log_prob(test.x, method.decoder.logits(method.with_label(z, test.y))).mean()
    return {"conditional_elbo": (log_likelihood - kl_to_standard_normal(mu, logvar)).item()}


_PLANE = "Kingma and Welling 2014, figure 4 (2-D code, for pictures); 512-512 ReLU units, Adam, batch 200, few epochs"
_YARDSTICK = (
    "Burda et al. 2016, section 5 and table 1 (one stochastic layer: 200-200 tanh, 50-D, pixels drawn anew as 0 or 1 "
    "in each step); theirs: batch 20, 3,280 epochs, rate falling from 1e-3; ours: batch 100, constant 2e-3, few epochs"
)

RECIPES = [
    Recipe(
        "vae_2d",
        _PLANE,
        vae(lambda: distributions.Gaussian(2)),
        evaluation.codes,
        epochs=by_mode(4, 8, 100),
        batch_size=200,
    ),
    Recipe(
        "vae_2d_without_kl",
        f"{_PLANE}; weight 0 on the KL",
        vae(lambda: distributions.Gaussian(2), beta=0),
        evaluation.codes,
        epochs=by_mode(4, 8, 100),
        batch_size=200,
    ),
    Recipe(
        "vae_50d",
        _YARDSTICK,
        vae(lambda: distributions.Gaussian(50), hidden=(200, 200), act="tanh", lr=2e-3, binarise=True),
        evaluation.likelihood,
        epochs=by_mode(4, 14, 400),
    ),
    Recipe(
        "conditional_vae",
        "Kingma, Rezende, Mohamed and Welling 2014, section 2.2 (all labels known); 4-D code, 512-512 ReLU units",
        conditional_vae(4),
        conditional_elbo,
        epochs=by_mode(4, 5, 50),
        batch_size=200,
    ),
]
