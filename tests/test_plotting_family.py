"""The figures of notebook 16 show what they are given."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle

from course_utils import plotting
from course_utils.plotting import family


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax) -> dict[str, tuple[float, float]]:
    return {t.get_text(): t.get_position() for t in ax.texts}


# ---- the tree ---------------------------------------------------------------------------------------------------


def test_the_tree_writes_models_below_their_place_and_says_where_there_is_none():
    (ax,) = plotting.taxonomy_tree({"implicit density": ["GAN", "AAE"], "no generative model": ["classifier"]}).axes
    found = texts(ax)
    assert found["GAN\nAAE"][0] == found["implicit:\nsamples, no density"][0]
    assert found["classifier"][0] == found["no generative\nmodel"][0]
    assert [t.get_text() for t in ax.texts].count("none") == 2  # both explicit places


def test_an_unknown_place_is_an_error():
    with pytest.raises(ValueError, match="no place"):
        plotting.taxonomy_tree({"explicit": ["VAE"]})


# ---- images -----------------------------------------------------------------------------------------------------


def test_a_sheet_has_a_panel_for_each_model_in_order_and_hides_the_rest():
    panels = {name: torch.rand(4, 1, 3, 3) for name in ("a", "b", "c", "d", "e")}
    axes = plotting.image_sheet(panels, across=2, columns=3).axes
    assert [ax.get_title() for ax in axes] == ["a", "b", "c", "d", "e", ""]
    shown = axes[4].images[0].get_array()
    np.testing.assert_allclose(shown[4:7, 0:3], panels["e"][2, 0])  # the third image begins the second row
    assert not axes[5].images and not axes[5].axison


# ---- the table of ranks -----------------------------------------------------------------------------------------

COLUMNS = {"FID": {"VAE": ("270", 3.0), "GAN": ("99.9", 1.0), "AAE": ("120", 2.0)}, "bound": {"VAE": ("-100", 1.0)}}


def squares(ax) -> dict[tuple[float, float], Rectangle]:
    """The cells by their middle: rectangles of size one."""
    cells = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_width() == 1]
    return {(p.get_x() + 0.5, p.get_y() + 0.5): p for p in cells}


def test_the_table_writes_each_number_where_it_belongs_and_darkens_better_ranks():
    (ax,) = plotting.rank_table(COLUMNS, ["VAE", "GAN", "AAE"]).axes
    assert {t: p for t, p in texts(ax).items() if t} == {"270": (0, 0), "99.9": (0, 1), "120": (0, 2), "-100": (1, 0)}
    grey = {place: p.get_facecolor()[0] for place, p in squares(ax).items()}
    assert grey[0, 1] < grey[0, 2] < grey[0, 0] == 1.0
    assert [t.get_text() for t in ax.get_yticklabels()] == ["VAE", "GAN", "AAE"] and ax.yaxis_inverted()
    assert [t.get_text() for t in ax.get_xticklabels()] == ["FID", "bound"]


def test_the_table_hatches_what_has_no_number_and_frames_the_first():
    (ax,) = plotting.rank_table(COLUMNS, ["VAE", "GAN", "AAE"]).axes
    assert {place for place, p in squares(ax).items() if p.get_hatch()} == {(1, 1), (1, 2)}
    frames = [p for p in ax.patches if p.get_width() < 1 and not p.get_fill()]
    assert {(round(p.get_x() + p.get_width() / 2, 6), round(p.get_y() + p.get_height() / 2, 6)) for p in frames} == {
        (0, 1),
        (1, 0),
    }


def test_the_table_stays_readable_on_dark_cells():
    (ax,) = plotting.rank_table(COLUMNS, ["VAE", "GAN", "AAE"]).axes
    color = {t.get_text(): t.get_color() for t in ax.texts}
    assert (color["99.9"], color["270"]) == ("w", "k")


# ---- two numbers ------------------------------------------------------------------------------------------------

POINTS = {"VAE": ([4.0, 6.0], [200.0, 300.0]), "AAE": ([7.0], [100.0]), "VAE/GAN": ([8.0, 9.0, 10.0], [90.0] * 3)}


def test_models_stand_at_the_means_of_their_runs_with_lines_from_lowest_to_highest():
    ax, _ = plotting.numbers_against(POINTS, "error", "FID").axes
    marks = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert {n: (m.get_xdata()[0], m.get_ydata()[0]) for n, m in marks.items()} == {
        "VAE": (5.0, 250.0),
        "AAE": (7.0, 100.0),
        "VAE/GAN": (9.0, 90.0),
    }
    lines = [(list(m.get_xdata()), list(m.get_ydata())) for m in ax.lines if len(m.get_xdata()) == 2]
    assert ([4.0, 6.0], [250.0, 250.0]) in lines and ([5.0, 5.0], [200.0, 300.0]) in lines
    assert texts(ax)["3"] == (9.0, 90.0)  # numbered in the order given
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("error", "FID")


def test_kinds_differ_by_marker_and_unbeaten_ones_have_a_star_and_a_thick_edge():
    ax, key = plotting.numbers_against(POINTS, "error", "FID", marked=["AAE"], log="y").axes
    marks = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert len({m.get_marker() for m in marks.values()}) == 3  # told apart without colour
    assert marks["AAE"].get_markeredgewidth() > 2 > marks["VAE"].get_markeredgewidth()
    assert [t.get_text() for t in key.texts] == ["1  VAE", "2  AAE *", "3  VAE/GAN"]
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "log" and "100" in [t.get_text() for t in ax.get_yticklabels()]


def test_marks_that_would_hide_each_other_step_aside_and_a_line_leads_to_their_place():
    crowded = {"VAE a": ([5.0], [5.0]), "VAE b": ([5.0], [5.0]), "GAN": ([9.0], [9.0]), "AAE": ([0.0], [0.0])}
    ax, _ = plotting.numbers_against(crowded, "x", "y", log="").axes
    where = {n: ax.transData.transform(place) for n, place in texts(ax).items()}
    width = family.MARK * ax.figure.dpi / 72
    assert math.dist(where["1"], where["2"]) > 0.95 * width
    assert texts(ax)["3"] == (9.0, 9.0) and texts(ax)["4"] == (0.0, 0.0), "who has room stays"
    leads = [line for line in ax.lines if line.get_color() == "black" and len(line.get_xdata()) == 2]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in leads] == [(5.0, 5.0)] * 2


def test_nothing_stored_yet_is_an_empty_picture():
    assert len(plotting.numbers_against({}, "x", "y").axes) == 2


# ---- ranks under several measures -------------------------------------------------------------------------------


def test_rank_lines_lead_from_rank_to_rank_with_the_best_at_the_top():
    ranks = {"judge": {"VAE": 2.0, "GAN": 1.0}, "pixels": {"VAE": 1.0, "GAN": 2.0}}
    (ax,) = plotting.rank_lines(ranks).axes
    heights = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert heights == {"VAE": [2.0, 1.0], "GAN": [1.0, 2.0]} and ax.yaxis_inverted()
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.lines}) == 2
    assert [t.get_text() for t in ax.get_xticklabels()] == ["judge", "pixels"]
    at_ends = sorted((t.get_position()[1], t.get_text()) for t in ax.texts)
    assert at_ends == [(1.0, "GAN"), (1.0, "VAE"), (2.0, "GAN"), (2.0, "VAE")]


# ---- one answer of the chooser ----------------------------------------------------------------------------------


def test_ranked_models_have_bars_runs_and_reasons():
    ranked = [("a", [1.0, 3.0], False), ("b", [5.0], True)]
    (ax,) = plotting.ranked_models(ranked, {"c": "has no encoder"}, "FID", {"a": "AAE", "b": "GAN", "c": "MM"}.get).axes
    assert [bar.get_width() for bar in ax.patches] == [2.0, 5.0]
    assert [list(line.get_xdata()) for line in ax.lines] == [[1.0, 3.0], [5.0]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["AAE", "GAN", "MM"] and ax.yaxis_inverted()
    assert ax.patches[0].get_alpha() > ax.patches[1].get_alpha() and ax.patches[0].get_hatch()
    assert "out: has no encoder" in ax.texts[0].get_text() and ax.texts[0].get_position()[1] == 2
    assert ax.get_xlabel() == "FID"


# ---- where the parameters go ------------------------------------------------------------------------------------


def test_parts_are_stacked_in_order_and_absent_ones_left_out():
    rows = {"VAE": {"decoder": 2, "encoder": 3, "critic": 0}, "GAN": {"decoder": 2, "critic": 5}}
    (ax,) = plotting.stacked_parts(rows, ("decoder", "encoder", "critic"), "parameters").axes
    found = {(p.get_x(), p.get_width(), round(p.get_y() + p.get_height() / 2)) for p in ax.patches}
    assert found == {(0, 2, 0), (2, 3, 0), (0, 2, 1), (2, 5, 1)}
    assert len({p.get_hatch() for p in ax.patches}) == 3
    assert [t.get_text() for t in ax.get_yticklabels()] == ["VAE", "GAN"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["decoder", "encoder", "critic"]
