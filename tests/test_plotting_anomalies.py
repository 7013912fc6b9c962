"""The figures of notebook 15 show what they are given."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax) -> list[str]:
    return [t.get_text() for t in ax.texts]


def test_the_diagram_says_for_each_detector_what_is_compared():
    ax = plotting.detectors_diagram().axes[0]
    place = {t.get_text(): t.get_position() for t in ax.texts if t.get_text()}
    for name in ("autoencoder, VAE, AAE", "AnoGAN", "GANomaly", "Skip-GANomaly", "encoder 2", "search"):
        assert name in place
    row = {name: place[name][1] for name in ("AnoGAN", "GANomaly", "Skip-GANomaly")}
    assert place["search"][1] == row["AnoGAN"] and place["encoder 2"][1] == row["GANomaly"]
    brackets = {line.get_ydata()[0]: line.get_xdata() for line in ax.lines}
    left, right = next((x[0], x[-1]) for y, x in brackets.items() if abs(y - row["GANomaly"]) < 0.7)
    at = {round(t.get_position()[0], 3): t.get_text() for t in ax.texts if t.get_position()[1] == row["GANomaly"]}
    assert (at[round(left, 3)], at[round(right, 3)]) == ("$z$", "$\\hat{z}$")  # codes, and not images


def test_histograms_hold_normal_and_abnormal_scores_apart_and_say_the_auroc():
    scores = torch.cat([torch.linspace(0, 1, 40), torch.linspace(2, 3, 10)])
    abnormal = torch.arange(50) >= 40
    found, coin = plotting.score_histograms({"good": (scores, abnormal), "flat": (torch.ones(50), abnormal)}).axes[:2]
    assert found.get_title() == "good: AUROC 1.00" and coin.get_title() == "flat: AUROC 0.50"
    normal_bars, abnormal_bars = found.containers[0].patches, found.patches[-1]
    filled = [bar.get_x() for bar in normal_bars if bar.get_height() > 0]
    assert max(filled) <= 1
    outline = abnormal_bars.get_xy()
    assert outline[outline[:, 1] > 0][:, 0].min() > 1.7
    assert abnormal_bars.get_hatch()  # told apart without colour
    assert [t.get_text() for t in found.get_legend().get_texts()] == ["normal", "abnormal"]


def test_histograms_leave_unused_panels_empty():
    scores, abnormal = torch.rand(20), torch.arange(20) % 2 == 0
    fig = plotting.score_histograms(dict.fromkeys("abcd", (scores, abnormal)))
    assert len(fig.axes) == 6 and [ax.axison for ax in fig.axes] == [True] * 4 + [False] * 2


def test_scatter_marks_the_abnormal():
    x, scores = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0])
    (ax,) = plotting.score_scatter({"1 left out": (x, scores, torch.tensor([False, True, False]))}, "ink", "error").axes
    dots, crosses = ax.lines
    assert list(dots.get_xdata()) == [1, 3] and list(dots.get_ydata()) == [10, 30]
    assert list(crosses.get_xdata()) == [2] and list(crosses.get_ydata()) == [20]
    assert dots.get_marker() != crosses.get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("ink", "error", "1 left out")


def test_the_table_writes_every_number_its_mean_and_hatches_what_is_upside_down():
    nan = math.nan
    fig = plotting.auroc_table({"AE": [0.9, 0.3], "later": [nan, 0.8], "ink": [0.6, 0.7]}, ["0", "1"], below=1)
    (ax,) = fig.axes
    assert texts(ax) == ["0.90", "0.30", "0.60", "-", "0.80", "-", "0.60", "0.70", "0.65"]
    cells = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert [bool(p.get_hatch()) for p in cells] == [False, True, False, False, False, False, False]
    shade = {t: p.get_facecolor()[0] for t, p in zip([t for t in texts(ax) if t != "-"], cells, strict=True)}
    assert shade["0.90"] < shade["0.80"] < shade["0.70"] < shade["0.30"] == 1  # darker is better
    rows = ax.get_yticks()
    assert rows[2] - rows[1] > rows[1] - rows[0]  # baselines stand apart
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "mean"]


def test_gains_stand_at_their_place_with_their_mean():
    fig = plotting.paired_gains({"AAE": {"0": 0.1, "1": -0.3}, "VAE": {"0": 0.2}}, "gain")
    (ax,) = fig.axes
    assert [(t.get_text(), t.get_position()[0]) for t in ax.texts] == [("1", -0.3), ("0", 0.1), ("0", 0.2)]
    heights = [t.get_position()[1] for t in ax.texts]
    assert heights[0] != heights[1] and heights == pytest.approx([0, 0, 1], abs=0.4)  # apart, each on its own line
    means = [line.get_xdata()[0] for line in ax.lines if line.get_lw() == 6]
    assert means == pytest.approx([-0.1, 0.2])
    low, high = ax.get_xlim()
    assert low == -high and high > 0.3
    assert ax.yaxis_inverted() and [t.get_text() for t in ax.get_yticklabels()] == ["AAE", "VAE"]


def test_gains_of_nobody_are_an_empty_figure():
    (ax,) = plotting.paired_gains({}, "gain").axes
    assert not ax.texts


def test_titles_stand_above_the_middle_of_their_images():
    first, second = torch.rand(2, 1, 6, 6), torch.rand(2, 1, 6, 6)
    top, below = plotting.titled_rows({"normal": first, "abnormal": second}, ["image", "1 step"]).axes
    assert list(top.get_xticks()) == [3, 10] and [t.get_text() for t in top.get_xticklabels()] == ["image", "1 step"]
    assert (top.get_ylabel(), below.get_ylabel()) == ("normal", "abnormal")
    np.testing.assert_allclose(top.images[0].get_array()[:6, 7:13], first[1, 0])
    np.testing.assert_allclose(below.images[0].get_array()[:6, :6], second[0, 0])


def test_maps_are_stretched_one_by_one_and_outlined_where_the_mask_is():
    images, maps = torch.rand(2, 1, 6, 6), torch.zeros(2, 6, 6)
    maps[0, 1, 1], maps[1, 4, 4], maps[1, 0, 0] = 5.0, 0.2, 0.1
    masks = torch.zeros(2, 6, 6, dtype=torch.bool)
    masks[1, 2:5, 3:5] = True
    image, truth, found = plotting.maps_and_masks(images, masks, {"autoencoder": maps}).axes
    assert [ax.get_ylabel() for ax in (image, truth, found)] == ["image", "true defect", "autoencoder"]
    np.testing.assert_allclose(image.images[0].get_array()[:6, 7:13], images[1, 0])
    np.testing.assert_allclose(truth.images[0].get_array()[:6, 7:13], masks[1])
    shown = found.images[0].get_array()
    assert (shown[1, 1], shown[4, 11], shown[0, 7]) == pytest.approx((1, 1, 0.5))
    around = found.collections[0].get_paths()[0].vertices
    assert 9 < around[:, 0].min() < 10 and 11 < around[:, 0].max() < 12  # columns 3 and 4 of the second image
    assert not truth.collections


def test_an_even_map_is_black():
    masks = torch.zeros(1, 6, 6, dtype=torch.bool)
    masks[0, 0, 0] = True
    found = plotting.maps_and_masks(torch.rand(1, 1, 6, 6), masks, {"even": torch.full((1, 6, 6), 0.3)}).axes[2]
    assert not found.images[0].get_array()[:6, :6].any()
