"""Recipes that translate images: dots into digits with pairs (pix2pix), striped digits into plain ones without pairs.

All have the same generator (notebook 17).
"""

from collections.abc import Callable

from torch import nn

from course_utils import evaluation, networks, outlines, stripes
from course_utils.methods import CycleGAN, L1Translator, Pix2Pix
from course_utils.recipes.base import IMAGE, Recipe, by_mode

WIDTH = 16
LR = 1e-3
BLACK = -3.0  # the generators begin with images that are nearly black, as all of ours are: sigmoid(-3) = 0.05


def generator() -> networks.SkipAutoencoder:
    """An image to an image: three convolutions down and three up, with ways past the middle."""
    network = networks.dcgan_init(networks.SkipAutoencoder(IMAGE, WIDTH))
    nn.init.constant_(network.up1.bias, BLACK)
    return network


def discriminator() -> networks.PatchDiscriminator:
    """Verdicts on 7x7 patches of 10x10 pixels."""
    return networks.dcgan_init(networks.PatchDiscriminator(IMAGE, WIDTH))


def pix2pix() -> Pix2Pix:
    """The generator, and an opponent that judges 3x3 patches of 22x22 pixels."""
    judging = networks.PatchDiscriminator((2, *IMAGE[1:]), 2 * WIDTH, strides=3)
    return Pix2Pix(generator(), judging, weight_l1=10.0, lr=LR)


def l1_translator() -> L1Translator:
    """The generator of `pix2pix` without its opponent."""
    return L1Translator(generator(), lr=LR)


def cycle_gan(**options) -> Callable[[], CycleGAN]:
    """A function that builds a CycleGAN; `options` go to `CycleGAN`."""
    rates = {"lr": LR, "discriminator_lr": LR / 5}
    return lambda: CycleGAN(generator(), generator(), discriminator(), discriminator(), **rates, **options)


_GENERATOR = (
    f"ours: images of 28x28, a U-Net of three convolutions ({WIDTH} to {2 * WIDTH} channels) that begins with nearly "
    "black images"
)
_TRAINING = "batches of 50, Adam 1e-3, pixels from 0 to 1"
_PIX2PIX = (
    f"Isola et al. 2017, sections 3 and 6.2 (beta1 0.5, generator N(0, 0.02^2)), no dropout; {_GENERATOR}, "
    f"{_TRAINING}; dotted outlines"
)
_PATCHES = "patches of 22x22 (settings tried on validation images)"
_CYCLE_GAN = (
    f"Zhu et al. 2017, sections 3 and 4 (least squares, beta1 0.5, weights N(0, 0.02^2)), without history of drawings "
    f"and identity loss; {_GENERATOR}, patches of 10x10, {_TRAINING}, discriminators 2e-4 (settings "
    "tried on validation images)"
)
_STRIPES = "; stripes on one half of the images, plain digits of the other"
_PAIRS = {
    "evaluate": evaluation.drawn_digits,
    "prepare": outlines.dotted_pairs,
    "epochs": by_mode(2, 5, 50),
    "batch_size": 50,
}
# half as many images, so twice as many epochs for as many steps
_UNPAIRED = {"epochs": by_mode(4, 8, 100), "batch_size": 50}
_STRIPED = {"evaluate": evaluation.striped_both_ways, "prepare": stripes.unpaired, **_UNPAIRED}

RECIPES = [
    Recipe("pix2pix", f"{_PIX2PIX}; {_PATCHES}; weight of L1 10", pix2pix, **_PAIRS),
    Recipe("pix2pix_l1", f"L1 in table 1 of {_PIX2PIX}", l1_translator, **_PAIRS),
    Recipe("cycle_gan", f"{_CYCLE_GAN}; weight of the cycle 10{_STRIPES}", cycle_gan(), **_STRIPED),
    Recipe(
        "cycle_gan_without_cycle",
        f"GAN alone in table 4 of {_CYCLE_GAN}{_STRIPES}",
        cycle_gan(weight_cycle=0.0),
        **_STRIPED,
    ),
    Recipe(
        "cycle_gan_outlines",
        f"{_CYCLE_GAN}; weight of the cycle 10; outlines of one half of the images, digits of the other",
        cycle_gan(),
        evaluate=evaluation.drawn_both_ways,
        prepare=outlines.unpaired,
        **_UNPAIRED,
    ),
]
