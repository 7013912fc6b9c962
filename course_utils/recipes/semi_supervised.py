"""Recipes of semi-supervised adversarial autoencoders, and of their encoders trained on the labels alone (notebook 10).

Kinds of rows, never to be mixed: PUBLISHED (the networks, the noise, the rates and the 5,000 epochs of the paper),
COMPRESSED (its losses and phases in minutes: smaller networks, Adam, noise on what the discriminators see), IMPROVED
(compressed, with knowledge about images: small affine maps as noise, a convolutional encoder; each also alone) and
AGREEING (improved, with batch norm and one more loss: two noisy views of an image must agree on its class).
"""

from collections.abc import Callable

from torch import nn

from course_utils import corruptions, distributions, evaluation, networks
from course_utils.methods import Classifier, SemiSupervisedAAE
from course_utils.networks import Discriminator, mlp
from course_utils.recipes.base import IMAGE, Recipe, by_mode

N_CLASSES = 10
LATENT_DIM = 10
LABELS = {"100": 100, "1000": 1_000, "all": 1.0}


def mlp_trunk() -> networks.Trunk:
    """The body of the compressed encoder; 30 % of its inputs and units are left out at random."""
    return mlp(IMAGE, (512, 512), dropout=0.3)


def conv_trunk(image: tuple[int, int, int] = IMAGE, batch_norm: bool = False) -> networks.Trunk:
    """The body of the improved encoder: two convolutions, 256 features."""
    return networks.conv(image, width=16, batch_norm=batch_norm, features=256)


def gaussian_noise() -> nn.Module:
    """The noise of the paper."""
    return corruptions.GaussianNoise(0.3)


def affine_noise() -> nn.Module:
    """A small affine map, which is the greater noise, and a little of the paper's."""
    affine = corruptions.RandomAffine(degrees=15, shear=0.3, scale=0.2, shift=2)
    return nn.Sequential(affine, corruptions.GaussianNoise(0.1))


BUDGET = by_mode(4, 16, 80)
ADAM = {"optimizer": "adam", "momentum": 0.1, "adversarial_momentum": 0.1, "classifier_momentum": 0.1}
IMPROVED = {"lr": 1e-3, "adversarial_lr": 1.5e-3, "classifier_lr": 1e-3}
COMPRESSED = {"lr": 1e-3, "adversarial_lr": 1e-3, "classifier_lr": 1e-3}


def compressed(trunk: Callable, noise: Callable, **options) -> Callable[[], SemiSupervisedAAE]:
    """A function that builds a semi-supervised AAE with this body of the encoder and this noise on its images."""

    def build() -> SemiSupervisedAAE:
        return SemiSupervisedAAE(
            networks.ClassStyleEncoder(trunk(), N_CLASSES, LATENT_DIM),
            networks.MLPDecoder(N_CLASSES + LATENT_DIM, IMAGE, (512, 512)),
            Discriminator(mlp((N_CLASSES,), (256, 256))),
            Discriminator(mlp((LATENT_DIM,), (256, 256))),
            distributions.Gaussian(LATENT_DIM),
            corruption=noise(),
            discriminator_noise=0.3,
            **ADAM,
            **options,
        )

    return build


def published() -> SemiSupervisedAAE:
    """The networks, noise, rates and initial weights of the paper."""
    hidden = (1_000, 1_000)
    method = SemiSupervisedAAE(
        networks.ClassStyleEncoder(mlp(IMAGE, hidden), N_CLASSES, LATENT_DIM),
        networks.MLPDecoder(N_CLASSES + LATENT_DIM, IMAGE, hidden),
        Discriminator(mlp((N_CLASSES,), hidden)),
        Discriminator(mlp((LATENT_DIM,), hidden)),
        distributions.Gaussian(LATENT_DIM),
        corruption=gaussian_noise(),
    )
    return networks.normal_init(method, std=0.01)


def agreeing() -> SemiSupervisedAAE:
    """The improved method, batch norm in its encoder, and the loss of agreement."""
    return compressed(lambda: conv_trunk(batch_norm=True), affine_noise, **IMPROVED, weight_agreement=0.3)()


def labels_only(trunk: Callable, noise: Callable) -> Callable[[], Classifier]:
    """A function that builds the encoder alone, as a classifier."""
    return lambda: Classifier(trunk(), N_CLASSES, lr=1e-3, corruption=noise())


def svhn() -> SemiSupervisedAAE:
    """The improved method on colour images of house numbers, its decoder convolutional too; no affine maps."""
    image = (3, 32, 32)
    return SemiSupervisedAAE(
        networks.ClassStyleEncoder(networks.conv(image, width=64, batch_norm=False, features=512), N_CLASSES, 20),
        networks.ConvDecoder(N_CLASSES + 20, image, width=64, batch_norm=False),
        Discriminator(mlp((N_CLASSES,), (256, 256))),
        Discriminator(mlp((20,), (256, 256))),
        distributions.Gaussian(20),
        corruption=corruptions.GaussianNoise(0.1),
        discriminator_noise=0.3,
        **ADAM,
        **IMPROVED,
    )


_PAPER = "Makhzani et al. 2015, section 5"
_PUBLISHED = (
    f"{_PAPER} and appendix A.2: 1,000-1,000 units, plain SGD, noise of standard deviation 0.3 on the images, rates "
    "divided by 10 at epochs 50 and 1,000; the 10,000 validation images are kept out here"
)
_COMPRESSED = (
    f"{_PAPER}; ours: 512-512 units (discriminators 256-256), dropout 0.3 in a fully connected encoder, Adam with "
    "beta1 0.1, noise 0.3 also on what the discriminators see; the starting points had been looked at on test images, "
    "choices were made on validation images"
)
_AFFINE = "small random affine maps of the images as noise, and only 0.1 of the other"
_CONV = "a convolutional encoder"
_ALONE = "ours: encoder, noise and number of steps of the AAE, cross-entropy on the labelled images alone, Adam 1e-3"


def _aae(name: str, source: str, build: Callable) -> Recipe:
    return Recipe(
        f"semi_supervised_aae_{name}",
        source,
        build,
        evaluation.semi_supervised,
        labels=LABELS[name.split("_")[0]],
        epochs=BUDGET,
        decay_at=(0.7,),
        track=evaluation.validation_error,
    )


def _published(name: str, labels: float) -> Recipe:
    return Recipe(
        f"semi_supervised_aae_{name}_published",
        _PUBLISHED,
        published,
        evaluation.semi_supervised,
        labels=labels,
        epochs=by_mode(2, 50, 5_000),
        decay_at=(0.01, 0.2),
        track=evaluation.validation_error,
    )


def _labels_only(kind: str, labels: str, trunk: Callable, noise: Callable) -> Recipe:
    return Recipe(
        f"supervised_{kind}_{labels}",
        _ALONE,
        labels_only(trunk, noise),
        evaluation.classifier,
        labels=LABELS[labels],
        epochs=BUDGET,
        decay_at=(0.7,),
    )


_plain = compressed(mlp_trunk, gaussian_noise, **COMPRESSED)
_improved = compressed(conv_trunk, affine_noise, **IMPROVED)
_IMPROVED = f"{_COMPRESSED}; {_AFFINE}, {_CONV}"

_AGREEING = (
    f"{_IMPROVED}, with batch norm, and a loss that wants two draws of the noise on one image in one class; it comes "
    "from the work on clustering, after the other rows had been scored, and was chosen by validation images"
)

RECIPES = [
    *(_published(name, n) for name, n in LABELS.items()),
    *(_aae(name, _COMPRESSED, _plain) for name in LABELS),
    *(_aae(f"{name}_improved", _IMPROVED, _improved) for name in LABELS),
    *(_aae(f"{name}_agreement", _AGREEING, agreeing) for name in LABELS),
    _aae("100_affine", f"{_COMPRESSED}; {_AFFINE}", compressed(mlp_trunk, affine_noise, **COMPRESSED)),
    _aae("100_conv", f"{_COMPRESSED}; {_CONV}", compressed(conv_trunk, gaussian_noise, **IMPROVED)),
    _aae(
        "100_no_y_adversary",
        f"{_IMPROVED}; without the adversary of y",
        compressed(conv_trunk, affine_noise, **IMPROVED, weight_y=0.0),
    ),
    _aae(
        "100_no_z_adversary",
        f"{_IMPROVED}; without the adversary of z",
        compressed(conv_trunk, affine_noise, **IMPROVED, weight_z=0.0),
    ),
    *(_labels_only("mlp", name, mlp_trunk, gaussian_noise) for name in LABELS),
    *(_labels_only("conv", name, conv_trunk, affine_noise) for name in LABELS),
    Recipe(
        "semi_supervised_aae_svhn_1000",
        f"{_PAPER}; ours: {_CONV} and decoder, 20 styles, noise 0.1, Adam; chosen without a run, for want of the data",
        svhn,
        evaluation.semi_supervised,
        data="svhn",
        labels=1_000,
        epochs=by_mode(1, 20, 200),
        decay_at=(0.7,),
        track=evaluation.validation_error,
    ),
]
