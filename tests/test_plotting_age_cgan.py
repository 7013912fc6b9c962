"""The figures of Age-cGAN show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle

from course_utils.plotting import age_cgan as figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_diagram_searches_by_the_judge_and_draws_twice():
    ax = figures.age_cgan_diagram().axes[0]
    said = [t.get_text() for t in ax.texts]
    assert said.count("generator") == 2 and "encoder" in said and "judge" in said and "another age" in said
    ends = [tuple(t.arrow_patch.get_linestyle() for t in ax.texts if _ends_at(t, name)) for name in ("judge", "z")]
    assert ends == [("--", "--"), ("-", "--")]
    drawn = [_ends_at(t, "generator") for t in ax.texts].count(True)
    assert drawn == 2, "z and the age of the image"


def _ends_at(text, name: str) -> bool:
    place = np.array(figures._BOXES[name][:2])
    return bool(getattr(text, "arrow_patch", None)) and np.abs(np.array(text.xy) - place).max() < 1.0


def test_a_row_is_an_image_at_all_ages_and_its_own_age_is_framed():
    x, aged = torch.rand(2, 1, 4, 4), torch.rand(3, 2, 1, 4, 4)
    left, first, second = figures.aged_sheet(x, [2, 0], {"pixels": aged, "identity": aged / 2}, ["a", "b", "c"]).axes
    np.testing.assert_allclose(left.images[0].get_array()[5:9, :4], x[1, 0])
    np.testing.assert_allclose(first.images[0].get_array()[5:9, 10:14], aged[2, 1, 0])
    np.testing.assert_allclose(second.images[0].get_array()[:4, 5:9], aged[1, 0, 0] / 2)
    assert [ax.get_title() for ax in (left, first, second)] == ["image", "pixels", "identity"]
    assert [t.get_text() for t in second.get_xticklabels()] == ["a", "b", "c"]
    for ax in (first, second):
        assert [p.get_xy() for p in ax.patches] == [(2, 0), (0, 1)]
    assert not left.patches


def test_thickness_stands_beside_the_class_that_was_asked_for():
    cuts = torch.tensor([1.0, 2.0])
    low, high = torch.tensor([[0.5, 0.7], [1.4, 1.6], [2.5, torch.nan]]), torch.full((3, 2), 3.0)
    (ax,) = figures.thickness_at_ages({"obeys": low, "deaf": high}, cuts).axes
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["obeys"].get_ydata() == pytest.approx([0.6, 1.5, 2.5])
    assert lines["deaf"].get_ydata() == pytest.approx([3.0, 3.0, 3.0])
    assert lines["obeys"].get_xdata() == pytest.approx([-0.12, 0.88, 1.88])
    assert lines["obeys"].get_marker() != lines["deaf"].get_marker()
    fields = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert [(p.get_x(), p.get_y(), p.get_y() + p.get_height()) for p in fields][1] == pytest.approx((0.55, 1.0, 2.0))
    assert fields[0].get_y() < 0.5 and fields[2].get_y() + fields[2].get_height() > 3.0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("age asked for", "thickness found, pixels")
    bars = ax.collections[0].get_segments()
    assert bars[0][:, 1] == pytest.approx([0.55, 0.65]), "the middle half"
