"""Recipes of StyleGAN (notebook 17)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import StyleGAN
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 64
WIDTH = 16
# The paper's hundredth is for a training of hundreds of thousands of steps: in a few thousand, nothing would move.
MAPPING_RATE = 0.1
# The paper's 10 is for images of a million pixels that lie far apart: here it would blind the discriminator.
GAMMA = 0.1


def style_gan(**options) -> Callable[[], StyleGAN]:
    """A function that builds a StyleGAN; `options` go to `StyleGAN`."""

    def build() -> StyleGAN:
        return StyleGAN(
            networks.MappingNetwork(LATENT_DIM),
            networks.SynthesisNetwork(IMAGE, width=WIDTH),
            networks.orthogonal_init(networks.SpreadDiscriminator(networks.conv(IMAGE, 2 * WIDTH, batch_norm=False))),
            distributions.Gaussian(LATENT_DIM),
            **{"mapping_rate": MAPPING_RATE, "gamma": GAMMA, **options},
        )

    return build


_STYLE_GAN = (
    "Karras et al. 2019, sections 2 and 3 and appendix C (styles by AdaIN, noise, loss with R1, the spread of a batch "
    "shown to the discriminator, beta1 0); ours: 28x28 images from 7x7, 64 to 16 channels, four layers of mapping, z "
    "and w of 64 numbers, batches of 50, Adam 1e-3 (a tenth in the last fifth of the training), the mapping a "
    "tenth of that (theirs: a hundredth), R1 weight 0.1 instead of 10 (chosen on validation images: at 1 the "
    "discriminator sees too little), orthogonal weights at first in the discriminator, no equalised learning rate, no "
    "moving average"
)
_COMMON = {"evaluate": evaluation.style_gan, "epochs": by_mode(2, 5, 50), "batch_size": 50, "decay_at": (0.8,)}

RECIPES = [
    Recipe("style_gan", f"{_STYLE_GAN}; nine tenths of the samples of two styles", style_gan(), **_COMMON),
    Recipe("style_gan_without_mixing", f"{_STYLE_GAN}; every sample of one style", style_gan(mixing=0.0), **_COMMON),
]
