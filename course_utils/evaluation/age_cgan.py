"""Images drawn again in another stroke: is it the one asked for, and what else has changed? (notebook 17)"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import attribute_vectors, attributes, judge, losses, networks, regressor, strokes
from course_utils.datasets import Splits
from course_utils.evaluation.common import N_SAMPLES, test_images
from course_utils.evaluation.images import image_quality
from course_utils.methods import AgeCGAN

N_SEARCHED = 300  # images for each of which z is searched for
KEPT = ("slant", "width", "height")


@torch.no_grad()
def aged_images(method: AgeCGAN, data: Splits) -> dict[str, float]:
    """Samples at the ages of 5,000 test images, and 300 test images drawn again at all ages, in three ways.

    `image_quality` of the samples; age_percent: those whose thickness lies in the class asked for. For each way to z,
    first (the encoder), pixels and identity (the two searches), WAY_reconstruction_...: `kept` to the image itself
    at its own age, and half the squared error; WAY_...: `kept` of the images drawn at the six ages, and what
    `obeyed` finds in them. Raises ValueError for data without ages.
    """
    test = test_images(method, data)
    if test.attributes is None:
        raise ValueError("these images have no ages: strokes.attach_ages(data) makes some")
    cuts = strokes.bounds(data.train.x, strokes.N_AGES)
    order = torch.randperm(len(test), device=test.y.device)
    real, ages = test.x[order[:N_SAMPLES]], test.attributes[order[:N_SAMPLES]]
    fake = method.sample(ages)
    shown = strokes.classes(fake, cuts) == ages.argmax(1)
    numbers = {**image_quality(real, fake), "age_percent": 100 * shown.float().mean().item()}
    x, own = real[:N_SEARCHED], ages[:N_SEARCHED]
    for way, code in codes(method, x, own).items():
        x_hat = method.decode(code, own)
        again = {"squared_error": losses.squared_error(x_hat, x).item(), **kept(x, x_hat)}
        numbers |= {f"{way}_reconstruction_{name}": number for name, number in again.items()}
        every, asked = at_all_ages(lambda a, code=code: method.decode(code, a), x)
        aged = {**kept(x.repeat(strokes.N_AGES, 1, 1, 1), every), **obeyed(asked, every, cuts)}
        numbers |= {f"{way}_{name}": number for name, number in aged.items()}
    return {**numbers, "parameters": networks.count_parameters(method)}


def codes(method: AgeCGAN, x: Tensor, ages: Tensor) -> dict[str, Tensor]:
    """The noise of images x at their own ages, (B, latent_dim), by the way it was found: the paper's three stages."""
    return {
        "first": method.encode(x),
        "pixels": method.search(x, ages, "pixels"),
        "identity": method.search(x, ages, "identity"),
    }


def at_all_ages(decode: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Images x (N, 1, 28, 28) drawn again at all ages, one age after the other, (6 N, 1, 28, 28); and the ages, (6 N,).

    decode: one-hot ages (N, 6) to as many images, those of x at these ages.
    """
    asked = torch.arange(strokes.N_AGES, device=x.device).repeat_interleave(len(x))
    one_hot = F.one_hot(asked, strokes.N_AGES).to(x.dtype)
    return torch.cat([decode(part) for part in one_hot.split(len(x))]), asked


@torch.no_grad()
def kept(x: Tensor, other: Tensor) -> dict[str, float]:
    """What images x (N, 1, 28, 28) and what was drawn after them have in common.

    class_kept_percent: the `judge` sees the same digit in both. other_class_kept_percent: so does the `regressor`, by
    which nothing is searched. feature_cosine: of the judge's features. slant_kept, width_kept, height_kept: the
    correlation, over the images, of what the rulers find in both.
    """
    k = attribute_vectors.N_CLASSES
    same = judge.probabilities(x).argmax(1) == judge.probabilities(other).argmax(1)
    other_same = regressor.read(x)[:, :k].argmax(1) == regressor.read(other)[:, :k].argmax(1)
    return {
        "class_kept_percent": 100 * same.float().mean().item(),
        "other_class_kept_percent": 100 * other_same.float().mean().item(),
        "feature_cosine": F.cosine_similarity(judge.features(x), judge.features(other)).mean().item(),
        **{f"{name}_kept": _correlation(attributes.ATTRIBUTES[name], x, other) for name in KEPT},
    }


def obeyed(asked: Tensor, x: Tensor, cuts: Tensor) -> dict[str, float]:
    """Of images x (N, 1, 28, 28) drawn at ages asked (N,): does their stroke show it?

    thickness_followed: the correlation of the age asked for and the thickness. age_percent: images whose thickness lies
    in the class asked for. age_error: how many classes they are off on average.
    """
    thickness, shown = strokes.thickness(x), strokes.classes(x, cuts)
    off = (shown - asked).abs().float()
    return {
        "thickness_followed": torch.corrcoef(torch.stack([asked.to(thickness), thickness]))[0, 1].item(),
        "age_percent": 100 * (off == 0).float().mean().item(),
        "age_error": off.mean().item(),
    }


def _correlation(ruler: Callable[[Tensor], Tensor], x: Tensor, other: Tensor) -> float:
    """Of what a ruler finds in two sets of images; images without ink are left out."""
    found = torch.stack([ruler(x), ruler(other)])
    return torch.corrcoef(found[:, found.isfinite().all(0)])[0, 1].item()
