"""What the recipes are measured by: functions of (method, data) that return named numbers.

They score the test images once, after training; nothing is chosen by these numbers.
"""

from torch import Tensor

from course_utils.datasets import Splits
from course_utils.methods import Classifier, Method


def test_images(method: Method, data: Splits):
    """The test images, on the method's device."""
    return data.test.to(next(method.parameters()).device)


def classifier(method: Classifier, data: Splits) -> dict[str, float]:
    """Test error of a classifier, in percent."""
    test = test_images(method, data)
    wrong: Tensor = method.logits(test.x).argmax(1) != test.y
    return {"test_error_percent": 100 * wrong.float().mean().item()}


def codes(method: Method, data: Splits) -> dict[str, float]:
    """How well held-out codes match the prior."""
    raise NotImplementedError
