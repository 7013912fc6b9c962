"""The figures of notebook 07 show the clouds they are given, and the Gaussians that belong to them."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Ellipse

from course_utils import plotting
from course_utils.plotting.posteriors import gaussian_ellipse, gaussian_twin


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def cloud(n: int = 4000) -> torch.Tensor:
    """Standard deviations 2 along a line at 30 degrees and 0.5 across it, around (1, -1)."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, 2, generator=generator) * torch.tensor([2.0, 0.5])
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    return noise @ torch.tensor([[c, s], [-s, c]]) + torch.tensor([1.0, -1.0])


def test_the_ellipse_has_the_axes_of_the_cloud():
    ellipse = gaussian_ellipse(cloud(), n_std=2.0)
    assert ellipse.center == pytest.approx((1, -1), abs=0.1)
    assert (ellipse.width, ellipse.height) == pytest.approx((2 * 2 * 2.0, 2 * 2 * 0.5), rel=0.05)
    assert ellipse.angle % 180 == pytest.approx(30, abs=2)


def test_the_ellipse_holds_the_share_that_theory_says():
    z = cloud()
    inside = gaussian_ellipse(z, n_std=2.0).get_path()
    transform = gaussian_ellipse(z, n_std=2.0).get_patch_transform()
    share = transform.transform_path(inside).contains_points(z.numpy()).mean()
    assert share == pytest.approx(1 - math.exp(-2), abs=0.02)  # chi-squared with two degrees of freedom at 4


def test_the_twin_has_mean_and_covariance_of_the_cloud():
    z = cloud()
    twin = gaussian_twin(z)
    assert twin.shape == z.shape
    np.testing.assert_allclose(twin.mean(0), z.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(twin.T), np.cov(z.T), atol=0.2)
    assert torch.equal(twin, gaussian_twin(z)), "a figure is the same every time"


def test_clouds_are_drawn_with_their_ellipses_and_classes():
    clouds = torch.stack([cloud(50), cloud(50) + 1])
    points = clouds.mean(1, keepdim=True).expand(2, 50, 2)
    y, codes = torch.tensor([3, 8]), torch.randn(30, 2)
    fig = plotting.posterior_clouds({"wide": (clouds, codes), "points": (points, codes)}, y, limit=4.0)
    for ax, title in zip(fig.axes, ("wide", "points"), strict=True):
        assert [t.get_text() for t in ax.texts] == ["3", "8"]
        assert (ax.get_title(), ax.get_xlabel(), ax.get_xlim()) == (title, "$z_1$", (-4.0, 4.0))
        assert len([p for p in ax.patches if type(p) is Ellipse]) == 2
        _, *shown = (c.get_offsets() for c in ax.collections)
        for drawn, z in zip(shown, clouds if title == "wide" else points[:, :1], strict=True):
            np.testing.assert_allclose(drawn, z, rtol=1e-6)


def test_details_show_the_cloud_above_and_its_twin_below_at_one_scale():
    clouds = torch.stack([cloud(60), 0.01 * cloud(60)])
    fig = plotting.posterior_details(clouds, torch.rand(2, 1, 4, 4), ["a 3", "a 5"])
    upper, lower = fig.axes[:2], fig.axes[2:4]
    for i, (above, below) in enumerate(zip(upper, lower, strict=True)):
        np.testing.assert_allclose(above.collections[0].get_offsets(), clouds[i], rtol=1e-6)
        np.testing.assert_allclose(below.collections[0].get_offsets(), gaussian_twin(clouds[i]), rtol=1e-6)
        assert above.get_xlim() == below.get_xlim()
        assert above.get_xlim()[1] - above.get_xlim()[0] == pytest.approx(above.get_ylim()[1] - above.get_ylim()[0])
    assert [ax.get_title() for ax in upper] == ["a 3", "a 5"]
    assert upper[0].get_xlim()[1] > 50 * upper[1].get_xlim()[1]


def test_the_diagram_names_the_three_ways():
    words = " ".join(t.get_text() for t in plotting.posteriors_diagram().axes[0].texts)
    for word in ("deterministic", "Gaussian", "universal", "any shape"):
        assert word in words
