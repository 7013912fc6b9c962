"""The figures of notebook 14 show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax) -> list[str]:
    return [t.get_text() for t in ax.texts]


def test_the_diagram_tells_all_three_networks_the_attributes():
    ax = plotting.attribute_vae_gan_diagram().axes[0]
    said = " ".join(texts(ax))
    for part in ("encoder", "decoder", "discriminator", "attribute vector", "image again", "sample", "q(z|x,a)"):
        assert part in said
    place = {t.get_text().split("\n")[0]: t.get_position() for t in ax.texts}
    dashed = [t for t in ax.texts if getattr(t, "arrow_patch", None) and t.arrow_patch.get_linestyle() == "--"]
    ends = sorted(t.xy[0] for t in dashed)
    assert ends == sorted(place[name][0] for name in ("encoder", "decoder", "discriminator"))
    assert all(t.xy[1] < t.xyann[1] for t in dashed)  # downwards, from the attributes


def test_number_tables_write_every_number_and_shade_by_its_size():
    first, second = torch.tensor([[1.0, -0.5], [0.0, 0.25]]), torch.tensor([[-2.0, 0.1], [0.2, 0.3]])
    left, right = plotting.number_tables({"a": first, "b": second}, ["r1", "r2"], ["c1", "c2"], "moved").axes
    assert texts(left) == ["+1.00", "-0.50", "+0.00", "+0.25"]
    assert [t.get_position() for t in left.texts] == [(0, 0), (1, 0), (0, 1), (1, 1)]  # column, row
    assert np.allclose(right.images[0].get_array(), second.abs())
    assert left.images[0].get_clim() == right.images[0].get_clim() == (0, 2.6)  # one scale of grey, for the largest
    assert (left.get_title(), right.get_title(), left.get_ylabel()) == ("a", "b", "moved")
    assert [t.get_text() for t in left.get_yticklabels()] == ["r1", "r2"]
    assert [t.get_text() for t in right.get_xticklabels()] == ["c1", "c2"]
    assert to_hex(right.texts[0].get_color()) == "#ffffff" and to_hex(left.texts[3].get_color()) == "#000000"


def test_number_tables_know_no_minus_zero_and_take_a_scale():
    (ax,) = plotting.number_tables({"": torch.tensor([[-0.001, 0.5]])}, ["r"], ["a", "b"], darkest=1.0).axes
    assert texts(ax) == ["+0.00", "+0.50"]
    assert ax.images[0].get_clim() == (0, 1.3)
    assert to_hex(ax.texts[1].get_color()) == "#000000"  # half of the scale is no dark field


def test_queries_stand_left_of_their_samples():
    x = torch.full((2, 1, 4, 4), 0.5)
    numbered = torch.arange(6).view(2, 3, 1, 1, 1).expand(2, 3, 1, 4, 4) / 10
    fig = plotting.queries_and_samples(x, {"VAE": numbered, "GAN": numbered + 0.3})
    assert [ax.get_title() for ax in fig.axes] == ["asked", "VAE", "GAN"]
    asked, vae, gan = (ax.images[0].get_array() for ax in fig.axes)
    assert asked.shape == (10, 5) and vae.shape == (10, 15)
    assert asked[0, 0] == pytest.approx(0.5)
    assert vae[5, 10] == pytest.approx(0.5)  # second query, third sample
    assert gan[0, 5] == pytest.approx(0.4)  # first query, second sample
    assert fig.axes[0].get_gridspec().get_width_ratios() == [1, 3, 3]


def test_asked_against_measured_draws_mean_and_middle_half_beside_the_diagonal():
    asked = torch.linspace(-4, 4, 5)
    found = torch.tensor([0.0, 1.0, 2.0, 3.0, 14.0]).expand(5, 5) + asked[:, None]
    found[0, 0] = torch.nan  # one could not be measured
    strips = {n: torch.rand(5, 1, 4, 4) for n in ("slant", "ink")}
    fig = plotting.asked_against_measured(strips, asked, {"slant": found, "ink": -found})
    strip, other_strip, chart, other = fig.axes
    assert [strip.get_title(), other_strip.get_title()] == ["slant", "ink"]
    curve, diagonal = chart.lines
    assert np.allclose(curve.get_xdata(), asked)
    assert np.allclose(curve.get_ydata()[1:], asked[1:] + 4) and curve.get_ydata()[0] == pytest.approx(5 - 4)
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata()) and diagonal.get_linestyle() == "--"
    band = chart.collections[0].get_paths()[0].vertices
    at_zero = band[np.isclose(band[:, 0], 0), 1]
    assert (at_zero.min(), at_zero.max()) == (1, 3)
    assert np.allclose(other.lines[0].get_ydata()[1:], -asked[1:] - 4)
    shaded = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in chart.patches]
    assert shaded == [(-5, -2), (2, 5)]
    assert np.allclose(strip.images[0].get_array()[:4, :4], strips["slant"][0, 0])


def test_runs_stand_on_the_line_of_their_model_and_their_mean_is_marked():
    panels = {"cosine": {"VAE": [0.8, 0.9], "GAN": []}, "error": {"VAE": [3.0], "GAN": [4.0, 6.0]}}
    left, right = plotting.runs_by_model(panels, ["high is good", "low is good"]).axes
    assert [t.get_text() for t in left.get_yticklabels()] == ["VAE", "GAN"]
    marks, bar, nothing = left.collections
    assert np.allclose(marks.get_offsets(), [(0.8, 0), (0.9, 0)]) and len(nothing.get_offsets()) == 0
    assert np.allclose(bar.get_segments()[0][:, 0], 0.85)
    assert [(t.get_text(), t.xy[1]) for t in left.texts] == [("not run yet", 1)] and not right.texts
    assert np.allclose(right.collections[2].get_offsets(), [(4, 1), (6, 1)])
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first model on top
    assert (left.get_title(), right.get_xlabel()) == ("cosine", "low is good")


def test_two_witnesses_put_the_ruler_across_and_the_regressor_up():
    ruler = torch.stack([torch.full((50,), 2.0), torch.full((50,), -1.0)], dim=1)
    regressor = torch.stack([torch.full((50,), -3.0), torch.full((50,), 1.0)], dim=1)
    fig = plotting.two_witnesses({"images": (ruler, regressor), "samples": (regressor, ruler)}, ["slant", "ink"])
    assert [ax.get_title() for ax in fig.axes] == ["slant", "ink", "", ""]
    assert fig.axes[0].get_ylabel() == "images\nregressor" and fig.axes[2].get_xlabel() == "ruler"

    def place(ax):
        cells = ax.collections[0]
        full = np.ma.filled(cells.get_array(), 0) > 0
        return cells.get_offsets()[full]

    for ax, (x, y) in zip(fig.axes, [(2, -3), (-1, 1), (-3, 2), (1, -1)], strict=True):
        assert len(place(ax)) == 1 and np.allclose(place(ax)[0], (x, y), atol=0.3)


def test_the_axis_along_a_direction_may_have_another_name():
    arguments = {"d": torch.rand(3, 1, 4, 4)}, torch.tensor([-1.0, 0.0, 1.0]), {"d": {"slant": torch.rand(3)}}, "y"
    assert plotting.along_directions(*arguments).axes[1].get_xlabel() == "moved by (standard deviations)"
    assert plotting.along_directions(*arguments, "times").axes[1].get_xlabel() == "times"
