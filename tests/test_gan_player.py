"""The GAN player, without a browser: the game it plays, its picture, its words, its controls."""

import ipywidgets
import numpy as np
import pytest
import torch

from course_utils import distributions
from course_utils.recipes.toy import ring_gan
from course_utils.widgets.gan_player import BATCH_SIZE, DATA, LR, Game, TwoMoons, gan_player, grid_of_gaussians
from course_utils.widgets.training_player import observe


def weights(game: Game) -> list[torch.Tensor]:
    return [p.detach().clone() for p in game.gan.parameters()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


def test_a_slice_is_the_course_s_own_training_step():
    game = Game("ring", seed=3)
    game.train(4)
    torch.manual_seed(3)  # the same by hand
    ring = distributions.ring_of_gaussians()
    ring.sample(len(game.points))
    gan = ring_gan()()
    losses = [gan.training_step({"x": ring.sample(BATCH_SIZE)}) for _ in range(4)]
    assert same(weights(game), list(gan.parameters()))
    assert game.losses["generator"] == [loss["generator"].item() for loss in losses]
    assert torch.equal(game.moment["samples"], observe(gan)["samples"])


def test_slices_do_not_matter_nor_what_else_is_drawn():
    one, two = Game(), Game()
    one.train(6)
    for steps in (1, 3, 2):
        torch.randn(5)
        two.train(steps)
        two.frame()
    assert one.steps == two.steps == 6 and same(weights(one), weights(two)) and one.losses == two.losses


def test_it_leaves_the_random_state_alone():
    state = torch.get_rng_state()
    game = Game()
    game.train(2)
    game.frame()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_time_limit_ends_a_slice_but_one_step_is_always_made(monkeypatch):
    game = Game()
    game.train(seconds=0.0)
    assert game.steps == 1
    monkeypatch.setattr("time.perf_counter", iter(range(100)).__next__)
    game.train(seconds=5.5)  # a second a step: the clock is read once before, and after each step
    assert game.steps == 1 + 6


def test_learning_rates_are_those_asked_for_and_zero_learns_nothing():
    game = Game()
    game.arrange("ring", 0, 0.0, 1e-2)
    before = weights(game)
    game.train(2)
    d = {id(p) for p in game.gan.discriminator.parameters()}
    moved = [not torch.equal(p, b) for p, b in zip(game.gan.parameters(), before, strict=True)]
    assert moved == [id(p) not in d for p in game.gan.parameters()]
    assert game.steps == 2, "other rates do not begin the game anew"


def test_other_data_or_another_seed_begin_anew():
    game = Game()
    first = weights(game)
    for chosen in (("grid", 0), ("grid", 1)):
        game.train(1)
        game.arrange(*chosen, LR, LR)
        assert game.steps == 0
    assert not same(first, weights(game))
    game.arrange("ring", 0, LR, LR)
    assert same(first, weights(game)), "a seed is a seed"


def test_a_broken_training_is_said_stays_as_it_was_and_can_begin_anew(monkeypatch):
    game = Game()
    game.train(2)
    step, last = game.gan.training_step, game.moment
    monkeypatch.setattr(game.gan, "training_step", lambda batch: step(batch) | {"generator": torch.tensor(torch.nan)})
    game.train(5)
    assert game.broken and game.steps == 2 and game.moment is last
    assert "broke down after step 2" in game.sentence() and "Reset" in game.sentence()
    game.frame()
    game.train(5)
    assert game.steps == 2
    game.reset()
    game.train(1)
    assert not game.broken and game.steps == 1


@pytest.mark.parametrize("name", DATA)
def test_all_data_fit_the_picture_and_are_described(name):
    game = Game(name)
    assert game.points.abs().max() < 3
    game.train(1)
    assert game.frame().startswith(b"\x89PNG")
    said = game.sentence()
    assert said.startswith("Step 1: ") and "% of the samples near the data. Losses: discriminator " in said


def test_words_count_what_is_covered():
    game = Game("ring")
    game.moment = {**game.moment, "samples": game.data.means[:3].repeat(10, 1)}
    assert "3 of 8 modes covered, 100 % of the samples" in game.sentence()
    moons = Game("two moons")
    moons.moment = {**moons.moment, "samples": torch.cat([moons.points[:50], torch.full((50, 2), 9.0)])}
    assert "50 % of the samples near the data" in moons.sentence()


def test_the_picture_shows_the_losses_of_all_steps_and_the_data_of_this_game():
    game = Game()
    game.losses = {"discriminator": [float(i) for i in range(3000)], "generator": [1.0] * 3000}
    game.frame()
    drawn = game.lines["discriminator"].get_xydata()
    assert (drawn[:, 0] == drawn[:, 1]).all() and 1000 >= len(drawn) > 700
    assert game.right.get_xlim() == (0, 4000)
    game.arrange("circle", 0, LR, LR)
    game.frame()
    assert np.allclose(game.panel.artists[1].get_offsets(), game.points)
    assert game.right.get_xlim() == (0, 500) and not len(game.lines["generator"].get_xdata())


def test_new_distributions():
    assert len(grid_of_gaussians().means) == 25 and grid_of_gaussians().means.abs().max() == 2
    x = TwoMoons(std=0.0).sample(4000, torch.arange(4000) % 2)
    upper, lower = x[::2], x[1::2]
    for moon, sign in ((upper, 1), (lower, -1)):
        radius = (sign * moon - torch.tensor([-0.75, -0.375])).norm(dim=1)
        assert torch.allclose(radius, torch.tensor(1.5), atol=1e-5)
    assert (upper[:, 1] >= -0.376).all() and (lower[:, 1] <= 0.376).all()


# ---- the box ----------------------------------------------------------------------------------------------------


@pytest.fixture
def player():
    return gan_player()


def test_play_trains_and_draws_and_stop_begins_anew(player):
    buttons, *_ = player.children
    play, one, again = buttons.children
    assert isinstance(play, ipywidgets.Play) and player.words.value.startswith("Step 0:")
    before = player.picture.value
    play.playing = True
    play.value += 1
    assert not player.words.value.startswith("Step 0:") and player.picture.value != before and play.playing
    play.value = 0
    assert player.words.value.startswith("Step 0:") and not play.playing
    one.click()
    assert player.words.value.startswith("Step 1:")
    again.click()
    assert player.words.value.startswith("Step 0:")


def test_controls_choose_the_game_and_are_labelled(player):
    data, seed, d, g = player.controls
    assert [c.description for c in player.controls] == ["data", "seed", "D learning rate", "G learning rate"]
    assert (d.value, g.value) == (LR, LR)
    before = player.picture.value
    data.value = "grid"
    assert "of 25 modes" in player.words.value and player.picture.value != before
    seed.value = 4
    player.children[0].children[1].click()
    d.value = 1e-4
    assert player.words.value.startswith("Step 1:")


def test_a_broken_game_stops_playing(player, monkeypatch):
    play = player.children[0].children[0]
    play.playing = True
    monkeypatch.setattr(
        "course_utils.methods.GAN.training_step", lambda self, batch: {"generator": torch.tensor(torch.inf)}
    )
    play.value += 1
    assert not play.playing and "broke down after step 0" in player.words.value


def test_other_data_are_refused():
    with pytest.raises(ValueError, match="unknown data 'moons': use one of ring, grid"):
        gan_player("moons")
