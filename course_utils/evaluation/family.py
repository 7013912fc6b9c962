"""One evaluator for the whole family: of every model all that it can do, and what that costs (notebook 16)."""

import copy
from functools import partial
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from course_utils import losses, metrics, networks, taxonomy
from course_utils.datasets import Images, Splits
from course_utils.evaluation.codes import HOLES_K, bounds
from course_utils.evaluation.common import N_IMAGES, N_SAMPLES, N_TEST_CODES, test_images
from course_utils.evaluation.images import image_quality
from course_utils.evaluation.style import seen_percent
from course_utils.methods import ConditionalVAE, Method, SemiSupervisedVAE
from course_utils.methods.class_style_aae import ClassStyleAAE

N_COUNTED = 10  # images for counting operations: what is counted is linear in their number


@torch.no_grad()
def family(method: Method, data: Splits) -> dict[str, float]:
    """Everything that the course measures of a generative model, where it can be had; a number that cannot is absent.

    Of 5,000 test images (or all, if fewer). can_sample, can_encode, can_log_likelihood, can_bound: 1 or 0, found out by
    calling (`taxonomy`). Samples: `image_quality`, of models that ask for classes with those of the test images;
    requested_class_percent: of these, in which the judge sees the class asked for. Bounds: `bounds` of 1,000 binarised
    images (told the class: of log p(x|y)). Reconstructions: half the squared error, and in how many the judge sees the
    class of the image. Codes: `metrics.holes` and energy distance of drawn codes from a Gaussian prior, or
    one with parts; probe_error_percent: of a linear classifier on 1,000 codes with their labels.
    discriminator_probe_error_percent: the same on the features of a GAN's discriminator. class_error_percent: of
    models that name a class themselves. Cost: parameters that training moves, and operations (multiplications and
    additions) for one image, in millions.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    images = test.chosen(chosen)
    numbers: dict[str, float] = {f"can_{_snake(what)}": float(can) for what, can in _abilities(method, images).items()}
    for measure in (_samples, _bounds, _reconstructions, _codes, _probes):
        numbers |= measure(method, images)
    return {**numbers, **_cost(method, images)}


def _snake(words: str) -> str:
    return words.replace("-", "_").replace(" ", "_")


def _abilities(method: Method, images: Images) -> dict[str, bool]:
    few = images.first(N_COUNTED)
    return taxonomy.abilities(method, few.x, few.y)


def _samples(method: Method, images: Images) -> dict[str, float]:
    if not hasattr(method, "sample"):
        return {}
    fake = taxonomy.call(method.sample, images.x, images.y)
    numbers = image_quality(images.x, fake)
    return numbers | ({"requested_class_percent": seen_percent(fake, images.y)} if asks_for_class(method) else {})


def asks_for_class(method: Method) -> bool:
    """Whether the samples of a method are of classes that it is told."""
    return hasattr(method, "sample") and "n" not in taxonomy.asked(method.sample)


def _bounds(method: Method, images: Images) -> dict[str, float]:
    if not hasattr(method, "log_weight"):
        return {}
    x, y = torch.bernoulli(images.x[:N_IMAGES]), images.y[:N_IMAGES]
    told = isinstance(method, ConditionalVAE)
    bounded = SimpleNamespace(log_weight=lambda v: method.log_weight(v, y.repeat(len(v) // len(y)))) if told else method
    return {f"{name}_binarised": value for name, value in bounds(bounded, x).items()}


def _reconstructions(method: Method, images: Images) -> dict[str, float]:
    if not hasattr(method, "reconstruct"):
        return {}
    x_hat = taxonomy.call(method.reconstruct, images.x, images.y)
    return {
        "reconstruction_squared_error": losses.squared_error(x_hat, images.x).item(),
        "reconstruction_class_percent": seen_percent(x_hat, images.y),
    }


def _codes(method: Method, images: Images) -> dict[str, float]:
    prior = getattr(method, "prior", None)
    if prior is None or not hasattr(method, "encode"):
        return {}
    z = _draw(method, images)
    some = z[:N_TEST_CODES]
    return {
        "energy_distance": metrics.energy_distance(some, prior.sample(len(some))),
        "energy_distance_of_prior": metrics.energy_distance(prior.sample(len(some)), prior.sample(len(some))),
        "holes_percent": 100 * metrics.holes(z, prior, k=HOLES_K),
        "holes_percent_if_perfect": 100 * 2**-HOLES_K,
    }


def _draw(method: Method, images: Images) -> Tensor:
    """One code z ~ q(z|x) an image, of what is to follow the prior."""
    if isinstance(method, ClassStyleAAE):
        return method.encode(images.x)
    if isinstance(method, ConditionalVAE):
        return method.encoder.sample(method.with_label(images.x, images.y))
    if isinstance(method, SemiSupervisedVAE):
        return method.encoder.sample(method.with_label(images.x, method.logits(images.x).argmax(1)))
    return method.encoder.sample(images.x)


def _probes(method: Method, images: Images) -> dict[str, float]:
    some = images.first(2 * N_IMAGES)  # half of them teach
    numbers = {}
    if hasattr(method, "encode"):
        numbers["probe_error_percent"] = _probe_error(_whole_code(method, some), some.y)
    discriminator = getattr(method, "discriminator", None)
    if isinstance(discriminator, networks.Discriminator) and discriminator.trunk.in_shape == some.x.shape[1:]:
        numbers["discriminator_probe_error_percent"] = _probe_error(discriminator.trunk(some.x), some.y)
    if hasattr(method, "logits") and method.logits(some.x).shape[1] == images.y.max() + 1:
        wrong = method.logits(images.x).argmax(1) != images.y
        numbers["class_error_percent"] = 100 * wrong.float().mean().item()
    return numbers


def _whole_code(method: Method, images: Images) -> Tensor:
    """All that a method keeps of an image, class probabilities beside the style where it has both."""
    z = taxonomy.call(method.encode, images.x, images.y)
    return torch.cat([method.logits(images.x).softmax(1), z], 1) if hasattr(method, "logits") else z


def _probe_error(codes: Tensor, y: Tensor) -> float:
    return 100 * (1 - metrics.class_probe(codes, y).linear)


def _cost(method: Method, images: Images) -> dict[str, float]:
    few = images.first(N_COUNTED)
    numbers: dict[str, float] = {"parameters": networks.count_parameters(method)}
    numbers["training_megaflops"] = _megaflops(partial(_step, copy.deepcopy(method).train(), few))
    for what in ("sample", "encode"):
        if hasattr(method, what):
            numbers[f"{what}_megaflops"] = _megaflops(partial(taxonomy.call, getattr(method, what), few.x, few.y))
    return numbers


@torch.enable_grad()
def _step(method: Method, images: Images) -> None:
    """One training step of a copy; the labelled images beside the others are as many as these."""
    x, y = images.x, images.y
    method.training_step({"x": x, "y": y, "x_labelled": x, "y_labelled": y})


def _megaflops(run) -> float:
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / N_COUNTED / 1e6
