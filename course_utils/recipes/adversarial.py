"""Recipes of adversarial autoencoders, and of the VAEs they are compared with (notebook 06)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import AAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode
from course_utils.recipes.variational import vae


def aae(prior: Callable[[], distributions.Distribution], hidden: tuple[int, ...] = (512, 512), **options):
    """A function that builds a deterministic AAE with MLPs and this prior; `options` go to `AAE`."""

    def build() -> AAE:
        p = prior()
        encoder = networks.DeterministicEncoder(networks.mlp(IMAGE, hidden), p.dim)
        discriminator = networks.Discriminator(networks.mlp((p.dim,), hidden))
        return AAE(encoder, networks.MLPDecoder(p.dim, IMAGE, hidden), discriminator, prior=p, **options)

    return build


_FIGURE_2 = "Makhzani et al. 2015, section 2.1 and figure 2; 512 units instead of 1,000, Adam instead of SGD"

_FIGURE_2_BUDGET = by_mode(2, 10, 50)

RECIPES = [
    Recipe(
        "aae_gaussian_2d", _FIGURE_2, aae(lambda: distributions.Gaussian(2)), evaluation.codes, epochs=_FIGURE_2_BUDGET
    ),
    Recipe(
        "vae_gaussian_2d", _FIGURE_2, vae(lambda: distributions.Gaussian(2)), evaluation.codes, epochs=_FIGURE_2_BUDGET
    ),
    Recipe("aae_ten_gaussians", _FIGURE_2, aae(distributions.ten_gaussians), evaluation.codes, epochs=_FIGURE_2_BUDGET),
    Recipe("vae_ten_gaussians", _FIGURE_2, vae(distributions.ten_gaussians), evaluation.codes, epochs=_FIGURE_2_BUDGET),
]
