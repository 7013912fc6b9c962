"""The whole family on equal terms: one decoder, 250,000 parameters, 200,000 images seen by each (notebook 16).

What a method does not need for its decoder it may spend as it likes: on an encoder, on discriminators. All numbers that
training moves count, those of discriminators too. The layers of the decoder are the same for all, but for batch norm,
which GANs and the VAE/GAN have, and for moment matching, which has all of the budget in one fully connected generator.
Encoders that take more than pixels, a class or noise, are fully connected.
"""

from collections.abc import Callable

import torch

from course_utils import corruptions, distributions, evaluation, networks
from course_utils.methods import (
    AAE,
    GAN,
    VAE,
    VAEGAN,
    Autoencoder,
    CategoricalVAE,
    ClusteringAAE,
    ConditionalGAN,
    ConditionalVAE,
    DenoisingAutoencoder,
    DimensionReductionAAE,
    FullCovarianceVAE,
    LabelledAAE,
    Method,
    MomentMatching,
    SemiSupervisedAAE,
    SemiSupervisedVAE,
    SupervisedAAE,
)
from course_utils.recipes.base import IMAGE, Recipe, by_mode

PARAMETERS = 250_000  # of each, give or take 1 %
LATENT_DIM = 16
WIDTH = 16
N_CLASSES = 10
N_CLUSTERS = 16
N_PIXELS = torch.Size(IMAGE).numel()
LR = 1e-3
# With beta1 0.9 and 0.5 the codes swing around the prior instead of settling, and with batch norm in an AAE's decoder
# its running means are those of codes that have moved on: both seen in short trainings on validation images.
AAE_RATES = {"optimizer": "adam", "lr": LR, "momentum": 0.1, "adversarial_lr": LR, "adversarial_momentum": 0.1}


def prior() -> distributions.Gaussian:
    """The distribution of z in all recipes but two."""
    return distributions.Gaussian(LATENT_DIM)


def trunk(features: int, channels: int = 1, batch_norm: bool = False) -> networks.Trunk:
    """The body of all encoders and discriminators of images; what of the budget is left goes into its last layer."""
    return networks.conv((channels, *IMAGE[1:]), WIDTH, batch_norm=batch_norm, features=features)


def decoder(inputs: int = LATENT_DIM, batch_norm: bool = False) -> networks.ConvDecoder:
    """The network that draws, the same everywhere; batch norm in the GANs, whose papers ask for it."""
    return networks.ConvDecoder(inputs, IMAGE, WIDTH, batch_norm=batch_norm)


def of_codes(inputs: int = LATENT_DIM) -> networks.Discriminator:
    """A discriminator of vectors."""
    return networks.Discriminator(networks.mlp((inputs,), (128, 128)))


def autoencoder() -> Autoencoder:
    """Reconstructs, and nothing else."""
    return Autoencoder(networks.DeterministicEncoder(trunk(130), LATENT_DIM), decoder(), LR)


def denoising_autoencoder() -> DenoisingAutoencoder:
    """Reconstructs from noisy images."""
    noise = corruptions.GaussianNoise(0.5)
    return DenoisingAutoencoder(networks.DeterministicEncoder(trunk(130), LATENT_DIM), decoder(), noise, LR)


def vae() -> VAE:
    """Diagonal Gaussian posterior, Bernoulli likelihood."""
    return VAE(networks.GaussianEncoder(trunk(129), LATENT_DIM), decoder(), prior(), lr=LR)


def full_covariance_vae() -> FullCovarianceVAE:
    """Any Gaussian posterior."""
    return FullCovarianceVAE(networks.CholeskyEncoder(trunk(120), LATENT_DIM), decoder(), prior(), lr=LR)


def categorical_vae() -> CategoricalVAE:
    """A code of 16 variables with 4 values each, 32 bits."""
    return CategoricalVAE(networks.DeterministicEncoder(trunk(80), 64), decoder(64), n_classes=4, lr=LR)


def conditional_vae() -> ConditionalVAE:
    """Told the class; its encoder takes pixels and class in one vector, so it is fully connected."""
    encoder = networks.GaussianEncoder(networks.mlp((N_PIXELS + N_CLASSES,), (195, 195)), LATENT_DIM)
    return ConditionalVAE(encoder, decoder(LATENT_DIM + N_CLASSES), prior(), lr=LR)


def m2_vae() -> SemiSupervisedVAE:
    """Knows 100 labels; its encoder, too, is fully connected."""
    encoder = networks.GaussianEncoder(networks.mlp((N_PIXELS + N_CLASSES,), (120,)), LATENT_DIM)
    classifier = networks.DeterministicEncoder(trunk(58), N_CLASSES)
    return SemiSupervisedVAE(encoder, decoder(LATENT_DIM + N_CLASSES), classifier, prior(), alpha=10.0, lr=LR)


def gan() -> GAN:
    """A DCGAN."""
    discriminator = networks.Discriminator(trunk(129, batch_norm=True))
    generator = networks.dcgan_init(decoder(batch_norm=True))
    return GAN(generator, networks.dcgan_init(discriminator), prior(), lr=LR)


def conditional_gan() -> ConditionalGAN:
    """Told the class."""
    discriminator = networks.Discriminator(trunk(118, 1 + N_CLASSES, batch_norm=True))
    generator = networks.dcgan_init(decoder(LATENT_DIM + N_CLASSES, batch_norm=True))
    return ConditionalGAN(generator, networks.dcgan_init(discriminator), prior(), lr=LR)


def moment_matching() -> MomentMatching:
    """No second network: all of the budget in a generator, fully connected, since convolutions so wide are slow."""
    generator = networks.MLPDecoder(LATENT_DIM, IMAGE, (239, 239), batch_norm=True)
    return MomentMatching(generator, prior(), bandwidths=(2.0, 5.0, 10.0, 20.0, 40.0, 80.0), lr=LR)


def aae(kind: type = networks.DeterministicEncoder, features: int = 118) -> Callable[[], AAE]:
    """A function that builds an AAE with this kind of posterior."""
    return lambda: AAE(kind(trunk(features), LATENT_DIM), decoder(), of_codes(), prior(), **AAE_RATES)


def universal_aae() -> AAE:
    """Noise beside the pixels, so its encoder is fully connected."""
    noise = 4
    encoder = networks.UniversalEncoder(networks.mlp((N_PIXELS + noise,), (196, 196)), LATENT_DIM, noise, 10.0)
    return AAE(encoder, decoder(), of_codes(), prior(), **AAE_RATES)


def labelled_aae() -> LabelledAAE:
    """Ten Gaussians in the plane, a fifth of the labels: the only code of 2 numbers."""
    p = distributions.ten_gaussians()
    encoder = networks.DeterministicEncoder(trunk(133), p.dim)
    return LabelledAAE(encoder, decoder(p.dim), of_codes(p.dim + N_CLASSES + 1), p, **AAE_RATES)


def supervised_aae() -> SupervisedAAE:
    """Told the class."""
    encoder = networks.DeterministicEncoder(trunk(108), LATENT_DIM)
    return SupervisedAAE(encoder, decoder(LATENT_DIM + N_CLASSES), of_codes(), prior(), **AAE_RATES)


def class_style(method: type[Method], n_classes: int, features: int, inputs: int, **options) -> Callable[[], Method]:
    """A function that builds an AAE with a code of class and style; its decoder takes so many inputs."""

    def build() -> Method:
        return method(
            networks.ClassStyleEncoder(trunk(features), n_classes, LATENT_DIM),
            decoder(inputs),
            of_codes(n_classes),
            of_codes(),
            prior(),
            corruption=corruptions.GaussianNoise(0.3),
            discriminator_noise=0.3,
            **AAE_RATES,
            **options,
        )

    return build


_CLASSIFIER = {"classifier_lr": LR, "classifier_momentum": 0.1}
semi_supervised_aae = class_style(SemiSupervisedAAE, N_CLASSES, 96, LATENT_DIM + N_CLASSES, **_CLASSIFIER)
clustering_aae = class_style(ClusteringAAE, N_CLUSTERS, 90, LATENT_DIM + N_CLUSTERS)
reduction_aae = class_style(DimensionReductionAAE, N_CLASSES, 106, LATENT_DIM, **_CLASSIFIER)


def vae_gan() -> VAEGAN:
    """Three networks; the discriminator's convolutions are of 5x5, as everywhere in notebook 13."""
    encoder = networks.GaussianEncoder(trunk(63, batch_norm=True), LATENT_DIM)
    discriminator = networks.FeatureDiscriminator(IMAGE, (WIDTH, 2 * WIDTH), features=57)
    parts = (networks.dcgan_init(part) for part in (encoder, decoder(batch_norm=True), discriminator))
    return VAEGAN(*parts, prior(), lr=LR, discriminator_lr=3e-4)


# name: how it is built, labels it may see (None: the method decides by itself what it makes of them), what it is
FAMILY: dict[str, tuple[Callable[[], Method], int | float | None, str]] = {
    "autoencoder": (autoencoder, None, "autoencoder"),
    "denoising_autoencoder": (denoising_autoencoder, None, "denoising autoencoder, noise 0.5"),
    "vae": (vae, None, "VAE"),
    "full_covariance_vae": (full_covariance_vae, None, "VAE, full covariance"),
    "categorical_vae": (categorical_vae, None, "VAE, 16 variables of 4 values"),
    "conditional_vae": (conditional_vae, None, "VAE, told the class"),
    "m2_vae": (m2_vae, 100, "VAE, M2, 100 labels"),
    "gan": (gan, None, "GAN"),
    "conditional_gan": (conditional_gan, None, "GAN, told the class"),
    "moment_matching": (moment_matching, None, "moment matching"),
    "aae": (aae(), None, "AAE, deterministic"),
    "gaussian_aae": (aae(networks.GaussianEncoder, 117), None, "AAE, Gaussian posterior"),
    "universal_aae": (universal_aae, None, "AAE, universal approximator"),
    "labelled_aae": (labelled_aae, 0.2, "AAE, ten Gaussians in 2-D, a fifth of the labels"),
    "supervised_aae": (supervised_aae, None, "AAE, told the class"),
    "semi_supervised_aae": (semi_supervised_aae, 100, "AAE, semi-supervised, 100 labels"),
    "clustering_aae": (clustering_aae, None, "AAE, 16 clusters"),
    "reduction_aae": (reduction_aae, 100, "AAE, heads of clusters, 100 labels"),
    "vae_gan": (vae_gan, None, "VAE/GAN"),
}

_SOURCE = "as in its own notebook; ours: 250,000 parameters in all, the same decoder, Adam 1e-3, 200,000 images seen"


def _recipe(name: str) -> Recipe:
    build, labels, what = FAMILY[name]
    batch_size = 500 if name == "moment_matching" else 100
    budget = by_mode(4, 4, 50)
    source = f"{what}: {_SOURCE}"
    return Recipe(
        f"family_{name}", source, build, evaluation.family, labels=labels, epochs=budget, batch_size=batch_size
    )


RECIPES = [_recipe(name) for name in FAMILY]
