"""Recipes of the VAE/GAN and of what it is compared with: same networks, same number of images (notebook 13).

The 28x28 networks have about a quarter of the paper's width or less, and one halving less: minutes on a CPU. The
paper's own networks, for 64x64 faces, are in `recipes.faces`.
"""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks, pretrained
from course_utils.methods import GAN, VAE, VAEGAN, FeatureVAE
from course_utils.networks import AttributeEncoder, FeatureDiscriminator, GaussianEncoder, StridedDecoder
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 32
LAYER = 2  # Dis_l: the last convolution, as in the authors' code
LAYERS = (0, 1, 2, 3)  # the image itself, two convolutions, the dense layer
GAMMA = 1e-3
GAMMAS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
# The discriminator learns at a third of the others' rate: of 1e-4 (VAE/GAN only), 3e-4 and 1e-3, one seed and 800 to
# 1,500 steps each, the one with the lowest FID of validation images. Notebook 13 tries the last again, over seeds.
RATES = {"lr": 1e-3, "discriminator_lr": 3e-4}


def prior() -> distributions.Gaussian:
    """The distribution of z in all of these recipes."""
    return distributions.Gaussian(LATENT_DIM)


def encoder(n_attributes: int = 0) -> GaussianEncoder:
    """q(z|x), or q(z|x, a) with attributes."""
    kind = AttributeEncoder if n_attributes else GaussianEncoder
    return networks.dcgan_init(kind(networks.strided_conv(IMAGE, n_attributes=n_attributes), LATENT_DIM))


def decoder(n_attributes: int = 0) -> StridedDecoder:
    """z, with attributes beside it, to images."""
    return networks.dcgan_init(StridedDecoder(LATENT_DIM + n_attributes, IMAGE))


def discriminator(n_attributes: int = 0) -> FeatureDiscriminator:
    """D(x), or D(x, a) with attributes."""
    return networks.dcgan_init(FeatureDiscriminator(IMAGE, n_attributes=n_attributes))


def vae_gan(**options) -> Callable[[], VAEGAN]:
    """A function that builds a VAE/GAN; `options` go to `VAEGAN`."""

    def build() -> VAEGAN:
        settings = {"layer": LAYER, "gamma": GAMMA, **RATES, **options}
        return VAEGAN(encoder(), decoder(), discriminator(), prior(), **settings)

    return build


def vae() -> VAE:
    """A VAE with the encoder and the decoder of `vae_gan`."""
    return VAE(encoder(), decoder(), prior(), lr=RATES["lr"])


def gan() -> GAN:
    """A GAN with the decoder and the discriminator of `vae_gan`."""
    return GAN(decoder(), discriminator(), prior(), **RATES)


def feature_vae() -> FeatureVAE:
    """A VAE with these networks, and the shipped discriminator of `strided_gan` for a yardstick."""
    trained = gan()
    pretrained.load("strided_gan", trained)
    return FeatureVAE(encoder(), decoder(), trained.discriminator, prior(), layer=LAYER, lr=RATES["lr"])


_NETWORKS = (
    "ours: 28x28 networks of about a quarter of the paper's width or less, 32-D code, weights N(0, 0.02^2), Adam 1e-3, "
    "beta1 0.5"
)
_PAPER = "Larsen et al. 2016, algorithm 1"
_OURS = (
    f"{_PAPER}; {_NETWORKS}, discriminator 3e-4; features in units of their mean square; decoder not saturating; one "
    "pass of the decoder for codes of images and of the prior"
)
_EPOCHS = {"epochs": by_mode(6, 8, 50)}
_SHORT = {"epochs": by_mode(6, 4, 4)}  # by default 2,000 steps on MNIST


def _short(name: str, what: str, evaluate: Callable = evaluation.samples_and_reconstructions, **options) -> Recipe:
    return Recipe(f"vae_gan_{name}", f"{_OURS}; 2,000 steps; {what}", vae_gan(**options), evaluate, **_SHORT)


def _sane(name: str, what: str, **options) -> Recipe:
    return _short(f"short{name}", what, evaluation.sanity, **options)


RECIPES = [
    Recipe("vae_gan", _OURS, vae_gan(), evaluation.samples_and_reconstructions, **_EPOCHS),
    Recipe(
        "strided_vae",
        f"the VAE beside it in Larsen et al. 2016, section 4.1; {_NETWORKS}, Bernoulli likelihood",
        vae,
        evaluation.samples_and_reconstructions,
        **_EPOCHS,
    ),
    Recipe(
        "strided_gan",
        f"the GAN beside it in Larsen et al. 2016, section 4.1; {_NETWORKS}, discriminator 3e-4",
        gan,
        evaluation.samples_by_region,
        **_EPOCHS,
    ),
    Recipe(
        "feature_vae",
        f"VAE_Dis_l in Larsen et al. 2016, section 4.1; {_NETWORKS}; features of the shipped strided_gan, seed 0",
        feature_vae,
        evaluation.samples_and_reconstructions,
        **_EPOCHS,
    ),
    *(_short(f"gamma_{g:g}", f"gamma {g:g}", gamma=g) for g in GAMMAS),
    *(_short(f"layer_{n}", f"features of layer {n}", layer=n) for n in LAYERS if n != LAYER),
    _short("without_samples", "no samples of the prior in the GAN loss", weight_fake=0.0),
    _short("without_reconstructions", "no reconstructions in the GAN loss, as in the authors' code", weight_hat=0.0),
    _short("balanced", "fakes weigh as much as the data", weight_hat=0.5, weight_fake=0.5),
    _sane("", "to see whether it is sane"),
    _sane("_absolute_features", "features as they are", relative_features=False),
    _sane("_equal_rates", "the discriminator learns as fast as the others", discriminator_lr=RATES["lr"]),
]
