"""Figures of codes and priors: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.stats
import torch
from matplotlib.path import Path

from course_utils import distributions, plotting
from course_utils.plotting.priors import draw_prior

PRIORS = {
    "Gaussian": distributions.Gaussian(2),
    "ten": distributions.ten_gaussians(),
    "roll": distributions.SwissRoll(),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def outlines(ax) -> list[Path]:
    return [path for collection in ax.collections for path in collection.get_paths()]


def test_outline_of_the_gaussian_encloses_95_percent():
    _, ax = plotting.figure()
    draw_prior(ax, distributions.Gaussian(2), limit=3.5)
    (circle,) = outlines(ax)
    radius = np.hypot(*circle.vertices.T)
    # |z|^2 is chi-squared with 2 degrees of freedom; the level is estimated from 4,000 samples
    assert radius.mean() == pytest.approx(scipy.stats.chi2(2).ppf(0.95) ** 0.5, rel=0.05)


def test_outline_of_the_mixture_lies_along_the_axes_of_its_components():
    _, ax = plotting.figure()
    prior = distributions.GaussianMixture(torch.tensor([[2.0, 0.0]]), torch.diag(torch.tensor([0.2, 0.6]))[None])
    draw_prior(ax, prior, limit=3.5)
    (ellipse,) = outlines(ax)
    low, high = ellipse.vertices.min(0), ellipse.vertices.max(0)
    assert (low + high) / 2 == pytest.approx([2, 0], abs=0.05)
    assert (high - low)[1] / (high - low)[0] == pytest.approx(3, rel=0.05)


def test_outline_does_not_move_the_random_state():
    _, ax = plotting.figure()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    draw_prior(ax, distributions.ten_gaussians(), limit=3.0)
    assert torch.rand(1) == expected


def test_swiss_roll_is_drawn_as_its_curve():
    _, ax = plotting.figure()
    roll = distributions.SwissRoll()
    draw_prior(ax, roll, limit=3.5)
    x, y = ax.lines[0].get_data()
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    # radius = 3 s, angle = 4 pi s: the angle follows from the radius
    assert np.cos(angle - 4 * np.pi * radius / 3)[1:] == pytest.approx(1, abs=1e-3)


def test_codes_on_prior_has_a_labelled_panel_for_each_and_hides_the_rest():
    y = torch.arange(20) % 10
    panels = {name: (prior.sample(20), y, prior) for name, prior in PRIORS.items()}
    axes = plotting.codes_on_prior(panels, limit=3.0).axes
    assert [ax.get_title() for ax in axes[:3]] == list(panels) and not axes[3].axison
    assert all(ax.get_xlabel() and ax.get_xlim() == (-3, 3) for ax in axes[:3])


def test_kl_bars_stack_the_two_terms():
    terms = {
        "VAE": {"mutual_information": 3.0, "marginal_kl": 1.0},
        "AAE": {"mutual_information": 5.0, "marginal_kl": 0.5},
    }
    ax = plotting.kl_bars(terms).axes[0]
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars == [(0, 3), (0, 5), (3, 1), (5, 0.5)]
    assert {text.get_text() for text in ax.texts} == {"4.00", "5.50"}


def test_percentile_grid_puts_the_first_image_top_left():
    images = torch.zeros(9, 1, 2, 2)
    images[0] = 1
    ax = plotting.percentile_grid(images, torch.tensor([10.0, 50.0, 90.0])).axes[0]
    sheet = ax.images[0].get_array()
    assert sheet[:2, :2].min() == 1 and sheet[3:5, 3:5].max() == 0
    # z_2 points up: the lowest percentile is the lowest tick
    assert dict(zip(ax.get_yticks(), (t.get_text() for t in ax.get_yticklabels()), strict=True)) == {
        0.5: "10",
        2.5: "90",
    }


def test_cumulative_is_the_empirical_distribution():
    values = torch.tensor([0.4, 0.1, 0.3, 0.2, 0.5])
    x, share = plotting.cumulative({"a": values}, "value").axes[0].lines[0].get_data()
    assert x == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5]) and share == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_against_width_marks_the_best_width():
    widths = torch.tensor([0.1, 0.2, 0.4])
    ax = plotting.against_width(widths, {"a": torch.tensor([1.0, 5.0, 2.0])}, "nats").axes[0]
    assert [line[0] for line in ax.lines[1].get_data()] == pytest.approx([0.2, 5])


def test_path_shows_curves_above_images():
    t = torch.linspace(0, 1, 50)
    fig = plotting.path(torch.rand(50, 1, 4, 4), t, {"confidence": t, "change": 1 - t}, shown=5, xlabel="step")
    top, bottom = fig.axes
    assert len(top.lines) == 2 and top.get_xlabel() == "step"
    assert bottom.images[0].get_array().shape == (5, 25)


def test_decoded_points_are_numbered_alike_on_the_map_and_on_the_images():
    points = torch.tensor([[0.5, 1.0], [-1.0, 2.0], [0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    y = torch.arange(20) % 10
    ax, sheet = plotting.decoded_points(torch.rand(5, 1, 4, 4), points, torch.randn(20, 2), y).axes
    numbers = {text.get_text(): text.xy for text in ax.texts[-5:]}
    assert numbers == {str(i + 1): tuple(point) for i, point in enumerate(points.tolist())}
    assert [text.get_text() for text in sheet.texts] == list(numbers)
    # two columns: image 4 lies in the second row, second column
    assert sheet.texts[3].get_position() == (6, 6)


def test_diagram_names_its_parts():
    texts = " ".join(text.get_text() for text in plotting.aae_diagram().axes[0].texts)
    for part in ("encoder", "decoder", "discriminator", "prior", "reconstruction", "regularisation"):
        assert part in texts


def test_prior_samples_draws_all_samples():
    fig = plotting.prior_samples(PRIORS, n=50)
    assert [len(ax.collections[0].get_offsets()) for ax in fig.axes] == [50, 50, 50]
