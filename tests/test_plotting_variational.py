"""The figures of notebook 04 show what they are given."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Circle, Ellipse

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labelled(fig) -> bool:
    return all(ax.get_xlabel() and ax.get_ylabel() for ax in fig.axes)


def test_ellipses_have_the_axes_of_the_posteriors():
    mu, std = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.2, 0.7]])
    fig = plotting.posterior_ellipses(mu, 2 * std.log(), torch.tensor([3]), n_std=2.0)
    (ellipse,) = [p for p in fig.axes[0].patches if type(p) is Ellipse]
    (circle,) = [p for p in fig.axes[0].patches if type(p) is Circle]
    assert ellipse.center == pytest.approx((0.5, -1.0))
    # an Ellipse takes full axes: two standard deviations to each side
    assert (ellipse.width, ellipse.height) == pytest.approx((4 * 0.2, 4 * 0.7))
    assert circle.radius == 2.0
    assert [t.get_text() for t in fig.axes[0].texts] == ["3"]
    assert labelled(fig)


def test_latent_pictures_scale_by_themselves_and_show_the_same_prior():
    torch.manual_seed(0)
    y = torch.arange(10).repeat(20)
    fig = plotting.latent_pictures({"wide": (30 * torch.randn(200, 2), y), "narrow": (0.1 * torch.randn(200, 2), y)})
    wide, narrow = (ax.get_xlim()[1] for ax in fig.axes)
    assert wide > 50
    assert narrow == pytest.approx(2.5)  # the circle of the prior stays in sight
    assert [p.radius for ax in fig.axes for p in ax.patches if type(p) is Circle] == [2.0, 2.0]
    assert labelled(fig)


def test_curves_bounds_and_tradeoff_show_their_numbers():
    x = torch.tensor([1.0, 10.0])
    fig = plotting.curves(x, {"a": x, "b": 2 * x}, "x", "y", reference={"here": 3.0}, log="x")
    assert [line.get_ydata().tolist() for line in fig.axes[0].lines[:2]] == [[1.0, 10.0], [2.0, 20.0]]
    assert fig.axes[0].lines[0].get_linestyle() != fig.axes[0].lines[1].get_linestyle()
    assert (fig.axes[0].get_xscale(), fig.axes[0].get_yscale()) == ("log", "linear")
    assert labelled(fig)

    fig = plotting.bounds([1, 5], torch.tensor([-3.0, -2.0]), torch.tensor([0.1, 0.1]), "nats")
    assert [t.get_text() for t in fig.axes[0].texts] == ["-3.00", "-2.00"]
    assert [t.get_text() for t in fig.axes[0].get_xticklabels()] == ["1", "5"]

    fig = plotting.tradeoff({"p": (1.0, 2.0), "q": (3.0, 4.0)}, "cost", "gain")
    assert fig.axes[0].lines[0].get_xydata().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert labelled(fig)


def test_the_diagram_names_both_terms():
    words = " ".join(t.get_text() for t in plotting.vae_diagram().axes[0].texts)
    assert "KL" in words
    assert "log p(x|z)" in words
