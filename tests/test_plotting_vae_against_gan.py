"""The figures of notebook 05 show what they are given."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Ellipse

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_diagram_names_both_ways_to_judge():
    text = " ".join(t.get_text() for t in plotting.judges_diagram().axes[0].texts)
    for word in ("VAE", "GAN", "decoder", "generator", "discriminator"):
        assert word in text


def test_strips_show_medians_in_the_order_given_and_the_band_of_the_first():
    sets = {"data": torch.arange(101.0), "blurred": torch.arange(101.0) / 10, "black": torch.tensor([math.nan, 3.0])}
    fig = plotting.sharpness_strips(sets)
    (ax,) = fig.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["black", "blurred", "data"]  # the first is at the top
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 2.5]
    assert medians == pytest.approx([3.0, 5.0, 50.0])
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((25, 75))
    assert ax.get_xlabel()


def test_fitted_posteriors_draw_the_gaussian_they_are_given():
    # standard deviations 2 and 0.5, the longer axis at 30 degrees
    angle = math.radians(30)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    covariance = turn @ torch.diag(torch.tensor([4.0, 0.25])) @ turn.T
    truth = torch.rand(11, 11)
    fig = plotting.fitted_posteriors({"here": (truth, {"q": (torch.tensor([1.0, -1.0]), covariance)})}, limit=4)
    (ax,) = fig.axes
    one, two = (p for p in ax.patches if type(p) is Ellipse)
    assert one.center == pytest.approx((1, -1))
    assert (one.width, one.height) == pytest.approx((2 * 2, 2 * 0.5), rel=1e-4)
    assert (two.width, two.height) == pytest.approx((4 * 2, 4 * 0.5), rel=1e-4)
    assert one.angle % 180 == pytest.approx(30, abs=0.01)
    np.testing.assert_allclose(ax.images[0].get_array(), truth)
    assert ax.images[0].get_extent() == [-4, 4, -4, 4]
    assert (ax.get_xlabel(), ax.get_title()) == ("$z_1$", "here")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["q"]


def test_two_posteriors_differ_without_colour():
    gaussian = (torch.zeros(2), torch.eye(2))
    fig = plotting.fitted_posteriors({"here": (torch.rand(5, 5), {"diagonal": gaussian, "full": gaussian})})
    assert len({p.get_linestyle() for p in fig.axes[0].patches}) == 2


def test_completions_show_what_is_given_the_candidates_and_the_answer():
    given, candidates, answer = torch.rand(3, 1, 8, 8), torch.rand(3, 4, 1, 4, 8), torch.rand(3, 1, 4, 8)
    fig = plotting.completions(given, candidates, answer, ("given", "candidates", "mean"))
    axes = np.array(fig.axes).reshape(3, 6)
    for row in range(3):
        shown = [ax.images[0].get_array() for ax in axes[row]]
        expected = [given[row, 0], *candidates[row, :, 0], answer[row, 0]]
        for found, image in zip(shown, expected, strict=True):
            np.testing.assert_allclose(found, image)
    assert [ax.get_title() for ax in axes[0] if ax.get_title()] == ["given", "candidates", "mean"]


def test_judged_sets_show_images_names_and_scores():
    images = torch.rand(12, 1, 6, 6)
    fig = plotting.judged_sets({"sharp": (images, {"FID": 12.345, "recall": 0.5}), "other": (images, {"FID": 1.0})})
    first = fig.axes[0]
    np.testing.assert_allclose(first.images[0].get_array(), torch.cat(list(images[:10]), dim=2)[0])
    assert first.get_ylabel() == "sharp"
    assert first.texts[0].get_text() == "FID: 12.3\nrecall: 0.5"
