"""Recipe of Age-cGAN: the thickness of the stroke is the age, the digit and its style the person (notebook 17)."""

import copy

from course_utils import distributions, evaluation, judge, networks, strokes
from course_utils.methods import AgeCGAN
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 32
RATES = {"lr": 1e-3, "discriminator_lr": 3e-4}  # as in notebook 14, whose generator and discriminator these are


def age_cgan() -> AgeCGAN:
    """The networks of notebook 14, told the age only, an encoder as wide, and the shipped judge."""
    return AgeCGAN(
        networks.dcgan_init(networks.StridedDecoder(LATENT_DIM + strokes.N_AGES, IMAGE)),
        networks.dcgan_init(networks.FeatureDiscriminator(IMAGE, n_attributes=strokes.N_AGES)),
        networks.DeterministicEncoder(networks.strided_conv(IMAGE, features=64), LATENT_DIM),
        copy.deepcopy(judge.load()),  # which this method may move to another device
        distributions.Gaussian(LATENT_DIM),
        **RATES,
    )


RECIPES = [
    Recipe(
        "age_cgan",
        "Antipov et al. 2017, section 2 (six ages, encoder of samples, identity-preserving search for z); ours: "
        "thickness of the stroke in six classes, the judge of digits instead of a face recogniser, 28x28 networks, "
        "32-D noise, the encoder trained beside the GAN, 100 steps of Adam instead of L-BFGS-B, Adam 1e-3 (the "
        "discriminator 3e-4), beta1 0.5",
        age_cgan,
        evaluation.aged_images,
        prepare=strokes.attach_ages,
        epochs=by_mode(2, 10, 50),
    ),
]
