"""Style apart from class: what a code gives away of the class to a reader that can bend, and how much style is kept."""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils.metrics.common import points

N_EPOCHS = 40


class NetworkProbe(NamedTuple):
    """How a small network reads the class from codes: its accuracy, in [0, 1], and what it learns of it, in bits."""

    accuracy: float
    bits: float


def network_probe(codes: Tensor, y: Tensor, hidden: int = 128, seed: int = 0) -> NetworkProbe:
    """How well a network with one hidden layer reads the class y (N,) from codes (N, d).

    Half of the codes, drawn with `seed`, teach it (a fifth of them say after which epoch it was best), the other half
    is read. bits: the entropy of y minus the network's cross-entropy, in bits. A better reader could only find more,
    so in expectation this is a lower bound of the mutual information I(y; z) (Barber and Agakov 2003); it is near 0,
    or somewhat below, if the codes hold nothing about the class, and at most log2 of the number of classes.
    Raises ValueError for other shapes, or fewer than 20 codes of a class.
    """
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler  # slow to import, all of them

    codes = points(codes, "codes").numpy()
    if y.shape != (len(codes),):
        raise ValueError(f"y must have one class a code, ({len(codes)},), got {tuple(y.shape)}")
    classes, count = np.unique(y.detach().cpu().numpy(), return_counts=True)
    if count.min() < 20:
        raise ValueError(
            f"network_probe needs at least 20 codes of each class, got {count.min()} of {classes[count.argmin()]}"
        )
    y = y.detach().cpu().numpy()
    known, asked, y_known, y_asked = train_test_split(codes, y, test_size=0.5, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(known)
    network = _best_network(scaler.transform(known), y_known, hidden, seed)
    share = count / count.sum()
    learnt = -(share * np.log2(share)).sum() - log_loss(
        y_asked, network.predict_proba(scaler.transform(asked))
    ) / np.log(2)
    return NetworkProbe(float(network.score(scaler.transform(asked), y_asked)), float(learnt))


def _best_network(codes: np.ndarray, y: np.ndarray, hidden: int, seed: int):
    """A classifier after the epoch with the smallest cross-entropy on a fifth of the codes, which it does not learn.

    scikit-learn's own early stopping goes by accuracy, which is at its best long before the probabilities are.
    """
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    known, held_out, y_known, y_held_out = train_test_split(codes, y, test_size=0.2, random_state=seed, stratify=y)
    network = MLPClassifier((hidden,), learning_rate_init=3e-3, random_state=seed)
    best, best_loss = None, np.inf
    for _ in range(N_EPOCHS):
        network.partial_fit(known, y_known, classes=np.unique(y))
        loss = log_loss(y_held_out, network.predict_proba(held_out))
        if loss < best_loss:
            best, best_loss = copy.deepcopy(network), loss
    return best


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
