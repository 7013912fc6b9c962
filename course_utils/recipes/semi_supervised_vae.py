"""Recipes of semi-supervised VAEs, beside which notebook 10 puts the semi-supervised adversarial autoencoder."""

from collections.abc import Callable

import torch

from course_utils import distributions, evaluation, networks
from course_utils.methods import LayeredVAE, SemiSupervisedVAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode

N_CLASSES = 10
LATENT_DIM = 50
N_PIXELS = torch.Size(IMAGE).numel()


def m2(hidden: tuple[int, ...], **options) -> Callable[[], SemiSupervisedVAE]:
    """A function that builds an M2 on images with MLPs; `options` go to `SemiSupervisedVAE`."""

    def build() -> SemiSupervisedVAE:
        return SemiSupervisedVAE(
            networks.GaussianEncoder(networks.mlp((N_PIXELS + N_CLASSES,), hidden), LATENT_DIM),
            networks.MLPDecoder(LATENT_DIM + N_CLASSES, IMAGE, hidden),
            networks.DeterministicEncoder(networks.mlp(IMAGE, hidden), N_CLASSES),
            distributions.Gaussian(LATENT_DIM),
            **options,
        )

    return build


def layered(hidden: tuple[int, ...], upper_hidden: tuple[int, ...], lr: float, **options) -> Callable[[], LayeredVAE]:
    """A function that builds M1+M2, all codes of 50 entries; `options` go to the upper `SemiSupervisedVAE`."""

    def build() -> LayeredVAE:
        upper = SemiSupervisedVAE(
            networks.GaussianEncoder(networks.mlp((LATENT_DIM + N_CLASSES,), upper_hidden), LATENT_DIM),
            networks.GaussianEncoder(networks.mlp((LATENT_DIM + N_CLASSES,), upper_hidden), LATENT_DIM),
            networks.DeterministicEncoder(networks.mlp((LATENT_DIM,), upper_hidden), N_CLASSES),
            distributions.Gaussian(LATENT_DIM),
            likelihood="gaussian",
            lr=lr,
            **options,
        )
        encoder = networks.GaussianEncoder(networks.mlp(IMAGE, hidden), LATENT_DIM)
        return LayeredVAE(encoder, networks.MLPDecoder(LATENT_DIM, IMAGE, hidden), upper, lr=lr)

    return build


_SOURCE = "Kingma, Rezende, Mohamed and Welling 2014, equations 6 to 9 (50-D codes, ReLU here for softplus units)"
_OURS = (
    "ours: 300-300 units, Adam 1e-3, few epochs instead of 3,000; the weight 10 of the mean cross-entropy chosen on "
    "validation images (M2 with 100 labels; 1 was worse)"
)
_M2 = f"{_SOURCE}; {_OURS}"
_M1_M2 = f"{_SOURCE}, M2 of one layer on the codes of M1, both trained at the same time; {_OURS}"


def _recipe(name: str, source: str, build: Callable, labels: int, epochs: int) -> Recipe:
    budget = by_mode(2, epochs, 10 * epochs)
    return Recipe(name, source, build, evaluation.classifier, labels=labels, epochs=budget, decay_at=(0.8,))


_m2 = m2((300, 300), alpha=10.0, lr=1e-3)
_m1_m2 = layered((300, 300), (300,), lr=1e-3, alpha=10.0)

RECIPES = [
    _recipe("m2_vae_100", _M2, _m2, 100, 5),
    _recipe("m2_vae_1000", _M2, _m2, 1_000, 5),
    _recipe("m1_m2_100", _M1_M2, _m1_m2, 100, 15),
    _recipe("m1_m2_1000", _M1_M2, _m1_m2, 1_000, 15),
]
