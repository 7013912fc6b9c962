"""The part walker, without a browser: where it stands, what it says, its sliders."""

import pytest
import torch
from torch import nn

from course_utils import distributions
from course_utils.widgets.latent_explorer import LatentMap
from course_utils.widgets.part_walker import PartWalk, part_walker


class Strokes(nn.Module):
    """A decoder of known answers: an upright stroke of 3 x 12 pixels on the side that z_1 points to."""

    def forward(self, z):
        x = torch.zeros(len(z), 1, 20, 20)
        for image, right in zip(x, (z[:, 0] > 0).tolist(), strict=True):
            column = 14 if right else 3
            image[0, 4:16, column : column + 3] = 1
        return x


ROLL, FLOWER = distributions.SwissRoll(), distributions.ten_gaussians()
CLASSES = torch.arange(10)
ON_ROLL = ROLL.at((CLASSES + 0.5) / 10)


def test_places_of_the_roll():
    walk = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES)
    assert [walk.part(u) for u in (0.0, 0.05, 0.31, 0.99, 1.0)] == [0, 0, 3, 9, 9]
    assert walk.point(0.35) == pytest.approx(ROLL.at(torch.tensor([0.35]))[0].tolist())


def test_places_of_a_mixture():
    walk = PartWalk(Strokes(), FLOWER, FLOWER.means, CLASSES)
    assert walk.part(4, 1.0, -1.0) == 4
    # petal 0 points to the right: its long axis (0.5) is z_1, its short one (0.05) z_2
    assert walk.point(0, 1.0, 2.0) == pytest.approx((1.4 + 0.5, 0.1))


def test_the_frame_is_the_map_with_the_cross_at_the_place():
    walk = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES)
    expected = LatentMap(Strokes(), ON_ROLL, CLASSES, 3.4)
    assert walk.frame(0.35) == expected.frame(*walk.point(0.35))
    assert walk.frame(0.35) != walk.frame(0.36)


def test_words_say_part_nearest_code_and_style():
    words = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES).sentence(0.35)
    assert "Part of class 3" in words and "nearest code is of class 3, 0.00 away" in words
    assert "leans 0.00" in words or "leans -0.00" in words
    assert "stroke is 2." in words  # square ends make a bar of 3 pixels a little thinner: attributes.thickness


def test_every_place_is_found_again_from_its_point():
    walk = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES)
    for u in (0.0, 0.03, 0.5, 0.98):
        assert walk.place(*walk.point(u)) == pytest.approx((u,), abs=1e-3)
    walk = PartWalk(Strokes(), FLOWER, FLOWER.means, CLASSES)
    for place in ((0, 0.0, 0.0), (3, 1.5, -1.0), (9, -0.5, 2.0)):
        assert walk.place(*walk.point(*place)) == pytest.approx(place, abs=1e-4)


def test_far_away_points_lead_to_the_edge_of_a_part():
    walk = PartWalk(Strokes(), FLOWER, FLOWER.means, CLASSES)
    assert walk.place(3.4, 0.0) == pytest.approx((0, 2.0, 0.0), abs=1e-4)  # petal 0 points to the right
    (u,) = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES).place(3.4, 0.0)
    assert u == pytest.approx(1.0, abs=0.01)  # the outer end of the roll


def test_arrow_keys_lead_along_the_roll_and_never_out_of_a_component():
    walk = PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES)
    assert walk.step((0.5,), 1, 0) == walk.step((0.5,), 0, 1) == pytest.approx((0.505,))
    assert walk.step((0.5,), -1, 0) == pytest.approx((0.495,)) and walk.step((1.0,), 1, 0) == (1.0,)
    walk = PartWalk(Strokes(), FLOWER, FLOWER.means, CLASSES)
    place = (0, 0.0, 0.0)
    for _ in range(100):
        place = walk.step(place, -1, 0)
    assert place == pytest.approx((0, -2.0, 0.0), abs=1e-4)


def test_sliders_of_the_roll_move_along_it():
    walker = part_walker(Strokes(), ROLL, ON_ROLL, CLASSES)
    slider = walker.children[0]
    assert slider.description and (slider.min, slider.max) == (0, 1)
    before = walker.still()
    slider.value = 0.75
    assert "Part of class 7" in walker.words.value and walker.still() != before
    assert walker.still() == PartWalk(Strokes(), ROLL, ON_ROLL, CLASSES).frame(0.75)


def test_sliders_of_a_mixture_choose_component_and_place():
    walker = part_walker(Strokes(), FLOWER, FLOWER.means, CLASSES)
    component, along, across = walker.children[:3]
    assert (component.min, component.max) == (0, 9)
    component.value, along.value, across.value = 6, 1.5, -0.5
    walk = PartWalk(Strokes(), FLOWER, FLOWER.means, CLASSES)
    assert walker.still() == walk.frame(6, 1.5, -0.5)
    assert walker.words.value == walk.sentence(6, 1.5, -0.5)


def test_a_click_leads_to_the_nearest_place():
    walker = part_walker(Strokes(), ROLL, ON_ROLL, CLASSES)
    row, column = walker.map.pixel(*(1.05 * x for x in walker.walk.point(0.75)))
    walker.touch(column, row)
    assert walker.values == ["all", pytest.approx(0.75, abs=0.01)]
    flower = part_walker(Strokes(), FLOWER, FLOWER.means, CLASSES)
    row, column = flower.map.pixel(*FLOWER.means[4].tolist())
    flower.touch(column, row)
    assert flower.values[:2] == ["all", 4] and "Part of class 4" in flower.words.value


@pytest.mark.parametrize("prior", [distributions.Gaussian(2), distributions.Categorical(10)])
def test_a_prior_without_places_is_refused(prior):
    with pytest.raises(ValueError, match="SwissRoll or in a 2-D GaussianMixture"):
        PartWalk(Strokes(), prior, ON_ROLL, CLASSES)


def test_codes_that_are_not_in_the_plane_are_refused():
    with pytest.raises(ValueError, match="plane"):
        PartWalk(Strokes(), ROLL, torch.zeros(10, 3), CLASSES)
