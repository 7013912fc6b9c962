"""Search by similarity: how many of the nearest neighbours are of the same class."""

from collections.abc import Sequence

import torch
from torch import Tensor


def hamming_distances(a: Tensor, b: Tensor) -> Tensor:
    """The number of bits in which each row of a (Q, n) differs from each row of b (N, n), bool; (Q, N), float32."""
    if a.dtype != torch.bool or b.dtype != torch.bool:
        raise ValueError(
            f"bits must be bool tensors, got {a.dtype} and {b.dtype}: compare codes with a threshold first"
        )
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(f"codes must have the same number of bits, got {tuple(a.shape)} and {tuple(b.shape)}")
    # with bits as -1 and 1 the inner product is (equal - different) = n - 2 * different
    plus_minus = [2 * bits.float() - 1 for bits in (a, b)]
    return (a.shape[1] - plus_minus[0] @ plus_minus[1].T) / 2


def precision_at_k(distances: Tensor, query_y: Tensor, database_y: Tensor, ks: Sequence[int]) -> Tensor:
    """The share of the k nearest database entries that have the query's class, mean over the queries; (len(ks),).

    distances (Q, N), classes query_y (Q,) and database_y (N,). Bits tie often: of the entries at the distance of the
    k-th, as many as fit are taken at random, and the result is the exact expectation over that choice. So it does not
    depend on the order of the database. Queries must not be in the database, or each finds itself.
    Raises ValueError for shapes that do not fit, or a k outside of 1 to N.
    """
    if distances.shape != (len(query_y), len(database_y)):
        raise ValueError(
            f"distances must be (queries, database) = ({len(query_y)}, {len(database_y)}), got {tuple(distances.shape)}"
        )
    if not all(1 <= k <= len(database_y) for k in ks):
        raise ValueError(f"every k must lie between 1 and the size of the database, {len(database_y)}, got {list(ks)}")
    same = (query_y[:, None] == database_y).float()
    kth = distances.topk(max(ks), dim=1, largest=False, sorted=True).values  # (Q, max k), rising
    return torch.stack([_precision(distances, same, kth[:, k - 1 : k], k) for k in ks])


def _precision(distances: Tensor, same: Tensor, kth: Tensor, k: int) -> Tensor:
    nearer, tied = (distances < kth).float(), (distances == kth).float()
    places_left = k - nearer.sum(1)
    hits = (nearer * same).sum(1) + places_left * (tied * same).sum(1) / tied.sum(1)
    return (hits / k).mean()
