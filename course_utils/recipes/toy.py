"""Recipes on 2-D data (notebook 02): one ring of eight Gaussians, several ways to learn it and to fail at it."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import GAN, VAE, MomentMatching
from course_utils.recipes.base import Recipe, by_mode

HIDDEN = (128, 128)


def ring_generator() -> networks.MLPDecoder:
    """The generator of all toy recipes: 2-D noise to points in the plane."""
    return networks.MLPDecoder(2, (2,), HIDDEN, out="identity")


def ring_gan(discriminator_hidden: tuple[int, ...] = HIDDEN, **options) -> Callable[[], GAN]:
    """A function that builds a GAN on points in the plane; `options` go to `GAN`."""

    def build() -> GAN:
        discriminator = networks.Discriminator(networks.mlp((2,), discriminator_hidden))
        return GAN(ring_generator(), discriminator, distributions.Gaussian(2), **{"lr": 1e-3, **options})

    return build


def ring_mmd() -> MomentMatching:
    """The same generator, trained by moment matching."""
    return MomentMatching(ring_generator(), distributions.Gaussian(2))


def ring_vae(std: float = 0.1) -> VAE:
    """The same generator as the decoder of a VAE with a Gaussian likelihood of standard deviation `std`."""
    encoder = networks.GaussianEncoder(networks.mlp((2,), HIDDEN), 2)
    return VAE(encoder, ring_generator(), distributions.Gaussian(2), likelihood="gaussian", std=std)


def _recipe(name: str, what: str, build, evaluate=evaluation.ring_game) -> Recipe:
    source = f"ours: {what}; a ring of eight Gaussians after Metz et al. 2017 (unrolled GANs), with wider modes"
    return Recipe(
        name,
        source,
        build,
        evaluate,
        data=distributions.ring_of_gaussians,
        steps=by_mode(60, 2_500, 20_000),
        batch_size=128,
    )


RECIPES = [
    _recipe("gan_ring", "non-saturating GAN, Adam 1e-3, beta1 0.5", ring_gan()),
    _recipe("gan_ring_minimax", "minimax GAN, otherwise as gan_ring", ring_gan(objective="minimax")),
    _recipe(
        "gan_ring_slow_discriminator",
        "as gan_ring, but the discriminator learns at a hundredth of the rate",
        ring_gan(discriminator_lr=1e-5),
    ),
    _recipe(
        "gan_ring_small_discriminator", "as gan_ring, but the discriminator has one layer of 8 units", ring_gan((8,))
    ),
    _recipe("mmd_ring", "moment matching with the generator of gan_ring, Adam 1e-3", ring_mmd, evaluation.ring),
    _recipe("vae_ring", "VAE with the generator of gan_ring as decoder, Adam 1e-3", ring_vae, evaluation.ring),
]
