"""What several evaluations need."""

import torch
from torch import Tensor

from course_utils.datasets import Splits
from course_utils.methods import Method

N_TEST_CODES = 2_000  # codes on each side of a two-sample test: its memory grows with their square
N_IMAGES = 1_000  # images where each takes many passes
N_SAMPLES = 5_000  # images on each side of a comparison of samples with data


def test_images(method: Method, data: Splits):
    """The test images, on the method's device."""
    return data.test.to(next(method.parameters()).device)


def random_subset(x: Tensor, n: int) -> Tensor:
    """n random rows of x, or all if there are fewer. Not the first n: MNIST's first test images are the easier ones."""
    return x[torch.randperm(len(x), device=x.device)[:n]]
