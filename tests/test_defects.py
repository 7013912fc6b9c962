"""Planted defects: what each kind changes, that nothing else changes, and that the mask says exactly what did."""

import itertools
from functools import cache

import pytest
import torch

from course_utils import defects

SIZE = (20, 26)  # not square: rows and columns must not change places


def ink(n: int = 40, channels: int = 1) -> torch.Tensor:
    """Images with a stroke of ink, each at its own place, and grey dirt too faint to be any."""
    x = 0.05 * torch.rand(n, channels, *SIZE, generator=torch.Generator().manual_seed(1))
    for i in range(n):
        column = 5 + i % 15
        x[i, :, 3:18, column : column + 3] = 0.9
        x[i, :, :, 0] = 0.4  # too faint to be cut
    return x


@cache
def disc(row: int, column: int, radius: float) -> frozenset[tuple[int, int]]:
    """By a loop: the pixels whose middle lies within `radius` of that of (row, column)."""
    pixels = itertools.product(range(SIZE[0]), range(SIZE[1]))
    return frozenset((i, j) for i, j in pixels if ((i - row) ** 2 + (j - column) ** 2) ** 0.5 <= radius)


def places(region: torch.Tensor) -> frozenset[tuple[int, int]]:
    """Where a mask (H, W) is true."""
    return frozenset(map(tuple, region.nonzero().tolist()))


def centres_that_explain(region: torch.Tensor, radius: float) -> list[tuple[int, int]]:
    """The places whose disc is this region."""
    found = places(region)
    return [place for place in itertools.product(range(SIZE[0]), range(SIZE[1])) if disc(*place, radius) == found]


def test_a_cut_takes_a_disc_out_of_the_ink_around_a_pixel_of_ink():
    white = torch.ones(15, 1, *SIZE)
    found = defects.plant("stroke_cut", white, seed=3)
    assert set(found.x.unique().tolist()) == {0.0, 1.0}
    centres = [centres_that_explain(image[0] == 0, 3.0) for image in found.x]
    assert all(len(explained) == 1 for explained in centres)
    assert len({explained[0] for explained in centres}) > 10, "each image has its own place"
    x = ink()
    found = defects.plant("stroke_cut", x)
    for image, before in zip(found.x[:, 0], x[:, 0], strict=True):
        # in a cut all is gone, dirt too, and around it all is there; its centre was ink, not the faint column
        cut = places((image == 0) & (before > 0))
        assert any(disc(*place, 3.0) == cut for place in places(before > 0.5))
        assert torch.equal(image[image > 0], before[image > 0])


def test_a_blob_is_a_whole_disc_of_full_ink_around_a_pixel_without_any():
    black = torch.zeros(30, 1, *SIZE)
    found = defects.plant("blob", black, seed=3)
    assert set(found.x.unique().tolist()) == {0.0, 1.0}
    centres = set()
    for image in found.x[:, 0]:
        assert (image == 1).sum() == 21, "all 21 pixels: no edge cuts any off"
        ((row, column),) = centres_that_explain(image == 1, 2.5)
        assert defects.MARGIN <= row < SIZE[0] - defects.MARGIN and defects.MARGIN <= column < SIZE[1] - defects.MARGIN
        centres.add((row, column))
    assert len(centres) > 15
    x = ink()
    for image, before in zip(defects.plant("blob", x).x[:, 0], x[:, 0], strict=True):
        inked = places(image == 1)
        assert any(disc(*place, 2.5) == inked for place in places(before < 0.1))
        assert torch.equal(image[image < 1], before[image < 1])


def test_a_noise_patch_is_a_square_of_fresh_uniform_numbers():
    x = torch.full((400, 1, *SIZE), 0.5)
    found = defects.plant("noise_patch", x)
    changed = found.x[:, 0] != x[:, 0]
    corners = set()
    for region in changed:
        rows, columns = region.nonzero().T
        assert (rows.min() + 6, columns.min() + 6) == (rows.max(), columns.max())
        assert region.sum() == 49
        corners.add((rows.min().item(), columns.min().item()))
    # a whole patch fits everywhere it may lie, and it does lie everywhere: centres in [MARGIN, side - MARGIN)
    assert {row for row, _ in corners} == set(range(1, SIZE[0] - 4 - 3))
    assert {column for _, column in corners} == set(range(1, SIZE[1] - 4 - 3))
    values = found.x[:, 0][changed]
    assert 0 <= values.min() < 0.001 and 0.999 < values.max() <= 1
    assert torch.histc(values, 10, 0, 1).min() > 0.9 * len(values) / 10
    assert len(values.unique()) > 0.99 * len(values), "no image gets the noise of another"


@pytest.mark.parametrize("name", defects.DEFECTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_mask_is_of_the_pixels_that_moved_and_of_no_others(name, channels):
    x = ink(channels=channels)
    before = x.clone()
    found = defects.plant(name, x, seed=2)
    assert torch.equal(x, before), "the images given stay whole"
    assert found.x.shape == x.shape and found.x.dtype == x.dtype
    assert found.mask.shape == (len(x), *SIZE) and found.mask.dtype == torch.bool
    for image, clean, mask in zip(found.x.tolist(), x.tolist(), found.mask.tolist(), strict=True):
        for i in range(SIZE[0]):
            for j in range(SIZE[1]):
                moved = max(abs(image[c][i][j] - clean[c][i][j]) for c in range(channels))
                assert mask[i][j] == (moved > 0.1)
    assert found.mask.flatten(1).any(1).all()
    assert found.x.min() >= 0 and found.x.max() <= 1
    if channels == 3 and name != "noise_patch":
        where = (found.x - x).abs() > 0.1
        assert (where.all(1) == where.any(1)).all(), "all colours are cut or inked at the same places"


def test_the_mask_looks_at_every_channel():
    x = ink(channels=3)
    x[:, :2] = 1.0  # a blob of full ink leaves these as they are
    x[:, 2] = 0.0
    with pytest.raises(ValueError, match="no place"):  # a pixel is empty only if all of its channels are
        defects.plant("blob", x)
    x[:, :2] = 0.0
    x[:, :, 6:14, 6:20] = torch.tensor([0.0, 0.0, 1.0])[:, None, None]
    found = defects.plant("stroke_cut", x)
    assert torch.equal(found.mask, found.x[:, 2] != x[:, 2])


@pytest.mark.parametrize("name", defects.DEFECTS)
def test_places_are_drawn_with_the_seed_and_with_nothing_else(name):
    x = ink()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = defects.plant(name, x, seed=5)
    assert torch.equal(torch.get_rng_state(), state), "the global random state has moved"
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, defects.plant(name, x, seed=5), strict=True))
    assert not torch.equal(first.mask, defects.plant(name, x, seed=6).mask)
    assert not torch.equal(first.mask, defects.plant(name, x).mask)


def test_kinds_are_those_of_the_notebook():
    assert list(defects.DEFECTS) == ["stroke_cut", "blob", "noise_patch"]
    assert all(name in (function.__name__ for function in defects.DEFECTS.values()) for name in defects.DEFECTS)


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("scratch", torch.zeros(2, 1, 20, 20), "unknown defect 'scratch': use one of stroke_cut, blob, noise_patch"),
        ("blob", torch.zeros(2, 20, 20), r"\(B, C, H, W\).*got \(2, 20, 20\)"),
        ("blob", torch.zeros(2, 1, 8, 20), r"sides above 8, got \(2, 1, 8, 20\)"),
        ("noise_patch", torch.zeros(2, 1, 20, 8), r"sides above 8, got \(2, 1, 20, 8\)"),
        ("blob", torch.full((2, 1, 20, 20), 1.5), "values in .0, 1.*from 1.5 to 1.5"),
        ("blob", torch.full((2, 1, 20, 20), -0.5), "values in .0, 1.*from -0.5 to -0.5"),
        ("blob", torch.full((2, 1, 20, 20), torch.nan), "values in .0, 1.*from nan to nan"),
        ("stroke_cut", torch.full((2, 1, 20, 20), 0.5), "no place for this defect"),
        ("blob", torch.full((2, 1, 20, 20), 0.1), "no place for this defect"),
        ("stroke_cut", torch.cat([torch.ones(1, 1, 20, 20), torch.zeros(1, 1, 20, 20)]), "an image has no place"),
    ],
)
def test_what_cannot_be_damaged_is_named(name, x, message):
    with pytest.raises(ValueError, match=message):
        defects.plant(name, x)


def test_the_smallest_image_has_one_place():
    found = defects.plant("blob", torch.zeros(5, 1, 9, 9))
    assert torch.equal(found.x, found.x[:1].expand_as(found.x))
    assert found.x[0, 0, 4, 4] == 1 and found.mask[0].sum() == 21
