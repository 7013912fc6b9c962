"""Principal components and angles, against scikit-learn and against rotations by known angles."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from course_utils import metrics


def data(n: int = 300, d: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    scales = torch.arange(d, 0, -1.0)
    rotation, _ = torch.linalg.qr(torch.randn(d, d, generator=generator))
    return 3 + (torch.randn(n, d, generator=generator) * scales) @ rotation


def test_components_are_those_of_scikit_learn():
    x = data()
    mean, directions, variances = metrics.principal_components(x.view(-1, 1, 2, 3), 4)
    pca = PCA(4, svd_solver="full").fit(x.numpy())
    assert np.allclose(mean, pca.mean_, atol=1e-5)
    assert np.allclose((directions.T.numpy() * pca.components_).sum(1).__abs__(), 1, atol=1e-5)
    assert np.allclose(variances[:4], pca.explained_variance_ * 299 / 300, rtol=1e-5)  # they divide by N - 1
    expected = pca.inverse_transform(pca.transform(x.numpy()))
    found = metrics.project(x.view(-1, 1, 2, 3), mean, directions)
    assert found.shape == (300, 1, 2, 3)
    assert np.allclose(found.flatten(1), expected, atol=1e-4)


def test_what_is_left_is_half_the_variance_of_the_directions_left_out():
    x = data()
    mean, directions, variances = metrics.principal_components(x, 4)
    left = 0.5 * (metrics.project(x, mean, directions) - x).square().sum(1).mean()
    assert left.item() == pytest.approx(0.5 * variances[4:].sum().item(), rel=1e-4)


def test_parts_of_a_large_set_add_up(monkeypatch):
    x = data(n=10_500)
    _, directions, variances = metrics.principal_components(x, 2)
    values, vectors = np.linalg.eigh(np.cov(x.numpy().astype(float), rowvar=False, bias=True))
    assert np.allclose(variances, values[::-1], rtol=1e-5)
    assert np.allclose(np.abs(directions[:, 0].numpy() @ vectors[:, -1]), 1, atol=1e-5)


@pytest.mark.parametrize("degrees", [0.0, 0.01, 12.0, 45.0, 90.0])
def test_angles_between_a_floor_and_a_ramp(degrees):
    e = torch.eye(5, dtype=torch.float64)
    angle = math.radians(degrees)
    ramp = torch.stack([e[0], math.cos(angle) * e[1] + math.sin(angle) * e[2]], 1)
    floor = e[:, :2]
    assert metrics.principal_angles(floor, ramp).tolist() == pytest.approx([degrees, 0], abs=1e-5)
    # no angle depends on the basis, nor on its scale
    mixed = ramp @ torch.tensor([[100.0, 3.0], [-1.0, 0.5]], dtype=torch.float64)
    assert metrics.principal_angles(floor, mixed).tolist() == pytest.approx([degrees, 0], abs=1e-5)
    assert metrics.angles_to_subspace(ramp, floor).tolist() == pytest.approx([0, degrees], abs=1e-5)
    assert metrics.angles_to_subspace(7 * ramp, mixed).tolist() == pytest.approx([0, 0], abs=1e-5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="number of entries, 6, got 7"):
        metrics.principal_components(data(), 7)
    with pytest.raises(ValueError, match=r"\(D, k\) both"):
        metrics.principal_angles(torch.eye(4)[:, :2], torch.eye(4)[:, :3])
