"""Recipes of adversarial autoencoders that cluster without labels (notebook 11).

Kinds of rows, never to be mixed, as in `recipes.semi_supervised`: PUBLISHED, COMPRESSED and IMPROVED.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from course_utils import distributions, evaluation, networks
from course_utils.methods import ClusteringAAE
from course_utils.networks import Discriminator, mlp
from course_utils.recipes.base import IMAGE, Recipe, by_mode
from course_utils.recipes.semi_supervised import ADAM, IMPROVED, affine_noise, conv_trunk

LATENT_DIM = 5
CLUSTERS = (16, 30)
# two forces on y: agreement merges clusters, its adversary, here three times as strong as that of z, fills empty ones
AGREEING = {"weight_y": 3.0, "weight_agreement": 0.3}


agreeing_trunk = partial(conv_trunk, batch_norm=True)  # the body of the improved encoder


def mlp_trunk(batch_norm: bool = True, width: int = 512) -> networks.Trunk:
    """The body of the compressed encoder: the paper's kind, batch norm and a fifth of what it sees left out."""
    return mlp(IMAGE, (width, width), batch_norm=batch_norm, dropout=0.2)


def clustering(
    trunk: Callable, n_clusters: int, noise: Callable = nn.Identity, width: int = 512, **options
) -> Callable[[], ClusteringAAE]:
    """A function that builds a clustering AAE with this body of the encoder, this noise, and a decoder so wide."""

    def build() -> ClusteringAAE:
        return ClusteringAAE(
            networks.ClassStyleEncoder(trunk(), n_clusters, LATENT_DIM),
            networks.MLPDecoder(n_clusters + LATENT_DIM, IMAGE, (width, width)),
            Discriminator(mlp((n_clusters,), (256, 256))),
            Discriminator(mlp((LATENT_DIM,), (256, 256))),
            distributions.Gaussian(LATENT_DIM),
            corruption=noise(),
            discriminator_noise=0.3,
            **{name: value for name, value in (ADAM | IMPROVED).items() if not name.startswith("classifier")},
            **options,
        )

    return build


def published(n_clusters: int) -> Callable[[], ClusteringAAE]:
    """A function that builds the networks, noise, rates and initial weights of the paper."""

    def build() -> ClusteringAAE:
        hidden = (3_000, 3_000)
        method = ClusteringAAE(
            networks.ClassStyleEncoder(mlp(IMAGE, hidden, batch_norm=True), n_clusters, LATENT_DIM),
            networks.MLPDecoder(n_clusters + LATENT_DIM, IMAGE, hidden),
            Discriminator(mlp((n_clusters,), hidden)),
            Discriminator(mlp((LATENT_DIM,), hidden)),
            distributions.Gaussian(LATENT_DIM),
            corruption=nn.Dropout(0.2),
        )
        return networks.normal_init(method, std=0.01)

    return build


_PAPER = "Makhzani et al. 2015, section 6"
_PUBLISHED = (
    f"{_PAPER} and appendix A: 3,000-3,000 units, batch norm in the encoder, a fifth of the pixels left out, plain "
    "SGD, rates divided by 10 at epoch 50; the 10,000 validation images are kept out here"
)
_COMPRESSED = (
    f"{_PAPER}; ours: 512-512 units (discriminators 256-256), dropout 0.2, Adam with beta1 0.1, noise 0.3 on what the "
    "discriminators see; choices were made on validation images"
)
OURS_IMPROVED = (
    "ours: small random affine maps of the images as noise, a convolutional encoder with batch norm, a loss that wants "
    "two draws of the noise on one image in one cluster; Adam with beta1 0.1, noise on what the discriminators see; "
    "choices were made on validation images"
)
STRONG_ADVERSARY = "the adversary of y three times as strong, batches of 250"
_IMPROVED = f"{_PAPER}; {OURS_IMPROVED}; {STRONG_ADVERSARY}"
BUDGET = by_mode(4, 16, 80)


def large_batches(epochs: int) -> dict:
    """A budget in batches of 250: how often each cluster is used, which D_y is to see, is chance among 100 images."""
    return {"epochs": by_mode(8, epochs, 60), "batch_size": 250}


def _recipe(name: str, source: str, build: Callable, **budget) -> Recipe:
    return Recipe(
        f"clustering_aae_{name}",
        source,
        build,
        evaluation.clustering,
        track=evaluation.validation_clustering,
        codes=(evaluation.class_style_codes, evaluation.clustering_scores),
        **({"epochs": BUDGET, "decay_at": (0.7,)} | budget),
    )


RECIPES = [
    *(
        _recipe(f"{k}_published", _PUBLISHED, published(k), epochs=by_mode(1, 50, 1_500), decay_at=(1 / 30,))
        for k in CLUSTERS
    ),
    *(_recipe(f"{k}", _COMPRESSED, clustering(mlp_trunk, k)) for k in CLUSTERS),
    *(
        _recipe(f"{k}_improved", _IMPROVED, clustering(agreeing_trunk, k, affine_noise, **AGREEING), **large_batches(n))
        for k, n in ((16, 12), (30, 24))
    ),
    _recipe(
        "16_wide",
        f"{_COMPRESSED}; 1,000-1,000 units in encoder and decoder",
        clustering(lambda: mlp_trunk(width=1_000), 16, width=1_000),
    ),
    _recipe("16_no_batch_norm", f"{_COMPRESSED}; no batch norm", clustering(lambda: mlp_trunk(batch_norm=False), 16)),
    _recipe(
        "16_improved_no_batch_norm",
        f"{_IMPROVED}; no batch norm",
        clustering(conv_trunk, 16, affine_noise, **AGREEING),
        **large_batches(12),
    ),
    _recipe(
        "16_improved_no_agreement",
        f"{_IMPROVED}; without the loss of agreement",
        clustering(agreeing_trunk, 16, affine_noise, **AGREEING | {"weight_agreement": 0.0}),
        **large_batches(12),
    ),
]
