"""The figures of notebook 01 show what they are given."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labelled(fig) -> bool:
    return all(ax.get_xlabel() for ax in fig.axes) and bool(fig.axes[0].get_ylabel())


def test_the_diagram_names_both_networks_the_code_and_the_loss():
    words = " ".join(t.get_text() for t in plotting.autoencoder_diagram().axes[0].texts)
    for word in ("encoder", "decoder", "code", "reconstruction", "loss"):
        assert word in words


def test_directions_are_numbered_where_their_curves_end():
    angles = torch.tensor([[90.0, 80.0, 70.0], [50.0, 1.0, 1.01]])
    fig = plotting.directions_learned([0, 100], angles)
    ax = fig.axes[0]
    assert [line.get_ydata().tolist() for line in ax.lines] == [pytest.approx(a) for a in angles.T.tolist()]
    labels = {t.get_text(): t.xy[1] for t in ax.texts}
    assert labels["1"] == pytest.approx(50.0)
    assert labels["2"] == pytest.approx(1.0)
    assert labels["3"] > 1.3, "two numbers at one place could not be read"
    assert labelled(fig)


def test_boxes_lie_where_the_numbers_do():
    confidence = torch.linspace(0, 1, 101)
    fig = plotting.judged_images({"a": (confidence, 2 * confidence), "b": (confidence, confidence)}, reference=1.5)
    left, right = fig.axes
    medians = [line.get_xdata()[0] for ax in (left, right) for line in ax.lines if line.get_linewidth() == 2.5]
    assert medians == pytest.approx([0.5, 0.5, 1.0, 0.5])
    assert right.lines[-1].get_xdata()[0] == 1.5
    assert [t.get_text() for t in left.get_yticklabels()] == ["a", "b"]
    assert labelled(fig)


def test_code_sizes_are_the_ticks():
    fig = plotting.by_code_size([2, 8, 32], {"a": [3.0, 2.0, 1.0], "b": [1.0, 1.0, 1.0]}, "error", {"best": 0.5})
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "8", "32"]
    assert [list(line.get_ydata()) for line in ax.lines[:2]] == [[3, 2, 1], [1, 1, 1]]
    assert [(t.get_text(), t.xy[1]) for t in ax.texts] == [("best", 0.5)]
    assert labelled(fig)


def test_paths_and_histograms_show_their_numbers():
    t = torch.linspace(0, 1, 3)
    fig = plotting.along_paths(t, {"one": {"a": t, "b": 2 * t}, "two": {"c": 3 * t}})
    assert [line.get_ydata().tolist() for line in fig.axes[0].lines] == [[0, 0.5, 1], [0, 1, 2]]
    assert fig.axes[1].get_ylabel() == "two"
    fig = plotting.code_histograms({"left": torch.tensor([[0.0, 1.0], [1.0, 1.0]]), "right": torch.rand(5, 5)})
    heights = [bar.get_height() for bar in fig.axes[0].patches]
    assert (heights[0], heights[-1], sum(heights)) == (25, 75, 100)
