"""The gamma slider, without a browser: what each gamma shows and says, and that moving it decodes nothing."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from course_utils.widgets.gamma_slider import GammaSweep, gamma_slider

SIDE = 4


class Known(nn.Module):
    """A model whose images are known: reconstructions are the images made darker, samples as bright as their code."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor
        self.calls = 0

    def reconstruct(self, x):
        self.calls += 1
        return self.factor * x

    def decoder(self, z):
        self.calls += 1
        return z[:, :1, None, None].expand(-1, 1, SIDE, SIDE) * self.factor


X = torch.tensor([0.2, 0.6, 1.0]).view(3, 1, 1, 1).expand(3, 1, SIDE, SIDE)
Z = torch.linspace(0.1, 0.5, 5)[:, None]


def models():
    return {0.1: Known(0.5), 0.001: Known(1.0), 0.01: Known(0.9)}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_each_gamma_shows_its_own_models_images():
    sweep = GammaSweep(models(), X, Z)
    assert sweep.gammas == [0.001, 0.01, 0.1]
    torch.testing.assert_close(sweep.reconstructed[0.1], 0.5 * X)
    torch.testing.assert_close(sweep.sampled[0.01][:, 0, 0, 0], 0.9 * Z[:, 0])


def test_frame_has_images_above_their_reconstructions_and_then_all_samples():
    axes = GammaSweep(models(), X, Z).frame(0.1).axes
    assert [ax.get_ylabel() for ax in axes] == ["images", "reconstructions", "samples 1", "samples 2"]
    shades = [ax.images[0].get_array()[0, :: SIDE + 1].tolist() for ax in axes]
    assert shades[0] == pytest.approx([0.2, 0.6, 1.0])
    assert shades[1] == pytest.approx([0.1, 0.3, 0.5])
    assert shades[2] + shades[3][:2] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25])


def test_words_name_gamma_its_place_and_the_error():
    # half the squared error at factor 0.5: (0.25 / 2) (0.04 + 0.36 + 1) / 3 times 16 pixels
    expected = 0.125 * 1.4 / 3 * SIDE**2
    said = GammaSweep(models(), X, Z).sentence(0.1)
    assert "gamma = 0.1 (3 of 3)" in said and f"{expected:.1f}" in said


def test_slider_starts_in_the_middle_and_only_looks_up():
    swept = models()
    slider, picture, words = gamma_slider(swept, X, Z).children
    assert (slider.value, slider.description) == (0.01, "gamma")
    assert [label for label, _ in slider.options] == ["0.001", "0.01", "0.1"]
    before, calls = picture.value, [m.calls for m in swept.values()]
    slider.value = 0.1
    assert picture.value != before and "gamma = 0.1 " in words.value
    assert picture.value == GammaSweep(models(), X, Z).pictures[0.1]
    assert [m.calls for m in swept.values()] == calls == [2, 2, 2]
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("given", "x", "z"), [({}, X, Z), (models(), X[:0], Z), (models(), X, Z[:0])])
def test_nothing_to_show_is_an_error(given, x, z):
    with pytest.raises(ValueError, match="a model, an image and a code are needed"):
        GammaSweep(given, x, z)
