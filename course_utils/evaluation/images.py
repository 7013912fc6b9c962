"""Samples of images, by the features of the judge."""

import torch
from torch import Tensor

from course_utils import judge, losses, metrics, networks
from course_utils.datasets import Splits
from course_utils.evaluation.codes import likelihood
from course_utils.evaluation.common import N_SAMPLES, random_subset, test_images
from course_utils.evaluation.points import game
from course_utils.methods import GAN, VAE, ConditionalGAN, Method


@torch.no_grad()
def image_quality(real: Tensor, fake: Tensor) -> dict[str, float]:
    """How well images fake (M, 1, 28, 28) match images real (N, 1, 28, 28), by the features of the `judge`.

    fid, kid, precision_percent, recall_percent, inception_score: see `metrics`; they depend on N and M, so compare
    only equal ones. judge_confidence_percent: the mean probability of the judge's first choice, of fake. sharpness:
    mean over fake, without images that are all black.
    """
    real_features, fake_features = judge.features(real), judge.features(fake)
    covered = metrics.precision_recall(real_features, fake_features)
    probabilities = judge.probabilities(fake)
    return {
        "fid": metrics.fid(real_features, fake_features),
        "kid": metrics.kid(real_features, fake_features),
        "precision_percent": 100 * covered.precision,
        "recall_percent": 100 * covered.recall,
        "inception_score": metrics.inception_score(probabilities),
        "judge_confidence_percent": 100 * probabilities.max(1).values.mean().item(),
        "sharpness": metrics.sharpness(fake).nanmean().item(),
    }


@torch.no_grad()
def images(method: Method, data: Splits) -> dict[str, float]:
    """`image_quality` of 5,000 samples against as many random test images (or all, if there are fewer).

    fid_of_training_images: what as many random training images score, a model that copies: nobody needs to be better.
    """
    real = random_subset(test_images(method, data).x, N_SAMPLES)
    return {
        **image_quality(real, method.sample(len(real))),
        "fid_of_training_images": _copying(real, data),
        "parameters": networks.count_parameters(method),
    }


def _copying(real: Tensor, data: Splits) -> float:
    return metrics.fid(judge.features(real), judge.features(random_subset(data.train.x, len(real))))


@torch.no_grad()
def image_game(method: GAN, data: Splits) -> dict[str, float]:
    """`images`, and where the game stands, on 5,000 test images and samples in eval mode."""
    real = random_subset(test_images(method, data).x, N_SAMPLES)
    return {**images(method, data), **game(method.discriminator(real), method.discriminator(method.sample(len(real))))}


@torch.no_grad()
def class_images(method: ConditionalGAN, data: Splits) -> dict[str, float]:
    """`image_quality` of one sample for the class of each of 5,000 test images, and whether the judge sees the class.

    requested_class_percent: samples that the judge takes for the class asked for. real_class_percent: the same of the
    test images, the most one can hope for.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    real, y = test.x[chosen], test.y[chosen]
    fake = method.sample(y)
    seen, seen_real = (judge.probabilities(x).argmax(1) == y.cpu() for x in (fake, real))
    return {
        **image_quality(real, fake),
        "fid_of_training_images": _copying(real, data),
        "requested_class_percent": 100 * seen.float().mean().item(),
        "real_class_percent": 100 * seen_real.float().mean().item(),
        "parameters": networks.count_parameters(method),
    }


@torch.no_grad()
def images_and_bound(method: VAE, data: Splits) -> dict[str, float]:
    """`images` and `likelihood`, and of the test images decoded from their mean code error and sharpness."""
    x = test_images(method, data).x
    x_hat = method.reconstruct(x)
    return {
        **images(method, data),
        **likelihood(method, data),
        "reconstruction_squared_error": losses.squared_error(x_hat, x).item(),
        "reconstruction_sharpness": metrics.sharpness(x_hat).nanmean().item(),
    }
