"""Recipes for faces at 64x64, with the networks and settings of the VAE/GAN's paper: for a GPU.

Nothing here is run by the course's notebooks: the data sets are large, or have to be supplied by the user
(`datasets.load`). `python -m course_utils train RECIPE` trains one, stores its numbers and says so.
"""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import VAEGAN, AttributeVAEGAN
from course_utils.networks import AttributeEncoder, FeatureDiscriminator, GaussianEncoder, StridedDecoder
from course_utils.recipes.base import Recipe, by_mode

FACE = (3, 64, 64)
LATENT_DIM = 128
N_ATTRIBUTES = {"celeba": 40, "lfw": 73}
LAYER = 4  # the last convolution, before batch norm
# In the scale of the authors' code: half the SUM of squares, features as they are.
SETTINGS = {
    "layer": LAYER,
    "gamma": 1e-6,
    "relative_features": False,
    "optimizer": "rmsprop",
    "lr": 3e-4,
    "momentum": 0.9,
}


def parts(
    n_attributes: int = 0,
) -> tuple[GaussianEncoder, StridedDecoder, FeatureDiscriminator, distributions.Gaussian]:
    """The paper's encoder, decoder and discriminator (Larsen et al. 2016, table of architectures), and the prior."""
    trunk = networks.strided_conv(FACE, (64, 128, 256), 1024, n_attributes)
    return (
        (AttributeEncoder if n_attributes else GaussianEncoder)(trunk, LATENT_DIM),
        StridedDecoder(LATENT_DIM + n_attributes, FACE, 256, (256, 128, 32), ends_in_convolution=True),
        FeatureDiscriminator(FACE, (32, 128, 256, 256), 512, first_stride=1, n_attributes=n_attributes),
        distributions.Gaussian(LATENT_DIM),
    )


def vae_gan() -> VAEGAN:
    """The paper's VAE/GAN."""
    return VAEGAN(*parts(), **SETTINGS)


def attribute_vae_gan(n_attributes: int) -> Callable[[], AttributeVAEGAN]:
    """A function that builds the paper's VAE/GAN with that many attributes."""

    def build() -> AttributeVAEGAN:
        return AttributeVAEGAN(*parts(n_attributes), **SETTINGS)

    return build


_SOURCE = (
    "Larsen et al. 2016, table of architectures, and the authors' code (gamma 1e-6 on half the sum of squares, RMSProp "
    "3e-4, batches of 64); ours: sigmoid output, reconstructions and samples as fakes as in the paper's algorithm 1 "
    "(their code: samples only), no gating of the discriminator"
)
_BUDGET = {"epochs": by_mode(1, 10, 25), "batch_size": 64}

RECIPES = [
    Recipe("vae_gan_celeba", _SOURCE, vae_gan, evaluation.faces, data="celeba", **_BUDGET),
    *(
        Recipe(
            f"attribute_vae_gan_{name}", _SOURCE, attribute_vae_gan(n), evaluation.attribute_faces, data=name, **_BUDGET
        )
        for name, n in N_ATTRIBUTES.items()
    ),
]
