"""Style and content: what codes hold of the class and of the handwriting (notebook 09)."""

import torch
from torch import Tensor

from course_utils import attributes, judge, losses, metrics
from course_utils.datasets import Splits
from course_utils.evaluation.common import test_images
from course_utils.methods import Method, SupervisedAAE

STYLE = ("slant", "thickness", "width", "height")  # attributes of how a digit is written, whichever it is
N_TRANSFERRED = 1_000  # images that are drawn again in every class


@torch.no_grad()
def style(method: Method, data: Splits) -> dict[str, float]:
    """What the codes z of the test images hold of the class, and of the style as `attributes` measure it.

    read_linearly_percent, read_by_neighbours_percent, read_by_network_percent, class_bits: how well the class is read
    from z (`metrics.class_probe`, `metrics.network_probe`), chance_percent: naming the most frequent class always.
    slant_r2 and so on: the share of the variance that a ridge regression on z explains; slant_r2_within_classes:
    within the classes (`metrics.style_probe`), so that knowing the class does not help.
    """
    test = test_images(method, data)
    z = method.encode(test.x)
    read, network = metrics.class_probe(z, test.y), metrics.network_probe(z, test.y)
    numbers = {
        "chance_percent": 100 * read.chance,
        "read_linearly_percent": 100 * read.linear,
        "read_by_neighbours_percent": 100 * read.neighbours,
        "read_by_network_percent": 100 * network.accuracy,
        "class_bits": network.bits,
    }
    for name in STYLE:
        measured = attributes.ATTRIBUTES[name](test.x)
        numbers[f"{name}_r2"] = metrics.style_probe(z, measured, torch.zeros_like(test.y))
        numbers[f"{name}_r2_within_classes"] = metrics.style_probe(z, measured, test.y)
    return numbers


@torch.no_grad()
def style_and_content(method: SupervisedAAE, data: Splits) -> dict[str, float]:
    """`style`, and what becomes of 1,000 test images that are drawn again in every class.

    transferred_class_percent: the drawings that the judge takes for the class asked for. slant_kept and so on: how
    far their attribute goes with that of the source (`metrics.kept`), 1 if entirely. requested_class_percent: the
    same share of samples, z from the prior. reconstruction_squared_error: half the squared error an image, in its
    own class.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_TRANSFERRED]
    x, y = test.x[chosen], test.y[chosen]
    drawn = in_every_class(method, method.encode(x), data.n_classes)  # (N, K, C, H, W)
    asked = torch.arange(data.n_classes, device=y.device)
    numbers = {
        "transferred_class_percent": seen_percent(drawn.flatten(0, 1), asked.repeat(len(x))),
        "requested_class_percent": seen_percent(method.sample(asked.repeat(100)), asked.repeat(100)),
        "reconstruction_squared_error": losses.squared_error(method.reconstruct(test.x, test.y), test.x).item(),
    }
    for name in STYLE:
        measure = attributes.ATTRIBUTES[name]
        of_drawn = measure(drawn.flatten(0, 1)).unflatten(0, drawn.shape[:2])
        numbers[f"{name}_kept"] = metrics.kept(measure(x), y, of_drawn)
    return {**style(method, data), **numbers}


def in_every_class(method: Method, z: Tensor, n_classes: int = 10) -> Tensor:
    """Styles z (S, latent_dim), each drawn in every class: images (S, n_classes, C, H, W)."""
    y = torch.arange(n_classes, device=z.device).repeat(len(z))
    return method.decode(z.repeat_interleave(n_classes, 0), y).unflatten(0, (len(z), n_classes))


def seen_percent(x: Tensor, y: Tensor) -> float:
    """The percentage of images x (N, 1, 28, 28) in which the judge sees the class y (N,) that they should be of."""
    return 100 * (judge.probabilities(x).argmax(1) == y.cpu()).float().mean().item()
