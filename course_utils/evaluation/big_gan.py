"""BigGAN: samples of every class, and what truncation makes of them (notebook 17)."""

import torch

from course_utils.datasets import Splits
from course_utils.evaluation.images import class_images
from course_utils.evaluation.truncation import truncation_of_z
from course_utils.methods import BigGAN


@torch.no_grad()
def big_gan(method: BigGAN, data: Splits) -> dict[str, float]:
    """`class_images`, and `truncation_of_z`."""
    return {**class_images(method, data), **truncation_of_z(method, data)}
