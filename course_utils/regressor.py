"""The regressor: a network that reads `attribute_vectors` off digits, the second judge. Its weights are shipped."""

import functools

import torch
from torch import Tensor

from course_utils import attribute_vectors, networks, pretrained
from course_utils.methods import AttributeRegressor

NAME = "attribute_regressor"


def build() -> AttributeRegressor:
    """The untrained regressor: the body of the `judge`, one output an attribute."""
    return AttributeRegressor(networks.conv((1, 28, 28), features=128), len(attribute_vectors.NAMES), dropout=0.2)


@functools.cache
def load() -> AttributeRegressor:
    """The trained regressor, on the CPU, in eval mode, loaded once. It knows MNIST and no other data.

    Raises CheckpointError if its weights are missing or damaged.
    """
    with torch.random.fork_rng(devices=[]):  # its weights are thrown away: nobody's noise shall depend on this
        regressor = build()
    pretrained.load(NAME, regressor)
    return regressor.requires_grad_(False)


@torch.no_grad()
def read(x: Tensor, chunk: int = 1_000) -> Tensor:
    """The attribute vectors (N, 15) that it sees in images x (N, 1, 28, 28), on the CPU."""
    return torch.cat([load()(part) for part in x.cpu().split(chunk)])
