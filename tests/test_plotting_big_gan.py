"""The figures of BigGAN show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_sheets_have_a_class_a_row():
    first = torch.arange(6).view(3, 2, 1, 1, 1).expand(3, 2, 1, 4, 4) / 10
    fig = plotting.class_sheets({"whole": first, "cut": 1 - first})
    assert [ax.get_title() for ax in fig.axes] == ["whole", "cut"]
    for ax, images in zip(fig.axes, (first, 1 - first), strict=True):
        sheet = np.asarray(ax.images[0].get_array())
        np.testing.assert_allclose(sheet[::5, ::5], images[:, :, 0, 0, 0])
        assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "1", "2"]
        rows = [int(t // 5) for t in ax.get_yticks()]
        assert rows == [0, 1, 2]
    assert fig.axes[0].get_ylabel() == "class asked for"


def test_curves_go_through_their_points_and_one_of_them_says_where():
    fid = {"big": [("0.5", 40.0, 30.0), ("1", 60.0, 12.0), ("whole", 90.0, 8.0)], "other": [("0.5", 70.0, 25.0)]}
    precision = {"big": [("0.5", 40.0, 95.0), ("whole", 90.0, 70.0)]}
    fig = plotting.trade_off_curves({"FID": fid, "precision, %": precision}, "variety, %", named="big")
    left, right = fig.axes
    assert (left.get_xlabel(), right.get_xlabel()) == ("variety, %", "variety, %")
    assert (left.get_ylabel(), right.get_ylabel()) == ("FID", "precision, %")
    lines = {line.get_label(): line for line in left.lines}
    assert list(lines["big"].get_xdata()) == [40, 60, 90] and list(lines["big"].get_ydata()) == [30, 12, 8]
    assert list(lines["other"].get_xdata()) == [70] and lines["other"].get_marker() != lines["big"].get_marker()
    assert {t.get_text(): t.xy for t in left.texts} == {name: (x, y) for name, x, y in fid["big"]}
    assert right.lines[0].get_marker() == lines["big"].get_marker()
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["big", "other"]
