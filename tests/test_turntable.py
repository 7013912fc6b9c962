"""The turntable, without a browser: its frames, its words, its sliders."""

import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.widgets.turntable import N_DRAWN, SIDE, Turntable, turntable

# class 0 lies on the x axis, 1 on the y axis, 2 on top
POINTS = torch.tensor([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]])
Y = torch.tensor([0, 1, 2])


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")


@pytest.mark.parametrize(
    ("view", "front", "back"), [((0, 0), 0, {1, 2}), ((90, 0), 1, {0, 2}), ((180, 0), None, {0}), ((0, 90), 2, {0, 1})]
)
def test_words_name_what_is_in_front(view, front, back):
    order = Turntable(POINTS, Y).order(*view)
    assert sorted(order) == [0, 1, 2]
    assert front is None or order[0] == front
    assert order[-1] in back


def test_order_is_that_of_matplotlib():
    """Its own projection gives the depth of a point: the smaller, the nearer."""
    from mpl_toolkits.mplot3d import proj3d

    points = torch.randn(40, 3, generator=torch.Generator().manual_seed(3))
    table = Turntable(points, torch.arange(40))
    table.ax.set_proj_type("ortho")
    for azimuth, elevation in ((0, 0), (40, 25), (-130, -50)):
        table.frame(azimuth, elevation)
        depth = proj3d.proj_transform(*points.T.numpy(), table.ax.get_proj())[2]
        assert table.order(azimuth, elevation) == np.argsort(depth).tolist()


def test_frame_is_the_picture_from_that_side():
    table = Turntable(POINTS, Y)
    first = table.frame(30, 20)
    assert read(first).shape[:2] == (SIDE, SIDE)
    assert table.frame(80, 20) != first and table.frame(30, 60) != first
    assert table.frame(30, 20) == first  # turning back shows the same


def test_sentence():
    assert Turntable(POINTS, Y).sentence(0, 90).startswith("Azimuth 0°, elevation 90°. In front: 2,")


def test_many_points_are_thinned_alike_each_time():
    points, y = torch.randn(3 * N_DRAWN, 3), torch.arange(3 * N_DRAWN) % 10
    a, b = Turntable(points, y).cloud, Turntable(points, y).cloud
    assert len(a.points) == N_DRAWN and torch.equal(a.points, b.points)
    place = {tuple(p): k for p, k in zip(points.tolist(), y.tolist(), strict=True)}
    assert [place[tuple(p)] for p in a.points.tolist()] == a.y.tolist()  # each point kept its class


def test_sliders_turn_it_and_are_labelled():
    box = turntable(POINTS, Y, POINTS, ["a", "b", "c"])
    around, above, picture, words = box.children
    assert around.description and above.description
    assert (around.min, around.max, above.min, above.max) == (-180, 180, -90, 90)
    before = picture.value
    around.value = 90
    second = picture.value
    assert second != before and "Azimuth 90°" in words.value
    above.value = 85
    assert picture.value != second and "In front: 2" in words.value
    assert plt.get_fignums() == []  # no figure is left open


@pytest.mark.parametrize(
    ("points", "y", "message"),
    [
        (torch.zeros(4, 2), torch.zeros(4), r"turns points \(N, 3\), got \(4, 2\)"),
        (torch.zeros(0, 3), torch.zeros(0), "turns points"),
        (torch.zeros(4, 3), torch.zeros(3), "one class a point"),
    ],
)
def test_bad_input_is_named(points, y, message):
    with pytest.raises(ValueError, match=message):
        Turntable(points, y)
