"""What truncation trades: how good images are against how many kinds of them there are (notebook 17)."""

import torch
from torch import Tensor

from course_utils import judge, metrics
from course_utils.datasets import Splits
from course_utils.distributions import TruncatedGaussian
from course_utils.evaluation.common import N_SAMPLES, test_images
from course_utils.evaluation.style import seen_percent
from course_utils.methods import BigGAN, ConditionalGAN

THRESHOLDS = (0.25, 0.5, 1.0, 1.5, 2.0)


@torch.no_grad()
def trade_off(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Of images fake (M, 1, 28, 28) against images real (N, 1, 28, 28), by the features of the `judge`.

    fid, precision_percent, recall_percent: see `metrics`. variety_percent: how far the fake ones of a class lie from
    their mean, as a share of how far the real ones do (roots of mean squared distances; classes are those that the
    judge sees): 100 if a class has as many faces as in the data, 0 if one image stands for each.
    """
    real_features, fake_features = judge.features(real), judge.features(fake)
    covered = metrics.precision_recall(real_features, fake_features)
    spread = {
        name: _spread(features, judge.probabilities(x).argmax(1))
        for name, features, x in (("real", real_features, real), ("fake", fake_features, fake))
    }
    return {
        "fid": metrics.fid(real_features, fake_features),
        "precision_percent": 100 * covered.precision,
        "recall_percent": 100 * covered.recall,
        "variety_percent": 100 * (spread["fake"] / spread["real"]) ** 0.5,
    }


def _spread(features: Tensor, y: Tensor) -> float:
    """The mean squared distance of features (N, d) from the mean of their class y (N,)."""
    classes, index = y.unique(return_inverse=True)
    means = torch.stack([features[y == k].mean(0) for k in classes])
    return (features - means[index]).square().sum(1).mean().item()


@torch.no_grad()
def truncation_of_z(
    method: BigGAN | ConditionalGAN, data: Splits, thresholds: tuple[float, ...] = THRESHOLDS
) -> dict[str, float]:
    """The `trade_off` of samples whose z is drawn from N(0, I) cut off at thresholds, and from the whole of it.

    One sample for the class of each of 5,000 test images. fid_at_0.5 and so on, and fid_at_whole; and
    requested_class_percent_at_0.5 and so on: the samples that the judge takes for the class asked for.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    real, y = test.x[chosen], test.y[chosen]
    priors = {f"{t:g}": TruncatedGaussian(method.prior.dim, t).to(real.device) for t in thresholds}
    numbers = {}
    for name, prior in {**priors, "whole": method.prior}.items():
        fake = method.decode(prior.sample(len(y)), y)
        found = {**trade_off(real, fake), "requested_class_percent": seen_percent(fake, y)}
        numbers |= {f"{key}_at_{name}": value for key, value in found.items()}
    return numbers
