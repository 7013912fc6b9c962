"""Samples against a known mixture."""

from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.distributions import GaussianMixture


class ModeCount(NamedTuple):
    """How many modes were found, and the share of samples, in [0, 1], that lie on one."""

    covered: int
    high_quality: float


def modes_covered(samples: Tensor, mixture: GaussianMixture, n_std: float = 3.0, min_share: float = 0.01) -> ModeCount:
    """Which components of a known mixture samples (n, dim) reach.

    A sample is of high quality if it lies within `n_std` standard deviations of the nearest mean (measured along
    each direction by the component's own spread); a component is covered if at least `min_share` of all samples are
    of high quality and nearest to it (as in Srivastava et al. 2017, section 4.1). In 2-D, perfect samples of separate
    components have a high-quality share of 1 - exp(-n_std^2 / 2), 98.9 % for 3.
    """
    if samples.ndim != 2 or samples.shape[1] != mixture.dim:
        raise ValueError(f"samples must be (n, {mixture.dim}) for this mixture, got {tuple(samples.shape)}")
    offset = samples[:, None].to(mixture.means) - mixture.means  # (n, K, dim)
    deviations = torch.linalg.solve(mixture.scale, offset[..., None]).squeeze(3).norm(dim=2)  # (n, K)
    distance, nearest = deviations.min(1)
    good = distance <= n_std
    share = torch.bincount(nearest[good], minlength=mixture.n_classes) / len(samples)
    return ModeCount(int((share >= min_share).sum()), good.double().mean().item())
