"""The style mixer, without a browser: the arc, what a frame shows, its sliders."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch

from course_utils.widgets.style_mixer import FRAME, N_STEPS, SCALE, StyleMixer, arc, style_mixer

SIDE = 4
TILE = SIDE * SCALE + 2 * FRAME + 4  # screen pixels from one image to the next
STYLES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])


def decode(z, y):
    """A generator whose answer is known: the upper half as bright as the first entry of z, the lower as y / 10."""
    x = torch.zeros(len(z), 1, SIDE, SIDE)
    x[:, :, : SIDE // 2] = z[:, :1, None, None]
    x[:, :, SIDE // 2 :] = y[:, None, None, None] / 10
    return x


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")[..., 0]


def test_arc_begins_and_ends_where_it_should_and_keeps_the_variance():
    a, b = torch.randn(2, 20_000, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(arc(a, b, 0.0), a) and torch.allclose(arc(a, b, 1.0), b, atol=1e-6)
    for t in (0.25, 0.5, 0.8):
        z = arc(a, b, t)
        assert torch.allclose(torch.cov(z.T), torch.eye(3), atol=0.05)


def test_the_path_changes_the_style_and_keeps_the_class():
    path = StyleMixer(decode, STYLES).path(0, 1, y=7)
    t = np.linspace(0, 1, N_STEPS)
    assert np.allclose(path[:, 0, 0, 0], np.cos(np.pi * t / 2), atol=1e-6)
    assert torch.allclose(path[:, 0, -1], torch.tensor(0.7))


def test_the_classes_share_the_style_of_the_step():
    mixer = StyleMixer(decode, STYLES)
    classes = mixer.classes(0, 1, step=3)
    assert torch.allclose(classes[:, 0, -1, -1], torch.arange(10) / 10)
    assert torch.allclose(classes[:, 0, 0, 0], mixer.path(0, 1, y=7)[3, 0, 0, 0])


def test_frame_shows_path_above_classes_and_frames_the_chosen_ones():
    step, y = 2, 5
    mixer = StyleMixer(decode, STYLES)
    picture = read(mixer.frame(0, 1, step, y))
    rows = np.split(picture, 2)
    first = 2 + FRAME + 1  # a pixel within the first image
    path = rows[0][first, first::TILE][:N_STEPS]
    assert np.allclose(path, mixer.path(0, 1, y)[:, 0, 0, 0], atol=1 / 200)
    classes = rows[1][first + SIDE * SCALE - 3, first::TILE][:10]
    assert np.allclose(classes, np.arange(10) / 10, atol=1 / 200)
    for row, chosen in zip(rows, (step, y), strict=True):
        edge = row[3, first::TILE][:10]  # a pixel of the frame
        assert [i for i, value in enumerate(edge) if value < 0.9] == [chosen]


def test_the_widget_follows_its_sliders():
    box = style_mixer(decode, STYLES)
    *sliders, picture, words = box.children
    before = picture.value
    sliders[3].value = 8
    assert picture.value != before and "class 8" in words.value
    sliders[0].value, sliders[2].value = 2, 0
    assert "style 2" in words.value and "0 % of the way" in words.value
    assert picture.value == StyleMixer(decode, STYLES).frame(2, 1, 0, 8)


@pytest.mark.parametrize("styles", [torch.zeros(1, 2), torch.zeros(5)])
def test_too_few_styles_are_refused(styles):
    with pytest.raises(ValueError, match="two styles"):
        StyleMixer(decode, styles)
