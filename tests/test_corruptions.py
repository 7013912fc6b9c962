"""Noise on images: against torchvision's affine maps, and by the moments of what is drawn."""

import math

import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

from course_utils.corruptions import GaussianNoise, RandomAffine

SIDE = 28


def blob(n: int = 4) -> torch.Tensor:
    """n smooth images of one off-centre, lopsided spot, (n, 1, 28, 28)."""
    row, column = torch.meshgrid(torch.arange(SIDE) - 12.0, torch.arange(SIDE) - 15.0, indexing="ij")
    return torch.exp(-(row**2 / 18 + column**2 / 8 + row * column / 15))[None, None].expand(n, 1, SIDE, SIDE).clone()


def centre(x: torch.Tensor) -> torch.Tensor:
    """The centre of mass of each image, (B, 2) as (row, column)."""
    place = torch.arange(SIDE, dtype=x.dtype)
    mass = x.sum((1, 2, 3))
    return torch.stack([(x.sum((1, 3)) * place).sum(1) / mass, (x.sum((1, 2)) * place).sum(1) / mass], 1)


def fixed(draws: list[float], monkeypatch) -> None:
    """Have the six random numbers of every image be these, each in (-1, 1)."""
    values = (torch.tensor(draws)[:, None] + 1) / 2
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: values.expand(shape).clone())


def test_gaussian_noise_has_its_standard_deviation_and_mean_zero():
    torch.manual_seed(0)
    noise = GaussianNoise(0.3)(torch.zeros(200, 1, SIDE, SIDE))
    standard_error = 0.3 / noise.numel() ** 0.5
    assert abs(noise.mean().item()) < 5 * standard_error
    assert noise.std().item() == pytest.approx(0.3, abs=5 * standard_error)


def test_no_strength_changes_nothing():
    x = blob()
    assert torch.equal(GaussianNoise(0.0)(x), x)
    assert torch.allclose(RandomAffine()(x), x, atol=1e-6)


def test_a_shift_moves_the_centre_of_mass_by_so_many_pixels(monkeypatch):
    x = blob()
    fixed([0, 0, 0, 0, 1.0, -0.5], monkeypatch)
    moved = RandomAffine(shift=2)(x)
    # the result takes its pixels from 2 to the right and 1 above: what is seen moves 2 to the left and 1 down
    assert torch.allclose(centre(moved) - centre(x), torch.tensor([1.0, -2.0]), atol=0.02)


@pytest.mark.parametrize("share", [-1.0, 0.5])
def test_a_rotation_is_torchvisions(share, monkeypatch):
    x = blob()
    fixed([share, 0, 0, 0, 0, 0], monkeypatch)
    expected = TF.rotate(x, 10 * share, interpolation=InterpolationMode.BILINEAR)
    assert torch.allclose(RandomAffine(degrees=10)(x), expected, atol=1e-4)


def test_shear_and_scale_by_the_matrix_they_should_be(monkeypatch):
    fixed([0, 1.0, 0.5, -1.0, 0, 0], monkeypatch)
    matrix = RandomAffine(shear=0.2, scale=0.1).matrices(blob())[0]
    assert torch.allclose(matrix, torch.tensor([[1.05, 0.2 * 0.9, 0.0], [0.0, 0.9, 0.0]]), atol=1e-6)


def test_each_image_gets_a_map_of_its_own_within_the_limits():
    torch.manual_seed(0)
    affine = RandomAffine(degrees=10, shear=0.2, scale=0.1, shift=2)
    matrices = affine.matrices(blob(500))
    assert len(matrices.unique(dim=0)) == 500
    angles = torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0])
    assert 9 < math.degrees(angles.abs().max()) <= 10 + 1e-4
    assert 1.9 < matrices[:, :, 2].abs().max() * SIDE / 2 <= 2


def test_outside_the_image_it_is_black(monkeypatch):
    fixed([0, 0, 0, 0, 1.0, 0], monkeypatch)
    assert RandomAffine(shift=3)(torch.ones(1, 1, SIDE, SIDE))[..., -3:].max() < 1e-4


@pytest.mark.parametrize("options", [{"degrees": -1.0}, {"shear": -0.1}, {"scale": 1.0}, {"shift": -2.0}])
def test_impossible_strengths_are_refused(options):
    with pytest.raises(ValueError, match="must not be negative, and scale must be below 1"):
        RandomAffine(**options)


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match="std must not be negative"):
        GaussianNoise(-0.1)
