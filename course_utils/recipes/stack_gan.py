"""Recipes of StackGAN: captions of a digit and the thickness of its stroke, in two stages or in one (notebook 17)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks, pretrained, strokes
from course_utils.methods import StackGAN
from course_utils.recipes.base import IMAGE, Recipe, by_mode

N_CAPTIONS = len(strokes.CAPTION_NAMES)
LATENT_DIM = 16
N_CONDITIONS = 16
SMALL = (1, 14, 14)  # what stage I draws
RATES = {"lr": 1e-3, "discriminator_lr": 3e-4}  # as in notebook 14, whose discriminator this is


def prior() -> distributions.Gaussian:
    """The distribution of the noise."""
    return distributions.Gaussian(LATENT_DIM)


def augmentation() -> networks.GaussianEncoder:
    """Captions to the mean and the variance of conditions, by one dense layer."""
    return networks.GaussianEncoder(networks.mlp((N_CAPTIONS,), ()), N_CONDITIONS)


def discriminator(shape: tuple[int, int, int]) -> networks.FeatureDiscriminator:
    """Two convolutions that end at 7x7, and a dense layer that also sees the caption."""
    first_stride = 1 if shape == SMALL else 2
    return networks.dcgan_init(networks.FeatureDiscriminator(shape, first_stride=first_stride, n_attributes=N_CAPTIONS))


def stage_1(**options) -> Callable[[], StackGAN]:
    """A function that builds stage I, 14x14; `options` go to `StackGAN`."""

    def build() -> StackGAN:
        generator = networks.StridedDecoder(LATENT_DIM + N_CONDITIONS, SMALL, ends_in_convolution=True)
        return StackGAN(
            augmentation(), networks.dcgan_init(generator), discriminator(SMALL), prior(), **RATES, **options
        )

    return build


def stage_2() -> StackGAN:
    """Stage II, 28x28, on top of the shipped stage I."""
    below = stage_1()()
    pretrained.load("stack_gan_1", below)
    generator = networks.dcgan_init(networks.Refiner(IMAGE, N_CONDITIONS))
    return StackGAN(augmentation(), generator, discriminator(IMAGE), below=below, **RATES)


def one_stage() -> StackGAN:
    """28x28 at once: a stage I that draws large images, with about as many parameters as both stages together."""
    generator = networks.StridedDecoder(LATENT_DIM + N_CONDITIONS, IMAGE, start=52, widths=(36,))
    return StackGAN(augmentation(), networks.dcgan_init(generator), discriminator(IMAGE), prior(), **RATES)


_STAGE_1, _STAGE_2 = by_mode(2, 8, 50), by_mode(2, 8, 50)
_BOTH = {mode: _STAGE_1[mode] + _STAGE_2[mode] for mode in _STAGE_1}
_SOURCE = (
    "Zhang et al. 2017, sections 3.2 to 3.4 (conditioning augmentation, a discriminator that minds the caption); ours: "
    "captions of digit and stroke, one-hot, instead of embedded sentences, 16-D noise and conditions, "
)
_RATES = "Adam 1e-3 (the discriminator 3e-4), beta1 0.5, rates not halved on the way"
_COMMON = {"prepare": strokes.attach_captions}

RECIPES = [
    Recipe(
        "stack_gan_1",
        f"{_SOURCE}14x14 instead of 64x64, weight 2/128 of the KL (as in their code), {_RATES}",
        stage_1(),
        evaluation.captioned_images,
        epochs=_STAGE_1,
        **_COMMON,
    ),
    Recipe(
        "stack_gan_1_full_kl",
        f"{_SOURCE}14x14 instead of 64x64, weight 1 of the KL (as in their equation 4), {_RATES}",
        stage_1(weight_kl=1.0),
        evaluation.captioned_images,
        epochs=_STAGE_1,
        **_COMMON,
    ),
    Recipe(
        "stack_gan_2",
        f"{_SOURCE}28x28 instead of 256x256, one residual block instead of four, {_RATES}",
        stage_2,
        evaluation.stacked_images,
        epochs=_STAGE_2,
        **_COMMON,
    ),
    Recipe(
        "stack_gan_one_stage",
        f"{_SOURCE}28x28 in one stage (their control), as many parameters and epochs as both stages, {_RATES}",
        one_stage,
        evaluation.captioned_images,
        epochs=_BOTH,
        **_COMMON,
    ),
]
