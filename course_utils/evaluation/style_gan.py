"""StyleGAN: what each layer's style decides, how mixed styles look, how straight W is, truncation (notebook 17)."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import attributes, judge, metrics
from course_utils.datasets import Splits
from course_utils.evaluation.common import N_IMAGES, N_SAMPLES, random_subset, test_images
from course_utils.evaluation.images import images
from course_utils.evaluation.truncation import trade_off
from course_utils.methods import StyleGAN

STYLE = ("slant", "thickness", "width", "height", "ink")
PSIS = (0.5, 1.0)
STEP = 1e-4  # of the path length: the paper's


@torch.no_grad()
def style_gan(method: StyleGAN, data: Splits, n: int = N_IMAGES) -> dict[str, float]:
    """`images`; mixed styles, and truncation; and of n images `layers_followed`, `noise_moves` and `path_lengths`.

    mixed_fid: of samples that all have the styles of two w, the second from a random layer on. fid_at_0.5 and so on:
    the `trade_off` of samples with psi 0.5. Numbers that nothing tells (of which class is B, if all images are of one?)
    are absent.
    """
    real = random_subset(test_images(method, data).x, N_SAMPLES)
    mixed = judge.features(method.decode(method.mixed_styles(len(real), mixing=1.0)))
    numbers = {**images(method, data), "mixed_fid": metrics.fid(judge.features(real), mixed)}
    for psi in PSIS:
        found = trade_off(real, method.sample(len(real), psi))
        numbers |= {f"{name}_at_{psi:g}": value for name, value in found.items()}
    numbers |= {**layers_followed(method, n), **noise_moves(method, n), **path_lengths(method, n)}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


@torch.no_grad()
def layers_followed(method: StyleGAN, n: int = N_IMAGES) -> dict[str, float]:
    """What goes over to B where one layer of an image A takes B's style: a table of layer x attribute, as numbers.

    n images A; layers count from 1, the coarsest; the noise is the same in all images. layer_1_class_percent: how many
    the judge takes for the class of B, where A and B are of two classes. layer_1_slant and so on, where both are of one
    class: the slope of the change on the difference of B and A, 0 if A keeps it, 1 if it follows B. NaN without pairs.
    """
    noise = [spots.expand(n, -1, -1, -1) for spots in method.synthesis.noise(1)]
    w = method.styles(n)
    images_of_a = method.decode(w, noise)
    y, style = _seen(images_of_a), _measured(images_of_a)
    anyone, alike = torch.arange(n).roll(1), _another_of_its_class(y)
    others, same = y != y[anyone], y == y[alike]
    numbers = {}
    for layer in range(method.synthesis.n_layers):
        found = _seen(method.decode(method.mix(w, w[anyone], [layer]), noise))
        followed = (found == y[anyone])[others].float().mean()
        numbers[f"layer_{layer + 1}_class_percent"] = 100 * followed.item()
        change = _measured(method.decode(method.mix(w, w[alike], [layer]), noise)) - style
        for name, of_a, of_b in zip(STYLE, change[same].T, (style[alike] - style)[same].T, strict=True):
            numbers[f"layer_{layer + 1}_{name}"] = _slope(of_a, of_b)
    return numbers


def _seen(x: Tensor) -> Tensor:
    return judge.probabilities(x).argmax(1)


def _measured(x: Tensor) -> Tensor:
    """The attributes `STYLE` of images x (N, 1, 28, 28), (N, 5), on the CPU."""
    return torch.stack([attributes.ATTRIBUTES[name](x) for name in STYLE], 1).cpu()


def _another_of_its_class(y: Tensor) -> Tensor:
    """For each of the classes y (N,) the index of another one that is the same; of the last of a class, any."""
    order = y.argsort(stable=True)
    another = torch.empty_like(order)
    another[order] = order.roll(-1)
    return another


def _slope(change: Tensor, difference: Tensor) -> float:
    """The slope of the regression of change (N,) on difference (N,), without NaNs; NaN if nothing is left."""
    known = change.isfinite() & difference.isfinite()
    centred = difference[known] - difference[known].mean()
    return ((centred * change[known]).sum() / centred.square().sum()).item()


@torch.no_grad()
def noise_moves(method: StyleGAN, n: int = N_IMAGES) -> dict[str, float]:
    """What is left to the noise: n images, drawn twice with the same styles.

    noise_class_kept_percent: those that the judge takes for the same class both times. noise_percent: the mean squared
    difference of the two, as a share of that of two images with different styles.
    """
    w = method.styles(n)
    one, two = method.decode(w), method.decode(w)
    return {
        "noise_class_kept_percent": 100 * (_seen(one) == _seen(two)).float().mean().item(),
        "noise_percent": 100 * ((one - two).square().mean() / (one - one.roll(1, 0)).square().mean()).item(),
    }


@torch.no_grad()
def path_lengths(method: StyleGAN, n: int = N_IMAGES) -> dict[str, float]:
    """The perceptual path length in Z and in W (Karras et al. 2019, section 4.1), of n pairs of z and their w.

    path_length_z, path_length_w: from one of a pair to the other, on an arc in Z and on a straight line in W, the mean
    squared speed at which the features of the `judge` (the paper: of VGG) change. The noise stays as it is.
    """
    noise = [spots.expand(n, -1, -1, -1) for spots in method.synthesis.noise(1)]
    start, end = method.prior.sample(2 * n).chunk(2)
    ends_in_w = method.mapping(start), method.mapping(end)
    return {
        "path_length_z": path_length(lambda t: method.decode(method.mapping(slerp(start, end, t)), noise), start),
        "path_length_w": path_length(lambda t: method.decode(torch.lerp(*ends_in_w, t), noise), start),
    }


def path_length(image_at: Callable[[Tensor], Tensor], like: Tensor) -> float:
    """Mean squared speed of the judge's features at one random place t in (0, 1) of each of n ways.

    image_at: t (n, 1) to the images (n, 1, 28, 28) of these places. like: any tensor (n, ...) on the device.
    """
    t = torch.rand(len(like), 1, device=like.device, dtype=like.dtype) * (1 - STEP)
    here, there = (judge.features(image_at(place)) for place in (t, t + STEP))
    return ((there - here) / STEP).square().sum(1).mean().item()


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The places t (n, 1) in [0, 1] on the arcs from start (n, d) to end (n, d), seen from the origin."""
    # sin((1 - t) a) / sin(a) start + sin(t a) / sin(a) end,  a the angle between the two
    a = torch.cosine_similarity(start, end, dim=1).clamp(-1, 1).acos()[:, None]
    return (((1 - t) * a).sin() * start + (t * a).sin() * end) / a.sin()
