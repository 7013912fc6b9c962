"""The figures of StackGAN show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.plotting import stack_gan as figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def arrows(ax) -> list[tuple]:
    """From where to where each arrow of a diagram goes, and its dashes."""
    found = [t for t in ax.texts if getattr(t, "arrow_patch", None)]
    return [(np.array(t.xyann), np.array(t.xy), t.arrow_patch.get_linestyle()) for t in found]


def between(ax, boxes: dict, start: str, end: str) -> list[str]:
    """The dashes of the arrows that begin near one box and end near another."""
    a, b = (np.array(boxes[name][:2]) for name in (start, end))
    return [d for s, e, d in arrows(ax) if np.abs(s - a).max() < 1.0 and np.abs(e - b).max() < 1.0]


def test_the_diagram_has_two_stages_and_the_caption_goes_to_both():
    ax = figures.stack_gan_diagram().axes[0]
    said = " ".join(t.get_text() for t in ax.texts)
    for part in ("generator I", "generator II", "discriminator I", "discriminator II", "14x14", "28x28", "stage II"):
        assert part in said
    for start, end in (("z", "generator_1"), ("generator_1", "sketch"), ("sketch", "generator_2")):
        assert between(ax, figures._BOXES, start, end) == ["-"]
    for stage in "12":
        assert between(ax, figures._BOXES, f"c_{stage}", f"generator_{stage}") == ["--"]
    assert len([1 for *_, dash in arrows(ax) if dash == "--"]) == 4
    assert len(arrows(ax)) == 4 + len(figures._WAY)


def test_small_images_are_shown_as_large_as_the_others_under_their_captions():
    small, large = torch.rand(3, 1, 2, 2), torch.rand(3, 1, 4, 4)
    first, second = figures.captioned_rows({"I": small, "II": large}, ["a bold 7", "a thin 0", "a thin 1"]).axes
    np.testing.assert_allclose(first.images[0].get_array()[:2, 3:5], small[1, 0])
    np.testing.assert_allclose(second.images[0].get_array()[:4, 10:14], large[2, 0])
    assert first.images[0].get_extent() == second.images[0].get_extent()
    assert (first.get_ylabel(), second.get_ylabel()) == ("I", "II")
    assert [t.get_text() for t in first.get_xticklabels()] == ["a bold\n7", "a thin\n0", "a thin\n1"]
    assert list(first.get_xticks()) == [0.5, 1.5, 2.5] and not len(second.get_xticks())


def test_each_sketch_stands_beside_its_images_and_its_own_caption_is_framed():
    sketches, images = torch.rand(2, 1, 2, 2), torch.rand(2, 3, 1, 4, 4)
    left, right = figures.sketches_and_captions(sketches, images, ["a thin 3", "a thin 7", "a bold 0"]).axes
    np.testing.assert_allclose(left.images[0].get_array()[3:5, :2], sketches[1, 0])
    np.testing.assert_allclose(right.images[0].get_array()[:4, 10:14], images[0, 2, 0])
    np.testing.assert_allclose(right.images[0].get_array()[5:9, :4], images[1, 0, 0])
    assert [t.get_text() for t in left.get_yticklabels()] == ["a thin 3", "a thin 7"]
    assert [t.get_text() for t in right.get_xticklabels()] == ["a thin\n3", "a thin\n7", "a bold\n0"]
    corners = [(min(line.get_xdata()), min(line.get_ydata())) for line in right.lines]
    assert corners == [(0, 0), (1, 1)]
    assert left.get_ylim()[0] > left.get_ylim()[1] and right.get_ylim() == pytest.approx((2 - 1 / 5, 0))
    assert right.get_xlabel() == "caption that stage II is told"
