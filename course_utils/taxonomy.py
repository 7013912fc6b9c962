"""What a generative model can compute, found out by calling it: the taxonomy of Goodfellow 2016, figure 9, as code."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

# operation -> the method of a model that performs it, in the notation of the course
OPERATIONS = {
    "sample": "sample",  # new images
    "encode": "encode",  # codes of given images
    "log-likelihood": "log_prob",  # log p(x), exactly
    "bound": "log_weight",  # log [p(x, z) / q(z|x)]: its mean over z ~ q(z|x) is a lower bound of log p(x)
}


@torch.no_grad()
def answers(model: Any, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor | None]:
    """What the model returns for each of `OPERATIONS`, or None where it has no such method.

    model: anything with some of the methods that `OPERATIONS` names, in eval mode if it has batch norm. x (B, C, H, W):
    images; y (B,): their classes, for models that ask for them. ``sample`` is asked for B images. Each method gets, by
    their names, those of ``n``, ``x`` and ``y`` that it takes.
    Raises ValueError if the model asks for classes and there are none, or if it has a method that returns something
    else than the operation promises: samples and codes one a row, log-likelihoods and bounds (B,), all finite.
    """
    found: dict[str, Tensor | None] = {}
    for operation, name in OPERATIONS.items():
        method = getattr(model, name, None)
        found[operation] = None if method is None else call(method, x, y)
        if found[operation] is not None:
            _check(operation, found[operation], x, type(model).__name__)
    return found


def abilities(model: Any, x: Tensor, y: Tensor | None = None) -> dict[str, bool]:
    """Which of `OPERATIONS` the model performs on x: `answers` without the answers."""
    return {operation: answer is not None for operation, answer in answers(model, x, y).items()}


def kind(can: dict[str, bool]) -> str:
    """The place in the taxonomy of a model with these `abilities`."""
    if can["log-likelihood"]:
        return "explicit density, tractable"
    if can["bound"]:
        return "explicit density, approximate"
    return "implicit density" if can["sample"] else "no generative model"


def call(method: Callable[..., Any], x: Tensor, y: Tensor | None = None) -> Any:
    """A method of a model, called with those of n = B, the images x (B, C, H, W) and their classes y (B,) it asks for.

    Raises ValueError if it asks for classes and there are none.
    """
    arguments = {"n": len(x), "x": x, "y": y}
    wanted = {name: arguments[name] for name in asked(method) if name in arguments}
    if missing := [name for name, value in wanted.items() if value is None]:
        raise ValueError(f"{method.__qualname__} asks for {', '.join(missing)}: give the classes of the images as y")
    return method(**wanted)


def asked(method: Callable[..., Any]) -> list[str]:
    """The names of the arguments that a method cannot do without."""
    return [name for name, p in inspect.signature(method).parameters.items() if p.default is inspect.Parameter.empty]


def _check(operation: str, answer: Tensor, x: Tensor, model: str) -> None:
    shape = tuple(answer.shape)
    right = {
        "sample": shape == tuple(x.shape),
        "encode": len(shape) == 2 and shape[0] == len(x),
        "log-likelihood": shape == (len(x),),
        "bound": shape == (len(x),),
    }
    if not right[operation]:
        raise ValueError(f"{model} returned {shape} for the operation {operation!r} on images {tuple(x.shape)}")
    if not answer.isfinite().all():
        raise ValueError(f"{model} returned NaN or infinite numbers for the operation {operation!r}")
