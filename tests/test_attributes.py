"""Attributes against shapes drawn with a known answer, digits sheared by a known amount, and least squares."""

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from sklearn.datasets import load_digits

from course_utils.attributes import slant


def padded_digits():
    """100 real digits, (100, 1, 8, 40): enough empty columns on both sides to lean without losing ink."""
    images = torch.tensor(load_digits().images[:100], dtype=torch.float64) / 16
    return torch.nn.functional.pad(images[:, None], (16, 16))


def test_lines_of_known_slant():
    diagonal = torch.eye(9).flip(1)  # from bottom left to top right: /
    upright, level_two = torch.zeros(9, 9), torch.zeros(9, 9)
    upright[:, 4] = 1
    level_two[4:6, 2:7] = 1
    x = torch.stack([diagonal, diagonal.flip(1), upright, level_two])[:, None]
    torch.testing.assert_close(slant(x), torch.tensor([1.0, -1.0, 0.0, 0.0]))


def test_a_knight_move_line():
    x = torch.zeros(1, 1, 9, 20)
    for up in range(9):
        x[0, 0, 8 - up, 2 * up] = 0.5  # grey ink counts like black ink here: there is no other
    assert slant(x).item() == pytest.approx(2)


@pytest.mark.parametrize("shear", [-2, -1, 1, 2])
def test_moving_each_row_by_its_height_adds_exactly_that_to_the_slant(shear):
    x = padded_digits()
    sheared = torch.stack([x[:, :, row].roll(shear * (7 - row), dims=2) for row in range(8)], dim=2)
    torch.testing.assert_close(slant(sheared), slant(x) + shear)


@pytest.mark.parametrize("shear", [-0.4, 0.25])
def test_affine_shear_by_interpolation_adds_the_shear(shear):
    x = padded_digits()
    # ndimage maps output to input coordinates (row, column): column_in = column_out + shear * (row - 3.5)
    matrix, offset = np.array([[1, 0], [shear, 1]]), [0, -shear * 3.5]
    sheared = [ndimage.affine_transform(image.numpy(), matrix, offset, order=1) for image in x[:, 0]]
    found = slant(torch.tensor(np.array(sheared))[:, None])
    torch.testing.assert_close(found, slant(x) + shear, atol=1e-6, rtol=0)


def test_against_least_squares_of_column_on_height():
    counts = torch.randint(0, 4, (1, 1, 7, 6), generator=torch.Generator().manual_seed(0))
    rows, columns = np.nonzero(counts[0, 0].numpy())
    times = counts[0, 0].numpy()[rows, columns]
    fit = stats.linregress(np.repeat(6 - rows, times), np.repeat(columns, times))
    assert slant(counts.double()).item() == pytest.approx(fit.slope)


def test_slant_ignores_position_and_brightness():
    x = padded_digits()
    torch.testing.assert_close(slant(0.3 * x.roll(5, dims=3)), slant(x))
    taller = torch.nn.functional.pad(x, (0, 0, 3, 6))
    torch.testing.assert_close(slant(taller), slant(x))


def test_each_image_is_measured_by_itself():
    x = padded_digits()
    torch.testing.assert_close(slant(x)[17:18], slant(x[17:18]))


def test_no_ink_or_ink_on_one_row_is_nan():
    x = torch.zeros(3, 1, 5, 5)
    x[1, 0, 2] = 1
    x[2, 0, 1:4, 2] = 1
    assert slant(x).isnan().tolist() == [True, True, False]


@pytest.mark.parametrize("shape", [(5, 5), (2, 5, 5), (2, 3, 5, 5)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"slant takes images \(N, 1, H, W\), got shape"):
        slant(torch.ones(shape))
