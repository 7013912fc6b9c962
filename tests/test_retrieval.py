"""Search by similarity: Hamming distances and precision at k, against scipy and against counting by hand."""

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from course_utils.metrics import hamming_distances, precision_at_k


def test_hamming_distances_are_those_of_scipy():
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(n, 33, generator=generator) > 0.6 for n in (7, 11))
    expected = 33 * cdist(a.numpy(), b.numpy(), "hamming")  # scipy gives the share of bits that differ
    assert np.allclose(hamming_distances(a, b), expected)


def test_precision_without_ties_is_counted_by_hand():
    distances = torch.tensor([[0.3, 0.1, 0.2, 0.9], [5.0, 6.0, 7.0, 8.0]])
    database = torch.tensor([1, 1, 2, 2])
    # nearest first: classes 1, 2, 1, 2 for the first query (class 1); 1, 1, 2, 2 for the second (class 2)
    found = precision_at_k(distances, torch.tensor([1, 2]), database, [1, 2, 3, 4])
    assert found.tolist() == pytest.approx([(1 + 0) / 2, (1 / 2 + 0) / 2, (2 / 3 + 1 / 3) / 2, 1 / 2])


def test_ties_count_as_the_mean_over_all_orders_of_the_database():
    distances = torch.tensor([[0.0, 1.0, 1.0, 1.0, 2.0]])
    database = torch.tensor([3, 3, 4, 3, 3])
    for k in range(1, 6):
        orders = itertools.permutations(range(5))
        # a stable sort of each order of the database breaks the ties in each possible way equally often
        hits = [
            np.mean([database[i] == 3 for i in sorted(order, key=lambda i: distances[0, i].item())[:k]])
            for order in orders
        ]
        assert precision_at_k(distances, torch.tensor([3]), database, [k]).item() == pytest.approx(np.mean(hits))


def test_precision_does_not_depend_on_the_order_of_the_database():
    generator = torch.Generator().manual_seed(0)
    distances = torch.randint(0, 4, (20, 50), generator=generator).float()
    query, database = (torch.randint(0, 3, (n,), generator=generator) for n in (20, 50))
    order = torch.randperm(50, generator=generator)
    one = precision_at_k(distances, query, database, [1, 7, 50])
    other = precision_at_k(distances[:, order], query, database[order], [1, 7, 50])
    assert torch.allclose(one, other)
    share = (query[:, None] == database).float().mean().item()
    assert one[2].item() == pytest.approx(share), "at k = N everything is returned"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hamming_distances(torch.rand(2, 3), torch.rand(2, 3)), "bool"),
        (lambda: hamming_distances(torch.ones(2, 3) > 0, torch.ones(2, 4) > 0), "same number of bits"),
        (lambda: precision_at_k(torch.rand(2, 3), torch.zeros(3), torch.zeros(2), [1]), r"\(3, 2\), got \(2, 3\)"),
        (lambda: precision_at_k(torch.rand(2, 3), torch.zeros(2), torch.zeros(3), [4]), "size of the database, 3"),
        (lambda: precision_at_k(torch.rand(2, 3), torch.zeros(2), torch.zeros(3), [0]), "between 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
