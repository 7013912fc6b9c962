"""Attributes of an image that can be measured: the truth behind every claim about "style".

Each takes images x (N, 1, H, W) of light ink (1) on black (0) and returns one number an image, (N,), on the device of
x; NaN where it is not defined. Half precision and whole numbers are measured in float32. Lengths are in pixels.

Slant, width and height come from the second moments of the ink: they say which sheared rectangle, evenly filled, has
its ink spread as far. A shear of the image by s adds exactly s to the slant and leaves width and height alone, and
stretching one of these leaves the other alone. A box around the ink has none of this: it widens when a digit leans,
it hangs on the faintest outermost pixel, it widens by a whole pixel when the stroke does (width and height by about
half of one: they are not free of thickness either), and MNIST was scaled until the longer side of just this box was
20 pixels, so that it hardly tells its digits apart.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

THRESHOLD = 0.5  # where x is above it there is a stroke: for thickness and holes
SMALLEST_HOLE = 2  # pixels: single dark pixels within a stroke are flaws of the scan more often than loops


def slant(x: Tensor) -> Tensor:
    """The slant of the ink of each image x (N, 1, H, W), (N,): pixels to the right for a pixel of height.

    0 is upright, positive leans right (as / does), 1 is 45 degrees. From the second central moments of the ink,
    mu11 / mu02 (Teague 1980): the slope of the regression of column on height. NaN where it is not defined: an image
    with no ink, or with all its ink on one row. Raises ValueError for another shape.
    """
    _, both, up = _second_moments(_ink(x, "slant"))
    return both / up


def width(x: Tensor) -> Tensor:
    """How wide each image x (N, 1, H, W) would be if it stood upright, in pixels, (N,).

    The width of an evenly filled rectangle with the same spread: sqrt(12 (mu20 - mu11^2 / mu02)), the spread of the
    columns around the line of the slant. Ink at the sides counts for more than ink in the middle: a thin ring of
    diameter d is 1.22 d wide. NaN where the slant is. Raises ValueError for another shape.
    """
    right, both, up = _second_moments(_ink(x, "width"))
    return (12 * (right - both.square() / up).clamp(min=0)).sqrt()  # below 0 by rounding only


def height(x: Tensor) -> Tensor:
    """How high each image x (N, 1, H, W) is, in pixels, (N,): sqrt(12 mu02), as `width`. NaN where there is no ink.

    Raises ValueError for another shape.
    """
    _, _, up = _second_moments(_ink(x, "height"))
    return (12 * up).sqrt()


def ink(x: Tensor) -> Tensor:
    """How much ink is on each image x (N, 1, H, W), (N,): the sum of its values, in pixels all white.

    Raises ValueError for another shape.
    """
    return _ink(x, "ink").sum((1, 2))


def thickness(x: Tensor) -> Tensor:
    """The thickness of the stroke of each image x (N, 1, H, W), in pixels, (N,), from the outline of the ink.

    A pen with a round tip of radius r that draws a line covers an area A with an outline (inner ones included) of
    length P for which A = P r - chi pi r^2, where chi is the number of strokes minus the number of holes (Steiner's
    formula, with the length of the line eliminated). The thickness is 2 r. It needs no skeleton and is finer than a
    pixel; where the thickness varies it is a mean along the line. Square ends make it a little smaller (a bar of
    3 x 20 pixels: 2.9), sharp corners a little larger; a round blob, no line at all, comes out up to a quarter
    too thin. Drawn strokes of 1.5 to 4 pixels come out up to 7 % too thin.
    The outline is where x crosses THRESHOLD, between the pixels: a faint haze over the image does not count, and
    fainter ink counts as a thinner stroke. NaN where nothing crosses. Raises ValueError for another shape.
    """
    area, length, euler = _outline(_ink(x, "thickness"))
    root = (length.square() - 4 * math.pi * euler * area).clamp(min=0).sqrt()
    return 4 * area / (length + root)  # the smaller root of Steiner's formula, written so that chi may be 0


def holes(x: Tensor) -> Tensor:
    """How many holes the ink of each image x (N, 1, H, W) has, (N,): a closed 0 has 1, a closed 8 has 2, no ink 0.

    The pieces of the background, pixels at most THRESHOLD connected by their sides, of at least SMALLEST_HOLE pixels,
    that do not touch the border of the image. They are counted as drawn, not as meant: many an 8 is written with one
    loop open. Raises ValueError for another shape.
    """
    background = F.pad(_ink(x, "holes"), (1, 1, 1, 1)).cpu().numpy() <= THRESHOLD
    by_sides = np.zeros((3, 3, 3), dtype=bool)
    by_sides[1] = ndimage.generate_binary_structure(2, 1)  # within an image, never from one to the next
    label, n = ndimage.label(background, by_sides)
    image = np.empty(n + 1, dtype=np.int64)  # the image that each piece belongs to; label 0 is the ink
    image[label] = np.arange(len(x))[:, None, None]
    large = np.bincount(label.ravel(), minlength=n + 1)[1:] >= SMALLEST_HOLE
    pieces = np.bincount(image[1:][large], minlength=len(x))
    return torch.from_numpy(pieces - 1).to(x.device, _precision(x))  # one of them is around the ink


ATTRIBUTES = {
    "slant": slant,
    "thickness": thickness,
    "width": width,
    "height": height,
    "ink": ink,
    "holes": holes,
}
NAMES = tuple(ATTRIBUTES)


def measure(x: Tensor) -> dict[str, Tensor]:
    """All attributes of images x (N, 1, H, W) by name, in the order of `NAMES`, (N,) each."""
    return {name: attribute(x) for name, attribute in ATTRIBUTES.items()}


def _precision(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


def _ink(x: Tensor, name: str) -> Tensor:
    """The images without their channel, (N, H, W)."""
    if x.ndim != 4 or x.shape[1] != 1:
        raise ValueError(f"{name} takes images (N, 1, H, W), got shape {tuple(x.shape)}")
    return x[:, 0].to(_precision(x))


def _second_moments(ink: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Central moments mu20 (columns), mu11 and mu02 (heights) of images (N, H, W), (N,) each, in square pixels."""
    rows, columns = ink.shape[1:]
    up = torch.arange(rows - 1, -1, -1, device=ink.device, dtype=ink.dtype)[:, None]  # (H, 1), 0 at the bottom
    right = torch.arange(columns, device=ink.device, dtype=ink.dtype)  # (W,)
    total = ink.sum((1, 2), keepdim=True)

    def mean(values: Tensor) -> Tensor:
        return (ink * values).sum((1, 2), keepdim=True) / total

    up, right = up - mean(up), right - mean(right)
    return tuple(mean(product).flatten() for product in (right.square(), right * up, up.square()))


def _outline(ink: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of the part of images (N, H, W) above THRESHOLD: area, length of outline, pieces minus holes, (N,) each.

    The image is read as a landscape of triangles: four in each square between the centres of four pixels, which meet
    in its middle at the mean of the four. The outline crosses a triangle as a straight line. Squares that it does not
    cross add nothing to any of the three.
    """
    z = F.pad(ink, (1, 1, 1, 1)) - THRESHOLD
    squares = torch.stack([z[:, :-1, :-1], z[:, :-1, 1:], z[:, 1:, 1:], z[:, 1:, :-1]], dim=3)  # corners, clockwise
    crossed = (squares > 0).any(3) & (squares <= 0).any(3)
    image, _, column = crossed.nonzero(as_tuple=True)
    squares = squares[crossed]  # (K, 4)
    corners = list(zip(squares.unbind(1), (0, 1, 1, 0), (0, 0, 1, 1), strict=True))  # value, column, row
    middle = (squares.mean(1), 0.5, 0.5)
    area, length, euler = 0, 0, (middle[0] > 0).to(z)
    for first, second in zip(corners, corners[1:] + corners[:1], strict=True):
        start, stop = _crossings([first, second, middle])
        across, down = stop[0] - start[0], stop[1] - start[1]
        length = length + torch.hypot(across, down)
        area = area + (column + (start[0] + stop[0]) / 2) * down  # Green's theorem
        p, q, m = ((value > 0).to(z) for value, _, _ in (first, second, middle))
        # Euler: corners - edges + triangles. Four squares share a corner, two share a side
        euler = euler + p / 4 - p * q / 2 - p * m + p * q * m
    area, length, euler = (z.new_zeros(len(z)).index_add(0, image, each) for each in (area, length, euler))
    return area.abs(), length, euler


def _crossings(triangle: list[tuple[Tensor, float, float]]) -> list[tuple[Tensor, Tensor]]:
    """Where the sides of triangles go up through zero, and where down, (column, row) each, zeros where they do not.

    A triangle is three corners: values (K,), column, row. Around a triangle each happens once or never.
    """
    found = []
    for goes_up in (True, False):
        column, row = 0, 0
        for (a, a_column, a_row), (b, b_column, b_row) in zip(triangle, triangle[1:] + triangle[:1], strict=True):
            crosses = (a <= 0) & (b > 0) if goes_up else (a > 0) & (b <= 0)
            t = torch.where(crosses, a / (a - b), 0)
            column = column + crosses * (a_column + t * (b_column - a_column))
            row = row + crosses * (a_row + t * (b_row - a_row))
        found.append((column, row))
    return found
