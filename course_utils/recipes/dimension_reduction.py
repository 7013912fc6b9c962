"""Recipes of adversarial autoencoders whose code is one point: the head of a cluster plus style (notebook 12).

Kinds of rows, never to be mixed, as in `recipes.semi_supervised`: PUBLISHED, COMPRESSED and IMPROVED.
"""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import DimensionReductionAAE
from course_utils.networks import Discriminator, mlp
from course_utils.recipes.base import IMAGE, Recipe, by_mode
from course_utils.recipes.clustering import AGREEING, OURS_IMPROVED, STRONG_ADVERSARY, agreeing_trunk, large_batches
from course_utils.recipes.semi_supervised import ADAM, IMPROVED, affine_noise, gaussian_noise, mlp_trunk

N_CLUSTERS = {1_000: 10, 100: 10, 0: 20}  # by number of labels; without labels as in the paper


def reduction(trunk: Callable, latent_dim: int, n_clusters: int, noise: Callable, **options) -> Callable:
    """A function that builds a dimension-reducing AAE with this body of the encoder and this noise on its images."""

    def build() -> DimensionReductionAAE:
        return DimensionReductionAAE(
            networks.ClassStyleEncoder(trunk(), n_clusters, latent_dim),
            networks.MLPDecoder(latent_dim, IMAGE, (512, 512)),
            Discriminator(mlp((n_clusters,), (256, 256))),
            Discriminator(mlp((latent_dim,), (256, 256))),
            distributions.Gaussian(latent_dim),
            corruption=noise(),
            discriminator_noise=0.3,
            **ADAM,
            **IMPROVED,
            **options,
        )

    return build


def published(latent_dim: int, n_clusters: int) -> Callable[[], DimensionReductionAAE]:
    """A function that builds the networks, noise, rates and initial weights of the paper."""

    def build() -> DimensionReductionAAE:
        hidden = (1_000, 1_000)
        method = DimensionReductionAAE(
            networks.ClassStyleEncoder(mlp(IMAGE, hidden), n_clusters, latent_dim),
            networks.MLPDecoder(latent_dim, IMAGE, hidden),
            Discriminator(mlp((n_clusters,), hidden)),
            Discriminator(mlp((latent_dim,), hidden)),
            distributions.Gaussian(latent_dim),
            corruption=gaussian_noise(),
        )
        return networks.normal_init(method, std=0.01)

    return build


_PAPER = "Makhzani et al. 2015, section 7"
_PUBLISHED = (
    f"{_PAPER} and appendix A: 1,000-1,000 units, plain SGD, noise of standard deviation 0.3 on the images, rates "
    "divided by 10 at epochs 50 and 1,000; the least distance of heads, which the paper does not print, is ours; the "
    "10,000 validation images are kept out here"
)
_COMPRESSED = (
    f"{_PAPER}; ours: 512-512 units (discriminators 256-256), dropout 0.3, Adam with beta1 0.1, noise 0.3 also on what "
    "the discriminators see; choices were made on validation images"
)
_IMPROVED = f"{_PAPER}; {OURS_IMPROVED}"
_LABELLED = evaluation.reduction, evaluation.reduction_scores, evaluation.validation_error
_UNLABELLED = evaluation.unlabelled_reduction, evaluation.unlabelled_reduction_scores, evaluation.validation_clustering
BUDGET = by_mode(4, 16, 80)
BUDGET_LABELLED = {"epochs": by_mode(4, 8, 40)}  # of the improved rows


def _recipe(name: str, labels: int, source: str, build: Callable, **budget) -> Recipe:
    evaluate, score, track = _LABELLED if labels else _UNLABELLED
    return Recipe(
        f"reduction_aae_{name}",
        source,
        build,
        evaluate,
        labels=labels or None,
        track=track,
        codes=(evaluation.class_style_codes, score),
        **({"epochs": BUDGET, "decay_at": (0.7,)} | budget),
    )


def _rows(latent_dim: int, labels: int) -> list[Recipe]:
    """The three kinds of rows for a code of this many numbers and this many labels."""
    name, k = f"{latent_dim}d_{labels}", N_CLUSTERS[labels]
    # with labels ten classes are all in use, and rightly not quite alike: no stronger adversary is needed, or wanted
    options = {"weight_agreement": AGREEING["weight_agreement"]} if labels else AGREEING
    improved = _IMPROVED if labels else f"{_IMPROVED}; {STRONG_ADVERSARY}"
    long = {"epochs": by_mode(1, 50, 5_000), "decay_at": (0.01, 0.2)}
    return [
        _recipe(f"{name}_published", labels, _PUBLISHED, published(latent_dim, k), **long),
        _recipe(name, labels, _COMPRESSED, reduction(mlp_trunk, latent_dim, k, gaussian_noise)),
        _recipe(
            f"{name}_improved",
            labels,
            improved,
            reduction(agreeing_trunk, latent_dim, k, affine_noise, **options),
            **(BUDGET_LABELLED if labels else large_batches(24)),
        ),
    ]


RECIPES = [
    *(row for labels in N_CLUSTERS for row in _rows(2, labels)),
    *(row for labels in N_CLUSTERS for row in _rows(3, labels)),
    *_rows(10, 100),
]
