"""Clusters without labels, and points in few dimensions (notebooks 11 and 12)."""

import torch
import torch.nn.functional as F
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
    return _labels(cluster_probabilities(method, validation), validation.y)


@torch.no_grad()
def class_style_codes(method: ClassStyleAAE, data: Splits) -> dict[str, Tensor]:
    """What figures and scores of a code of two parts need of a model: enough to do without its weights.

    test_y: q(y|x) of the test images (N, K). test_z: their styles (N, latent_dim). label_confident, label_majority: the
    labels of the clusters (K,) by both rules (`cluster_labels`). And for a `DimensionReductionAAE` test_points (N,
    latent_dim) and heads (K, latent_dim).
    """
    test = test_images(method, data)
    codes = {"test_y": cluster_probabilities(method, test), "test_z": method.encode(test.x)}
    codes |= {f"label_{rule}": labels for rule, labels in cluster_labels(method, data).items()}
    if isinstance(method, DimensionReductionAAE):
        codes |= {"test_points": method.points(test.x), "heads": method.heads.detach()}
    return codes


def clustering_scores(codes: dict[str, Tensor], data: Splits) -> dict[str, float]:
    """Test error if every image takes the label of its cluster, by both rules, and agreement that needs no rule.

    codes: test_y and both labels of `class_style_codes`, on any device.

    test_error_percent: the paper's rule. test_error_majority_percent. nmi, ari: `metrics.partition`, on the test
    images. clusters_used: those that hold at least 0.5 % of the test images. confidence_percent, class_balance: as in
    `semi_supervised`.
    """
    q, y = codes["test_y"], data.test.y.to(codes["test_y"].device)
    clusters = q.argmax(1)
    agreement = metrics.partition(clusters, y)
    entropy = torch.special.entr(q.mean(0)).sum() / torch.tensor(q.shape[1]).log()
    return {
        "test_error_percent": _error_percent(codes["label_confident"][clusters], y),
        "test_error_majority_percent": _error_percent(codes["label_majority"][clusters], y),
        "nmi": agreement.nmi,
        "ari": agreement.ari,
        "clusters_used": int((clusters.bincount(minlength=q.shape[1]) >= 0.005 * len(clusters)).sum()),
        "confidence_percent": 100 * q.max(1).values.mean().item(),
        "class_balance": entropy.item(),
    }


@torch.no_grad()
def clustering(method: ClassStyleAAE, data: Splits) -> dict[str, float]:
    """`clustering_scores` and `validation_clustering`; style and reconstruction as in `semi_supervised`."""
    test, codes = test_images(method, data), class_style_codes(method, data)
    z = random_subset(codes["test_z"], N_TEST_CODES)
    return {
        **clustering_scores(codes, data),
        **validation_clustering(method, data),
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
    q = cluster_probabilities(method, validation)
    clusters, labels = q.argmax(1), _labels(q, validation.y)
    return {
        "validation_error_percent": _error_percent(labels["confident"][clusters], validation.y),
        "validation_error_majority_percent": _error_percent(labels["majority"][clusters], validation.y),
        "validation_nmi": metrics.partition(clusters, validation.y).nmi,
    }


def points_scores(codes: dict[str, Tensor], data: Splits) -> dict[str, float]:
    """How well the classes lie apart in the points of the test images.

    codes: test_points and heads of `class_style_codes`. neighbours_error_percent: of a vote of the 10 nearest points,
    half of the test images voting for the other half. head_distance_least: between the two nearest heads.
    """
    probe = metrics.class_probe(codes["test_points"], data.test.y, k=N_NEIGHBOURS)
    return {
        "neighbours_error_percent": 100 * (1 - probe.neighbours),
        "head_distance_least": F.pdist(codes["heads"]).min().item(),
    }


def reduction_scores(codes: dict[str, Tensor], data: Splits) -> dict[str, float]:
    """Test error of the class part, which labels have taught, and `points_scores`; codes of `class_style_codes`."""
    read = codes["test_y"].argmax(1)
    return {"test_error_percent": _error_percent(read, data.test.y.to(read.device)), **points_scores(codes, data)}


def unlabelled_reduction_scores(codes: dict[str, Tensor], data: Splits) -> dict[str, float]:
    """`clustering_scores` and `points_scores`; codes of `class_style_codes`."""
    return {**clustering_scores(codes, data), **points_scores(codes, data)}


@torch.no_grad()
def reduction(method: DimensionReductionAAE, data: Splits) -> dict[str, float]:
    """What `semi_supervised` measures, and `points_scores`."""
    return {**semi_supervised(method, data), **points_scores(class_style_codes(method, data), data)}


@torch.no_grad()
def unlabelled_reduction(method: DimensionReductionAAE, data: Splits) -> dict[str, float]:
    """What `clustering` measures, and `points_scores`."""
    return {**clustering(method, data), **points_scores(class_style_codes(method, data), data)}


def _labels(q: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"confident": metrics.label_by_most_confident(q, y), "majority": metrics.label_by_majority(q, y)}


def _error_percent(predicted: Tensor, y: Tensor) -> float:
    return 100 * (predicted != y).float().mean().item()
