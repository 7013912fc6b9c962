"""Recipes of anomaly detection: normal images only, the same kind of small networks for all (notebook 15).

``anomaly_METHOD_DIGIT``: trained without that digit, which is then to be found. ``defects_METHOD``: trained on all
digits, to find defects planted in them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from course_utils import distributions, evaluation, networks
from course_utils.datasets import Splits
from course_utils.methods import AAE, VAE, AnoGAN, AttentionVAE, Autoencoder, GANomaly, Method, SkipGANomaly
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 8
WIDTH = 16
LR = 1e-3
DIGITS = tuple(range(10))


def prior() -> distributions.Gaussian:
    """The distribution of z in all recipes that have one."""
    return distributions.Gaussian(LATENT_DIM)


def encoder(kind: type = networks.DeterministicEncoder, batch_norm: bool = False):
    """Two convolutions to a code; batch norm where a GAN's paper asks for it."""
    return kind(networks.conv(IMAGE, WIDTH, batch_norm=batch_norm), LATENT_DIM)


def decoder(batch_norm: bool = False) -> networks.ConvDecoder:
    """A code to an image by two up-convolutions."""
    return networks.ConvDecoder(LATENT_DIM, IMAGE, WIDTH, batch_norm=batch_norm)


def discriminator() -> networks.Discriminator:
    """Two convolutions to one logit."""
    return networks.Discriminator(networks.conv(IMAGE, WIDTH))


def autoencoder(batch_norm: bool = False) -> Autoencoder:
    """The plain one, against which the others are measured."""
    return Autoencoder(encoder(batch_norm=batch_norm), decoder(batch_norm), lr=LR)


def vae() -> VAE:
    """Bernoulli likelihood; scored by its squared error like the others."""
    return VAE(encoder(networks.GaussianEncoder), decoder(), prior(), lr=LR)


def aae() -> AAE:
    """The autoencoder again, with an adversary on its codes."""
    code_discriminator = networks.Discriminator(networks.mlp((LATENT_DIM,), (256, 256)))
    rates = {"lr": LR, "momentum": 0.1, "adversarial_lr": LR, "adversarial_momentum": 0.1}
    return AAE(encoder(), decoder(), code_discriminator, prior(), optimizer="adam", **rates)


def anogan() -> AnoGAN:
    """A GAN and a search."""
    return AnoGAN(networks.dcgan_init(decoder(batch_norm=True)), networks.dcgan_init(discriminator()), prior(), lr=LR)


def ganomaly() -> GANomaly:
    """Encoder, decoder, encoder, and an adversary on images."""
    first, second = (encoder(batch_norm=True) for _ in range(2))
    return GANomaly(first, decoder(batch_norm=True), second, discriminator(), lr=LR)


def skip_ganomaly() -> SkipGANomaly:
    """An autoencoder with skip connections, and an adversary on images."""
    return SkipGANomaly(networks.SkipAutoencoder(IMAGE, WIDTH), discriminator(), lr=LR)


def attention_vae() -> AttentionVAE:
    """A VAE with a code of 4 x 7 x 7 and attention on all of a normal image."""
    channels = 4
    spatial = networks.SpatialEncoder(IMAGE, channels, WIDTH), networks.SpatialDecoder(channels, IMAGE, WIDTH)
    return AttentionVAE(*spatial, discriminator(), distributions.Gaussian(channels * 7 * 7), lr=LR)


_NETWORKS = "ours: two convolutions of 16 and 32 channels, 8-D code, Adam 1e-3"
_GAN = f"{_NETWORKS}, beta1 0.5, batch norm"
METHODS: dict[str, tuple[Callable[[], Method], str]] = {
    "autoencoder": (autoencoder, f"Hinton and Salakhutdinov 2006; {_NETWORKS}"),
    "vae": (vae, f"Kingma and Welling 2014, Bernoulli likelihood; {_NETWORKS}"),
    "aae": (aae, f"Makhzani et al. 2015, section 2; {_NETWORKS}, beta1 0.1"),
    "anogan": (anogan, f"Schlegl et al. 2017, 150 steps of search; {_GAN}"),
    "ganomaly": (ganomaly, f"Akcay et al. 2018, weights 1, 50, 1; {_GAN}"),
    "skip_ganomaly": (skip_ganomaly, f"Akcay et al. 2019, weights 1, 40, 1; {_GAN}"),
}
# GANomaly has batch norm beside its adversary: a control that has the one without the other
CONTROLS: dict[str, tuple[Callable[[], Method], str]] = {
    "autoencoder_batch_norm": (partial(autoencoder, True), f"the autoencoder, with batch norm; {_NETWORKS}"),
}
_ATTENTION = (
    "Venkataramanan et al. 2020, section 3.2 (unsupervised); ours: code of 4 x 7 x 7, as wide as the others, weight 1 "
    "of the attention (of 0, 1, 10 and 100) in a sum over pixels"
)


def without(digit: int, data: Splits) -> Splits:
    """The same data set, its training images without those of one class."""
    return replace(data, train=data.train.chosen((data.train.y != digit).nonzero()[:, 0]))


def _detection(name: str, digit: int) -> Recipe:
    build, source = (METHODS | CONTROLS)[name]
    return Recipe(
        f"anomaly_{name}_{digit}",
        f"{source}; trained without the digit {digit}",
        build,
        evaluation.detection(digit),
        epochs=by_mode(6, 3, 20),
        prepare=partial(without, digit),
    )


def _defects(name: str, build: Callable[[], Method], source: str) -> Recipe:
    whole = f"{source}; trained on all digits, whole"
    return Recipe(f"defects_{name}", whole, build, evaluation.planted_defects, epochs=by_mode(6, 4, 20))


RECIPES = [
    *(_detection(name, digit) for name in METHODS | CONTROLS for digit in DIGITS),
    *(_defects(name, *what) for name, what in METHODS.items()),
    _defects("attention_vae", attention_vae, _ATTENTION),
]
