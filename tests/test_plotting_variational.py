"""The figures of notebook 04 show what they are given, and the attribute slider moves codes as it says."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Circle, Ellipse

from course_utils import plotting
from course_utils.networks import MLPDecoder
from course_utils.widgets import attribute_slider as slider


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


@pytest.fixture
def decoder() -> MLPDecoder:
    torch.manual_seed(0)
    return MLPDecoder(3, (1, 4, 4), (8,)).requires_grad_(False)


def test_move_decodes_the_moved_codes(decoder):
    z, direction = torch.randn(2, 3), torch.tensor([1.0, 0.0, -1.0])
    expected = decoder(torch.stack([z[:, 0] + 0.5, z[:, 1], z[:, 2] - 0.5], 1))
    assert torch.allclose(slider.move(decoder, z, direction, 0.5), expected)


def test_frame_shows_the_codes_before_and_after(decoder):
    z, direction = torch.randn(2, 3), torch.ones(3)
    fig = slider.frame(decoder, z, direction, 1.5, name="slant")
    upper, lower = (torch.tensor(ax.images[0].get_array().data) for ax in fig.axes)
    assert torch.allclose(upper[:4, :4].float(), decoder(z)[0, 0])
    assert torch.allclose(lower[:4, 5:9].float(), decoder(z + 1.5)[1, 0])
    assert fig.axes[1].get_ylabel() == "slant +1.50"


def test_the_slider_redraws_when_it_moves(decoder):
    box = slider.attribute_slider(decoder, torch.randn(2, 3), torch.ones(3), name="slant", limit=2.0)
    handle, picture = box.children
    assert (handle.min, handle.max, handle.value) == (-2.0, 2.0, 1.0)
    before = bytes(picture.value)
    handle.value = -1.0
    after = bytes(picture.value)
    assert before.startswith(b"\x89PNG")
    assert after.startswith(b"\x89PNG")
    assert after != before


def test_bad_input_is_refused(decoder):
    with pytest.raises(ValueError, match="one vector of 3 entries"):
        slider.move(decoder, torch.randn(2, 3), torch.ones(4), 1.0)
    with pytest.raises(ValueError, match="limit must be positive"):
        slider.attribute_slider(decoder, torch.randn(2, 3), torch.ones(3), limit=0.0)
