"""What the two codes of a semi-supervised autoencoder hold: the class y, as probabilities, and the style z.

All take what a model gave for held-out images, not the model.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils.metrics.common import points


class ClassProbe(NamedTuple):
    """How often the class is read rightly from codes, in [0, 1]: linearly, from the nearest codes, and by chance."""

    linear: float
    neighbours: float
    chance: float


def class_probe(codes: Tensor, y: Tensor, k: int = 10, seed: int = 0) -> ClassProbe:
    """How well the class y (N,) can be read from codes (N, d): if they hold nothing about it, no better than chance.

    Half of the codes, drawn with `seed`, teach a logistic regression (on standardised codes) and a vote of the `k`
    nearest; the other half is read. chance: the share of the most frequent class, what always naming it gives.
    Raises ValueError for other shapes, or fewer than 2 k codes.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler  # slow to import, all four

    codes = points(codes, "codes").numpy()
    classes = _column(y, len(codes), "y")
    if len(codes) < 2 * k:
        raise ValueError(f"a vote of {k} neighbours among one half needs at least {2 * k} codes, got {len(codes)}")
    known, asked = np.array_split(np.random.default_rng(seed).permutation(len(codes)), 2)
    readers = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)), KNeighborsClassifier(k)
    right = [r.fit(codes[known], classes[known]).score(codes[asked], classes[asked]) for r in readers]
    return ClassProbe(
        *map(float, right), chance=float(np.unique(classes[asked], return_counts=True)[1].max()) / len(asked)
    )


def style_probe(features: Tensor, attribute: Tensor, y: Tensor, folds: int = 5, seed: int = 0) -> float:
    """The share of an attribute's variance WITHIN the classes that features (N, d) explain; 1 at best, 0: nothing.

    For each class of y (N,) a ridge regression (strength 1, features as they are: differences much below
    1 / sqrt(images of the class) do not count) predicts the attribute (N,) of images that it was not fitted on, in
    `folds` parts. 1 - (squared errors) / (squared deviations from the mean of the class); slightly below 0 where the
    features tell nothing. Images whose attribute is NaN are left out.
    Raises ValueError for other shapes, or a class with fewer images than `folds`.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict  # slow to import

    features = points(features, "features").numpy()
    attribute, classes = (_column(v, len(features), name) for v, name in ((attribute, "attribute"), (y, "y")))
    measured = np.isfinite(attribute)
    errors, deviations = 0.0, 0.0
    for k in np.unique(classes):
        mine = measured & (classes == k)
        if mine.sum() < folds:
            raise ValueError(f"class {k} has {mine.sum()} images with this attribute: fewer than the {folds} folds")
        parts = KFold(folds, shuffle=True, random_state=seed)
        predicted = cross_val_predict(Ridge(1.0), features[mine], attribute[mine], cv=parts)
        errors += np.square(attribute[mine] - predicted).sum()
        deviations += np.square(attribute[mine] - attribute[mine].mean()).sum()
    return float(1 - errors / deviations)


def effective_classes(probabilities: Tensor) -> float:
    """How many classes q(y|x) (N, K) uses, averaged over the images: exp of the entropy of the mean, from 1 to K."""
    mean = points(probabilities, "probabilities").mean(0)
    return torch.special.entr(mean).sum().exp().item()


class Nearest(NamedTuple):
    """Distances (N,) to the nearest labelled image of the own class, and to the nearest of any other class."""

    own: Tensor
    other: Tensor


def nearest_labelled(x: Tensor, y: Tensor, labelled_x: Tensor, labelled_y: Tensor) -> Nearest:
    """Euclidean distances in pixels of images x (N, ...) of classes y (N,) to labelled images (M, ...) with y (M,).

    Raises ValueError if a class of y has no labelled image, or all labelled images are of one class.
    """
    distance = torch.cdist(x.flatten(1), labelled_x.flatten(1))  # (N, M)
    same = y[:, None] == labelled_y
    if not same.any(1).all() or same.all(1).any():
        raise ValueError("every class needs a labelled image of its own, and one of another class beside it")
    own, other = (distance.masked_fill(left_out, torch.inf).min(1).values for left_out in (~same, same))
    return Nearest(own, other)


class Binned(NamedTuple):
    """Of images sorted into equally full bins: the mean value in each bin, a share and its standard error, (bins,)."""

    value: Tensor
    share: Tensor
    error: Tensor


def share_by_quantile(values: Tensor, hit: Tensor, bins: int = 5) -> Binned:
    """The share of `hit` (N,), bool, among images with low to high `values` (N,), in `bins` equally full bins.

    Images whose value is NaN are left out. error: sqrt(p (1 - p) / n). Raises ValueError with fewer images than bins.
    """
    measured = values.isfinite()
    values, hit = values[measured].cpu().double(), hit[measured].cpu().double()
    if not 1 <= bins <= len(values):
        raise ValueError(f"{bins} bins cannot be filled with {len(values)} images")
    parts = values.argsort().tensor_split(bins)
    share = torch.stack([hit[part].mean() for part in parts])
    n = torch.tensor([len(part) for part in parts])
    return Binned(torch.stack([values[part].mean() for part in parts]), share, (share * (1 - share) / n).sqrt())


def _column(values: Tensor, n: int, name: str) -> np.ndarray:
    if values.shape != (n,):
        raise ValueError(f"{name} must have one entry an image, ({n},), got {tuple(values.shape)}")
    return values.detach().cpu().numpy()
