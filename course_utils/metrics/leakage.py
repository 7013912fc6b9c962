"""Style apart from class: what a code gives away of the class to a reader that can bend, and how much style is kept."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils.metrics.common import points


class NetworkProbe(NamedTuple):
    """How a small network reads the class from codes: its accuracy, in [0, 1], and what it learns of it, in bits."""

    accuracy: float
    bits: float


def network_probe(codes: Tensor, y: Tensor, hidden: int = 128, seed: int = 0) -> NetworkProbe:
    """How well a network with one hidden layer reads the class y (N,) from codes (N, d).

    Half of the codes, drawn with `seed`, teach it (a tenth of them say when to stop), the other half is read.
    bits: the entropy of y minus the network's cross-entropy, in bits. A better reader could only find more, so in
    expectation this is a lower bound of the mutual information I(y; z) (Barber and Agakov 2003); it is near 0, or
    somewhat below, if the codes hold nothing about the class, and at most log2 of the number of classes.
    Raises ValueError for other shapes, or fewer than 20 codes a class.
    """
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler  # slow to import, all of them

    codes = points(codes, "codes").numpy()
    if y.shape != (len(codes),):
        raise ValueError(f"y must have one class a code, ({len(codes)},), got {tuple(y.shape)}")
    classes = y.detach().cpu().numpy()
    share = np.unique(classes, return_counts=True)[1] / len(classes)
    if share.min() * len(classes) < 20:
        raise ValueError("network_probe needs at least 20 codes of each class: 10 to learn from, 10 to read")
    known, asked, y_known, y_asked = train_test_split(
        codes, classes, test_size=0.5, random_state=seed, stratify=classes
    )
    network = MLPClassifier((hidden,), early_stopping=True, max_iter=100, random_state=seed)
    reader = make_pipeline(StandardScaler(), network).fit(known, y_known)
    probabilities = reader.predict_proba(asked)
    entropy = -(share * np.log2(share)).sum()
    bits = entropy - log_loss(y_asked, probabilities) / np.log(2)
    return NetworkProbe(accuracy=float(reader.score(asked, y_asked)), bits=float(bits))


def kept(source: Tensor, y: Tensor, images: Tensor) -> float:
    """How much of an attribute survives a change of class: a mean correlation, in [-1, 1].

    source (N,): the attribute of N images of classes y (N,). images (N, K): the same attribute of each of them turned
    into every one of K classes. Both are taken as deviations from the mean of their class (a column of `images` has
    one class), since classes differ in slant or thickness by themselves and what is to be kept is the deviation.
    Images with NaN anywhere are left out. Raises ValueError for other shapes.
    """
    if source.shape != y.shape or images.ndim != 2 or len(images) != len(source):
        raise ValueError(
            f"source and y must be (N,) and images (N, K), got {tuple(source.shape)}, {tuple(y.shape)} and "
            f"{tuple(images.shape)}"
        )
    measured = source.isfinite() & images.isfinite().all(1)
    source, y, images = source[measured].double().cpu(), y[measured].cpu(), images[measured].double().cpu()
    means = torch.stack([source[y == k].mean() if (y == k).any() else source.new_zeros(()) for k in range(y.max() + 1)])
    deviation = source - means[y]
    correlations = [torch.corrcoef(torch.stack([deviation, column]))[0, 1] for column in images.T]
    return torch.stack(correlations).mean().item()
