"""Images made for attribute vectors: do they show what was asked for? (notebook 14)"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import attribute_vectors, judge, losses, regressor
from course_utils.datasets import Splits
from course_utils.evaluation.common import N_SAMPLES, test_images
from course_utils.evaluation.images import image_quality
from course_utils.methods import AttributeGAN, AttributeRegressor, AttributeVAE, AttributeVAEGAN


@torch.no_grad()
def attribute_images(method: AttributeGAN | AttributeVAE | AttributeVAEGAN, data: Splits) -> dict[str, float]:
    """One image for the attribute vector of each of 5,000 test images (Larsen et al. 2016, section 4.2).

    cosine, squared_error: of the vector asked for and the one that the `regressor` sees in the image (sum over the
        entries; means over the images). measured_...: and the one that the ruler and the judge of the class find.
    test_...: the same of the test images themselves, the most one can hope for. chance_...: of other test images.
    slant_followed and so on: the correlation of what was asked for and what is measured; requested_class_percent.
    And the `image_quality` of these images. Raises ValueError for data without attribute vectors.
    """
    test = test_images(method, data)
    if test.attributes is None:
        raise ValueError("these images have no attribute vectors: attribute_vectors.attach(data) makes some")
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    real, asked = test.x[chosen], test.attributes[chosen]
    fake, asked = method.sample(asked), asked.cpu()
    scale = attribute_vectors.scale(data.train.x)
    found = {"": regressor.read(fake), "measured_": _measured(scale, fake)}
    found |= {"test_": regressor.read(real), "test_measured_": _measured(scale, real)}
    found["chance_"] = found["test_"].roll(1, dims=0)
    numbers = {f"{key}{name}": n for key, seen in found.items() for name, n in likeness(asked, seen).items()}
    return {**numbers, **followed(asked, found["measured_"]), **image_quality(real, fake)}


@torch.no_grad()
def attribute_images_and_reconstructions(method: AttributeVAE | AttributeVAEGAN, data: Splits) -> dict[str, float]:
    """`attribute_images`, and half the squared error of the test images decoded from their mean codes."""
    numbers = attribute_images(method, data)  # first: it says so if there are no attributes
    test = test_images(method, data)
    x_hat = method.reconstruct(test.x, test.attributes)
    return {**numbers, "reconstruction_squared_error": losses.squared_error(x_hat, test.x).item()}


@torch.no_grad()
def attribute_regression(method: AttributeRegressor, data: Splits) -> dict[str, float]:
    """What a regressor sees in the test images: `likeness` to the truth, and r2 of each entry that was measured."""
    test = test_images(method, data)
    seen, truth = torch.cat([method(x) for x in test.x.split(1_000)]).cpu(), test.attributes.cpu()
    error = (seen - truth).square().mean(0) / truth.var(0)
    r2 = dict(zip(attribute_vectors.NAMES, (1 - error).tolist(), strict=True))
    return {**likeness(truth, seen), **{f"{name}_r2": r2[name] for name in attribute_vectors.MEASURED}}


def likeness(asked: Tensor, seen: Tensor) -> dict[str, float]:
    """Of attribute vectors (N, A) row by row: the mean cosine, and the mean squared error, summed over the entries."""
    return {
        "cosine": F.cosine_similarity(asked, seen).mean().item(),
        "squared_error": (asked - seen).square().sum(1).mean().item(),
    }


def followed(asked: Tensor, found: Tensor) -> dict[str, float]:
    """Of `attribute_vectors` (N, 15): correlation of each measured entry, and percent of equal classes."""
    k = attribute_vectors.N_CLASSES
    pairs = zip(attribute_vectors.MEASURED, asked[:, k:].T, found[:, k:].T, strict=True)
    same = asked[:, :k].argmax(1) == found[:, :k].argmax(1)
    return {
        **{f"{name}_followed": torch.corrcoef(torch.stack([a, b]))[0, 1].item() for name, a, b in pairs},
        "requested_class_percent": 100 * same.float().mean().item(),
    }


def _measured(scale: attribute_vectors.Scale, x: Tensor) -> Tensor:
    return scale.vectors(x.cpu(), judge.probabilities(x).argmax(1))
