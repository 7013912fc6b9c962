"""Outlines: by hand, by a flood that walks from pixel to pixel, and which digits share an image with which."""

import pytest
import torch
from torch import Tensor

from course_utils import attributes, outlines
from course_utils.datasets import Images, Splits

# ink is #, the outline o; the second loop is closed by corners only, and its inside cannot be left over sides of pixels
BY_HAND = """
.......... ..........
.oooooo... ...ooo....
.o####o... ..oo#oo...
.o#..#o... .oo#.#oo..
.o#..#oooo .o#...#o..
.o#######o .oo#.#oo..
.oooooooo# ..oo#oo...
........o# ...ooo....
........oo ..........
"""


def picture(column: int) -> tuple[Tensor, Tensor]:
    """One of the digits by hand and its outline, each (1, 1, 9, 10)."""
    rows = [line.split()[column] for line in BY_HAND.split("\n") if line]
    return tuple(torch.tensor([[float(c == mark) for c in row] for row in rows])[None, None] for mark in "#o")


def flooded(ink: list[list[bool]]) -> set[tuple[int, int]]:
    """The background pixels from which one can walk out of the image, over sides of pixels."""
    rows, columns = len(ink), len(ink[0])
    seen, waiting = set(), [(-1, -1)]
    while waiting:
        r, c = waiting.pop()
        if (r, c) in seen or not (-1 <= r <= rows and -1 <= c <= columns):
            continue
        if 0 <= r < rows and 0 <= c < columns and ink[r][c]:
            continue
        seen.add((r, c))
        waiting += [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
    return seen


def walked(x: Tensor) -> Tensor:
    """The outline of one image (H, W), pixel by pixel."""
    outside = flooded((x > 0.5).tolist())
    line = torch.zeros_like(x)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            around = [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
            inside = [p for p in around if p not in outside and 0 <= p[0] < x.shape[0] and 0 <= p[1] < x.shape[1]]
            line[r, c] = float((r, c) in outside and bool(inside))
    return line


def blots(n: int, side: int = 12) -> Tensor:
    """n images of blurred noise, full of holes and of ink at the border."""
    noise = torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(0))
    return (
        torch.nn.functional.avg_pool2d(noise, 3, stride=1, padding=1, count_include_pad=False)
        .sub(0.25)
        .mul(2)
        .clamp(0, 1)
    )


@pytest.mark.parametrize("column", [0, 1])
def test_an_outline_by_hand(column):
    x, line = picture(column)
    assert torch.equal(outlines.outline(x), line)


def test_outlines_are_those_of_a_walk_over_the_pixels():
    x = blots(40)
    assert attributes.holes(x).sum() > 5, "there must be something to fill"
    for image, line in zip(x, outlines.outline(x), strict=True):
        assert torch.equal(line[0], walked(image[0]))


def test_an_outline_does_not_tell_what_is_inside():
    open_loop = torch.zeros(1, 1, 12, 12)
    open_loop[..., 2:9, 3:9] = 1
    filled = open_loop.clone()
    open_loop[..., 4:7, 5:7] = 0
    assert attributes.holes(open_loop) == 1 and attributes.holes(filled) == 0
    assert torch.equal(outlines.outline(open_loop), outlines.outline(filled))


def test_outlines_are_lines_beside_the_ink_in_the_format_of_the_images():
    x = blots(20)
    for dtype in (torch.float32, torch.float64):
        line = outlines.outline(x.to(dtype))
        assert line.dtype == dtype and line.shape == x.shape
        assert set(line.unique().tolist()) == {0.0, 1.0}
        assert not (line.bool() & (x > 0.5)).any()
    blank = torch.zeros(2, 1, 12, 12)
    assert not outlines.outline(blank).any() and not outlines.outline(blank + 1).any()


def test_images_are_outlined_one_by_one_whatever_is_beside_them(monkeypatch):
    x = blots(7)
    together = outlines.outline(x)
    assert torch.equal(together, torch.cat([outlines.outline(image[None]) for image in x]))
    monkeypatch.setattr(outlines, "CHUNK", 3)
    assert torch.equal(together, outlines.outline(x))


@pytest.mark.parametrize("shape", [(12, 12), (5, 12, 12), (5, 3, 12, 12)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"outlines are drawn of images \(N, 1, H, W\), got shape"):
        outlines.outline(torch.rand(shape))


# ---- data -------------------------------------------------------------------------------------------------------


def splits(n: int = 31) -> Splits:
    x = blots(3 * n)
    return Splits("blots", *(Images(x[i::3], torch.arange(3 * n)[i::3] % 10) for i in range(3)))


def test_a_pair_is_an_outline_to_the_left_of_its_digit():
    data = splits()
    paired = outlines.pairs(data)
    for name in ("train", "validation", "test"):
        images, both = getattr(data, name), getattr(paired, name)
        left, right = both.x[..., :12], both.x[..., 12:]
        assert torch.equal(right, images.x) and torch.equal(left, outlines.outline(images.x))
        assert torch.equal(both.y, images.y)
    assert paired.name == data.name and paired.image_shape == (1, 12, 24)


def test_without_pairs_no_training_digit_is_seen_both_ways():
    data = splits()
    unpaired = outlines.unpaired(data)
    lines, digits = unpaired.train.x.chunk(2, dim=3)
    assert len(lines) == 15, "half of 31, the last one left out"
    digit_of = {tuple(outlines.outline(x[None]).flatten().tolist()): i for i, x in enumerate(data.train.x)}
    assert len(digit_of) == 31, "each has an outline of its own"
    outlined = [digit_of[tuple(line.flatten().tolist())] for line in lines]
    drawn = [next(i for i, x in enumerate(data.train.x) if torch.equal(x, digit)) for digit in digits]
    assert sorted(outlined + drawn) == list(range(30))
    assert torch.equal(unpaired.train.y, data.train.y[drawn]), "the labels are those of the digits"


def test_without_pairs_the_true_pairs_are_kept_for_measuring():
    data = splits()
    paired, unpaired = outlines.pairs(data), outlines.unpaired(data)
    for name in ("validation", "test"):
        assert torch.equal(getattr(paired, name).x, getattr(unpaired, name).x)


def test_images_kept_in_bytes_become_floating_point_pairs():
    data = splits()
    in_bytes = Splits("", *(Images((255 * part.x).byte(), part.y) for part in (data.train, data.validation, data.test)))
    both = outlines.pairs(in_bytes).train.x
    assert both.dtype == torch.float32
    torch.testing.assert_close(both[..., 12:], data.train.x, atol=1 / 255, rtol=0)
    assert torch.equal(both[..., :12], outlines.outline(both[..., 12:]))


def test_dots_are_a_part_of_the_outline_and_more_erased_leaves_a_part_of_them():
    lines = outlines.outline(blots(50, side=28))
    few, many = outlines.dotted(lines, 0.8), outlines.dotted(lines, 0.3)
    assert torch.equal(outlines.dotted(lines, 0.0), lines) and outlines.dotted(lines, 1.0).max() == 0
    assert (few <= many).all() and (many <= lines).all()
    for erased in (0.2, 0.7):
        kept = outlines.dotted(torch.ones(50, 1, 28, 28), erased).mean().item()
        assert kept == pytest.approx(1 - erased, abs=0.01)
    assert torch.equal(outlines.dotted(lines), outlines.dotted(lines, outlines.ERASED, seed=0))
    assert not torch.equal(outlines.dotted(lines, seed=1), outlines.dotted(lines))


def test_dotted_pairs_are_pairs_with_dots():
    x = (blots(9) > 0.5).float()
    data = Splits("blots", *(Images(x[3 * i : 3 * i + 3], torch.arange(3)) for i in range(3)))
    whole, dots = outlines.pairs(data), outlines.dotted_pairs(data)
    for name in ("train", "validation", "test"):
        before, after = getattr(whole, name), getattr(dots, name)
        assert torch.equal(after.x[..., 12:], before.x[..., 12:]) and torch.equal(after.y, before.y)
        assert torch.equal(after.x[..., :12], outlines.dotted(before.x[..., :12]))
        assert after.x[..., :12].sum() < before.x[..., :12].sum()
