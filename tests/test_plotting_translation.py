"""The figures of pix2pix and CycleGAN say which network sees what."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting
from course_utils.plotting import translation


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def arrows(ax, boxes: dict) -> set[tuple[str, str]]:
    """The arrows of a diagram, each as the boxes nearest to its two ends."""
    found = [t for t in ax.texts if getattr(t, "arrow_patch", None)]
    return {(nearest(t.xyann, boxes), nearest(t.xy, boxes)) for t in found}


def nearest(point, boxes: dict) -> str:
    return min(boxes, key=lambda name: np.hypot(*(np.array(boxes[name][:2]) - point)))


def compared(ax, boxes: dict) -> list[set[str]]:
    """The boxes at the two ends of each dashed line."""
    lines = [line.get_xydata() for line in ax.lines if line.get_linestyle() == "--"]
    return [{nearest(line[0], boxes), nearest(line[-1], boxes)} for line in lines]


def grey(ax, boxes: dict) -> set[str]:
    """The boxes that are drawn in grey."""
    centres = {nearest(b.get_bbox().get_points().mean(0), boxes): b.get_facecolor() for b in ax.patches}
    return {name for name, color in centres.items() if color[0] < 1}


def test_the_discriminator_of_pix2pix_sees_pairs_and_l1_compares_the_digits():
    (ax,) = plotting.pix2pix_diagram().axes
    boxes = translation._PIX2PIX
    assert grey(ax, boxes) == {"generator", "discriminator"}
    assert arrows(ax, boxes) == {
        ("source", "generator"),
        ("generator", "x_hat"),
        ("x_hat", "drawn_pair"),
        ("x", "true_pair"),
        ("drawn_pair", "discriminator"),
        ("true_pair", "discriminator"),
    }
    assert compared(ax, boxes) == [{"x", "x_hat"}]
    text = {t.get_text() for t in ax.texts}
    assert {"dots and $x$", "dots and $\\hat{x}$", "L1 loss"} <= text


def test_both_ways_of_a_cycle_use_both_translators_and_end_beside_where_they_began():
    (ax,) = plotting.cycle_gan_diagram().axes
    boxes = translation._CYCLE_GAN
    ways = arrows(ax, boxes)
    step = dict(sorted(ways - {("b_fake", "discriminator_b"), ("a_fake", "discriminator_a")}))
    assert len(ways) == len(step) + 2 == 10
    for start, end in (("a", "a_hat"), ("b", "b_hat")):
        way = [start]
        while way[-1] in step:
            way.append(step[way[-1]])
        assert way[-1] == end and len(way) == 5
        labels = [boxes[name][2] for name in way]
        assert [labels[1], labels[3]] == (["a_to_b", "b_to_a"] if start == "a" else ["b_to_a", "a_to_b"])
    assert compared(ax, boxes) == [{"a", "a_hat"}, {"b", "b_hat"}]
    translators = {"a_to_b", "b_to_a", "back_to_a", "back_to_b"}
    assert grey(ax, boxes) == translators | {"discriminator_a", "discriminator_b"}


@pytest.mark.parametrize("draw", [plotting.pix2pix_diagram, plotting.cycle_gan_diagram])
def test_no_text_leaves_its_box_or_the_figure(draw):
    fig = draw()
    (ax,) = fig.axes
    fig.canvas.draw()
    whole = fig.get_window_extent()
    boxes = {tuple(np.round(b.get_bbox().get_points().mean(0), 6)): b.get_window_extent() for b in ax.patches}
    for text in (t for t in ax.texts if t.get_text()):
        extent = text.get_window_extent()
        frame = boxes.get(tuple(np.round(text.get_position(), 6)), whole)
        assert frame.x0 <= extent.x0 and extent.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= extent.y0 and extent.y1 <= frame.y1, text.get_text()
