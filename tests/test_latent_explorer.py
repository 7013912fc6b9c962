"""The latent explorer, without a browser: its frames, its words, its sliders."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch
from torch import nn

from course_utils.widgets.latent_explorer import SIDE, LatentMap, latent_explorer


class Corners(nn.Module):
    """A decoder whose answer is known: a 2x2 image with only the corner lit that z points to."""

    def forward(self, z):
        right, up = z[:, 0] > 0, z[:, 1] > 0
        x = torch.zeros(len(z), 1, 2, 2)
        x[torch.arange(len(z)), 0, 1 - up.long(), right.long()] = 1.0
        return x


CODES = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
CLASSES = torch.tensor([3, 1, 4, 5])


def explorer_map(**options):
    return LatentMap(Corners(), CODES, CLASSES, **{"limit": 2.0, **options})


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")


@pytest.mark.parametrize(
    ("z", "lit"), [((1, 1), (0, 1)), ((-1, 1), (0, 0)), ((-1, -1), (1, 0)), ((1, -1), (1, 1))], ids=str
)
def test_frame_shows_the_image_decoded_at_z_the_right_way_up(z, lit):
    picture = read(explorer_map().frame(*z))
    assert picture.shape[:2] == (SIDE, 2 * SIDE)
    quarters = picture[:, SIDE:, 0].reshape(2, SIDE // 2, 2, SIDE // 2).mean((1, 3))
    expected = np.zeros((2, 2))
    expected[lit] = 1
    assert np.array_equal(quarters, expected)


def test_cross_stands_on_the_code_it_is_moved_to():
    # the cross at a code covers the middle of that code's label; the other labels stay as they were
    m = explorer_map()
    for (z1, z2), name in zip(CODES.tolist(), CLASSES, strict=True):
        row, column = m.pixel(z1, z2)
        assert np.all(read(m.frame(z1, z2))[row, :SIDE, :3] == 0), f"no line through class {name}"
        assert np.all(read(m.frame(z1, z2))[:, column, :3] == 0)
        label = m.background[row - 12 : row + 12, column - 12 : column + 12]
        assert label.min() < 128, f"the map shows nothing where the code of class {name} lies"


def test_frame_leaves_the_map_as_it_was():
    m = explorer_map()
    before = m.background.copy()
    m.frame(0.5, 0.5)
    assert np.array_equal(m.background, before)


def test_points_outside_the_map_are_shown_at_its_edge():
    assert explorer_map().pixel(99.0, 99.0) == (0, SIDE - 1)
    assert explorer_map().pixel(-99.0, -99.0) == (SIDE - 1, 0)


def test_words_name_the_nearest_code():
    assert explorer_map().nearest(1.0, 0.5) == (3, 0.5)
    assert "class 4" in explorer_map().sentence(-1.1, -1.2)


def test_colour_images_keep_their_colours():
    class Red(nn.Module):
        def forward(self, z):
            return torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(len(z), 3, 4, 4)

    picture = read(LatentMap(Red(), CODES, CLASSES).frame(0, 0))
    assert picture[:, SIDE:, :3].reshape(-1, 3).mean(0).tolist() == [1, 0, 0]


def test_sliders_move_the_point_and_are_labelled():
    box = latent_explorer(Corners(), CODES, CLASSES, limit=2.0, start=(-1.0, -1.0))
    across, up, picture, words = box.children
    assert across.description and up.description and (across.min, across.max) == (-2.0, 2.0)
    assert "class 4" in words.value
    before = picture.value
    across.value = 1.0
    assert picture.value != before and "class 5" in words.value
    up.value = 1.0
    assert "class 3" in words.value
    assert picture.value == explorer_map().frame(1.0, 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z": torch.zeros(4, 3)}, "plane"),
        ({"y": torch.zeros(3, dtype=torch.int64)}, "one class a code"),
        ({"limit": 0.0}, "limit must be positive"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        LatentMap(**{"decoder": Corners(), "z": CODES, "y": CLASSES, **options})
