"""Style mixing by layer, without a browser: what a frame shows, which layers follow B, what is said, its controls."""

import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import attribute_vectors, distributions, judge, networks
from course_utils.attribute_vectors import MEASURED, Scale
from course_utils.methods import StyleGAN
from course_utils.networks import MappingNetwork, SynthesisNetwork
from course_utils.widgets.style_mixing import LIMIT, StyleMixing, _named, style_mixing

SCALE = Scale(torch.tensor([0.0, 3.0, 10.0, 12.0, 60.0]), torch.tensor([0.5, 1.0, 2.0, 4.0, 20.0]))
MEAN = torch.zeros(3)
NONE, ALL = [False] * 6, [True] * 6


def style_gan() -> StyleGAN:
    """Untrained, for 28x28 images; noise has an effect, as after some training."""
    torch.manual_seed(0)
    synthesis = SynthesisNetwork((1, 28, 28), style_dim=3, width=2)
    for layer in synthesis.layers:
        torch.nn.init.ones_(layer.noise_strength)
    trunk = networks.conv((1, 28, 28), width=2, batch_norm=False)
    return StyleGAN(MappingNetwork(4, 3), synthesis, networks.Discriminator(trunk), distributions.Gaussian(4)).eval()


GAN = style_gan()
W, NOISE = torch.randn(4, 3), GAN.synthesis.noise(1)


@pytest.fixture
def mixing():
    yield StyleMixing(GAN, W, MEAN, NOISE, SCALE)
    plt.close("all")


def decoded(*styles: torch.Tensor) -> torch.Tensor:
    """Images (N, 1, 28, 28) of styles (6, 3) each, with the noise of the figure."""
    with torch.no_grad():
        return torch.cat([GAN.synthesis(each[None], NOISE) for each in styles])


def test_a_and_b_are_whole_and_the_mixture_takes_b_where_it_is_ticked(mixing):
    takes = [False, True, False, False, True, False]
    mixed = torch.where(torch.tensor(takes)[:, None], W[3], W[2])
    expected = decoded(W[2].expand(6, 3), mixed, W[3].expand(6, 3))
    torch.testing.assert_close(mixing.images(2, 3, 1.0, takes), expected)


def test_none_is_a_and_all_is_b(mixing):
    a, nothing, b = mixing.images(0, 1, 1.0, NONE)
    _, everything, _ = mixing.images(0, 1, 1.0, ALL)
    torch.testing.assert_close(nothing, a)
    torch.testing.assert_close(everything, b)
    assert not torch.allclose(a, b, atol=1e-3)


def test_psi_draws_both_styles_to_the_mean():
    mean = torch.tensor([0.5, -1.0, 2.0])
    mixing = StyleMixing(GAN, W, mean, NOISE, SCALE)
    halfway = [(mean + w) / 2 for w in W[:2]]
    expected = decoded(*(w.expand(6, 3) for w in halfway))
    torch.testing.assert_close(mixing.images(0, 1, 0.5, NONE)[[0, 2]], expected)
    at_mean = mixing.images(0, 1, 0.0, [True] * 3 + [False] * 3)
    torch.testing.assert_close(at_mean, decoded(mean.expand(6, 3)).expand(3, -1, -1, -1))


def test_a_frame_shows_the_images_their_classes_and_what_the_ruler_finds(mixing):
    takes = [True] * 3 + [False] * 3
    mixing.frame(0, 1, 1.0, NONE)  # nothing of the last frame stays in the next
    mixing.frame(2, 3, 1.0, takes)
    x = mixing.images(2, 3, 1.0, takes)
    *pictures, chart = mixing._panel.stage.figure.axes
    for ax, image in zip(pictures, x, strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), image[0])
    seen = judge.probabilities(x).argmax(1).tolist()
    assert [ax.get_title() for ax in pictures] == [
        f"{name}: a {k}" for name, k in zip(("A", "mixture", "B"), seen, strict=True)
    ]
    page = mixing._panel.stage.figure.bbox
    assert all(page.containsy(ax.title.get_window_extent().y1) for ax in pictures)  # to be seen
    marks = {line.get_label(): line for line in chart.lines if line.get_label() in ("A", "mixture", "B")}
    measured = ((attribute_vectors.measure(x) - SCALE.mean) / SCALE.std).clamp(-LIMIT, LIMIT)
    for i, name in enumerate(("A", "mixture", "B")):
        np.testing.assert_allclose(marks[name].get_xdata(), measured[i], equal_nan=True)
    assert len({line.get_marker() for line in marks.values()}) == 3  # told apart without colour
    assert [t.get_text() for t in chart.get_yticklabels()] == list(MEASURED) and chart.yaxis_inverted()
    assert chart.get_xlabel() == "standard deviations"


def test_a_frame_is_a_picture_that_changes_with_a_layer(mixing):
    def picture(takes):
        return matplotlib.image.imread(io.BytesIO(mixing.frame(0, 1, 1.0, takes)), format="png")

    nothing, coarse = picture(NONE), picture([True] + 5 * [False])
    third = nothing.shape[1] // 5
    assert nothing.shape == coarse.shape
    assert np.array_equal(nothing[:, : third - 10], coarse[:, : third - 10])  # A stays as it is
    assert not np.array_equal(nothing[:, third:], coarse[:, third:])


def test_the_sentence_says_classes_layers_psi_and_measurements(mixing):
    takes = [True, True, False, False, True, False]
    sentence = mixing.sentence(2, 0, 0.7, takes)
    x = mixing.images(2, 0, 0.7, takes)
    a, mixture, b = judge.probabilities(x).argmax(1).tolist()
    assert sentence.startswith(f"A is style 2, which the judge reads as a {a}; B is style 0, a {b}; psi 0.7. ")
    assert f"With B's style in layers 1, 2 and 5, A becomes a {mixture}." in sentence
    ink = ((attribute_vectors.measure(x) - SCALE.mean) / SCALE.std)[:, -1].tolist()
    assert "ink A {:+.1f}, mixture {:+.1f}, B {:+.1f}.".format(*ink) in sentence
    assert all(name in sentence for name in MEASURED)


def test_layers_are_named_as_one_would_say_it():
    assert [_named(list(layers)) for layers in ("", "4", "12", "356")] == [
        "no layer",
        "layer 4",
        "layers 1 and 2",
        "layers 3, 5 and 6",
    ]


def test_the_widget_follows_its_controls():
    whole = style_mixing(GAN, W, MEAN, NOISE, SCALE)
    a, b, psi, *boxes = whole.controls
    assert [control.description for control in (a, b, psi)] == ["A", "B", "psi"]
    sizes = ("7x7", "7x7", "14x14", "14x14", "28x28", "28x28")
    assert [box.description for box in boxes] == [f"layer {i} ({size})" for i, size in enumerate(sizes, 1)]
    assert [box.value for box in boxes] == [True, True] + 4 * [False]
    assert (a.max, b.max, psi.min, psi.max) == (3, 3, 0, 1)
    assert "layers 1 and 2" in whole.words.value
    before = whole.picture.value
    boxes[4].value = True
    assert "layers 1, 2 and 5" in whole.words.value and whole.picture.value != before
    a.value, b.value, psi.value = 2, 3, 0.5
    assert "A is style 2" in whole.words.value and "B is style 3" in whole.words.value
    assert whole.picture.value == StyleMixing(GAN, W, MEAN, NOISE, SCALE).frame(2, 3, 0.5, [box.value for box in boxes])
    assert plt.get_fignums() == []


@pytest.mark.parametrize("w", [torch.zeros(1, 3), torch.zeros(3)])
def test_too_few_styles_are_refused(w):
    with pytest.raises(ValueError, match="at least two styles w"):
        StyleMixing(GAN, w, MEAN, NOISE, SCALE)
