"""Linear subspaces: what principal component analysis finds, and how far another subspace is from it."""

import numpy as np
import torch
from scipy.linalg import subspace_angles
from torch import Tensor


def principal_components(x: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (D,), the first k principal directions (D, k) as orthonormal columns, and all D variances, falling.

    x (N, ...): examples, taken as vectors of D entries. The directions are eigenvectors of the covariance matrix
    (divided by N); projecting on them leaves the smallest squared error that k directions can leave.
    Raises ValueError unless 1 <= k <= D.
    """
    flat = x.detach().cpu().flatten(1)
    if not 1 <= k <= flat.shape[1]:
        raise ValueError(f"k must lie between 1 and the number of entries, {flat.shape[1]}, got {k}")
    mean = flat.mean(0, dtype=torch.float64)
    centred = (part.double() - mean for part in flat.split(10_000))  # the whole set in double would be large
    variances, directions = torch.linalg.eigh(sum(part.T @ part for part in centred) / len(flat))
    return tuple(found.float().to(x.device) for found in (mean, directions.flip(1)[:, :k], variances.flip(0)))


def project(x: Tensor, mean: Tensor, directions: Tensor) -> Tensor:
    """PCA's reconstruction of x (B, ...) from its coordinates along `directions` (D, k), same shape as x."""
    centred = x.flatten(1) - mean
    return (mean + centred @ directions @ directions.T).view_as(x)


def principal_angles(a: Tensor, b: Tensor) -> Tensor:
    """The angles between the column spaces of a (D, k) and b (D, k), in degrees, largest first, (k,).

    All zero exactly when the two span the same subspace (Bjorck and Golub 1973; ``scipy.linalg.subspace_angles``).
    Raises ValueError if the shapes do not fit.
    """
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"two bases must be (D, k) both, got {tuple(a.shape)} and {tuple(b.shape)}")
    angles = subspace_angles(*(m.detach().cpu().double().numpy() for m in (a, b)))
    return torch.from_numpy(np.rad2deg(angles))


def angles_to_subspace(directions: Tensor, basis: Tensor) -> Tensor:
    """The angle of each column of `directions` (D, n) to the column space of `basis` (D, k), in degrees, (n,)."""
    directions, basis = (m.detach().cpu().double() for m in (directions, basis))
    q, _ = torch.linalg.qr(basis)
    unit = directions / directions.norm(dim=0)
    inside = q @ (q.T @ unit)
    return torch.rad2deg(torch.atan2((unit - inside).norm(dim=0), inside.norm(dim=0)))
