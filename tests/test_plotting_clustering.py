"""Figures of clusters: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


CLUSTERS = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])
Y = torch.tensor([3, 3, 3, 1, 1, 1, 0, 3])
GROUPS = {
    "1": {"cluster 5": torch.tensor([0.4, 0.6]), "cluster 2": torch.tensor([-0.1, 0.1, 0.0])},
    "6": {"cluster 7": torch.tensor([0.2, 0.2])},
}
PANELS = {
    "error in %": {"this one": ([0, 10, 20], [80.0, 40.0, 30.0]), "that one": ([0, 10, 20], [90.0, 50.0, 60.0])},
    "certain in %": {"this one": ([0, 10, 20], [0.0, 70.0, 90.0]), "that one": ([0, 10, 20], [0.0, 20.0, 30.0])},
}

FIGURES = {
    "cluster_contents": lambda: plotting.cluster_contents(CLUSTERS, Y, torch.tensor([3, 1, 0])),
    "over_time": lambda: plotting.over_time(PANELS),
    "attribute_by_cluster": lambda: plotting.attribute_by_cluster(GROUPS, "slant"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    axes = FIGURES[name]().axes
    assert all(ax.get_xlabel() for ax in axes) and axes[0].get_ylabel()


def test_diagram_names_its_parts_and_has_two_phases_and_no_labels():
    texts = " ".join(text.get_text() for text in plotting.clustering_diagram().axes[0].texts)
    for part in ("encoder", "decoder", "$D_y$", "$D_z$", "cluster", "1 reconstruction", "2 regularisation"):
        assert part in texts
    assert "classification" not in texts and "labels" not in texts


def test_arrows_of_the_diagram_touch_boxes_and_do_not_cross_them():
    ax = plotting.clustering_diagram().axes[0]
    ends = [(arrow.xyann, arrow.xy) for arrow in ax.texts if getattr(arrow, "arrow_patch", None)]
    assert len(ends) == 10
    boxes = [(np.array([b.get_x(), b.get_y()]), np.array([b.get_width(), b.get_height()])) for b in ax.patches]
    for start, end in ends:
        path = np.linspace(start, end, 50)[1:-1]
        assert not any(((path > low) & (path < low + size)).all(1).any() for low, size in boxes)


def test_each_head_stands_left_of_the_images_of_its_cluster():
    heads = torch.arange(3).view(3, 1, 1, 1).expand(3, 1, 2, 2) / 10
    members = [torch.full((n, 1, 2, 2), 0.5 + k / 10) for k, n in enumerate([2, 0, 1])]
    left, right = plotting.cluster_heads(heads, members, ["a", "b", "c"], columns=2).axes
    sheet = left.images[0].get_array()
    assert sheet.shape == (6, 3 + 1 + 2 * 3)  # two rows; a head, a gap, two images, each with a line of white
    assert sheet[0].tolist() == pytest.approx([0, 0, 1, 1, 0.5, 0.5, 1, 0.5, 0.5, 1])
    assert sheet[3].tolist() == pytest.approx([0.1, 0.1] + 8 * [1])  # no image is in this cluster
    last = right.images[0].get_array()
    assert last[0].tolist() == pytest.approx([0.2, 0.2, 1, 1, 0.7, 0.7, 1, 1, 1, 1])
    assert [t.get_text() for t in left.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in right.get_yticklabels()] == ["c"]
    assert list(left.get_yticks()) == [1, 4] and list(right.get_yticks()) == [1]  # the middles of the rows


def test_contents_are_percent_of_a_cluster_with_the_name_in_a_frame():
    ax, bars = FIGURES["cluster_contents"]().axes
    cells = ax.images[0].get_array()
    assert cells[0].tolist() == [0, 25, 0, 75] and cells[1].tolist() == [0, 100, 0, 0]
    assert cells[2].tolist() == [50, 0, 0, 50]
    written = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in ax.texts}
    assert written == {(0, 1): "25", (0, 3): "75", (1, 1): "100", (2, 0): "50", (2, 3): "50"}
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    middles = [(f.get_x() + f.get_width() / 2, f.get_y() + f.get_height() / 2) for f in frames]
    assert middles == [pytest.approx(m) for m in [(3, 0), (1, 1), (0, 2)]]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx([50, 25, 25])
    assert bars.lines[0].get_xdata()[0] == pytest.approx(100 / 3)


def test_an_empty_cluster_has_an_empty_row():
    ax, bars = plotting.cluster_contents(torch.zeros(4, dtype=torch.long), Y[:4], torch.tensor([3, 3])).axes
    assert ax.images[0].get_array()[1].tolist() == [0, 0, 0, 0] and bars.patches[1].get_width() == 0


def test_curves_stand_in_the_panel_of_their_quantity():
    left, right = FIGURES["over_time"]().axes
    assert left.get_ylabel() == "error in %" and right.get_ylabel() == "certain in %"
    assert [list(line.get_ydata()) for line in right.lines] == [[0, 70, 90], [0, 20, 30]]
    assert list(left.lines[1].get_xdata()) == [0, 10, 20] and left.get_ylim()[0] == 0
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["this one", "that one"]
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()


def test_four_quantities_stand_two_by_two():
    four = {f"{name} {i}": PANELS[name] for i in range(2) for name in PANELS}
    places = [ax.get_subplotspec().get_geometry()[:2] for ax in plotting.over_time(four).axes]
    assert places == 4 * [(2, 2)]


def test_sizes_are_sorted_beside_the_line_of_equal_ones():
    left, right = plotting.cluster_sizes({"a": torch.tensor([0.2, 0.7, 0.1]), "b": torch.ones(4) / 4}).axes
    assert [bar.get_height() for bar in left.patches] == pytest.approx([70, 20, 10])
    assert left.lines[0].get_ydata()[0] == pytest.approx(100 / 3) and right.lines[0].get_ydata()[0] == 25
    assert left.get_xlabel() and left.get_ylabel() == "% of the images" and left.get_title() == "a"


def test_strips_show_every_value_and_the_mean_of_each_row():
    ax = plotting.strips({"a": [1.0, 3.0], "b": [5.0]}, "error in %").axes[0]
    first, mean, second, _ = ax.collections
    assert first.get_offsets()[:, 0].tolist() == [1, 3] and second.get_offsets()[:, 0].tolist() == [5]
    assert all(abs(y) < 0.5 for y in first.get_offsets()[:, 1]) and round(second.get_offsets()[0, 1]) == 1
    assert mean.get_segments()[0][0, 0] == 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"] and ax.get_xlabel() == "error in %"


def test_each_cluster_of_a_digit_is_a_mark_with_its_spread_and_name():
    ax = FIGURES["attribute_by_cluster"]().axes[0]
    marks = [bar.lines[0] for bar in ax.containers]
    assert [m.get_xdata()[0] for m in marks] == pytest.approx([0, 0.5, 0.2])  # from left to right within a digit
    assert [round(m.get_ydata()[0]) for m in marks] == [0, 0, 1]
    assert [t.get_text() for t in ax.texts] == ["cluster 2", "cluster 5", "cluster 7"]
    spread = ax.containers[1].lines[2][0].get_segments()[0][:, 0]
    assert spread.tolist() == pytest.approx([0.4, 0.6])
    means = [c.get_segments()[0][0, 0] for c in ax.collections if len(c.get_segments()) and c.get_linestyle()[0][1]]
    assert means == pytest.approx([0.2, 0.2])  # dotted: of all images of the digit
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "6"]
