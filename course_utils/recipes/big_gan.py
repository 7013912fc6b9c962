"""Recipes of BigGAN (notebook 17). What it is compared with, `conditional_dcgan`, is in `recipes.images`."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import BigGAN
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 60  # three parts of 20


def big_gan(spectral: bool = True, **options) -> Callable[[], BigGAN]:
    """A function that builds a BigGAN, with or without spectral norm; `options` go to `BigGAN`."""

    def build() -> BigGAN:
        trunk = networks.conv(IMAGE, batch_norm=False, features=128)
        discriminator = networks.orthogonal_init(networks.ProjectionDiscriminator(trunk))
        return BigGAN(
            networks.orthogonal_init(networks.ClassConditionalGenerator(LATENT_DIM, IMAGE)),
            networks.spectrally_normalised(discriminator) if spectral else discriminator,
            distributions.Gaussian(LATENT_DIM),
            **{"lr": 1e-3, **options},
        )

    return build


_BIG_GAN = (
    "Brock et al. 2019, section 3 (conditional batch norm with parts of z, projection, hinge loss, beta1 0, orthogonal "
    "weights at first); ours: 28x28 images, 96 and 48 channels in the generator, 32 and 64 and a dense layer of 128 in "
    "the discriminator, batches of 100 instead of 2,048, Adam 1e-3 for both (a tenth in the last three tenths of the "
    "training), one step each, no moving average; orthogonal regularisation 1e-4"
)
_COMMON = {"evaluate": evaluation.big_gan, "epochs": by_mode(2, 5, 50), "decay_at": (0.7,)}

RECIPES = [
    Recipe("big_gan", _BIG_GAN, big_gan(), **_COMMON),
    Recipe("big_gan_without_spectral_norm", f"{_BIG_GAN}; no spectral norm", big_gan(spectral=False), **_COMMON),
]
