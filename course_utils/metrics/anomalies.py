"""How well scores find abnormal images, and maps the abnormal pixels in them."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Localisation(NamedTuple):
    """auroc: of the pixels of all images together. iou: intersection over union above the threshold, image mean."""

    auroc: float
    iou: float


def auroc(scores: Tensor, abnormal: Tensor) -> float:
    """The probability, in [0, 1], that a random abnormal one scores higher than a random normal one; ties count half.

    scores (N,); abnormal (N,), bool. 1: perfect, 1/2: no better than a coin, below: upside down (the area under the
    ROC curve). Raises ValueError for other shapes, scores that are not finite, or only one kind.
    """
    from sklearn.metrics import roc_auc_score  # slow to import

    return float(roc_auc_score(*_checked(scores, abnormal)[::-1]))


def average_precision(scores: Tensor, abnormal: Tensor) -> float:
    """The mean precision over all thresholds, in [0, 1]; chance is the share of the abnormal. Raises as `auroc`."""
    from sklearn.metrics import average_precision_score  # slow to import

    return float(average_precision_score(*_checked(scores, abnormal)[::-1]))


def localisation(maps: Tensor, masks: Tensor, threshold: float) -> Localisation:
    """How well anomaly maps (N, H, W) show where masks (N, H, W), bool, are.

    auroc needs no threshold; iou is of the pixels above it with those of the mask, for each image, then the mean.
    Choose the threshold on other images (`best_threshold`). Raises ValueError for other shapes, maps that are not
    finite, or an image whose mask is empty.
    """
    _check_masks(maps, masks)
    return Localisation(auroc(maps.flatten(), masks.flatten()), _iou(maps, masks, threshold))


def best_threshold(maps: Tensor, masks: Tensor, n: int = 200) -> float:
    """Of the n quantiles of the maps' values the one with the largest mean iou; for validation images only."""
    _check_masks(maps, masks)
    values = np.quantile(maps.detach().cpu().double().numpy(), np.linspace(0, 1, n, endpoint=False))
    return max(np.unique(values).tolist(), key=lambda value: _iou(maps, masks, value))


def _iou(maps: Tensor, masks: Tensor, threshold: float) -> float:
    found = maps > threshold
    both = (found & masks).flatten(1).sum(1)
    return (both / (found | masks).flatten(1).sum(1)).mean().item()


def _checked(scores: Tensor, abnormal: Tensor) -> tuple[np.ndarray, np.ndarray]:
    if scores.ndim != 1 or scores.shape != abnormal.shape or abnormal.dtype != torch.bool:
        raise ValueError(
            f"needs scores (N,) and abnormal (N,), bool, got {tuple(scores.shape)} and {tuple(abnormal.shape)} "
            f"in {abnormal.dtype}"
        )
    if not scores.isfinite().all():
        raise ValueError("scores hold NaN or infinite numbers: did the training diverge?")
    if abnormal.all() or not abnormal.any():
        raise ValueError("needs normal and abnormal ones: all are of one kind")
    return scores.detach().cpu().double().numpy(), abnormal.cpu().numpy()


def _check_masks(maps: Tensor, masks: Tensor) -> None:
    if maps.ndim != 3 or maps.shape != masks.shape or masks.dtype != torch.bool:
        raise ValueError(
            f"needs maps (N, H, W) and masks (N, H, W), bool, got {tuple(maps.shape)} and {tuple(masks.shape)} "
            f"in {masks.dtype}"
        )
    if not maps.isfinite().all():
        raise ValueError("maps hold NaN or infinite numbers: did the training diverge?")
    if not masks.flatten(1).any(1).all():
        raise ValueError("the mask of an image is empty: there is nothing to find in it")
