"""The training player, without a browser: what it observes, its frames, its words, its slider."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch
from torch import nn

from course_utils import distributions
from course_utils.losses import generator_loss
from course_utils.methods import GAN
from course_utils.training import History, fit
from course_utils.widgets.training_player import LONGEST_ARROW, Film, observe, training_player

DATA = distributions.ring_of_gaussians()


class Slope(nn.Module):
    """A discriminator whose logit is known: `steepness` times the first coordinate."""

    def __init__(self, steepness: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([steepness, 0.0]))

    def forward(self, x):
        return x @ self.weight


def gan(steepness: float = 1.0) -> GAN:
    return GAN(nn.Linear(2, 2), Slope(steepness), distributions.Gaussian(2))


@pytest.fixture(scope="module")
def history() -> History:
    torch.manual_seed(0)
    return fit(gan(), DATA, steps=20, batch_size=8, snapshot=observe, n_snapshots=5, progress=False)


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")


def test_surface_is_d_on_the_grid_row_by_row_from_the_bottom():
    probability = observe(gan())["probability"]
    x1 = torch.linspace(-3, 3, probability.shape[1])
    assert torch.allclose(probability, torch.sigmoid(x1).expand_as(probability), atol=1e-6)


def test_arrows_are_minus_the_gradient_of_each_samples_loss():
    moment = observe(gan())
    # d/dx of softplus(-w x) is -(1 - sigmoid(w x)) w, here with w = (1, 0)
    expected = torch.zeros_like(moment["arrow"])
    expected[:, 0] = 1 - torch.sigmoid(moment["arrow_from"][:, 0])
    assert torch.allclose(moment["arrow"], expected, atol=1e-6)


def test_a_small_step_along_the_arrows_lowers_the_generator_loss():
    g = gan()
    moment = observe(g)
    before, after = (generator_loss(g.discriminator(moment["arrow_from"] + s * moment["arrow"])) for s in (0, 0.01))
    assert after < before


def test_long_arrows_are_cut_and_keep_their_direction():
    arrow = observe(gan(steepness=100.0))["arrow"]
    assert torch.isclose(arrow.norm(dim=1).max(), torch.tensor(LONGEST_ARROW))
    assert (arrow[:, 0] >= 0).all() and (arrow[:, 1] == 0).all()


def test_observing_changes_neither_the_random_state_nor_the_gan_and_repeats_itself():
    g = gan()
    state, weights = torch.get_rng_state(), [p.detach().clone() for p in g.parameters()]
    first, second = observe(g), observe(g)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(p, w) and p.grad is None for p, w in zip(g.parameters(), weights, strict=True))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_frames_of_different_moments_differ_and_a_frame_can_be_drawn_again(history):
    film = Film(history, DATA)
    frames = [film.frame(i) for i in (0, 4, 0)]
    assert frames[0] == frames[2] != frames[1]
    height, width = read(frames[0]).shape[:2]
    assert width > height > 200


def test_frame_shows_the_surface_of_its_moment(history):
    # in the same pixels, a moment with D = 1 everywhere is darker than one with D = 0
    film = Film(history, DATA)
    brightness = []
    for value in (0.0, 1.0):
        film.moments[0] = {**film.moments[0], "probability": torch.full((48, 48), value)}
        picture = read(film.frame(0))[..., :3]
        brightness.append(picture[:, : picture.shape[1] // 2].mean())
    assert brightness[0] > brightness[1] + 0.1


def test_words_count_the_modes_of_the_samples_shown(history):
    film = Film(history, DATA)
    film.moments[1] = {**film.moments[1], "samples": DATA.means[:3].repeat(10, 1)}
    assert film.sentence(1).startswith("Step 5: 3 of 8 modes covered, 100 % of the samples")
    assert "generator loss" in film.sentence(1)
    assert film.sentence(4).startswith("Step 20:")


def test_moving_the_slider_changes_the_picture_and_the_words(history):
    play, slider, picture, words = training_player(history, DATA).children
    assert slider.description and play.max == slider.max == 4
    before, said = picture.value, words.value
    slider.value = 3
    assert picture.value != before and words.value != said
    assert picture.value == Film(history, DATA).frame(3)


def test_a_history_without_moments_is_refused():
    other = fit(gan(), DATA, steps=2, batch_size=8, snapshot=lambda m: {"samples": m.sample(3)}, n_snapshots=2)
    for history in (History(), other):
        with pytest.raises(ValueError, match="snapshot=observe"):
            Film(history, DATA)
