"""Image similarity against formulas worked out by hand and by SciPy's Gaussian windows."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from course_utils import datasets, metrics
from course_utils.metrics.similarity import SCALE_WEIGHTS, n_scales

C1, C2 = 0.01**2, 0.03**2


def constant(value: float, side: int = 28) -> torch.Tensor:
    return torch.full((1, 1, side, side), value)


def images(n: int, *shape: int) -> torch.Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def window(x: np.ndarray, sigma: float) -> np.ndarray:
    """Local Gaussian means, the image mirrored without repeating its edge."""
    return ndimage.gaussian_filter(x, sigma, mode="mirror", truncate=3.5)


def ssim_maps(x: np.ndarray, y: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Luminance and contrast-structure terms of Wang et al. (2004), pixel by pixel."""
    mean_x, mean_y = window(x, sigma), window(y, sigma)
    var_x, var_y = window(x * x, sigma) - mean_x**2, window(y * y, sigma) - mean_y**2
    covariance = window(x * y, sigma) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return luminance, (2 * covariance + C2) / (var_x + var_y + C2)


def halved(x: np.ndarray) -> np.ndarray:
    x = x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]
    return x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).mean((1, 3))


def test_mse_and_psnr_of_known_differences():
    x, y = torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    y[0, 0, 0, 0] = 0.2
    y[1] = 0.1
    assert metrics.mse(x, y).tolist() == pytest.approx([0.01, 0.01])
    assert metrics.psnr(x, y).tolist() == pytest.approx([20.0, 20.0])
    assert metrics.psnr(x, x).tolist() == [math.inf, math.inf]


@pytest.mark.parametrize("measure", [metrics.ssim, metrics.ms_ssim])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 40)])
def test_an_image_is_like_itself_and_no_other(measure, shape):
    x = images(3, *shape)
    assert measure(x, x).tolist() == pytest.approx([1, 1, 1])
    assert (measure(x, x.flip(0)) < 0.9).tolist() == [True, False, True]  # the middle one stays where it is
    assert torch.allclose(measure(x, x.flip(0)), measure(x.flip(0), x))


def test_constant_images_leave_the_luminance_term():
    a, b = 0.3, 0.8
    expected = (2 * a * b + C1) / (a * a + b * b + C1)
    assert metrics.ssim(constant(a), constant(b)).item() == pytest.approx(expected, abs=1e-3)
    # only the coarsest scale compares means, with its exponent
    weights = SCALE_WEIGHTS[:3]
    assert metrics.ms_ssim(constant(a), constant(b)).item() == pytest.approx(
        expected ** (weights[2] / sum(weights)), abs=1e-3
    )


@pytest.mark.parametrize("sigma", [0.8, 1.5])
def test_ssim_is_its_formula_with_scipys_windows(sigma):
    x, y = images(2, 1, 20, 24)[:, 0].numpy()
    luminance, structure = ssim_maps(x, y, sigma)
    found = metrics.ssim(torch.tensor(x)[None, None], torch.tensor(y)[None, None], sigma=sigma)
    assert found.item() == pytest.approx((luminance * structure).mean(), abs=1e-6)


def test_channels_are_averaged():
    x, y = images(2, 3, 28, 28)[:, None]
    each = [metrics.ssim(x[:, c : c + 1], y[:, c : c + 1]).item() for c in range(3)]
    assert metrics.ssim(x, y).item() == pytest.approx(np.mean(each))


def test_ms_ssim_of_digits_is_the_product_of_three_scales():
    x = datasets._digits().test.x[:1].double()
    y = 0.8 * x.roll(1, 3) + 0.1
    a, b = x[0, 0].numpy(), y[0, 0].numpy()
    terms = []
    for _ in range(3):
        luminance, structure = ssim_maps(a, b, 0.8)
        inner = structure[3:-3, 3:-3]  # windows that lie within the image
        terms.append((inner.mean(), (luminance * structure).mean()))
        a, b = halved(a), halved(b)
    weights = np.array(SCALE_WEIGHTS[:3]) / sum(SCALE_WEIGHTS[:3])
    expected = terms[0][0] ** weights[0] * terms[1][0] ** weights[1] * terms[2][1] ** weights[2]
    assert metrics.ms_ssim(x, y).item() == pytest.approx(expected, abs=1e-6)


def test_large_images_take_the_five_scales_of_the_paper():
    assert sum(SCALE_WEIGHTS) == pytest.approx(1, abs=1e-3)
    assert [n_scales(side) for side in (7, 14, 28, 64, 176, 192)] == [1, 2, 3, 4, 5, 5]
    a, b = 0.3, 0.8
    expected = ((2 * a * b + C1) / (a * a + b * b + C1)) ** SCALE_WEIGHTS[4]
    # (in float32 the variance of a constant is not quite 0)
    assert metrics.ms_ssim(constant(a, 176), constant(b, 176)).item() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("side", range(7, 200))
def test_every_size_has_a_number_of_scales_that_the_library_accepts(side):
    window = 11 if side >= 176 else 7
    n = n_scales(side)
    assert side // max(1, n - 1) ** 2 >= window
    assert side // 2 ** (n - 1) >= window


@pytest.mark.parametrize("side", [7, 13, 14, 29, 57, 63, 112, 130, 175, 176])
def test_every_size_gives_a_number(side):
    x = images(1, 1, side, side)
    assert 0 <= metrics.ms_ssim(x, x.flip(2)).item() < 1


def test_each_pair_is_compared_by_itself():
    x, y = images(4, 1, 28, 28), images(5, 1, 28, 28)[1:]
    for measure in (metrics.mse, metrics.psnr, metrics.ssim, metrics.ms_ssim):
        assert torch.allclose(measure(x, y)[2:3], measure(x[2:3], y[2:3]))
        assert measure(x, y).shape == (4,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: metrics.mse(x, x[:1]), r"of one shape are compared, got \(2, 1, 28, 28\) and \(1, 1, 28, 28\)"),
        (lambda x: metrics.ssim(x[0], x[0]), "batches of images"),
        (lambda x: metrics.ssim(x, x.float()), "one floating-point type"),
        (lambda x: metrics.mse((255 * x).byte(), (255 * x).byte()), "one floating-point type"),
        (lambda x: metrics.ssim(x[..., :5], x[..., :5]), "take a smaller sigma"),
        (lambda x: metrics.ms_ssim(x[..., :6], x[..., :6]), "sides of at least 7 pixels, got 28x6"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(images(2, 1, 28, 28))
