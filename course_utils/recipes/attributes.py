"""Recipes for images with attributes: the digits of `attribute_vectors` (notebook 14)."""

from course_utils import attribute_vectors, evaluation, regressor
from course_utils.methods import AttributeGAN, AttributeVAE, AttributeVAEGAN
from course_utils.recipes.base import Recipe, by_mode
from course_utils.recipes.vae_gan import GAMMA, LAYER, RATES, decoder, discriminator, encoder, prior

N = len(attribute_vectors.NAMES)


def attribute_vae_gan() -> AttributeVAEGAN:
    """The VAE/GAN of notebook 13, told 15 attributes."""
    return AttributeVAEGAN(encoder(N), decoder(N), discriminator(N), prior(), layer=LAYER, gamma=GAMMA, **RATES)


def attribute_vae() -> AttributeVAE:
    """A VAE with the same encoder and decoder."""
    return AttributeVAE(encoder(N), decoder(N), prior(), lr=RATES["lr"])


def attribute_gan() -> AttributeGAN:
    """A GAN with the same decoder and discriminator."""
    return AttributeGAN(decoder(N), discriminator(N), prior(), **RATES)


_PAPER = "Larsen et al. 2016, section 4.2"
_OURS = (
    "ours: 15 attributes of digits, networks (28x28) and rates of vae_gan, the attributes join before each dense layer"
)
_COMMON = {"prepare": attribute_vectors.attach, "epochs": by_mode(6, 8, 50)}

RECIPES = [
    Recipe(
        regressor.NAME,
        f"the separate regressor of {_PAPER}; ours: the body of the judge, 128 features, dropout 0.2, squared error, "
        "Adam 1e-3, the rate divided by 10 after seven tenths",
        regressor.build,
        evaluation.attribute_regression,
        decay_at=(0.7,),
        **_COMMON,
    ),
    Recipe(
        "attribute_vae_gan",
        f"{_PAPER}; {_OURS}",
        attribute_vae_gan,
        evaluation.attribute_images_and_reconstructions,
        **_COMMON,
    ),
    Recipe(
        "attribute_vae",
        f"the VAE beside it in {_PAPER}; {_OURS}; Bernoulli likelihood",
        attribute_vae,
        evaluation.attribute_images_and_reconstructions,
        **_COMMON,
    ),
    Recipe(
        "attribute_gan",
        f"the GAN beside it in {_PAPER}; {_OURS}",
        attribute_gan,
        evaluation.attribute_images,
        **_COMMON,
    ),
]
