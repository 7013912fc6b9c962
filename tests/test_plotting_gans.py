"""Figures of GANs on images: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


SHARES = {"data": torch.full((10,), 0.1), "samples": torch.arange(10) / 45}
RUNS = {"FID": {"MLP": [30.0, 34.0], "DCGAN": [4.0, 6.0]}, "recall": {"MLP": [0.0, 0.2], "DCGAN": [0.5, 0.7]}}
ACCURACY = {"D": torch.tensor([[0.7, 0.8], [0.9, 0.9]]), "pixels": torch.tensor([[0.6, 0.6], [0.8, 0.86]])}
STAGES = {"generator": [("", (64,)), ("linear", (8, 7, 7)), ("up", (1, 28, 28))], "discriminator": [("", (1, 28, 28))]}


def levels(*shape: int) -> torch.Tensor:
    """Images of one grey level each, all different, (*shape, 1, 4, 4)."""
    n = torch.Size(shape).numel()
    return (torch.arange(n) / n).view(*shape, 1, 1, 1).expand(*shape, 1, 4, 4)


FIGURES = {
    "class_shares": lambda: plotting.class_shares(SHARES),
    "by_seed": lambda: plotting.by_seed(RUNS, log=["FID"]),
    "style_by_class": lambda: plotting.style_by_class(levels(3, 10)),
    "confusion": lambda: plotting.confusion(torch.arange(10), torch.arange(10)),
    "probe_accuracy": lambda: plotting.probe_accuracy([100, 1000], ACCURACY),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    fig = FIGURES[name]()
    fig.canvas.draw()
    for ax in fig.axes:
        assert ax.get_xlabel() or [tick.get_text() for tick in ax.get_xticklabels()]
        assert ax.get_ylabel() or ax.get_subplotspec().colspan.start > 0


def test_feature_maps_are_drawn_to_scale_and_named():
    generator, discriminator = plotting.feature_maps(STAGES).axes
    z, maps, image = generator.patches
    assert image.get_height() == 28 and maps.get_height() == 7 and maps.get_width() > image.get_width()
    texts = [text.get_text() for text in generator.texts]
    assert {"64", "8 × 7 × 7", "1 × 28 × 28", "linear", "up"} <= set(texts)
    assert z.get_x() < maps.get_x() < image.get_x()
    assert discriminator.get_title(loc="left") == "discriminator" and len(discriminator.patches) == 1


def test_image_panels_keep_titles_and_order():
    a, b = plotting.image_panels({"a": levels(4), "b": levels(4).flip(0)}, columns=2).axes
    assert (a.get_title(), b.get_title()) == ("a", "b")
    first, second = (ax.images[0].get_array() for ax in (a, b))
    assert first[0, 0] == 0 and np.isclose(second[0, 0], 0.75) and first.shape == (10, 10)


def test_bars_are_as_high_as_the_shares_and_differ_in_hatches():
    (ax,) = plotting.class_shares(SHARES).axes
    data, samples = ax.containers
    assert np.allclose([bar.get_height() for bar in samples], 100 * SHARES["samples"])
    assert data[0].get_hatch() != samples[0].get_hatch()
    centres = [(d.get_x() + s.get_x() + s.get_width()) / 2 for d, s in zip(data, samples, strict=True)]
    assert np.allclose(centres, range(10), atol=1e-6)


def test_every_seed_is_a_mark_and_the_mean_a_bar():
    fid, recall = FIGURES["by_seed"]().axes
    marks, bar, *_ = fid.collections
    assert np.allclose(np.asarray(marks.get_offsets())[:, 1], [30, 34])
    assert np.allclose(bar.get_segments()[0][:, 1], 32)
    assert (fid.get_yscale(), recall.get_yscale()) == ("log", "linear") and recall.get_ylim()[0] <= 0
    assert [tick.get_text() for tick in recall.get_xticklabels()] == ["MLP", "DCGAN"]


def test_rows_are_styles_and_columns_are_classes():
    (ax,) = FIGURES["style_by_class"]().axes
    sheet = np.asarray(ax.images[0].get_array())
    assert np.allclose(sheet[1::5, 1::5], levels(3, 10)[:, :, 0, 0, 0])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["z1", "z2", "z3"]
    # each name stands over the middle of its column
    assert [int(x // 5) for x in ax.get_xticks()] == list(range(10))


def test_confusion_has_what_was_asked_in_the_rows():
    asked, read = torch.tensor([4, 4, 4, 4, 7]), torch.tensor([4, 4, 4, 9, 7])
    (ax,) = plotting.confusion(asked, read).axes
    percent = np.asarray(ax.images[0].get_array())
    assert (percent[4, 4], percent[4, 9], percent[7, 7], percent[9, 4]) == (75, 25, 100, 0)
    assert {text.get_text() for text in ax.texts} == {"75", "25", "100"}


def test_probe_shows_mean_and_spread_of_the_draws():
    (ax,) = FIGURES["probe_accuracy"]().axes
    d, pixels = ax.containers
    assert np.allclose(d.lines[0].get_ydata(), [75, 90]) and np.allclose(pixels.lines[0].get_ydata(), [60, 83])
    (low, high), _ = (segment[:, 1] for segment in d.lines[2][0].get_segments())
    assert np.isclose(high - low, 2 * np.std([70, 80], ddof=1))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["100", "1,000"]
    assert d.lines[0].get_marker() != pixels.lines[0].get_marker()
