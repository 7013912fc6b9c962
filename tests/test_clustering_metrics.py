"""Names of clusters and agreement with classes: against worked examples, loops and formulas."""

import math
from collections import Counter

import pytest
import torch

from course_utils import metrics

Q = torch.tensor(
    [
        [0.99, 0.01, 0.0],
        [0.90, 0.10, 0.0],
        [0.80, 0.20, 0.0],
        [0.40, 0.60, 0.0],
        [0.05, 0.95, 0.0],
    ]
)
Y = torch.tensor([9, 4, 4, 1, 1])


def test_the_surest_image_names_its_cluster_even_alone_against_all():
    assert metrics.label_by_most_confident(Q, Y).tolist() == [9, 1, 9]


def test_the_majority_names_its_cluster_and_an_empty_one_takes_the_most_frequent_label():
    assert metrics.label_by_majority(Q, Y).tolist() == [4, 1, 1]  # 1 and 4 are equally frequent: the smaller


def test_of_equally_frequent_labels_the_smallest_wins():
    q = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    assert metrics.label_by_majority(q, torch.tensor([7, 2, 2])).tolist() == [2, 2]
    assert metrics.label_by_most_confident(q, torch.tensor([7, 2, 2])).tolist() == [7, 2]


def test_a_cluster_is_named_by_an_image_that_is_surer_of_another_one():
    """The paper takes the largest q(y_i|x) of cluster i over ALL images: it need not be their first choice."""
    q = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
    assert metrics.label_by_most_confident(q, torch.tensor([5, 3])).tolist() == [5, 3]


def test_agreement_by_the_formulas():
    clusters, y = torch.tensor([0, 0, 0, 1, 1, 2]), torch.tensor([0, 0, 1, 1, 1, 1])
    n = len(y)

    def entropy(labels):
        return -sum(c / n * math.log(c / n) for c in Counter(labels).values())

    pairs = list(zip(clusters.tolist(), y.tolist(), strict=True))
    information = entropy(clusters.tolist()) + entropy(y.tolist()) - entropy(pairs)
    mean = (entropy(clusters.tolist()) + entropy(y.tolist())) / 2

    def couples(labels):
        return sum(c * (c - 1) / 2 for c in Counter(labels).values())

    together, a, b, every = couples(pairs), couples(clusters.tolist()), couples(y.tolist()), n * (n - 1) / 2
    by_chance = a * b / every
    found = metrics.partition(clusters, y)
    assert found.nmi == pytest.approx(information / mean)
    assert found.ari == pytest.approx((together - by_chance) / ((a + b) / 2 - by_chance))


def test_one_heap_says_nothing_and_other_names_do_not_matter():
    y = torch.tensor([0, 0, 1, 1])
    assert metrics.partition(torch.zeros(4, dtype=torch.long), y) == (0, 0)
    assert metrics.partition(torch.tensor([8, 8, 3, 3]), y) == (1, 1)


@pytest.mark.parametrize("rule", [metrics.label_by_most_confident, metrics.label_by_majority])
@pytest.mark.parametrize("q, y", [(Q, Y[1:]), (Q[:, 0], Y), (Q[:0], Y[:0]), (Q, Y[:, None])])
def test_shapes_that_do_not_fit_are_named(rule, q, y):
    with pytest.raises(ValueError, match=r"q must be \(N, K\) and y \(N,\)") as error:
        rule(q, y)
    assert str(tuple(q.shape)) in str(error.value)


@pytest.mark.parametrize("clusters, y", [(Y, Y[1:]), (Q, Y), (Y[:0], Y[:0])])
def test_partitions_of_other_shapes_are_named(clusters, y):
    with pytest.raises(ValueError, match=r"clusters and y must both be \(N,\)"):
        metrics.partition(clusters, y)
