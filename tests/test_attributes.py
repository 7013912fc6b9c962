"""Attributes against shapes drawn with a known answer, digits sheared by a known amount, and least squares."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from sklearn.datasets import load_digits

from course_utils import attributes, datasets
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


# --- all attributes ---------------------------------------------------------------------------------------------------


def drawn(inside, side: int = 28, fine: int = 16) -> torch.Tensor:
    """The share of each pixel that a shape covers, (1, 1, side, side).

    inside: columns and rows of the points of a grid of `fine` by `fine` points a pixel -> which lie in the shape.
    """
    rows, columns = (np.mgrid[0 : side * fine, 0 : side * fine] + 0.5) / fine
    covered = inside(columns, rows).reshape(side, fine, side, fine).mean((1, 3))
    return torch.tensor(covered)[None, None]


def disc(columns, rows, diameter: float, column: float = 14.0, row: float = 14.0):
    return np.hypot(columns - column, rows - row) < diameter / 2


def ring(columns, rows, diameter: float, thick: float, column: float = 14.0, row: float = 14.0):
    return np.abs(np.hypot(columns - column, rows - row) - diameter / 2) < thick / 2


def stroke(columns, rows, degrees: float, length: float, thick: float):
    """A straight pen stroke with round ends, `degrees` from upright to the right, around a point off the centres."""
    right, up = columns - 14.2, 13.7 - rows
    along = right * np.sin(np.deg2rad(degrees)) + up * np.cos(np.deg2rad(degrees))
    across = right * np.cos(np.deg2rad(degrees)) - up * np.sin(np.deg2rad(degrees))
    return np.hypot(np.maximum(np.abs(along) - length / 2, 0), across) < thick / 2


def real_digits(n: int = 100) -> torch.Tensor:
    """Real digits with room around them to be transformed, (n, 1, 56, 56)."""
    return torch.nn.functional.pad(datasets._digits().test.x[:n], (14, 14, 14, 14)).double()


def transformed(x: torch.Tensor, matrix) -> torch.Tensor:
    """Images as they are where `matrix` takes each (row, column) from the centre of the image to."""
    matrix = np.array(matrix)
    offset = (np.eye(2) - matrix) @ [27.5, 27.5]
    moved = [ndimage.affine_transform(image.numpy(), matrix, offset, order=3) for image in x[:, 0]]
    return torch.tensor(np.array(moved)).clamp(0, 1)[:, None]


def off_by(found: torch.Tensor, expected: torch.Tensor) -> tuple[float, float]:
    """Mean and standard deviation of the errors."""
    error = found - expected
    return error.mean().item(), error.std().item()


@pytest.mark.parametrize(("wide", "high"), [(3, 20), (12, 7), (10, 10)])
def test_width_and_height_of_rectangles(wide, high):
    x = torch.zeros(1, 1, 28, 28)
    x[..., 2 : 2 + high, 5 : 5 + wide] = 0.7
    # w pixel centres in a row have the variance (w^2 - 1) / 12
    assert attributes.width(x).item() == pytest.approx((wide**2 - 1) ** 0.5, rel=1e-5)
    assert attributes.height(x).item() == pytest.approx((high**2 - 1) ** 0.5, rel=1e-5)
    assert attributes.ink(x).item() == pytest.approx(0.7 * wide * high)


def test_width_and_height_of_shapes_between_the_pixels():
    bar = drawn(lambda c, r: (np.abs(c - 13.7) < 6.1) & (np.abs(r - 14.4) < 4.3))
    assert attributes.width(bar).item() == pytest.approx(12.2, abs=0.1)
    assert attributes.height(bar).item() == pytest.approx(8.6, abs=0.1)
    thin = drawn(lambda c, r: ring(c, r, 14.0, 1.0))
    assert attributes.width(thin).item() == pytest.approx(14 * 1.5**0.5, abs=0.15)


def test_width_and_height_against_numpys_covariance():
    x = torch.rand(1, 1, 9, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows, columns = np.mgrid[0:9, 0:12]
    covariance = np.cov(columns.ravel(), rows.ravel(), aweights=x.flatten().numpy(), ddof=0)
    assert attributes.height(x).item() == pytest.approx(np.sqrt(12 * covariance[1, 1]))
    # the residual of the regression of column on row
    residual = np.linalg.det(covariance) / covariance[1, 1]
    assert attributes.width(x).item() == pytest.approx(np.sqrt(12 * residual))


@pytest.mark.parametrize("shear", [-2, 1])
def test_a_shear_changes_neither_width_nor_height(shear):
    x = padded_digits()
    sheared = torch.stack([x[:, :, row].roll(shear * (7 - row), dims=2) for row in range(8)], dim=2)
    torch.testing.assert_close(attributes.width(sheared), attributes.width(x))
    torch.testing.assert_close(attributes.height(sheared), attributes.height(x))


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90])
@pytest.mark.parametrize("thick", [1.5, 2.5, 4.0])
def test_thickness_and_slant_of_strokes(degrees, thick):
    inside = partial(stroke, degrees=degrees, length=14.0, thick=thick)
    x = drawn(inside)
    assert attributes.thickness(x).item() == pytest.approx(thick, abs=0.05 + 0.05 * thick)
    if degrees <= 45:
        rows, columns = np.mgrid[0:28:0.05, 0:28:0.05]
        covered = inside(columns, rows)
        fit = stats.linregress(-rows[covered], columns[covered])
        assert attributes.slant(x).item() == pytest.approx(fit.slope, abs=0.02)


@pytest.mark.parametrize("diameter", [3.0, 6.5, 20.0])
def test_a_blob_comes_out_somewhat_too_thin(diameter):
    x = drawn(lambda c, r: disc(c, r, diameter, 13.8, 14.3))
    assert 0.7 < attributes.thickness(x).item() / diameter <= 1


@pytest.mark.parametrize("thick", [1.5, 3.0, 5.0])
def test_thickness_does_not_depend_on_holes_and_crossings(thick):
    figures = {
        "0": lambda c, r: ring(c, r, 14, thick),
        "8": lambda c, r: ring(c, r, 10, thick, row=9.0) | ring(c, r, 10, thick, row=19.0),
        "4": lambda c, r: stroke(c, r, 0, 18, thick) | stroke(c, r, 90, 18, thick),
        "11": lambda c, r: stroke(c + 6, r, 0, 16, thick) | stroke(c - 6, r, 0, 16, thick),
    }
    for name, inside in figures.items():
        found = attributes.thickness(drawn(inside)).item()
        assert found == pytest.approx(thick, abs=0.06 * thick + 0.05), name


def test_square_ends_make_a_bar_look_a_little_thinner():
    x = torch.zeros(1, 1, 28, 28)
    x[..., 4:24, 10:13] = 1
    area, outline = 60.0, 46.0
    expected = (outline - np.sqrt(outline**2 - 4 * np.pi * area)) / np.pi
    assert attributes.thickness(x).item() == pytest.approx(expected, abs=0.1)


def test_outline_has_area_length_and_euler_number_of_drawn_shapes():
    shapes = [
        (lambda c, r: disc(c, r, 15), np.pi * 7.5**2, np.pi * 15, 1),
        (lambda c, r: ring(c, r, 14, 4), np.pi * 14 * 4, 2 * np.pi * 14, 0),
        (lambda c, r: disc(c, r, 8, 7) | disc(c, r, 8, 21), 2 * np.pi * 16, 2 * np.pi * 8, 2),
    ]
    for inside, *expected in shapes:
        found = [value.item() for value in attributes._outline(drawn(inside)[:, 0])]
        assert found == pytest.approx(expected, rel=0.02)


def test_a_faint_haze_does_not_thicken_a_stroke():
    x = drawn(partial(stroke, degrees=30, length=14, thick=3))
    assert attributes.thickness(x.clamp(min=0.02)).item() == pytest.approx(attributes.thickness(x).item(), abs=0.05)


def test_euler_number_is_pieces_minus_holes_of_real_digits():
    x = real_digits()[:, 0]
    _, _, euler = attributes._outline(x)
    pieces = [ndimage.label(image > 0.5, np.ones((3, 3)))[1] for image in x.numpy()]
    outside_and_holes = [ndimage.label(image <= 0.5)[1] for image in x.numpy()]
    # they may differ where two pixels touch by a corner: the outline then asks the mean of the four
    same = euler == torch.tensor(pieces) - torch.tensor(outside_and_holes) + 1
    assert same.double().mean() > 0.95


def test_holes_of_drawn_figures():
    def on(*slices):
        x = torch.zeros(1, 1, 28, 28)
        for rows, columns in slices:
            x[0, 0, rows, columns] = 1
        return x

    box = [(slice(5, 6), slice(5, 15)), (slice(14, 15), slice(5, 15)), (slice(5, 15), 5), (slice(5, 15), 14)]
    bar = (slice(9, 10), slice(5, 15))
    figures = {
        "empty": (on(), 0),
        "full": (on((slice(0, 28), slice(0, 28))), 0),
        "box": (on(*box), 1),
        "8": (on(*box, bar), 2),
        "box with an island": (on(*box, (slice(8, 11), slice(8, 11))), 1),
        "open box": (on(*box[:3]), 0),
        "box at the edge": (on(*box).roll((-5, -5), (2, 3)), 1),
        "corner cut by the edge": (on(*box).roll((-6, -6), (2, 3))[..., :9, :9], 0),
    }
    # pixels that touch by their corners: the ink holds together
    rows, columns = np.mgrid[0:28, 0:28]
    diamond = torch.tensor(np.abs(rows - 9) + np.abs(columns - 9) == 2).float()[None, None]
    figures["diamond"] = (diamond, 1)
    figures["flaw of one pixel"] = (torch.tensor(np.abs(rows - 9) + np.abs(columns - 9) == 1).float()[None, None], 0)
    for name, (x, expected) in figures.items():
        assert attributes.holes(x).item() == expected, name


def test_holes_do_not_pass_from_one_image_to_the_next():
    lid = torch.ones(1, 1, 28, 28)
    tube = drawn(lambda c, r: ring(c, r, 14, 3)).float()
    assert attributes.holes(torch.cat([lid, tube, lid, tube, tube])).tolist() == [0, 1, 0, 1, 1]


# --- real digits, transformed by a known amount -----------------------------------------------------------------------


def test_shear_of_real_digits():
    x = real_digits()
    for shear in (-0.3, 0.3):
        sheared = transformed(x, [[1, 0], [shear, 1]])
        assert off_by(attributes.slant(sheared), attributes.slant(x) + shear) == pytest.approx((0, 0), abs=0.01)
        assert off_by(attributes.width(sheared), attributes.width(x)) == pytest.approx((0, 0), abs=0.05)
        assert off_by(attributes.height(sheared), attributes.height(x)) == pytest.approx((0, 0), abs=0.05)


@pytest.mark.parametrize("factor", [0.75, 1.3, 2.0])
def test_scaling_of_real_digits(factor):
    x = real_digits()
    scaled = transformed(x, [[1 / factor, 0], [0, 1 / factor]])
    for name, power in (("slant", 0), ("width", 1), ("height", 1), ("thickness", 1), ("ink", 2)):
        before, after = attributes.ATTRIBUTES[name](x), attributes.ATTRIBUTES[name](scaled)
        ratio = (after - before) if power == 0 else after / (factor**power * before) - 1
        assert abs(ratio.mean()) < 0.02, name
        assert ratio.std() < 0.03, name


@pytest.mark.parametrize("factor", [0.75, 1.3])
def test_stretching_of_real_digits_changes_the_width_only(factor):
    x = real_digits()
    wider = transformed(x, [[1, 0], [0, 1 / factor]])
    assert off_by(attributes.width(wider) / attributes.width(x), torch.tensor(factor)) == pytest.approx(
        (0, 0), abs=0.02
    )
    assert off_by(attributes.height(wider), attributes.height(x)) == pytest.approx((0, 0), abs=0.05)


def test_a_quarter_turn_exchanges_the_axes_and_keeps_the_rest():
    x = real_digits()
    turned = x.rot90(1, (2, 3))
    for name in ("thickness", "ink", "holes"):
        torch.testing.assert_close(attributes.ATTRIBUTES[name](turned), attributes.ATTRIBUTES[name](x))
    spread = torch.tensor([np.sqrt(12 * np.cov(np.arange(56), aweights=i.sum(0).numpy(), ddof=0)) for i in x[:, 0]])
    torch.testing.assert_close(attributes.height(turned), spread)


def test_a_wider_pen_makes_real_digits_thicker_and_the_rest_changes_less():
    x = transformed(real_digits(), [[0.5, 0], [0, 0.5]])  # twice as large: a pen of whole pixels is fine enough
    rows, columns = np.mgrid[-2:3, -2:3]
    tip = np.hypot(rows, columns) <= 2
    thicker = torch.tensor(np.array([ndimage.grey_dilation(image.numpy(), footprint=tip) for image in x[:, 0]]))[
        :, None
    ]
    gained = attributes.thickness(thicker) - attributes.thickness(x)
    assert 3 < gained.mean() < 4.2  # 4, less where the wider strokes run into each other
    for name in ("width", "height"):  # a box would gain 4 pixels
        assert (attributes.ATTRIBUTES[name](thicker) - attributes.ATTRIBUTES[name](x)).mean() < 3
    assert off_by(attributes.slant(thicker), attributes.slant(x)) == pytest.approx((0, 0), abs=0.03)


def test_real_digits_have_the_holes_of_their_class():
    test = datasets._digits().test
    usual = torch.tensor([1, 0, 0, 0, -1, 0, 1, 0, 2, 1])[test.y]  # a 4 may be open or closed
    counted = attributes.holes(test.x)[usual >= 0] == usual[usual >= 0]
    assert counted.double().mean() > 0.8


# --- the same for all -------------------------------------------------------------------------------------------------


def test_measure_is_all_of_them_by_name():
    x = real_digits(20)
    found = attributes.measure(x)
    assert tuple(found) == attributes.NAMES == ("slant", "thickness", "width", "height", "ink", "holes")
    for name, value in found.items():
        torch.testing.assert_close(value, getattr(attributes, name)(x))
        assert value.shape == (20,)
        assert value.dtype == x.dtype


@pytest.mark.parametrize("name", attributes.NAMES)
def test_images_are_measured_one_by_one_at_any_place(name):
    x = real_digits(20)
    attribute = attributes.ATTRIBUTES[name]
    torch.testing.assert_close(attribute(x)[7:8], attribute(x[7:8]))
    torch.testing.assert_close(attribute(x.roll((3, -4), (2, 3))), attribute(x))


@pytest.mark.parametrize("name", attributes.NAMES)
def test_number_formats(name):
    x = real_digits(20)
    attribute = attributes.ATTRIBUTES[name]
    torch.testing.assert_close(attribute(x.float()).double(), attribute(x), rtol=1e-4, atol=1e-3)
    assert attribute(x.half()).dtype == torch.float32
    torch.testing.assert_close(attribute((x > 0.5).long()), attribute((x > 0.5).float()))


@pytest.mark.parametrize("name", attributes.NAMES)
def test_an_empty_image_and_an_empty_batch(name):
    found = attributes.ATTRIBUTES[name](torch.zeros(2, 1, 28, 28))
    expected = 0.0 if name in ("ink", "holes") else float("nan")
    torch.testing.assert_close(found, torch.full((2,), expected), equal_nan=True)
    assert attributes.ATTRIBUTES[name](torch.zeros(0, 1, 28, 28)).shape == (0,)


@pytest.mark.parametrize("name", attributes.NAMES)
@pytest.mark.parametrize("shape", [(5, 5), (2, 5, 5), (2, 3, 5, 5)])
def test_other_shapes_are_refused_by_name(name, shape):
    with pytest.raises(ValueError, match=rf"{name} takes images \(N, 1, H, W\), got shape"):
        attributes.ATTRIBUTES[name](torch.ones(shape))
