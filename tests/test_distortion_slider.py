"""The distortion slider, without a browser: its frames, its words, its controls."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch

from course_utils import datasets, metrics
from course_utils.distortions import NAMES, at_mse
from course_utils.widgets.distortion_slider import Gallery, distortion_slider

MSES = (0.002, 0.05)  # the second is out of JPEG's reach


@pytest.fixture(scope="module")
def pictures() -> dict[str, torch.Tensor]:
    return {"digit": datasets._digits().test.x[:1], "china": datasets.photograph("china", side=32, grey=False)}


@pytest.fixture(scope="module")
def gallery(pictures) -> Gallery:
    return Gallery(pictures, MSES)


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")


def test_all_distortions_of_a_picture_have_the_error_of_the_slider(gallery, pictures):
    for picture, x in pictures.items():
        found = gallery.distorted[picture, 0.05]
        assert set(NAMES) - {"jpeg"} <= set(found)
        assert "jpeg" not in found
        assert all(metrics.mse(d.x, x).item() == pytest.approx(0.05, rel=1e-3) for d in found.values())


def test_similarities_are_those_of_the_metrics(gallery, pictures):
    x = pictures["digit"]
    blurred = at_mse("blur", x, 0.002).x
    expected = (metrics.ssim(blurred, x).item(), metrics.ms_ssim(blurred, x).item())
    assert gallery.similarity["digit", 0.002]["blur"] == pytest.approx(expected)


def test_frame_shows_the_picture_and_its_distortion(gallery):
    gallery.frame("digit", 0.05, "luminance")
    before, after, chart = gallery.panel.axes
    assert np.allclose(before.images[0].get_array(), gallery.pictures["digit"][0, 0])
    assert np.allclose(after.images[0].get_array(), gallery.distorted["digit", 0.05]["luminance"].x[0, 0])
    assert after.get_title().startswith("luminance, ")
    assert chart.get_xlabel() and chart.get_title() == "all at MSE 0.05"
    bold = [label.get_text() for label in chart.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["luminance"]


def test_bars_are_as_long_as_the_similarities(gallery):
    gallery.frame("china", 0.002, "noise")
    lengths = [bar.get_width() for bar in gallery.panel.axes[2].patches]
    # first all of the one measure, then all of the other
    expected = [gallery.similarity["china", 0.002][name][which] for which in (0, 1) for name in NAMES]
    assert lengths == pytest.approx(expected)


def test_frames_differ_and_can_be_drawn_again(gallery):
    frames = [gallery.frame("china", 0.002, name) for name in ("shift", "blur", "shift")]
    assert frames[0] == frames[2] != frames[1]
    height, width = read(frames[0]).shape[:2]
    assert width > 2 * height > 400


def test_what_is_out_of_reach_is_said(gallery):
    assert "cannot move this picture" in gallery.sentence("digit", 0.05, "jpeg")
    gallery.frame("digit", 0.05, "jpeg")
    after = gallery.panel.axes[1]
    assert not after.images[0].get_visible() and after.get_title() == "jpeg: out of reach"
    gallery.frame("digit", 0.05, "blur")
    assert after.images[0].get_visible()


def test_controls_are_labelled_and_move_the_picture(pictures, gallery):
    picture, error, distortion, image, words = distortion_slider(pictures, MSES).children
    assert [control.description for control in (picture, error, distortion)] == ["picture", "MSE", "distortion"]
    assert image.value == gallery.frame("digit", 0.05, "contrast")
    distortion.value = "zoom"
    assert image.value == gallery.frame("digit", 0.05, "zoom")
    assert words.value == gallery.sentence("digit", 0.05, "zoom")
    assert "MSE 0.05" in words.value and words.value.startswith("zoom, ")
    picture.value, error.value = "china", 0.002
    assert image.value == gallery.frame("china", 0.002, "zoom")


@pytest.mark.parametrize(
    ("pictures", "mses", "message"),
    [
        ({}, MSES, "at least one picture"),
        ({"a": torch.zeros(1, 1, 8, 8)}, (), "at least one picture"),
        ({"a": torch.zeros(2, 1, 8, 8)}, MSES, "picture 'a' must be one image"),
        ({"a": torch.rand(1, 1, 16, 16)}, (0.0,), "must be positive"),
    ],
)
def test_bad_input_is_named(pictures, mses, message):
    with pytest.raises(ValueError, match=message):
        Gallery(pictures, mses)


def test_one_error_needs_no_slider(pictures):
    picture, distortion, _image, words = distortion_slider(pictures, MSES[-1:]).children
    distortion.value = "blur"
    assert f"{MSES[-1]:.4f}"[:5] in words.value and picture.value in pictures
