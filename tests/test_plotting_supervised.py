"""The figures of notebook 09 show what they are given, and the style knobs draw what they say."""

import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import attributes, plotting
from course_utils.widgets.style_knobs import LIMIT, StyleKnobs, style_knobs
from course_utils.widgets.style_mixer import FRAME, SCALE


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_diagram_names_all_parts():
    texts = " ".join(t.get_text() for t in plotting.supervised_aae_diagram().axes[0].texts)
    for part in ("encoder", "style", "decoder", "class", "prior", "discriminator", "phase 1", "phase 2"):
        assert part in texts


def test_bars_have_the_heights_and_the_names_that_they_are_given():
    groups = {"line": {"a": 10.0, "b": 20.0}, "network": {"a": 30.0, "b": 40.5}}
    fig = plotting.grouped_bars(groups, "share", {"chance": 11.0}, digits=1)
    ax = fig.axes[0]
    assert [[bar.get_height() for bar in container] for container in ax.containers] == [[10, 30], [20, 40.5]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["line", "network"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    assert {t.get_text() for t in ax.texts} == {"10.0", "30.0", "20.0", "40.5", "chance"}
    assert len({container[0].get_hatch() for container in ax.containers}) == 2  # told apart without colour
    assert ax.lines[0].get_ydata()[0] == 11.0


def test_style_transfer_puts_the_sources_left_of_their_drawings():
    source = torch.full((3, 1, 4, 4), 0.25)
    drawn = torch.arange(3 * 10).view(3, 10, 1, 1, 1).expand(3, 10, 1, 4, 4) / 30
    left, right = plotting.style_transfer(source, drawn).axes
    assert np.allclose(left.images[0].get_array()[:4, :4], 0.25)
    sheet = right.images[0].get_array()
    assert sheet.shape == (15, 50)
    assert sheet[5, 5 * 7] == pytest.approx(17 / 30)  # second style, class 7
    assert [t.get_text() for t in right.get_xticklabels()] == [str(k) for k in range(10)]


def test_source_against_drawn_leaves_out_what_was_not_measured():
    source = torch.tensor([0.0, 1.0, torch.nan])
    drawn = torch.tensor([[0.0, 0.1], [1.0, torch.nan], [0.5, 0.5]])
    ax = plotting.source_against_drawn({"slant": (source, drawn)}).axes[0]
    assert ax.collections[0].get_array().sum() > 0
    assert ax.get_title() == "slant"
    assert ax.get_xlabel() and ax.get_ylabel()


def test_along_directions_shows_a_strip_and_a_curve_for_every_attribute():
    amounts = torch.linspace(-1, 1, 5)
    images = torch.rand(5, 1, 4, 4)
    values = {"slant": amounts, "width": -amounts}
    fig = plotting.along_directions({"up": images, "down": images}, amounts, {"up": values, "down": values}, "change")
    strips, charts = fig.axes[:2], fig.axes[2:]
    assert [ax.get_title() for ax in strips] == ["up", "down"]
    for ax in charts:
        assert [line.get_ydata().tolist() for line in ax.lines] == [amounts.tolist(), (-amounts).tolist()]
        assert len({line.get_marker() for line in ax.lines}) == 2
    assert charts[0].get_ylabel() == "change"


# ---- the style knobs --------------------------------------------------------------------------------------------

SIDE = 8
X = torch.zeros(3, 1, SIDE, SIDE)
Z = torch.tensor([[0.2, 0.0], [0.4, 0.0], [0.6, 0.0]])
DIRECTIONS = {"brightness": torch.tensor([0.1, 0.0]), "nothing": torch.tensor([0.0, 1.0])}


def decode(z, y):
    """A decoder whose answer is known: a block as bright as the first entry of z, one pixel wider for every class."""
    x = torch.zeros(len(z), 1, SIDE, SIDE)
    for i, k in enumerate(y.tolist()):
        x[i, 0, 2:6, : 1 + k % 7] = z[i, 0]
    return x


def test_knobs_add_their_directions_and_keep_the_image():
    drawn = StyleKnobs(decode, X, Z, DIRECTIONS).draw(1, (2.0, 5.0))
    assert drawn.shape == (10, 1, SIDE, SIDE)
    assert torch.allclose(drawn[:, 0, 2, 0], torch.tensor(0.6))


def test_frame_shows_the_image_left_and_frames_the_class():
    png = StyleKnobs(decode, X, Z, DIRECTIONS).frame(2, 4, (0.0, 0.0))
    picture = matplotlib.image.imread(io.BytesIO(png), format="png")[..., 0]
    tile = SIDE * SCALE + 2 * FRAME + 4
    assert picture.shape == (tile, 11 * tile + 8 * SCALE)
    row = 2 + FRAME + 3 * SCALE
    first = tile + 8 * SCALE + 2 + FRAME  # the first pixel of class 0
    brightness = picture[row, first::tile][:10]
    assert np.allclose(brightness, 0.6, atol=1 / 200)
    border = picture[row, first - 2 :: tile][:10]  # a pixel in the frame of each drawing
    assert np.allclose(border[4], 0.45, atol=1 / 200)
    assert np.allclose(np.delete(border, 4), 1)


def test_the_sentence_measures_the_image_and_the_drawing():
    x = torch.zeros(1, 1, 28, 28)
    x[0, 0, 4:24, 12:15] = 1
    knobs = StyleKnobs(lambda z, y: x.expand(len(z), 1, 28, 28), x, torch.zeros(1, 2), DIRECTIONS)
    words = knobs.sentence(0, 7, (0.0, 0.0))
    assert words.count("slant +0.00") == 2
    assert words.count(f"stroke {attributes.thickness(x).item():.1f}") == 2
    assert "as a 7" in words


def test_sliders_move_the_picture():
    box = style_knobs(decode, X, Z, DIRECTIONS)
    *sliders, picture, _ = box.children
    assert [s.description for s in sliders] == ["image", "class", "brightness", "nothing"]
    for slider, value in zip(sliders, (2, 7, LIMIT), strict=False):
        before = picture.value
        slider.value = value
        assert picture.value != before


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="each of 3 images"):
        StyleKnobs(decode, X, Z[:2], DIRECTIONS)
    with pytest.raises(ValueError, match="not so: long"):
        StyleKnobs(decode, X, Z, {"long": torch.zeros(3)})
