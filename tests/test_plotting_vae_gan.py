"""The figures of notebook 13 show what they are given."""

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


def test_the_diagram_names_the_networks_and_what_each_loss_moves():
    text = " ".join(t.get_text() for t in plotting.vae_gan_diagram().axes[0].texts)
    for word in ("encoder", "decoder =\ngenerator", "discriminator", "prior loss\nmoves the encoder"):
        assert word in text
    assert "moves encoder and decoder" in text and "moves discriminator and decoder" in text


def test_gradient_table_writes_every_norm_frames_what_is_used_and_says_where_there_is_no_path():
    norms = {"prior": {"encoder": 0.5, "decoder": None}, "feature": {"encoder": 1234.5, "decoder": 0.0}}
    (ax,) = plotting.gradient_table(norms, {"prior": ["encoder"], "feature": ["decoder"]}).axes
    text = {t.get_position(): t.get_text() for t in ax.texts}
    assert text == {(0, 0): "0.5\nmoves it", (1, 0): "no path", (0, 1): "1,234", (1, 1): "0\nmoves it"}
    frames = [p for p in ax.patches if isinstance(p, Rectangle)]
    centres = [(p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2) for p in frames]
    assert np.allclose(centres, [(0, 0), (1, 1)])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["encoder", "decoder"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["prior", "feature"]
    shades = ax.images[0].get_array()
    assert shades[1, 0] - shades[0, 0] == pytest.approx(np.log10(1234.5 / 0.5))


def test_gradient_table_stays_readable_without_colour():
    # white on the darkest cell, black on the lightest
    norms = {"a": {"n": 1e3}, "b": {"n": 1e-3}}
    (ax,) = plotting.gradient_table(norms, {}).axes
    assert [t.get_color() for t in ax.texts] == ["w", "k"]


def test_wishes_are_scaled_image_by_image_with_grey_for_no_change():
    images = torch.rand(2, 1, 3, 3)
    wish = torch.zeros(2, 1, 3, 3)
    wish[0, 0, 0, 0], wish[0, 0, 1, 1] = 4.0, -2.0
    wish[1, 0, 2, 2] = -0.01
    upper, lower = plotting.pixel_wishes({"image": images}, {"wish": wish}).axes
    np.testing.assert_allclose(upper.images[0].get_array()[:3, :3], images[0, 0])
    shown = lower.images[0].get_array()
    assert (
        shown[0, 0] == pytest.approx(1.0) and shown[1, 1] == pytest.approx(0.25) and shown[2, 0] == pytest.approx(0.5)
    )
    assert shown[2, 4 + 2] == pytest.approx(0.0)  # the second image has a scale of its own
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("image", "wish")


def test_a_loss_that_wishes_nothing_is_grey():
    (_, lower) = plotting.pixel_wishes({"image": torch.rand(1, 1, 3, 3)}, {"wish": torch.zeros(1, 1, 3, 3)}).axes
    assert np.allclose(lower.images[0].get_array()[:3, :3], 0.5)


def test_pairs_stand_side_by_side_and_absent_ones_say_so():
    left, right = torch.rand(3, 1, 4, 4), torch.rand(2, 1, 4, 4)
    fig = plotting.paired_rows({"VAE": (left, right), "GAN": (None, right)}, ("again", "samples"), absent="has none")
    a, b, c, d = fig.axes
    np.testing.assert_allclose(a.images[0].get_array()[:4, 10:14], left[2, 0])
    np.testing.assert_allclose(b.images[0].get_array()[:4, 5:9], right[1, 0])
    assert not c.images and [t.get_text() for t in c.texts] == ["has none"]
    np.testing.assert_allclose(d.images[0].get_array()[:4, :4], right[0, 0])
    assert [ax.get_ylabel() for ax in fig.axes] == ["VAE", "", "GAN", ""]
    assert [a.get_title(), b.get_title(), c.get_title()] == ["again", "samples", ""]


def test_panels_share_their_x_and_a_name_looks_the_same_in_all():
    panels = {"error": {"one": [1.0, 2.0, 4.0]}, "FID": {"two": [9.0, 3.0, 1.0], "one": [5.0, 6.0, 7.0]}}
    first, second = plotting.panels_over([0.01, 0.1, 1.0], panels, "gamma", log="x", marked=0.1).axes
    assert (first.get_ylabel(), second.get_ylabel(), first.get_xlabel()) == ("error", "FID", "gamma")
    lines = {line.get_label(): line for line in second.lines if len(line.get_xdata()) == 3}
    assert list(lines["two"].get_ydata()) == [9.0, 3.0, 1.0] and list(lines["two"].get_xdata()) == [0.01, 0.1, 1.0]
    of_one = first.lines[0]
    assert (of_one.get_color(), of_one.get_marker()) == (lines["one"].get_color(), lines["one"].get_marker())
    assert lines["one"].get_marker() != lines["two"].get_marker()  # told apart without colour
    assert [line.get_xdata()[0] for line in first.lines[1:]] == [0.1]
    assert (first.get_xscale(), first.get_yscale()) == ("log", "linear")
    assert first.get_ylim()[0] <= 0
    assert {ax.get_ylim() for ax in plotting.panels_over([0, 1, 2], panels, "x", ylim=(0, 100)).axes} == {(0, 100)}


def test_dots_stand_at_their_values_the_first_row_at_the_top():
    rows = {"blurred": {"layer 0": 0.1, "layer 3": 9.0}, "moved": {"layer 0": 0.3, "layer 3": 0.2}}
    (ax,) = plotting.dots_by_row(rows, "distance", {"random pair": 1.0}).axes
    dots = {line.get_label(): line for line in ax.lines if line.get_label().startswith("layer")}
    assert list(dots["layer 3"].get_xdata()) == [9.0, 0.2] and list(dots["layer 3"].get_ydata()) == [0, 1]
    assert list(dots["layer 0"].get_xdata()) == [0.1, 0.3]
    assert dots["layer 0"].get_marker() != dots["layer 3"].get_marker()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["blurred", "moved"] and ax.yaxis_inverted()
    assert (ax.get_xscale(), ax.get_xlabel(), [t.get_text() for t in ax.texts]) == ("log", "distance", ["random pair"])
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"] == [1.0]


def test_a_logarithmic_panel_has_plain_numbers():
    (ax,) = plotting.panels_over([1.0, 2.0], {"FID": {"samples": [20.0, 1500.0]}}, "step", log="y").axes
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    shown = [t.get_text() for t in ax.get_yticklabels() if low <= t.get_position()[1] <= high]
    assert {"50", "100", "1000"} <= set(shown)
