"""The latent explorer, without a browser: its frames, its words, its sliders."""

import io

import matplotlib.image
import numpy as np
import pytest
import torch
from torch import nn

from course_utils.widgets.latent_explorer import SIDE, STEPS, LatentMap, latent_explorer


class Corners(nn.Module):
    """A decoder whose answer is known: a 2x2 image with only the corner lit that z points to."""

    def forward(self, z):
        right, up = z[:, 0] > 0, z[:, 1] > 0
        x = torch.zeros(len(z), 1, 2, 2)
        x[torch.arange(len(z)), 0, 1 - up.long(), right.long()] = 1.0
        return x


CODES = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
CLASSES = torch.tensor([3, 1, 4, 5])


def explorer_map(**options):
    return LatentMap(Corners(), CODES, CLASSES, **{"limit": 2.0, **options})


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")


@pytest.mark.parametrize(
    ("z", "lit"), [((1, 1), (0, 1)), ((-1, 1), (0, 0)), ((-1, -1), (1, 0)), ((1, -1), (1, 1))], ids=str
)
def test_frame_shows_the_image_decoded_at_z_the_right_way_up(z, lit):
    picture = read(explorer_map().frame(*z))
    assert picture.shape[:2] == (SIDE, 2 * SIDE)
    quarters = picture[:, SIDE:, 0].reshape(2, SIDE // 2, 2, SIDE // 2).mean((1, 3))
    expected = np.zeros((2, 2))
    expected[lit] = 1
    assert np.array_equal(quarters, expected)


def test_cross_stands_on_the_code_it_is_moved_to():
    # the cross at a code covers the middle of that code's label; the other labels stay as they were
    m = explorer_map()
    for (z1, z2), name in zip(CODES.tolist(), CLASSES, strict=True):
        row, column = m.pixel(z1, z2)
        assert np.all(read(m.frame(z1, z2))[row, :SIDE, :3] == 0), f"no line through class {name}"
        assert np.all(read(m.frame(z1, z2))[:, column, :3] == 0)
        label = m.chart()[row - 12 : row + 12, column - 12 : column + 12]
        assert label.min() < 128, f"the map shows nothing where the code of class {name} lies"


def test_frame_leaves_the_map_as_it_was():
    m = explorer_map()
    before = m.chart().copy()
    m.frame(0.5, 0.5)
    assert np.array_equal(m.chart(), before)


def test_points_outside_the_map_are_shown_at_its_edge():
    assert explorer_map().pixel(99.0, 99.0) == (0, SIDE - 1)
    assert explorer_map().pixel(-99.0, -99.0) == (SIDE - 1, 0)


def test_words_name_the_nearest_code():
    assert explorer_map().nearest(1.0, 0.5) == (3, 0.5)
    assert "class 4" in explorer_map().sentence(-1.1, -1.2)


def test_colour_images_keep_their_colours():
    class Red(nn.Module):
        def forward(self, z):
            return torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(len(z), 3, 4, 4)

    picture = read(LatentMap(Red(), CODES, CLASSES).frame(0, 0))
    assert picture[:, SIDE:, :3].reshape(-1, 3).mean(0).tolist() == [1, 0, 0]


def test_pixels_and_points_of_the_map_are_each_others_inverse():
    m = explorer_map()
    for point in ((0.0, 0.0), (1.5, -0.3), (-2.0, 2.0)):
        row, column = m.pixel(*point)
        assert m.under(column, row) == pytest.approx(point, abs=4.0 / SIDE)
    assert m.under(0, 0) == pytest.approx((-2.0, 2.0)) and m.under(SIDE - 1, 0) == pytest.approx((2.0, 2.0))


def test_one_class_stands_before_the_others_in_grey():
    m = explorer_map()
    everybody = m.chart().copy()
    fives = m.chart(5)

    def at(picture, z):
        row, column = m.pixel(*z)
        return picture[row - 12 : row + 12, column - 12 : column + 12]

    five = (at(picture, CODES[3].tolist()).astype(int) for picture in (fives, everybody))
    assert abs(np.subtract(*five)).max() < 50, "a grey dot shines through its number, no more"
    for other in CODES[:3].tolist():
        assert at(fives, other).min() > 150 > at(everybody, other).min(), "no number, only a grey dot"
    assert np.array_equal(m.chart(), everybody)


# ---- the box ----------------------------------------------------------------------------------------------------


@pytest.fixture
def explorer():
    return latent_explorer(Corners(), CODES, CLASSES, limit=2.0, start=(-1.0, -1.0))


def send(canvas, event: str, **content) -> None:
    """What the browser sends when that happens on the map: its uppermost layer listens."""
    canvas[-1]._handle_frontend_event(None, {"event": event, **content}, [])


def press(canvas, key: str, shift: bool = False) -> None:
    send(canvas, "key_down", key=key, shift_key=shift, ctrl_key=False, meta_key=False)


def test_sliders_move_the_point_and_are_labelled(explorer):
    across, up = explorer.children[:2]
    assert across.description and up.description and (across.min, across.max) == (-2.0, 2.0)
    assert "class 4" in explorer.words.value
    before = explorer.picture.value
    across.value = 1.0
    assert explorer.picture.value != before and "class 5" in explorer.words.value
    up.value = 1.0
    assert "class 3" in explorer.words.value
    assert explorer.still() == explorer_map().frame(1.0, 1.0)


def test_a_click_and_a_drag_move_the_sliders_and_draw_once(explorer, monkeypatch):
    drawn = []
    monkeypatch.setattr(explorer.map, "image", lambda *z: drawn.append(z) or np.zeros((SIDE, SIDE, 3), np.uint8))
    send(explorer.canvas, "mouse_move", x=10, y=10)
    assert not drawn, "the mouse passes over the map, its button up"
    send(explorer.canvas, "mouse_down", x=0.75 * (SIDE - 1), y=0.25 * (SIDE - 1))
    assert explorer.values == ["all", pytest.approx(1.0), pytest.approx(1.0)]
    assert len(drawn) == 1 and "class 3" in explorer.words.value
    send(explorer.canvas, "mouse_move", x=0.25 * (SIDE - 1), y=0.25 * (SIDE - 1))
    assert explorer.values[1] == pytest.approx(-1.0) and "class 1" in explorer.words.value
    send(explorer.canvas, "mouse_up", x=0, y=0)
    send(explorer.canvas, "mouse_move", x=300, y=300)
    assert explorer.values[1] == pytest.approx(-1.0) and len(drawn) == 2
    send(explorer.canvas, "touch_start", touches=[{"x": 0.75 * (SIDE - 1), "y": 0.75 * (SIDE - 1)}])
    assert "class 5" in explorer.words.value


def test_arrow_keys_walk_and_stop_at_the_edge(explorer):
    _, z1, z2 = explorer.values
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        press(explorer.canvas, key)
    step = 2.0 / STEPS
    assert explorer.values[1:] == pytest.approx([z1 + 2 * step, z2 + step])
    for _ in range(2 * STEPS):
        press(explorer.canvas, "ArrowLeft")
    assert explorer.values[1] == -2.0
    press(explorer.canvas, "q")
    assert explorer.values[1] == -2.0


def test_tab_leads_on_and_back_since_the_canvas_swallows_it(explorer, monkeypatch):
    went = []
    monkeypatch.setattr(type(explorer.again), "focus", lambda widget: went.append(widget))
    press(explorer.canvas, "Tab")
    press(explorer.canvas, "Tab", shift=True)
    assert went == [explorer.home, explorer.again]
    order = list(explorer.children)
    place = next(i for i, part in enumerate(order) if explorer.canvas in getattr(part, "children", ()))
    assert order.index(explorer.again) == place - 1 < order.index(explorer.home)


def test_the_cross_is_drawn_where_the_point_is_and_the_map_only_when_it_changes(explorer, monkeypatch):
    crosses, maps = [], []
    kind = type(explorer.canvas[0])
    monkeypatch.setattr(kind, "fill_rect", lambda self, *box: crosses.append(box))
    monkeypatch.setattr(kind, "put_image_data", lambda self, picture, x=0, y=0: maps.append(picture))
    explorer.children[0].value = 1.0
    row, column = explorer.map.pixel(1.0, -1.0)
    assert crosses == [(0, row - 1, SIDE, 2), (column - 1, 0, 2, SIDE)] and not maps
    explorer.whose.value = 5
    assert np.array_equal(maps[0][..., :3], explorer.map.chart(5)) and "codes of class 5" in explorer.words.value
    send(explorer.canvas, "client_ready")
    assert len(maps) == 2, "a page that opens later gets the whole picture"


def test_to_the_nearest_code(explorer):
    explorer.move("all", 0.8, 1.3)
    explorer.home.click()
    assert explorer.values == ["all", 1.0, 1.0] and "class 3, 0.00 away" in explorer.words.value


def test_back_to_the_start(explorer):
    explorer.whose.value = 3
    explorer.children[0].value = 1.5
    explorer.again.click()
    assert explorer.values == [3, -1.0, -1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z": torch.zeros(4, 3)}, "plane"),
        ({"y": torch.zeros(3, dtype=torch.int64)}, "one class a code"),
        ({"limit": 0.0}, "limit must be positive"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        LatentMap(**{"decoder": Corners(), "z": CODES, "y": CLASSES, **options})
