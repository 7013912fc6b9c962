"""Distortions against closed forms, the library's own files, and errors that were asked for."""

import numpy as np
import pytest
import torch
from scipy import fft

from course_utils import datasets, distortions
from course_utils.distortions import DISTORTIONS, NAMES, Unreachable, at_mse

IN_PLACE = ("contrast", "luminance", "noise", "blur")


def digits(n: int = 3) -> torch.Tensor:
    """n real digits, (n, 1, 28, 28)."""
    return datasets._digits().test.x[:n]


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    return datasets.photograph(side=64)


@pytest.fixture(scope="module")
def colour() -> torch.Tensor:
    return datasets.photograph("flower", side=48, grey=False)


def error(x: torch.Tensor, y: torch.Tensor) -> float:
    return float(np.mean((x.double().numpy() - y.double().numpy()) ** 2))


# --- what each one does -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "jpeg"])
def test_the_strength_called_none_changes_nothing(name, photo):
    assert torch.allclose(distortions.distort(name, photo, DISTORTIONS[name].none), photo, atol=1e-6)


def test_contrast_loss_has_the_squared_error_of_its_formula(photo, colour):
    for x in (photo, colour):
        assert error(distortions.contrast(x, 0.3), x) == pytest.approx(0.09 * x.double().var(correction=0).item())
    grey = distortions.contrast(colour, 1.0)
    assert torch.allclose(grey, colour.mean().expand_as(grey), atol=1e-6)


def test_luminance_adds_and_clips():
    x = torch.tensor([0.0, 0.5, 0.9]).view(1, 1, 1, 3)
    assert distortions.luminance(x, 0.25).flatten().tolist() == pytest.approx([0.25, 0.75, 1.0])
    assert distortions.luminance(x, -0.6).flatten().tolist() == pytest.approx([0.0, 0.0, 0.3])


def test_noise_has_the_standard_deviation_asked_for_and_repeats_itself():
    x = torch.full((1, 1, 100, 100), 0.5)
    state = torch.get_rng_state()
    noisy = distortions.noise(x, 0.1)
    assert (noisy - x).std().item() == pytest.approx(0.1, rel=0.03)  # 10,000 draws: the spread of a std is 0.7 %
    assert torch.equal(noisy, distortions.noise(x, 0.1))
    assert torch.allclose(distortions.noise(x, 0.05) - x, (noisy - x) / 2, atol=1e-6)  # the same pattern
    assert not torch.equal(noisy, distortions.noise(x, 0.1, seed=1))
    assert torch.equal(state, torch.get_rng_state())


def test_blur_of_a_point_is_a_gaussian_and_keeps_the_sum():
    x = torch.zeros(1, 1, 31, 31)
    x[0, 0, 15, 15] = 1
    blurred = distortions.blur(x, 2.0)[0, 0]
    right, down = np.meshgrid(np.arange(31) - 15, np.arange(31) - 15)
    expected = np.exp(-(right**2 + down**2) / 8) / (8 * np.pi)
    assert np.allclose(blurred.numpy(), expected, atol=1e-4)
    assert blurred.sum().item() == pytest.approx(1, abs=1e-5)


def test_colours_and_images_are_not_blurred_into_each_other(colour):
    x = torch.cat([colour, torch.zeros_like(colour)])
    assert distortions.blur(x, 5.0)[1].max() == 0
    red = torch.zeros_like(colour)
    red[:, 0] = colour[:, 0]
    assert distortions.blur(red, 5.0)[:, 1:].max() == 0


@pytest.mark.parametrize("quality", [5, 90])
def test_jpeg_is_near_what_blocks_of_rounded_cosines_give(quality):
    # the standard of JPEG, annex A and table K.1: 8 x 8 cosine transforms, rounded to multiples of a table
    table = np.array(
        [
            [16, 11, 10, 16, 24, 40, 51, 61],
            [12, 12, 14, 19, 26, 58, 60, 55],
            [14, 13, 16, 24, 40, 57, 69, 56],
            [14, 17, 22, 29, 51, 87, 80, 62],
            [18, 22, 37, 56, 68, 109, 103, 77],
            [24, 35, 55, 64, 81, 104, 113, 92],
            [49, 64, 78, 87, 103, 121, 120, 101],
            [72, 92, 95, 98, 112, 100, 103, 99],
        ]
    )
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality  # how the usual encoder scales it
    table = ((table * percent + 50) // 100).clip(1, 255)
    x = datasets.photograph(side=64)
    blocks = (255 * x[0, 0]).round().double().numpy().reshape(8, 8, 8, 8).swapaxes(1, 2) - 128
    rounded = table * np.round(fft.dctn(blocks, axes=(2, 3), norm="ortho") / table)
    expected = (fft.idctn(rounded, axes=(2, 3), norm="ortho") + 128).clip(0, 255)
    found = 255 * distortions.jpeg(x, quality)[0, 0].numpy().reshape(8, 8, 8, 8).swapaxes(1, 2)
    # the library computes in whole numbers, so that some coefficients round the other way: little against the loss
    lost = 255 * x[0, 0].double().numpy().reshape(8, 8, 8, 8).swapaxes(1, 2) - expected
    assert np.square(found - expected).mean() < 0.25 * np.square(lost).mean()


def test_jpeg_takes_colours_and_whole_qualities_only(colour):
    assert error(distortions.jpeg(colour, 95), colour) < 1e-3
    with pytest.raises(ValueError, match="whole number"):
        distortions.jpeg(colour, 50.5)
    with pytest.raises(ValueError, match="one or three channels"):
        distortions.jpeg(torch.zeros(1, 2, 8, 8), 50)


def test_shift_by_whole_pixels_moves_the_columns_and_repeats_the_edge(photo):
    moved = distortions.shift(photo, 3)
    assert torch.allclose(moved[..., 3:], photo[..., :-3], atol=1e-5)
    assert torch.allclose(moved[..., :3], photo[..., :1].expand(-1, -1, -1, 3), atol=1e-5)
    assert torch.allclose(distortions.shift(photo, -3)[..., :-3], photo[..., 3:], atol=1e-5)


def test_a_quarter_turn_is_numpys(photo):
    expected = np.rot90(photo.numpy(), axes=(2, 3)).copy()  # counter-clockwise
    assert torch.allclose(distortions.rotation(photo, 90), torch.from_numpy(expected), atol=1e-5)


def test_rotation_keeps_shapes_in_images_that_are_not_square():
    # a short bar in the middle of a wide image: turned by a quarter it is as long as before
    x = torch.zeros(1, 1, 20, 40)
    x[..., 8:12, 14:26] = 1
    expected = torch.zeros(1, 1, 20, 40)
    expected[..., 4:16, 18:22] = 1
    assert torch.allclose(distortions.rotation(x, 90), expected, atol=1e-4)


def test_zoom_by_three_takes_a_third_of_the_image_and_back():
    x = torch.zeros(1, 1, 30, 30)
    x[..., 10:20, 10:20] = 1
    enlarged = distortions.zoom(x, 3)
    assert enlarged[..., 2:-2, 2:-2].min() > 0.999
    small = distortions.zoom(torch.ones(1, 1, 30, 30) * x, 0.5)
    assert small.sum().item() == pytest.approx(25, rel=0.02)  # 10 x 10 pixels become 5 x 5


@pytest.mark.parametrize("name", NAMES)
def test_values_shape_and_dtype_are_kept_within_bounds(name, colour):
    d = DISTORTIONS[name]
    strong = d.none + 0.6 * (d.strongest - d.none)
    for x in (colour, colour.double(), torch.cat([colour, colour])):
        y = d.apply(x, round(strong) if name == "jpeg" else strong)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert y.min() >= 0
        assert y.max() <= 1


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_squared_error_grows_with_the_strength(name, photo):
    d = DISTORTIONS[name]
    errors = [error(d.apply(photo, d.none + f * (d.strongest - d.none)), photo) for f in (0.05, 0.1, 0.2, 0.5, 1.0)]
    assert errors == sorted(errors)
    assert errors[0] > 0


# --- a wanted squared error -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "jpeg"])
@pytest.mark.parametrize("mse", [0.0005, 0.005])
def test_at_mse_finds_the_error_asked_for(name, mse, photo):
    for x in (digits(), photo):
        found = at_mse(name, x, mse)
        assert error(found.x, x) == pytest.approx(mse, rel=1e-3)
        assert torch.equal(found.x, distortions.distort(name, x, found.strength))


def test_contrast_needs_the_strength_of_its_formula(photo):
    found = at_mse("contrast", photo, 0.004)
    assert found.strength == pytest.approx((0.004 / photo.var(correction=0).item()) ** 0.5, rel=1e-4)


def test_the_weakest_strength_is_found_where_the_error_goes_up_and_down():
    # vertical stripes, 8 pixels a period: a shift by 8 changes (almost) nothing, by 4 everything
    column = torch.arange(64)
    x = (0.5 + 0.5 * torch.cos(2 * torch.pi * column / 8)).expand(1, 1, 64, 64)
    assert at_mse("shift", x, 0.2).strength < 4


def test_jpeg_takes_the_quality_with_the_nearest_error(photo):
    errors = np.array([error(distortions.jpeg(photo, quality), photo) for quality in range(1, 101)])
    found = at_mse("jpeg", photo, 0.002)
    assert found.strength == 1 + np.abs(errors - 0.002).argmin()
    assert isinstance(found.strength, int)


def test_what_cannot_be_reached_is_said(photo):
    x = digits(1)
    with pytest.raises(Unreachable, match=r"contrast cannot move these images that far: .* not 0\.5"):
        at_mse("contrast", x, 0.5)
    with pytest.raises(Unreachable, match=r"luminance cannot move these images that far"):
        at_mse("luminance", x, 0.99)
    with pytest.raises(Unreachable, match="JPEG moves these images by a mean squared error between"):
        at_mse("jpeg", photo, 0.5)


def test_contrast_loss_and_blur_end_at_the_variance(photo):
    variance = photo.double().var(correction=0).item()
    for name in ("contrast", "blur"):
        at_mse(name, photo, 0.9 * variance)
        with pytest.raises(Unreachable):
            at_mse(name, photo, 1.01 * variance)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: at_mse("sepia", x, 0.01), "unknown distortion 'sepia': use one of contrast, luminance"),
        (lambda x: at_mse("blur", x, 0.0), "must be positive"),
        (lambda x: distortions.noise(x, -0.1), "strength of noise lies between 0 and inf, got -0.1"),
        (lambda x: distortions.contrast(x, 1.5), "strength of contrast lies between 0 and 1"),
        (lambda x: distortions.zoom(x, 0.0), "positive factor"),
        (lambda x: distortions.blur(x[0], 1.0), r"images \(B, C, H, W\)"),
        (lambda x: distortions.blur((255 * x).byte(), 1.0), "floating-point"),
        (lambda x: distortions.blur(255 * x, 1.0), "between 0 and 1"),
        (lambda x: distortions.shift(x * float("nan"), 1.0), "between 0 and 1"),
        (lambda x: datasets.photograph("cat"), "unknown photograph 'cat'"),
        (lambda x: datasets.photograph(side=500), "from 1 to 427 pixels"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(digits(1))


def test_labels_name_strength_and_unit():
    assert distortions.describe("blur", 1.234) == "blur, std 1.23 pixels"
    assert distortions.describe("jpeg", 7) == "JPEG, quality 7"


# --- the photograph ---------------------------------------------------------------------------------------------------


def test_photograph_is_the_middle_of_the_librarys(colour):
    from sklearn.datasets import load_sample_image

    pixels = load_sample_image("flower.jpg")[:, 106 : 106 + 427] / 255.0
    assert colour.shape == (1, 3, 48, 48)
    assert colour.mean((0, 2, 3)).tolist() == pytest.approx(pixels.mean((0, 1)), abs=0.005)
    # the upper left quarter, too: nothing is mirrored
    quarter = pixels[:213, :213].mean((0, 1))
    assert colour[..., :24, :24].mean((0, 2, 3)).tolist() == pytest.approx(quarter, abs=0.01)
    grey = datasets.photograph("flower", side=48)
    assert grey.mean().item() == pytest.approx(float(pixels.mean((0, 1)) @ [0.299, 0.587, 0.114]), abs=0.005)
