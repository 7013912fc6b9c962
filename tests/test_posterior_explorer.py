"""The posterior explorer, without a browser: its frames, its words, its slider."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch
from torch import nn

from course_utils.widgets import posterior_explorer
from course_utils.widgets.posterior_explorer import GAP, N_STRIP, SIDE, PosteriorMaps

IMAGES = torch.stack([torch.full((1, 2, 2), v) for v in (0.0, 0.25, 0.5)])
CLASSES = torch.tensor([4, 7, 1])


class Place(nn.Module):
    """An encoder whose answer is known: the code is at (mean pixel, -mean pixel) plus noise of a known width."""

    def __init__(self, width: float, dim: int = 2):
        super().__init__()
        self.width = width
        self.dim = dim

    def sample(self, x):
        middle = x.mean((1, 2, 3))
        return torch.stack([middle, -middle, middle], 1)[:, : self.dim] + self.width * torch.randn(len(x), self.dim)


class Bright(nn.Module):
    """A decoder that lights every pixel by the first entry of z."""

    def forward(self, z):
        return z[:, 0].view(-1, 1, 1, 1).expand(len(z), 1, 2, 2)


def maps(**options) -> PosteriorMaps:
    models = {"point": (Place(0.0), Bright()), "cloud": (Place(0.1), Bright())}
    return PosteriorMaps(**{"models": models, "x": IMAGES, "y": CLASSES, "limit": 1.0, **options})


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")[..., :3]


def test_the_dots_lie_where_the_codes_are():
    torch.manual_seed(0)
    m = maps()
    picture = read(m.frame(2))

    def dots(title: str, left: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns, in the lower right quarter, of the pixels that are black only on the frame."""
        added = (picture[:SIDE, left : left + SIDE].max(2) == 0) & (m.backgrounds[title].max(2) > 0)
        return added[SIDE // 2 :, SIDE // 2 :].nonzero()

    # the code (0.5, -0.5) lies three quarters of the way to the right and down
    rows, columns = dots("point", 0)
    assert abs(rows.mean() - SIDE / 4) < 2 and abs(columns.mean() - SIDE / 4) < 2
    assert len(rows) == 9, "a posterior without width is one dot"
    rows, columns = dots("cloud", SIDE + GAP)
    assert len(rows) > 9 * 50
    z = m.draws(2)["cloud"][0]
    assert z.std(0).tolist() == pytest.approx([0.1, 0.1], rel=0.2)
    columns, rows = SIDE / 2 * (1 + z[:, 0]), SIDE / 2 * (1 - z[:, 1])  # the map reaches from -1 to 1
    assert (picture[rows.int(), SIDE + GAP + columns.int()] == 0).all(), "a draw without a dot"


def test_below_each_map_are_the_image_and_decoded_draws():
    torch.manual_seed(0)
    picture = read(maps().frame(1))
    tile = SIDE // N_STRIP
    middle = SIDE + 4 + tile // 2
    shown = [picture[middle, tile // 2 + k * tile, 0] for k in range(N_STRIP)]
    assert shown == pytest.approx([0.25] * N_STRIP, abs=0.01), "the decoder of a point repeats the image"
    drawn = [picture[middle, SIDE + GAP + tile // 2 + k * tile, 0] for k in range(N_STRIP)]
    assert drawn[0] == pytest.approx(0.25, abs=0.01)
    assert len(set(drawn)) > 2


def test_a_code_outside_the_map_is_left_out():
    outside = maps(limit=0.3)
    background = outside.backgrounds["point"] / 255
    assert np.allclose(read(outside.frame(2))[:SIDE, :SIDE], background, atol=0.01)


def test_the_frame_leaves_the_background_as_it_was():
    m = maps()
    before = m.backgrounds["cloud"].copy()
    m.frame(0)
    assert np.array_equal(m.backgrounds["cloud"], before)


def test_words_say_the_class_and_the_widths():
    torch.manual_seed(0)
    words = maps().sentence(1)
    assert "Image 1, class 7" in words
    assert "point 0.000 and 0.000" in words
    assert "cloud 0.1" in words or "cloud 0.09" in words


def test_the_slider_chooses_the_image():
    torch.manual_seed(0)
    box = posterior_explorer.posterior_explorer(maps().models, IMAGES, CLASSES, limit=1.0, start=2)
    slider, picture, words = box.children
    assert (slider.min, slider.max, slider.value) == (0, 2, 2)
    assert slider.description and "class 1" in words.value
    before = bytes(picture.value)
    slider.value = 0
    assert bytes(picture.value) != before and "class 4" in words.value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": {"wide": (Place(0.1, dim=3), Bright())}}, r"planes: 'wide' needs codes \(N, 2\), got \(3, 3\)"),
        ({"y": CLASSES[:2]}, "one class an image"),
        ({"limit": 0.0}, "limit must be positive"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        maps(**options)
