"""Recipes of supervised adversarial autoencoders, and of the one without labels beside them (notebook 09)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import SupervisedAAE
from course_utils.recipes.adversarial import aae
from course_utils.recipes.base import IMAGE, Recipe, by_mode

LATENT_DIM = 15
N_CLASSES = 10
HIDDEN = (256, 256)


def prior() -> distributions.Gaussian:
    """The distribution of z in all of these recipes."""
    return distributions.Gaussian(LATENT_DIM)


def supervised_aae(discriminator_sees_class: bool = False, **options) -> Callable[[], SupervisedAAE]:
    """A function that builds a supervised AAE with MLPs; `options` go to `SupervisedAAE`."""

    def build() -> SupervisedAAE:
        p = prior()
        seen = p.dim + (N_CLASSES if discriminator_sees_class else 0)
        return SupervisedAAE(
            networks.DeterministicEncoder(networks.mlp(IMAGE, HIDDEN), p.dim),
            networks.MLPDecoder(p.dim + N_CLASSES, IMAGE, HIDDEN),
            networks.Discriminator(networks.mlp((seen,), HIDDEN)),
            p,
            N_CLASSES,
            discriminator_sees_class,
            **options,
        )

    return build


_PAPER = "Makhzani et al. 2015, section 4 and figure 6 (15-D code, N(0, I)), rates and momenta of appendix A (SGD)"
_OURS = "ours: 256 units instead of 1,000, 8 epochs, rates divided by 10 after seven tenths of them"
_SCHEDULE = {"epochs": by_mode(6, 8, 50), "decay_at": (0.7,)}

RECIPES = [
    Recipe("supervised_aae", f"{_PAPER}; {_OURS}", supervised_aae(), evaluation.style_and_content, **_SCHEDULE),
    Recipe(
        "supervised_aae_class_seen",
        f"not in the paper: the discriminator sees the class, too; else as supervised_aae: {_PAPER}; {_OURS}",
        supervised_aae(discriminator_sees_class=True),
        evaluation.style_and_content,
        **_SCHEDULE,
    ),
    Recipe(
        "aae_15d",
        f"supervised_aae without the labels: the AAE of {_PAPER}; {_OURS}",
        aae(prior, HIDDEN),
        evaluation.style,
        **_SCHEDULE,
    ),
]
