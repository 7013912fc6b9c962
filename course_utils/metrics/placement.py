"""Where classes and styles lie in the parts of a prior."""

import itertools
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor


class Agreement(NamedTuple):
    """How alike fields are: mean correlations in [-1, 1], as the fields lie and with one of each pair reflected."""

    correlation: float
    reflected: float


def field_agreement(fields: Tensor) -> Agreement:
    """Do K >= 2 fields (K, n) or (K, n, m) show one pattern? The mean Pearson correlation over all pairs of fields.

    A field is what was measured at the same places of each of K parts of a prior, for example the slant of the images
    decoded there. How large its values are, and how much they vary, does not count; places where it is NaN are left
    out; a field that does not vary at all agrees with none (correlation 0). Neighbouring places are alike, so these
    correlations scatter far more than those of as many independent numbers. `reflected` is the mean over all pairs and
    over all ways to turn the second field's axes around (one, the other, both): if the parts were filled
    independently of each other, turning one around would change nothing on average.

    Raises ValueError for other shapes, or fewer than two fields.
    """
    if fields.ndim not in (2, 3) or len(fields) < 2:
        raise ValueError(f"fields must be (K, n) or (K, n, m) with K of at least 2, got {tuple(fields.shape)}")
    fields = fields.detach().cpu().double()
    axes = range(fields.ndim - 1)
    turns = [list(some) for n in range(1, fields.ndim) for some in itertools.combinations(axes, n)]
    pairs = list(itertools.combinations(fields, 2))
    straight = [_correlation(a, b) for a, b in pairs]
    turned = [_correlation(a, b.flip(turn)) for a, b in pairs for turn in turns]
    return Agreement(sum(straight) / len(straight), sum(turned) / len(turned))


def _correlation(a: Tensor, b: Tensor) -> float:
    both = a.isfinite() & b.isfinite()
    a, b = a[both], b[both]
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        return 0.0
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def matched_share(parts: Tensor, y: Tensor, n_classes: int) -> float:
    """The share, in [0, 1], of examples in the part of their class, if parts are given to classes in the best way.

    parts (N,), y (N,): integers in 0..n_classes - 1. Each class gets one part (Kuhn 1955, the Hungarian method). This
    is for codes that never saw a label: part k then has no reason to be that of class k. Even parts that know
    nothing of classes get a little more than 1 / n_classes, since the best way is chosen with the examples counted.
    Raises ValueError for labels out of range or other shapes.
    """
    if parts.ndim != 1 or parts.shape != y.shape or not len(parts):
        raise ValueError(f"parts and y must both be (N,), got {tuple(parts.shape)} and {tuple(y.shape)}")
    for name, values in (("parts", parts), ("y", y)):
        if values.min() < 0 or values.max() >= n_classes:
            raise ValueError(f"{name} must lie in 0..{n_classes - 1}")
    counts = torch.bincount(n_classes * parts.cpu() + y.cpu(), minlength=n_classes**2).view(n_classes, n_classes)
    rows, columns = linear_sum_assignment(counts.numpy(), maximize=True)
    return counts[rows, columns].sum().item() / len(parts)


def smaller_inside(values: Tensor) -> int:
    """In how many rows of values (K, n), n of at least 5, is the mean of the middle fifth below those of both ends?

    The ends are the first and the last fifth. NaN are left out. Raises ValueError for other shapes.
    """
    if values.ndim != 2 or values.shape[1] < 5:
        raise ValueError(f"values must be (K, n) with n of at least 5, got {tuple(values.shape)}")
    n = values.shape[1]
    fifth = n // 5
    start = (n - fifth) // 2
    middle = values[:, start : start + fifth].nanmean(1)
    first, last = values[:, :fifth].nanmean(1), values[:, -fifth:].nanmean(1)
    return int(((middle < first) & (middle < last)).sum())
