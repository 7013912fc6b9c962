"""How abnormal an image is to a model trained on normal ones, and where: one way to ask all of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.methods import Method

BATCH = 1_000


@torch.no_grad()
def scores(method: Method, x: Tensor) -> Tensor:
    """Anomaly scores (N,) of images x (N, C, H, W): the method's own, else `reconstruction_scores`; larger, stranger.

    Raises RuntimeError in training mode: batch norm would judge an image by those that happen to be beside it.
    """
    _check_mode(method)
    own = getattr(method, "anomaly_scores", None)
    return _batches(own, x) if own else reconstruction_scores(method, x)


@torch.no_grad()
def reconstruction_scores(method: Method, x: Tensor) -> Tensor:
    """The squared error of the reconstruction, summed over the pixels, (N,): the score of any autoencoder."""
    _check_mode(method)
    return _batches(lambda part: (part - method.reconstruct(part)).square().flatten(1).sum(1), x)


@torch.no_grad()
def maps(method: Method, x: Tensor) -> Tensor:
    """Anomaly maps (N, H, W): the method's own, else `difference_maps`; larger, stranger."""
    _check_mode(method)
    own = getattr(method, "anomaly_map", None)
    return _batches(own, x) if own else difference_maps(method, x)


@torch.no_grad()
def difference_maps(method: Method, x: Tensor) -> Tensor:
    """|x - x_hat|, mean over the channels, (N, H, W)."""
    _check_mode(method)
    return _batches(lambda part: (part - method.reconstruct(part)).abs().mean(1), x)


def _check_mode(method: Method) -> None:
    if method.training:
        raise RuntimeError("anomalies are scored in eval mode: call .eval() first")


def _batches(score: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([score(part) for part in x.split(BATCH)])
