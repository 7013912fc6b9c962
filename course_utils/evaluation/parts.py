"""Parts of a prior imposed by labels (notebook 08)."""

import torch
from torch import Tensor

from course_utils import attributes, judge, metrics
from course_utils.datasets import Splits
from course_utils.distributions import Distribution
from course_utils.evaluation.codes import codes
from course_utils.evaluation.common import N_SAMPLES, N_TEST_CODES, random_subset, test_images
from course_utils.methods import Method

FIRST = 3  # the AAE paper shows the first three components of the mixture (figure 4b)
N_PLACES = 15  # percentiles of each axis of a component
N_STEPS = 60  # steps of the walk through each part of the roll


@torch.no_grad()
def parts(method: Method, data: Splits) -> dict[str, float]:
    """`codes`, and whether the codes of each class lie in the part of ``method.prior`` that belongs to the class.

    own_part_percent: test images whose code lies in their class's part (``prior.component``), and own_part_percent_of_K
    the same of class K alone. matched_part_percent: `metrics.matched_share`, for methods that saw no labels.
    part_energy_distance: energy distance of the codes of a class to its part, mean over the classes.
    part_read_percent: of 5,000 codes drawn from the parts, those that decode to what the `judge` takes for their class.
    """
    test, prior = test_images(method, data), method.prior
    z = method.encoder.sample(test.x)
    found, classes = prior.component(z), range(prior.n_classes)
    own = 100 * (found == test.y).float()
    y = torch.randint(prior.n_classes, (N_SAMPLES,), device=z.device)
    read = judge.probabilities(method.decoder(prior.sample(N_SAMPLES, y))).argmax(1)
    return {
        **codes(method, data),
        "own_part_percent": own.mean().item(),
        **{f"own_part_percent_of_{k}": own[test.y == k].mean().item() for k in classes},
        "matched_part_percent": 100 * metrics.matched_share(found, test.y, prior.n_classes),
        "part_energy_distance": sum(_to_part(z[test.y == k], prior, k) for k in classes) / prior.n_classes,
        "part_read_percent": 100 * (read == y.cpu()).float().mean().item(),
    }


def _to_part(z: Tensor, prior: Distribution, k: int) -> float:
    some = random_subset(z, N_TEST_CODES)
    return metrics.energy_distance(some, prior.sample(len(some), torch.full((len(some),), k, device=z.device)))


@torch.no_grad()
def mixture_parts(method: Method, data: Splits) -> dict[str, float]:
    """`parts`, and whether the same place in different components of a 2-D mixture has the same style.

    Images are decoded at percentiles of both axes of each component. slant_agreement, thickness_agreement:
    `metrics.field_agreement` of what is measured there, over the first three components; slant_agreement_of_all, ...:
    over all. Each with its ..._if_reflected.
    """
    prior = method.prior
    w = torch.special.ndtri(torch.linspace(0.05, 0.95, N_PLACES, device=prior.means.device))
    places = torch.cartesian_prod(w, w)
    labels = torch.arange(prior.n_classes, device=w.device).repeat_interleave(len(places))
    x = method.decoder(prior.at(places.repeat(prior.n_classes, 1), labels))
    numbers = parts(method, data)
    for name in ("slant", "thickness"):
        fields = attributes.ATTRIBUTES[name](x).view(prior.n_classes, N_PLACES, N_PLACES)
        for among, some in (("", fields[:FIRST]), ("_of_all", fields)):
            numbers |= _agreement(f"{name}_agreement{among}", some)
    return numbers


@torch.no_grad()
def roll_parts(method: Method, data: Splits) -> dict[str, float]:
    """`parts`, and what a walk along a swiss roll meets: classes in order, and a style in each class's part.

    walk_read_percent: images along the roll that the `judge` takes for the class whose part it is. walk_classes: parts
    in which it takes most for that class. slant_agreement, thickness_agreement (and ..._if_reflected):
    `metrics.field_agreement` of the parts, each from its start to its end. upright_inside: parts whose images are, in
    the mean, more upright (smaller size of the slant) in the middle fifth than in the first and in the last.
    """
    prior = method.prior
    steps = (torch.arange(prior.n_classes * N_STEPS, device=prior._origin.device) + 0.5) / N_STEPS
    x = method.decoder(prior.at(steps / prior.n_classes))
    read = judge.probabilities(x).argmax(1).view(prior.n_classes, N_STEPS)
    right = read == torch.arange(prior.n_classes)[:, None]
    slant = attributes.slant(x).view(prior.n_classes, N_STEPS)
    return {
        **parts(method, data),
        "walk_read_percent": 100 * right.float().mean().item(),
        "walk_classes": (right.float().mean(1) > 0.5).sum().item(),
        **_agreement("slant_agreement", slant),
        **_agreement("thickness_agreement", attributes.thickness(x).view(prior.n_classes, N_STEPS)),
        "upright_inside": metrics.smaller_inside(slant.abs()),
    }


def _agreement(name: str, fields: Tensor) -> dict[str, float]:
    found = metrics.field_agreement(fields)
    return {name: found.correlation, f"{name}_if_reflected": found.reflected}
