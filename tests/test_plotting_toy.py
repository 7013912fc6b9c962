"""Figures of points in the plane: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import plotting
from course_utils.plotting.toy import GamePanel


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def moment(shift: float = 0.0) -> dict[str, torch.Tensor]:
    """A moment with known content: D is one in the upper right quarter, samples and arrows lie on a line."""
    probability = torch.zeros(4, 4)
    probability[2:, 2:] = 1
    line = torch.linspace(-1, 1, 6)[:, None].expand(6, 2) + shift
    return {"samples": line, "probability": probability, "arrow_from": line[:3], "arrow": torch.ones(3, 2) * 0.5}


POINTS = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.0, -2.0]])
X = torch.linspace(0.1, 1, 5)

FIGURES = {
    "point_panels": lambda: plotting.point_panels({"a": POINTS, "b": -POINTS}, data=POINTS),
    "coloured_points": lambda: plotting.coloured_points({"a": POINTS, "b": -POINTS}, torch.arange(3.0), "$z_1$"),
    "line_panels": lambda: plotting.line_panels({"a": {"f": (X, X), "g": (X, X**2)}}, "x", "y"),
    "measured_against": lambda: plotting.measured_against({"a": (X, X), "b": (X, -X)}, "x", "y"),
    "game_strip": lambda: plotting.game_strip([(0, moment()), (1000, moment(1.0))], POINTS, columns=2),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    fig = FIGURES[name]()
    fig.canvas.draw()
    shown = [ax for ax in fig.axes if ax.axison]
    assert shown
    for ax in shown:
        assert ax.get_ylabel() or ax.get_subplotspec().colspan.start > 0  # the y axis is shared along a row
        assert ax.get_xlabel() or ax.get_label() == "<colorbar>"


def test_diagram_names_both_players():
    texts = " ".join(text.get_text() for text in plotting.gan_diagram().axes[0].texts)
    assert "generator" in texts and "discriminator" in texts


def test_points_are_drawn_over_the_data():
    fig = plotting.point_panels({"a": POINTS}, data=-POINTS)
    data, points = fig.axes[0].collections
    assert np.allclose(points.get_offsets(), POINTS) and np.allclose(data.get_offsets(), -POINTS)


def test_a_point_keeps_its_shade_in_every_panel():
    values = torch.tensor([0.0, 5.0, 10.0])
    fig = plotting.coloured_points({"a": POINTS, "b": -POINTS}, values, "value")
    for ax, sign in zip(fig.axes[:2], (1, -1), strict=True):
        (dots,) = ax.collections
        assert np.allclose(dots.get_offsets(), sign * POINTS) and np.allclose(dots.get_array(), values)


def test_lines_differ_in_dashes_and_unsure_parts_are_shaded():
    mask = X > 0.5
    fig = plotting.line_panels(
        {"a": {"f": (X, X), "g": (X, X**2)}}, "x", "y", unsure={"a": (X, mask)}, log="xy", ylim=(0.1, 1)
    )
    (ax,) = fig.axes
    f, g = ax.lines
    assert f.get_linestyle() != g.get_linestyle() and np.allclose(g.get_ydata(), X**2)
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylim()) == ("log", "log", (0.1, 1))
    (shade,) = ax.collections
    x = shade.get_paths()[0].vertices[:, 0]
    assert np.isclose(x.min(), X[mask].min()) and np.isclose(x.max(), X[mask].max())


def test_marks_have_a_shape_for_each_name():
    a, b = plotting.measured_against({"a": (X, X), "b": (X, -X)}, "x", "y").axes[0].collections
    assert not np.array_equal(a.get_paths()[0].vertices, b.get_paths()[0].vertices)
    assert np.allclose(b.get_offsets()[:, 1], -X)


def test_game_panel_shows_the_surface_the_right_way_up_and_follows_update():
    _, ax = plotting.figure()
    panel = GamePanel(ax, moment(), POINTS)
    # D is high where both coordinates are positive: in the picture, up and to the right
    assert panel.surface.origin == "lower" and panel.surface.get_array()[3, 3] == 1
    panel.update(moment(shift=1.0))
    assert np.allclose(panel.dots.get_offsets(), moment(1.0)["samples"])
    assert np.allclose(panel.arrows.get_offsets(), moment(1.0)["arrow_from"])
    assert np.allclose(panel.arrows.U, 0.5)
    panel.update({**moment(), "probability": torch.full((4, 4), 0.25)})
    assert np.allclose(panel.surface.get_array(), 0.25)


def test_strip_titles_name_the_steps():
    fig = FIGURES["game_strip"]()
    assert [ax.get_title() for ax in fig.axes] == ["step 0", "step 1,000"]
