"""Recipes that generate images: GANs, moment matching, and VAEs with the same generators (notebooks 03 and 05).

All see the training images equally often, in batches of 100 (moment matching: 500).
"""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import GAN, VAE, ConditionalGAN, MomentMatching
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 64
WIDTH = 32
N_CLASSES = 10
# Of 2e-4 (the paper's), 5e-4 and 1e-3 the rate with the lowest FID of validation images after two epochs of DCGAN.
DCGAN_LR = 1e-3
# Fully connected GANs begin faster at 1e-3, too, but do not survive it for eight epochs.
MLP_GAN_LR = 2e-4


def prior() -> distributions.Gaussian:
    """The distribution of z in all of these recipes."""
    return distributions.Gaussian(LATENT_DIM)


def mlp_generator() -> networks.MLPDecoder:
    """Two hidden layers of 512, with batch norm."""
    return networks.MLPDecoder(LATENT_DIM, IMAGE, batch_norm=True)


def conv_generator(extra: int = 0) -> networks.ConvDecoder:
    """A DCGAN generator for 28x28 images; `extra` entries come beside z."""
    return networks.ConvDecoder(LATENT_DIM + extra, IMAGE, WIDTH)


def mlp_discriminator() -> networks.Discriminator:
    """Two hidden layers of 512."""
    return networks.Discriminator(networks.mlp(IMAGE, act="leaky_relu"))


def mlp_gan() -> GAN:
    """A GAN of fully connected networks."""
    return GAN(mlp_generator(), mlp_discriminator(), prior(), lr=MLP_GAN_LR)


def plain_mlp_gan() -> GAN:
    """The same without batch norm, as networks were in 2014."""
    return GAN(networks.MLPDecoder(LATENT_DIM, IMAGE), mlp_discriminator(), prior(), lr=MLP_GAN_LR)


def dcgan(**options) -> Callable[[], GAN]:
    """A function that builds a DCGAN; `options` go to `GAN`."""

    def build() -> GAN:
        discriminator = networks.Discriminator(networks.conv(IMAGE, WIDTH))
        return GAN(
            networks.dcgan_init(conv_generator()),
            networks.dcgan_init(discriminator),
            prior(),
            **{"lr": DCGAN_LR, **options},
        )

    return build


def conditional_dcgan() -> ConditionalGAN:
    """A DCGAN that is told the class: one-hot beside z, planes beside x."""
    channels, height, side = IMAGE
    discriminator = networks.Discriminator(networks.conv((channels + N_CLASSES, height, side), WIDTH))
    return ConditionalGAN(
        networks.dcgan_init(conv_generator(N_CLASSES)),
        networks.dcgan_init(discriminator),
        prior(),
        N_CLASSES,
        lr=DCGAN_LR,
    )


def gmmn() -> MomentMatching:
    """The MLP generator, trained on the MMD of pixels."""
    return MomentMatching(mlp_generator(), prior(), bandwidths=(2.0, 5.0, 10.0, 20.0, 40.0, 80.0))


def mlp_vae() -> VAE:
    """A VAE whose decoder is the generator of `mlp_gan`."""
    return VAE(networks.GaussianEncoder(networks.mlp(IMAGE), LATENT_DIM), mlp_generator(), prior())


def conv_vae() -> VAE:
    """A VAE whose decoder is the generator of `dcgan`, and whose encoder has the trunk of its discriminator."""
    return VAE(networks.GaussianEncoder(networks.conv(IMAGE, WIDTH), LATENT_DIM), conv_generator(), prior())


_DCGAN = (
    "Radford et al. 2016, section 4 (beta1 0.5, weights N(0, 0.02^2), LeakyReLU 0.2); ours: Adam 1e-3 instead of 2e-4, "
    "two strided convolutions of 32 and 64 channels for 28x28 images, 64-D Gaussian noise, sigmoid output"
)
_MLP_GAN = (
    "Goodfellow et al. 2014 in shape; ours: 512-512 units, LeakyReLU instead of maxout, no dropout, "
    "Adam 2e-4, beta1 0.5"
)
_EPOCHS = {"epochs": by_mode(2, 8, 50)}

RECIPES = [
    Recipe("gan_mlp", f"{_MLP_GAN}, batch norm in the generator", mlp_gan, evaluation.image_game, **_EPOCHS),
    Recipe("gan_mlp_plain", _MLP_GAN, plain_mlp_gan, evaluation.image_game, **_EPOCHS),
    Recipe("dcgan", _DCGAN, dcgan(), evaluation.image_game, **_EPOCHS),
    Recipe(
        "dcgan_slow_discriminator",
        f"{_DCGAN}; the discriminator learns at a hundredth of the rate",
        dcgan(discriminator_lr=DCGAN_LR / 100),
        evaluation.image_game,
        **_EPOCHS,
    ),
    Recipe(
        "conditional_dcgan",
        f"Mirza and Osindero 2014 for the condition; {_DCGAN}",
        conditional_dcgan,
        evaluation.class_images,
        **_EPOCHS,
    ),
    Recipe(
        "gmmn",
        "Li, Swersky and Zemel 2015 (their bandwidths from 2 to 80); ours: the generator of gan_mlp, Adam 1e-3",
        gmmn,
        evaluation.images,
        batch_size=500,
        **_EPOCHS,
    ),
    Recipe(
        "vae_mlp_images",
        "Kingma and Welling 2014; ours: the generator of gan_mlp as decoder, Bernoulli likelihood, Adam 1e-3",
        mlp_vae,
        evaluation.images_and_bound,
        **_EPOCHS,
    ),
    Recipe(
        "vae_conv_images",
        "Kingma and Welling 2014; ours: generator and trunk of dcgan, Bernoulli likelihood, Adam 1e-3",
        conv_vae,
        evaluation.images_and_bound,
        **_EPOCHS,
    ),
]
