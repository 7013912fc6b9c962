"""Figures of semi-supervised learning: what is drawn where, read back from the figure."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import plotting
from course_utils.metrics import Binned


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


ROWS = {
    "100 labels": {"labels only": [22.0, 24.0], "AAE": [], "improved": [2.0]},
    "1000 labels": {"labels only": [8.0]},
}
PUBLISHED = {"100 labels": 1.9, "1000 labels": 1.6}
CURVES = {"AAE": ([0, 1, 2], [20.0, 10.0, 5.0])}
LOSSES = {"$D_y$": [1.0, 1.3, 1.35], "$D_z$": [1.2, 1.38, 1.38]}
BINNED = Binned(torch.tensor([1.0, 2.0]), torch.tensor([0.05, 0.1]), torch.tensor([0.01, 0.02]))

FIGURES = {
    "error_over_time": lambda: plotting.error_over_time(CURVES, reference={"labels only": 22.0}),
    "losses_beside_error": lambda: plotting.losses_beside_error([0, 1, 2], [20.0, 10.0, 5.0], LOSSES),
    "share_panels": lambda: plotting.share_panels({"slant": BINNED}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    for ax in FIGURES[name]().axes:
        assert ax.get_xlabel() and ax.get_ylabel()


def test_diagram_names_its_parts_and_phases():
    texts = " ".join(text.get_text() for text in plotting.semi_supervised_diagram().axes[0].texts)
    for part in ("encoder", "decoder", "$D_y$", "$D_z$", "labels", "1 reconstruction", "3 classification"):
        assert part in texts


def test_arrows_of_the_diagram_touch_boxes_and_do_not_cross_them():
    ax = plotting.semi_supervised_diagram().axes[0]
    ends = [(arrow.xyann, arrow.xy) for arrow in ax.texts if getattr(arrow, "arrow_patch", None)]
    assert len(ends) == 11
    boxes = [(np.array([b.get_x(), b.get_y()]), np.array([b.get_width(), b.get_height()])) for b in ax.patches]
    for start, end in ends:
        path = np.linspace(start, end, 50)[1:-1]
        inside = [((path > low) & (path < low + size)).all(1).any() for low, size in boxes]
        assert not any(inside)


def test_error_over_time_shows_curve_and_reference():
    ax = FIGURES["error_over_time"]().axes[0]
    assert list(ax.lines[0].get_ydata()) == [20.0, 10.0, 5.0] and list(ax.lines[1].get_ydata()) == [22.0, 22.0]
    assert ax.texts[0].get_text() == "labels only" and ax.get_yscale() == "log"


def test_losses_stand_beside_the_error_with_their_reference():
    left, right = FIGURES["losses_beside_error"]().axes
    assert list(left.lines[0].get_ydata()) == [20.0, 10.0, 5.0]
    assert [line.get_label() for line in right.lines[:2]] == list(LOSSES)
    assert right.lines[2].get_ydata()[0] == pytest.approx(math.log(4))
    assert right.get_ylim()[1] > math.log(4)


def test_rows_show_every_seed_the_mean_the_paper_and_what_was_not_run():
    first, second = plotting.errors_by_row(ROWS, PUBLISHED).axes
    assert [t.get_text() for t in first.get_yticklabels()] == list(ROWS["100 labels"])
    marks, improved, paper = first.lines
    assert list(marks.get_xdata()) == [22.0, 24.0] and list(improved.get_xdata()) == [2.0]
    assert list(paper.get_xdata()) == [1.9, 1.9] and list(second.lines[-1].get_xdata()) == [1.6, 1.6]
    assert first.collections[0].get_segments()[0][0, 0] == 23  # the mean
    assert [(t.get_text(), t.get_position()[1]) for t in first.texts] == [("not run yet", 1)]


def test_two_choices_names_truth_and_probabilities():
    p = torch.tensor([[0.1, 0.7, 0.2], [0.6, 0.0, 0.4]])
    first, second = plotting.two_choices(torch.zeros(2, 1, 4, 4), torch.tensor([2, 0]), p, columns=2).axes
    assert (first.get_title(), first.get_xlabel()) == ("is 2", "1:70 2:20")
    assert (second.get_title(), second.get_xlabel()) == ("is 0", "0:60 2:40")


def test_mistaken_pairs_counts_mistakes_only():
    y, read = torch.tensor([4, 4, 4, 7, 1]), torch.tensor([9, 9, 4, 9, 1])
    ax = plotting.mistaken_pairs(y, read).axes[0]
    found = {t.get_text(): bar.get_width() for t, bar in zip(ax.get_yticklabels(), ax.patches, strict=True)}
    assert found == {"4 read as 9": 2, "7 read as 9": 1}
    assert len(plotting.mistaken_pairs(y, read, n=1).axes[0].patches) == 1


def test_share_panels_are_in_percent():
    ax = FIGURES["share_panels"]().axes[0]
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([5, 10]) and ax.get_xlabel() == "slant"
