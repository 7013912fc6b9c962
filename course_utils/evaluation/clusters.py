"""Clusters without labels, and points in few dimensions (notebooks 11 and 12)."""

import torch
from torch import Tensor

from course_utils import losses, metrics, networks
from course_utils.datasets import Images, Splits
from course_utils.evaluation.classes import semi_supervised
from course_utils.evaluation.common import N_TEST_CODES, random_subset, test_images
from course_utils.methods import DimensionReductionAAE
from course_utils.methods.class_style_aae import ClassStyleAAE

N_NEIGHBOURS = 10


def cluster_probabilities(method: ClassStyleAAE, images: Images) -> Tensor:
    """q(y|x) of all clusters for each image (N, K); `images` on the method's device."""
    return torch.cat([method.probabilities(x) for x in images.x.split(1_000)])


def cluster_labels(method: ClassStyleAAE, data: Splits) -> dict[str, Tensor]:
    """The label of each cluster (K,) by both rules, each from the VALIDATION images.

    "confident": the paper's, `metrics.label_by_most_confident`. "majority": `metrics.label_by_majority`.
    """
    validation = data.validation.to(next(method.parameters()).device)
    q = cluster_probabilities(method, validation)
    return {
        "confident": metrics.label_by_most_confident(q, validation.y),
        "majority": metrics.label_by_majority(q, validation.y),
    }


@torch.no_grad()
def clustering(method: ClassStyleAAE, data: Splits) -> dict[str, float]:
    """Test error if every image takes the label of its cluster, by both rules, and agreement that needs no rule.

    test_error_percent: the paper's rule. test_error_majority_percent. nmi, ari: `metrics.partition`, on the test
    images. clusters_used: those that hold at least 0.5 % of the test images. Confidence, balance, style and
    reconstruction as in `semi_supervised`.
    """
    test = test_images(method, data)
    q = cluster_probabilities(method, test)
    clusters, labels = q.argmax(1), cluster_labels(method, data)
    agreement = metrics.partition(clusters, test.y)
    z = random_subset(method.encode(test.x), N_TEST_CODES)
    entropy = torch.special.entr(q.mean(0)).sum() / torch.tensor(q.shape[1]).log()
    return {
        "test_error_percent": _error_percent(labels["confident"][clusters], test.y),
        "test_error_majority_percent": _error_percent(labels["majority"][clusters], test.y),
        **validation_clustering(method, data),
        "nmi": agreement.nmi,
        "ari": agreement.ari,
        "clusters_used": int((clusters.bincount(minlength=q.shape[1]) >= 0.005 * len(clusters)).sum()),
        "confidence_percent": 100 * q.max(1).values.mean().item(),
        "class_balance": entropy.item(),
        "style_energy_distance": metrics.energy_distance(z, method.prior.sample(len(z))),
        "reconstruction_squared_error": losses.squared_error(method.reconstruct(test.x), test.x).item(),
        "parameters": networks.count_parameters(method),
    }


@torch.no_grad()
def validation_clustering(method: ClassStyleAAE, data: Splits) -> dict[str, float]:
    """Error on the validation images by both rules, the labels of the clusters from the same images: curves, choices.

    validation_nmi needs no rule.
    """
    validation = data.validation.to(next(method.parameters()).device)
    clusters = cluster_probabilities(method, validation).argmax(1)
    labels = cluster_labels(method, data)
    return {
        "validation_error_percent": _error_percent(labels["confident"][clusters], validation.y),
        "validation_error_majority_percent": _error_percent(labels["majority"][clusters], validation.y),
        "validation_nmi": metrics.partition(clusters, validation.y).nmi,
    }


@torch.no_grad()
def reduction(method: DimensionReductionAAE, data: Splits) -> dict[str, float]:
    """What `semi_supervised` measures, and how well the classes lie apart in the points of the test images."""
    return {**semi_supervised(method, data), **_points(method, data)}


@torch.no_grad()
def unlabelled_reduction(method: DimensionReductionAAE, data: Splits) -> dict[str, float]:
    """What `clustering` measures, and how well the classes lie apart in the points of the test images."""
    return {**clustering(method, data), **_points(method, data)}


def _points(method: DimensionReductionAAE, data: Splits) -> dict[str, float]:
    """neighbours_error_percent: of a vote of the nearest points, half of the test images voting for the other half.

    head_distance_least: between the two nearest heads.
    """
    test = test_images(method, data)
    probe = metrics.class_probe(method.points(test.x), test.y, k=N_NEIGHBOURS)
    return {
        "neighbours_error_percent": 100 * (1 - probe.neighbours),
        "head_distance_least": torch.nn.functional.pdist(method.heads).min().item(),
    }


def _error_percent(predicted: Tensor, y: Tensor) -> float:
    return 100 * (predicted != y).float().mean().item()
