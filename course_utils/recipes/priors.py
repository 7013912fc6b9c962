"""Recipes of adversarial autoencoders whose labels decide which part of the prior a class gets (notebook 08)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import LabelledAAE
from course_utils.recipes.adversarial import aae
from course_utils.recipes.base import IMAGE, Recipe, by_mode

HIDDEN = (256, 256)
RATES = {"optimizer": "adam", "lr": 5e-4, "adversarial_lr": 1e-3, "adversarial_momentum": 0.1}


def labelled_aae(
    prior: Callable[[], distributions.Distribution], hidden: tuple[int, ...] = HIDDEN, **options
) -> Callable[[], LabelledAAE]:
    """A function that builds a deterministic labelled AAE with MLPs and this prior; `options` go to `LabelledAAE`."""

    def build() -> LabelledAAE:
        p = prior()
        encoder = networks.DeterministicEncoder(networks.mlp(IMAGE, hidden), p.dim)
        discriminator = networks.Discriminator(networks.mlp((p.dim + p.n_classes + 1,), hidden))
        return LabelledAAE(encoder, networks.MLPDecoder(p.dim, IMAGE, hidden), discriminator, prior=p, **options)

    return build


_PAPER = "Makhzani et al. 2015, section 2.3 and figures 3 and 4"
_OURS = (
    "ours: 256 units instead of 1,000, Adam (5e-4, adversarial updates 1e-3 with beta1 0.1) instead of SGD, 10 epochs, "
    "rates divided by 10 after seven tenths of them; chosen on validation images in a handful of short trials"
)
_SOURCE = f"{_PAPER}; {_OURS}"
_SCHEDULE = {"epochs": by_mode(4, 10, 50), "decay_at": (0.7,)}
_FIFTH = 0.2  # 10,000 of the 50,000 training images of MNIST, as in the paper
_MIXTURE = labelled_aae(distributions.ten_gaussians, **RATES)
_ROLL = labelled_aae(distributions.SwissRoll, **RATES)

RECIPES = [
    Recipe("labelled_ten_gaussians", _SOURCE, _MIXTURE, evaluation.mixture_parts, labels=_FIFTH, **_SCHEDULE),
    Recipe("labelled_ten_gaussians_all", _SOURCE, _MIXTURE, evaluation.mixture_parts, **_SCHEDULE),
    Recipe("labelled_swiss_roll", _SOURCE, _ROLL, evaluation.roll_parts, labels=_FIFTH, **_SCHEDULE),
    Recipe("labelled_swiss_roll_all", _SOURCE, _ROLL, evaluation.roll_parts, **_SCHEDULE),
    Recipe(
        "unlabelled_ten_gaussians",
        f"the AAE of notebook 06 with the networks, rates and epochs of labelled_ten_gaussians; {_OURS}",
        aae(distributions.ten_gaussians, HIDDEN, **RATES),
        evaluation.mixture_parts,
        **_SCHEDULE,
    ),
]
