"""Sets of generated images against real ones, by the features of a judge; and how sharp images are.

Features are (n, d) tensors, for example ``Classifier.features``. Every number here depends on the judge: it compares
only with numbers by the same judge.
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.metrics.common import pair, seeded


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1]: of the samples that look like data, and of the data that the samples cover."""

    precision: float
    recall: float


def fid(real: Tensor, fake: Tensor) -> float:
    """The Frechet distance between Gaussians fitted to features real (n, d) and fake (m, d) (Heusel et al. 2017).

    |mu_r - mu_f|^2 + tr(S_r + S_f - 2 (S_r S_f)^(1/2)), with means mu and covariances S; zero for equal moments.
    Biased upwards for few samples: compare only numbers of equal n and m. Raises ValueError for bad shapes.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance  # slow to import

    real, fake = pair(real, fake)
    distance = FrechetInceptionDistance(feature=_Given(real.shape[1])).set_dtype(torch.float64)
    distance.update(real, real=True)
    distance.update(fake, real=False)
    return distance.compute().item()


def kid(real: Tensor, fake: Tensor, subset: int = 500, n_subsets: int = 50, seed: int = 0) -> float:
    """The squared MMD of features real (n, d) and fake (m, d), cubic kernel (a'b / d + 1)^3 (Binkowski et al. 2018).

    The mean over `n_subsets` random subsets of `subset` images (or fewer, if there are fewer). Unbiased: zero on
    average for equal distributions, then often slightly negative. Raises ValueError for bad shapes.
    """
    from torchmetrics.image.kid import KernelInceptionDistance  # slow to import

    real, fake = pair(real, fake)
    size = min(subset, len(real), len(fake))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save all extracted features")
        distance = KernelInceptionDistance(_Given(real.shape[1]), subsets=n_subsets, subset_size=size)
    distance.update(real, real=True)
    distance.update(fake, real=False)
    with seeded(seed):
        return distance.compute()[0].item()


class _Given(nn.Module):
    """Stands where torchmetrics expects a network: the images it is given are features already."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def inception_score(probabilities: Tensor) -> float:
    """exp of the mean KL(p(y|x) || p(y)) over class probabilities (n, K) of samples (Salimans et al. 2016, section 4).

    1 (nothing told apart) to K (every sample sure of its class, all classes equally often). It never sees the data:
    one perfect image a class scores K.
    """
    if probabilities.ndim != 2 or not torch.allclose(probabilities.sum(1), probabilities.new_ones(()), atol=1e-3):
        raise ValueError(f"probabilities must be (n, K), rows summing to one, got shape {tuple(probabilities.shape)}")
    p = probabilities.double()
    # KL = sum_y p(y|x) log p(y|x) / p(y);  its mean over x is H(p(y)) - mean H(p(y|x))
    entropy = torch.special.entr
    return math.exp((entropy(p.mean(0)).sum() - entropy(p).sum(1).mean()).item())


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> PrecisionRecall:
    """Improved precision and recall of features real (n, d) and fake (m, d) (Kynkaanniemi et al. 2019, section 2).

    Each set is taken as the union of balls round its points, each reaching to the k-th nearest neighbour within the
    set. Precision: the share of fake points inside the real balls. Recall: of real points inside the fake balls.
    Both grow with the number of points: compare only equal n and m. Memory grows with n m.
    """
    real, fake = pair(real, fake)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"k must lie between 1 and {min(len(real), len(fake)) - 1}, got {k}")
    between = torch.cdist(real, fake)
    return PrecisionRecall(
        precision=(between <= _radius(real, k)[:, None]).any(0).double().mean().item(),
        recall=(between <= _radius(fake, k)[None]).any(1).double().mean().item(),
    )


def _radius(points: Tensor, k: int) -> Tensor:
    """The distance of each point to its k-th nearest neighbour, itself not counted."""
    return torch.cdist(points, points).kthvalue(k + 1, dim=1).values


def sharpness(x: Tensor) -> Tensor:
    """The root mean square spatial frequency of each image x (N, C, H, W), in radians a pixel, (N,).

    sqrt(sum |grad x|^2 / sum x^2), which by Parseval is the mean frequency, weighted by power. Blur lowers it; it does
    not change when all pixels are multiplied by a number. But noise raises it too: sharp is not yet good. Differences
    of neighbours stand for the gradient; outside of the image lies zero (the black of digits). NaN for a black image.
    """
    if x.ndim != 4:
        raise ValueError(f"sharpness takes images (N, C, H, W), got shape {tuple(x.shape)}")
    padded = nn.functional.pad(x, (1, 1, 1, 1))
    energy = sum(padded.diff(dim=d).square().flatten(1).sum(1) for d in (2, 3))
    return (energy / x.square().flatten(1).sum(1)).sqrt()
