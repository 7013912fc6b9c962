"""The attribute slider, without a browser: the move, what a frame shows, what it says, its slider."""

import pytest
import torch

from course_utils.networks import MLPDecoder
from course_utils.widgets.attribute_slider import AttributeMove, attribute_slider


@pytest.fixture
def decoder() -> MLPDecoder:
    torch.manual_seed(0)
    return MLPDecoder(3, (1, 4, 4), (8,)).requires_grad_(False)


def test_move_decodes_the_moved_codes(decoder):
    z, direction = torch.randn(2, 3), torch.tensor([1.0, 0.0, -1.0])
    expected = decoder(torch.stack([z[:, 0] + 0.5, z[:, 1], z[:, 2] - 0.5], 1))
    assert torch.allclose(AttributeMove(decoder, z, direction).move(0.5), expected)


def test_frame_shows_the_codes_before_and_after(decoder):
    z = torch.randn(2, 3)
    moved = AttributeMove(decoder, z, torch.ones(3), name="slant")
    png = moved.frame(1.5)
    upper, lower = (torch.tensor(sheet.get_array().data) for sheet in moved.rows.sheets)
    assert torch.allclose(upper[:4, :4].float(), decoder(z)[0, 0])
    assert torch.allclose(lower[:4, 5:9].float(), decoder(z + 1.5)[1, 0])
    assert [label.get_text() for label in moved.rows.names] == ["as encoded", "slant +1.50"]
    assert moved.frame(-0.5) != png == moved.frame(1.5)


def test_words_measure_the_change():
    def decode(z):  # an upright bar, as dark as the code
        x = torch.zeros(len(z), 1, 20, 20)
        x[:, 0, 4:16, 8:11] = z[:, :1, None]
        return x

    moved = AttributeMove(decode, torch.full((2, 1), 0.5), torch.ones(1), name="darker")
    assert moved.sentence(0.5) == "darker +0.50 changes the images by half a squared error of 4.5 on average."
    measured = AttributeMove(decode, torch.full((2, 1), 0.5), torch.ones(1), name="slant").sentence(0.5)
    assert measured.endswith("Their mean slant was +0.00 and is +0.00.")


def test_the_slider_redraws_when_it_moves(decoder):
    handle, picture, words = attribute_slider(decoder, torch.randn(2, 3), torch.ones(3), name="shift").children
    assert (handle.min, handle.max, handle.value, handle.description) == (-2.0, 2.0, 1.0, "shift")
    before = bytes(picture.value)
    handle.value = -1.0
    assert before.startswith(b"\x89PNG") and bytes(picture.value) != before
    assert words.value.startswith("shift -1.00 ")


def test_bad_input_is_refused(decoder):
    with pytest.raises(ValueError, match="one vector of 3 entries"):
        AttributeMove(decoder, torch.randn(2, 3), torch.ones(4))
    with pytest.raises(ValueError, match="limit must be positive"):
        attribute_slider(decoder, torch.randn(2, 3), torch.ones(3), limit=0.0)
