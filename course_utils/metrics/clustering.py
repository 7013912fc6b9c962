"""Clusters against classes: which label a cluster takes, and how well clusters and classes agree.

All take what a model gave for held-out images, not the model.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Partition(NamedTuple):
    """How well a partition agrees with the classes: 1 if the same. nmi in [0, 1]; ari 0 for random partitions."""

    nmi: float
    ari: float


def label_by_most_confident(q: Tensor, y: Tensor) -> Tensor:
    """A label for each cluster: that of the ONE image that is the surest to be in it (AAE section 6).

    q (N, K): the probabilities q(y_i|x) of the clusters for each image, y (N,): classes. Returns (K,). The paper takes
    validation images for this. Raises ValueError for other shapes.
    """
    _check(q, y)
    return y[q.argmax(0)]


def label_by_majority(q: Tensor, y: Tensor) -> Tensor:
    """A label for each cluster: that of most of the images whose most probable cluster it is.

    Of several labels that are equally frequent the smallest; a cluster without images takes the most frequent label of
    all. Shapes and errors as in `label_by_most_confident`.
    """
    _check(q, y)
    n_classes = int(y.max()) + 1
    counts = torch.zeros(q.shape[1], n_classes, dtype=torch.int64, device=y.device)
    counts.index_put_((q.argmax(1), y), torch.ones_like(y), accumulate=True)
    labels = counts.argmax(1)
    labels[counts.sum(1) == 0] = y.bincount().argmax()
    return labels


def partition(clusters: Tensor, y: Tensor) -> Partition:
    """Agreement of clusters (N,) and classes (N,), both integers, by scikit-learn; needs no labels of clusters.

    nmi: mutual information over the arithmetic mean of both entropies. ari: the share of pairs of images that are
    together in both or apart in both, adjusted for chance (Hubert and Arabie 1985). Raises ValueError for other shapes.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score  # slow to import

    if clusters.ndim != 1 or clusters.shape != y.shape or not len(y):
        raise ValueError(f"clusters and y must both be (N,), got {tuple(clusters.shape)} and {tuple(y.shape)}")
    clusters, y = clusters.cpu().numpy(), y.cpu().numpy()
    return Partition(nmi=float(normalized_mutual_info_score(y, clusters)), ari=float(adjusted_rand_score(y, clusters)))


def _check(q: Tensor, y: Tensor) -> None:
    if q.ndim != 2 or y.ndim != 1 or len(q) != len(y) or not len(y):
        raise ValueError(f"q must be (N, K) and y (N,), with N at least 1, got {tuple(q.shape)} and {tuple(y.shape)}")
