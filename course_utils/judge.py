"""The judge: the classifier by whose features and verdicts generated digits are measured. Its weights are shipped."""

import functools

import torch
from torch import Tensor

from course_utils import networks, pretrained
from course_utils.methods import Classifier

NAME = "digit_classifier"


def build() -> Classifier:
    """The untrained judge: two convolutions and 128 features for 28x28 images."""
    return Classifier(networks.conv((1, 28, 28), features=128), dropout=0.5)


@functools.cache
def load() -> Classifier:
    """The trained judge, on the CPU, in eval mode, loaded once. It knows MNIST and no other data.

    Raises CheckpointError if its weights are missing or damaged.
    """
    with torch.random.fork_rng(devices=[]):  # its weights are thrown away: nobody's noise shall depend on this
        judge = build()
    pretrained.load(NAME, judge)
    return judge.requires_grad_(False)


@torch.no_grad()
def features(x: Tensor, chunk: int = 1_000) -> Tensor:
    """The judge's features of images x (N, 1, 28, 28), (N, 128), on the CPU."""
    return torch.cat([load().features(part) for part in x.cpu().split(chunk)])


@torch.no_grad()
def probabilities(x: Tensor, chunk: int = 1_000) -> Tensor:
    """The judge's p(y|x) of images x (N, 1, 28, 28), (N, 10), on the CPU."""
    return torch.cat([load().probabilities(part) for part in x.cpu().split(chunk)])
