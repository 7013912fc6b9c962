"""Classifiers, alone and as a part of a semi-supervised model (notebook 10)."""

import numpy as np
import torch

from course_utils import losses, metrics, networks
from course_utils.datasets import Images, Splits
from course_utils.evaluation.common import N_TEST_CODES, random_subset, test_images
from course_utils.methods import Classifier, Method, SemiSupervisedAAE


def _error_percent(method: Method, images: Images) -> float:
    """Share of images whose most probable class is wrong, in percent; `images` on the method's device."""
    wrong = torch.cat([method.logits(x).argmax(1) for x in images.x.split(1_000)]) != images.y
    return 100 * wrong.float().mean().item()


def classifier(method: Classifier, data: Splits) -> dict[str, float]:
    """Test error of a classifier, in percent."""
    return {"test_error_percent": _error_percent(method, test_images(method, data))}


@torch.no_grad()
def validation_error(method: Method, data: Splits) -> dict[str, float]:
    """Error of a classifier on the validation images, in percent: what settings are chosen by, and learning curves."""
    where = next(method.parameters()).device
    return {"validation_error_percent": _error_percent(method, data.validation.to(where))}


@torch.no_grad()
def semi_supervised(method: SemiSupervisedAAE, data: Splits) -> dict[str, float]:
    """Test error of the class part of the code, and what both parts look like on the test images.

    confidence_percent: mean of max q(y|x). class_balance: the entropy of the mean of q(y|x) over that of a uniform
    distribution, 1 if all classes are used alike. style_energy_distance: of 2,000 styles to their prior.
    reconstruction_squared_error: half the squared error an image.
    """
    test = test_images(method, data)
    y = method.probabilities(test.x)
    z = random_subset(method.encode(test.x), N_TEST_CODES)
    entropy = torch.special.entr(y.mean(0)).sum() / np.log(y.shape[1])
    return {
        "test_error_percent": _error_percent(method, test),
        **validation_error(method, data),
        "confidence_percent": 100 * y.max(1).values.mean().item(),
        "class_balance": entropy.item(),
        "style_energy_distance": metrics.energy_distance(z, method.prior.sample(len(z))),
        "reconstruction_squared_error": losses.squared_error(method.reconstruct(test.x), test.x).item(),
        "parameters": networks.count_parameters(method),
    }
