"""Recipes of variational autoencoders (notebook 04)."""

from collections.abc import Callable

from course_utils import distributions, networks
from course_utils.methods import VAE
from course_utils.recipes.base import IMAGE, Recipe


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


RECIPES: list[Recipe] = []
