"""Figures of dimensionality reduction: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import plotting
from course_utils.plotting import Cloud


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


Y = torch.tensor([0, 0, 0, 7, 7])
POINTS = torch.tensor([[0.0, 1.0], [2.0, 1.0], [1.0, 9.0], [-5.0, -6.0], [-7.0, -6.0]])
HEADS = torch.tensor([[1.0, 1.0], [-6.0, -6.0]])
CLOUD = Cloud(POINTS, Y, HEADS, ["zero", "seven"])
SPACE = Cloud(torch.cat([POINTS, POINTS[:, :1]], 1), Y, torch.cat([HEADS, HEADS[:, :1]], 1), ["zero", "seven"])


def texts(ax) -> dict[str, tuple[float, float]]:
    return {t.get_text(): tuple(t.xy) for t in ax.texts}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plotting.head_discs({"a": (HEADS, POINTS[:4])}, n=2),
        lambda: plotting.reduction_panels({"a": CLOUD}),
        lambda: plotting.decoded_plane(torch.zeros(4, 1, 2, 2), (-1, 1, -1, 1), HEADS),
        lambda: plotting.compass(CLOUD, torch.ones(2, 2)),
    ],
    ids=["head_discs", "reduction_panels", "decoded_plane", "compass"],
)
def test_axes_are_labelled(draw):
    for ax in draw().axes:
        assert ax.get_xlabel() and ax.get_ylabel()


def test_diagram_names_its_parts_and_the_decoder_sees_the_point_alone():
    ax = plotting.reduction_diagram().axes[0]
    said = " ".join(text.get_text() for text in ax.texts)
    for part in ("encoder", "decoder", "$y\\,W_C$", "point", "$D_y$", "$D_z$", "labels", "3 classification"):
        assert part in said
    into_decoder = [a for a in ax.texts if getattr(a, "arrow_patch", None) and abs(a.xy[0] - 9.74) < 0.1]
    assert len(into_decoder) == 1  # 9.74: the left edge of its box


def test_arrows_of_the_diagram_touch_boxes_and_do_not_cross_them():
    ax = plotting.reduction_diagram().axes[0]
    ends = [(arrow.xyann, arrow.xy) for arrow in ax.texts if getattr(arrow, "arrow_patch", None)]
    assert len(ends) == 13
    boxes = [(np.array([b.get_x(), b.get_y()]), np.array([b.get_width(), b.get_height()])) for b in ax.patches]
    for start, end in ends:
        path = np.linspace(start, end, 50)[1:-1]
        assert not any(((path > low) & (path < low + size)).all(1).any() for low, size in boxes)


def test_a_cloud_has_a_marker_a_class_and_its_heads_are_named_where_they_are():
    ax = plotting.reduction_panels({"ours": CLOUD}, radius=2.0).axes[0]
    zeros, sevens = (drawn.get_offsets() for drawn in ax.collections)
    assert np.allclose(zeros, POINTS[:3]) and np.allclose(sevens, POINTS[3:])
    first, second = (drawn.get_paths()[0].vertices for drawn in ax.collections)
    assert first.shape != second.shape or not np.allclose(first, second), "two classes share a marker"
    assert np.allclose(ax.lines[0].get_xydata(), HEADS)
    assert texts(ax) == {"zero": (1, 1), "seven": (-6, -6)}
    circles = [(tuple(c.center), c.radius) for c in ax.patches]
    assert circles == [((1, 1), 2), ((-6, -6), 2)]


def test_without_heads_a_class_is_named_at_its_median():
    ax = plotting.reduction_panels({"t-SNE": Cloud(POINTS, Y)}).axes[0]
    assert texts(ax) == {"0": (1, 1), "7": (-7, -6)}  # torch's median: the lower one of two
    assert not ax.lines and not ax.patches


def test_panels_fill_rows_and_the_rest_is_empty():
    axes = plotting.reduction_panels(dict.fromkeys("abcd", CLOUD), columns=3).axes
    assert [ax.get_title() for ax in axes[:4]] == list("abcd")
    assert [ax.axison for ax in axes] == [True] * 4 + [False] * 2


def test_discs_are_round_their_heads_and_points_go_with_them():
    ax = plotting.head_discs({"eta = 4": (HEADS, POINTS[:4])}, radius=1.5, n=2).axes[0]
    assert [(tuple(c.center), c.radius) for c in ax.patches] == [((1, 1), 1.5), ((-6, -6), 1.5)]
    assert np.allclose(ax.collections[0].get_offsets(), POINTS[:2])
    assert np.allclose(ax.collections[1].get_offsets(), POINTS[2:4])
    assert ax.get_aspect() == 1  # a disc looks like a disc


def test_the_grid_covers_heads_and_margin_from_the_top_left_row_by_row():
    places, square = plotting.plane_grid(torch.tensor([[0.0, 0.0], [6.0, 2.0]]), 5, margin=2.0)
    assert square == (-2, 8, -4, 6)  # ten wide as its longer side, the shorter one centred
    assert places[0].tolist() == [-1, 5] and places[4].tolist() == [7, 5] and places[-1].tolist() == [7, -3]
    assert places[12].tolist() == [3, 1]


def test_the_sheet_lies_where_it_was_decoded():
    # each image is as bright as its place is far to the right and high up
    places, square = plotting.plane_grid(HEADS, 4)
    bright = (places - places.min(0).values) / (places.max(0).values - places.min(0).values)
    images = bright.mean(1).view(-1, 1, 1, 1).expand(-1, 1, 3, 3)
    ax = plotting.decoded_plane(images, square, HEADS, ["zero", "seven"]).axes[0]
    sheet = ax.images[0].get_array()
    assert tuple(ax.images[0].get_extent()) == pytest.approx(square)
    assert sheet[0, -3] == pytest.approx(1) and sheet[-3, 0] == pytest.approx(0)  # top right, bottom left
    assert sheet[0, 0] == sheet[-3, -3] == pytest.approx(0.5)
    assert texts(ax) == {"zero": (1, 1), "seven": (-6, -6)}


def test_a_walk_is_a_line_from_its_start_beside_its_images():
    walks = {
        "turned": (torch.zeros(3, 1, 2, 2), torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 3.0]])),
        "shifted": (torch.ones(3, 1, 2, 2), torch.tensor([[5.0, 5.0], [5.0, 6.0], [5.0, 7.0]])),
    }
    ax, sheet = plotting.paths_of_images(walks, CLOUD).axes
    lines = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert np.allclose(lines[0].get_xydata(), walks["turned"][1])
    assert np.allclose(lines[1].get_xydata(), walks["shifted"][1])
    assert texts(ax)["A"] == (0, 0) and texts(ax)["B"] == (5, 5)
    assert [t.get_text() for t in sheet.get_yticklabels()] == ["A: turned", "B: shifted"]
    drawn = sheet.images[0].get_array()
    assert drawn[0, 0] == 0 and drawn[3, 0] == 1


def test_styles_are_shaded_by_the_attribute_and_unknown_ones_left_out():
    values = torch.tensor([-1.0, 0.5, float("nan"), 1.0, 0.0])
    left, bar = plotting.style_panels(POINTS, {"slant": values}).axes
    drawn = left.collections[0]
    assert np.allclose(drawn.get_offsets(), POINTS[[0, 1, 3, 4]])
    assert np.allclose(drawn.get_array(), [-1, 0.5, 1, 0])
    low, high = drawn.get_clim()
    assert low == -high  # the middle of the shades is no deviation
    assert left.get_title() == "slant" and bar.get_ylabel() == "deviation from the mean"


def test_an_arrow_starts_at_its_head():
    ax = plotting.compass(CLOUD, torch.tensor([[0.0, 3.0], [4.0, 0.0]])).axes[0]
    arrows = [(tuple(a.xyann), tuple(a.xy)) for a in ax.texts if getattr(a, "arrow_patch", None)]
    assert arrows == [((1, 1), (1, 4)), ((-6, -6), (-2, -6))]
    assert {t.get_text() for t in ax.texts} == {"", "zero", "seven"}
    far = plotting.compass(CLOUD, torch.tensor([[0.0, 30.0], [40.0, 0.0]])).axes[0]
    far.figure.canvas.draw()
    assert far.get_ylim()[1] > 31 and far.get_xlim()[1] > 34  # long arrows are seen whole


def test_views_of_space_look_from_where_they_say_and_hold_all_points():
    first, second = plotting.views_of_space(SPACE, [(20, -60), (80, 30)]).axes
    assert (first.elev, first.azim, second.elev, second.azim) == (20, -60, 80, 30)
    assert "azimuth 30" in second.get_title() and "elevation 80" in second.get_title()
    drawn = np.concatenate([np.stack(c._offsets3d, 1) for c in first.collections])
    assert np.allclose(drawn, SPACE.points)
    assert {t.get_text(): t.get_position_3d() for t in first.texts} == {"zero": (1, 1, 1), "seven": (-6, -6, -6)}
    spans = [np.ptp(getattr(first, f"get_{axis}lim")()) for axis in "xyz"]
    assert spans == pytest.approx([spans[0]] * 3)  # one scale: distances can be compared
    assert first.get_zlabel()
