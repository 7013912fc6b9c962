"""Finding images of a class that the training never showed, and defects planted in images (notebook 15)."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import anomalies, defects, metrics
from course_utils.datasets import Images, Splits
from course_utils.evaluation.common import test_images
from course_utils.methods import AnoGAN, Method

PER_CLASS = 100  # of the subset that also a search for each image can afford
N_DAMAGED = 500  # test images with a defect of each kind
N_FOR_THRESHOLD = 150  # validation images with a defect of each kind
SUBSET_SEED = 15
MEANS = ("pixel_auroc", "iou", "image_auroc")  # of these the mean over the kinds of defects is stored, too


def class_subset(images: Images, per_class: int = PER_CLASS) -> Images:
    """The same `per_class` random images of each class (or all, if there are fewer) for everybody who asks."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SUBSET_SEED)).to(images.y.device)
    y = images.y[order]
    return images.chosen(torch.cat([order[y == k][:per_class] for k in images.y.unique()]))


def detection(abnormal: int) -> Callable[[Method, Splits], dict[str, float]]:
    """An evaluation of a method that was trained without the class `abnormal`: is its test images' score higher?

    auroc_subset, average_precision_subset: on `class_subset` of the test images, n_subset of them, with a share
    abnormal_percent abnormal. normal_score, abnormal_score: mean scores of these. Not of `AnoGAN`: auroc, on all test
    images; reconstruction_auroc_subset, of the squared error of the reconstruction, the score of any autoencoder.
    """

    @torch.no_grad()
    def evaluate(method: Method, data: Splits) -> dict[str, float]:
        test = test_images(method, data)
        some = class_subset(test)
        strange = some.y == abnormal
        scores = anomalies.scores(method, some.x)
        numbers = {
            "auroc_subset": metrics.auroc(scores, strange),
            "average_precision_subset": metrics.average_precision(scores, strange),
            "n_subset": len(some),
            "abnormal_percent": 100 * strange.float().mean().item(),
            "normal_score": scores[~strange].mean().item(),
            "abnormal_score": scores[strange].mean().item(),
        }
        if isinstance(method, AnoGAN):  # searches for each image anew: the subset has to do
            return numbers
        errors = anomalies.reconstruction_scores(method, some.x)
        return {
            **numbers,
            "reconstruction_auroc_subset": metrics.auroc(errors, strange),
            "auroc": metrics.auroc(anomalies.scores(method, test.x), test.y == abnormal),
        }

    return evaluate


@torch.no_grad()
def planted_defects(method: Method, data: Splits) -> dict[str, float]:
    """Where and whether a method, trained on whole images, sees the defects planted in test images, by kind.

    KIND_pixel_auroc, KIND_iou: `metrics.localisation` of its maps on 500 damaged test images (or all, if fewer);
    pixel_auroc and iou their means over the kinds. threshold: one for all kinds, chosen on 150 damaged validation
    images of each. KIND_image_auroc: of its scores, damaged images against the same ones whole.
    """
    where = next(method.parameters()).device
    threshold = _threshold(method, _some(data.validation, N_FOR_THRESHOLD).to(where))
    x = _some(data.test, N_DAMAGED).to(where)
    whole = anomalies.scores(method, x)
    numbers: dict[str, float] = {"threshold": threshold, "n_damaged": len(x)}
    for kind in defects.DEFECTS:
        damaged = defects.plant(kind, x)
        found = metrics.localisation(anomalies.maps(method, damaged.x), damaged.mask, threshold)
        scores = torch.cat([whole, anomalies.scores(method, damaged.x)])
        numbers |= {
            f"{kind}_pixel_auroc": found.auroc,
            f"{kind}_iou": found.iou,
            f"{kind}_image_auroc": metrics.auroc(scores, torch.arange(len(scores), device=where) >= len(x)),
        }
    means = {n: sum(numbers[f"{kind}_{n}"] for kind in defects.DEFECTS) / len(defects.DEFECTS) for n in MEANS}
    return {**numbers, **means}


def _threshold(method: Method, x: Tensor) -> float:
    damaged = [defects.plant(kind, x, seed=1) for kind in defects.DEFECTS]
    found = torch.cat([anomalies.maps(method, each.x) for each in damaged])
    return metrics.best_threshold(found, torch.cat([each.mask for each in damaged]))


def _some(images: Images, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(SUBSET_SEED)
    return images.floats(torch.randperm(len(images), generator=generator)[:n])
