"""Recipes of variational autoencoders (notebooks 04 and 06)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import VAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode


def vae(
    prior: Callable[[], distributions.Distribution],
    hidden: tuple[int, ...] = (512, 512),
    act: str = "relu",
    **options,
):
    """A function that builds a VAE with MLPs and this prior; `options` go to `VAE`."""

    def build() -> VAE:
        p = prior()
        encoder = networks.GaussianEncoder(networks.mlp(IMAGE, hidden, act), p.dim)
        return VAE(encoder, networks.MLPDecoder(p.dim, IMAGE, hidden, act), prior=p, **options)

    return build


_FIGURE_2 = (
    "Makhzani et al. 2015, section 2.1 and figure 2 (their VAE); 512 units instead of 1,000, Adam instead of SGD"
)

RECIPES = [
    Recipe(
        "vae_gaussian_2d",
        _FIGURE_2,
        vae(lambda: distributions.Gaussian(2)),
        evaluation.codes,
        epochs=by_mode(2, 10, 50),
    ),
    Recipe(
        "vae_ten_gaussians",
        _FIGURE_2,
        vae(distributions.ten_gaussians),
        evaluation.codes,
        epochs=by_mode(2, 10, 50),
    ),
]
