"""The anomaly painter, without a browser: what the brush does, what is asked of the model, what mouse and keys mean."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.methods import Method
from course_utils.widgets.anomaly_painter import CURSOR, GAP, ZOOM, AnomalyPainter, anomaly_painter


class KnowsBlack(Method):
    """Reconstructs every image as one of that grey."""

    def __init__(self, grey: float = 0.0):
        super().__init__()
        self.grey = grey

    def reconstruct(self, x):
        return torch.full_like(x, self.grey)


@pytest.fixture
def painter():
    x = torch.zeros(2, 1, 28, 28)
    x[1, 0, 5, 6] = 0.5
    yield AnomalyPainter({"black": KnowsBlack().eval(), "grey": KnowsBlack(0.5).eval()}, x)
    plt.close("all")


def inked(painter) -> list[tuple[int, int]]:
    return [tuple(place) for place in painter.image[0, 0].nonzero().tolist()]


def test_the_brush_is_a_disc_around_its_pixel(painter):
    painter.paint(10, 20)
    assert inked(painter) == [(9, 20), (10, 19), (10, 20), (10, 21), (11, 20)]
    painter.brush = 0.5
    painter.paint(0, 0)
    assert inked(painter)[0] == (0, 0) and len(inked(painter)) == 6


def test_a_wider_brush_has_a_radius_in_pixels(painter):
    painter.brush = 2.0
    painter.paint(10, 10)
    assert painter.image.sum() == 13, "1 + 3 + 5 + 3 + 1 pixels are at most two away"


def test_rubbing_out_takes_the_ink_away_and_reset_brings_it_back(painter):
    painter.choose(1)
    painter.rub(5, 6)
    assert not inked(painter)
    painter.reset()
    assert inked(painter) == [(5, 6)] and painter.image[0, 0, 5, 6] == 0.5
    assert painter.x[1].sum() == 0.5  # the images to choose from are never painted on


def test_another_image_is_a_fresh_start(painter):
    painter.paint(3, 3)
    painter.choose(0)
    assert not inked(painter)


def test_scores_and_map_are_those_of_the_painted_image_by_the_chosen_model(painter):
    painter.paint(10, 20)
    seen = painter.look()
    assert (seen.score, seen.score_before) == (5.0, 0.0)  # five pixels of full ink
    assert seen.map.sum() == 5 and seen.map[10, 20] == 1 and not seen.x_hat.any()
    painter.use("grey")
    seen = painter.look()
    assert seen.score == pytest.approx(0.25 * 28 * 28) and seen.map[0, 0] == 0.5 and (seen.x_hat == 0.5).all()


def test_an_unknown_model_changes_nothing(painter):
    with pytest.raises(KeyError):
        painter.use("white")
    assert painter.model == "black"


def test_keys_move_paint_and_rub_out(painter):
    painter.brush = 0.5
    row, column = painter.row, painter.column
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", " "):
        assert painter.press(key)
    assert inked(painter) == [(row - 2, column - 1)]
    for key in ("ArrowDown", "ArrowRight", " ", "ArrowUp", "ArrowLeft", "x"):
        painter.press(key)
    assert inked(painter) == [(row - 1, column)]
    assert not painter.press("q") and (painter.row, painter.column) == (row - 2, column - 1)


def test_the_brush_stays_on_the_image(painter):
    painter.move(-100, 100)
    assert (painter.row, painter.column) == (0, 27)
    painter.paint(99, -5)
    assert (painter.row, painter.column) == (27, 0) and (27, 0) in inked(painter)


def test_the_canvas_shows_image_reconstruction_and_map_with_a_frame_at_the_brush(painter):
    painter.use("grey")
    painter.choose(1)
    painter.paint(2, 3)
    picture = painter.canvas()
    assert picture.shape == (28 * ZOOM, (3 * 28 + 2 * GAP) * ZOOM, 3) and picture.dtype == np.uint8
    middle = ZOOM // 2

    def at(row, column):
        return picture[row * ZOOM + middle, column * ZOOM + middle].tolist()

    assert at(2, 3) == [255] * 3 and at(5, 6) == [128] * 3 and at(20, 20) == [0] * 3
    assert picture[2 * ZOOM, 3 * ZOOM].tolist() == list(CURSOR)
    assert at(9, 28) == [255] * 3  # the gap
    assert at(9, 28 + GAP + 9) == [128] * 3  # the reconstruction, grey everywhere
    second = 2 * (28 + GAP)
    assert at(5, second + 6) == [0] * 3 and at(20, second + 20) == [255] * 3  # the map, from its least to its most


def test_places_on_the_canvas_are_pixels_of_the_first_picture_only(painter):
    assert painter.pixel(3 * ZOOM + 1.5, 7 * ZOOM) == (7, 3)
    assert painter.pixel(28 * ZOOM - 0.1, 0) == (0, 27)
    assert painter.pixel(28 * ZOOM + 0.1, 0) is None
    assert painter.pixel(-1, 5) is None


def test_the_still_figure_shows_the_same_three_pictures(painter):
    painter.paint(10, 20)
    (ax,) = painter.figure().axes
    sheet = ax.images[0].get_array()
    np.testing.assert_allclose(sheet[:28, :28], painter.image[0, 0])
    assert sheet[10, 20 + 2 * 29] == 1 and not sheet[:28, 29 : 29 + 28].any()
    assert next(t.get_text() for t in ax.get_xticklabels()) == "your image" and ax.get_ylabel() == "black"


def test_the_sentence_names_model_scores_and_places(painter):
    painter.brush = 0.5
    painter.paint(10, 20)
    assert painter.sentence() == (
        "black: score 1, before painting 0. The brush is at row 10, column 20; the map is brightest at row 10, "
        "column 20."
    )


@pytest.fixture
def widget(painter):
    return anomaly_painter(painter.models, painter.x)


def parts(widget):
    image, model, brush, tool, again, _titles, canvas, words, onward, keys = widget.children
    return image, model, brush, tool, again, canvas, words, onward, keys


def send(canvas, event: str, **content) -> None:
    """What the browser sends when that happens on the canvas."""
    canvas._handle_frontend_event(None, {"event": event, **content}, [])


def press(canvas, key: str) -> None:
    send(canvas, "key_down", key=key, shift_key=False, ctrl_key=False, meta_key=False)


def test_the_mouse_paints_while_its_button_is_down(widget):
    *_, canvas, words, _onward, _keys = parts(widget)
    assert words.value.startswith("black: score 0,")
    send(canvas, "mouse_move", x=50.0, y=50.0)
    assert words.value.startswith("black: score 0,")
    send(canvas, "mouse_down", x=50.0, y=50.0)
    assert words.value.startswith("black: score 5,")
    send(canvas, "mouse_move", x=150.0, y=50.0)
    assert words.value.startswith("black: score 10,")
    send(canvas, "mouse_up", x=150.0, y=50.0)
    send(canvas, "mouse_move", x=50.0, y=150.0)
    assert words.value.startswith("black: score 10,")
    send(canvas, "mouse_down", x=28.0 * ZOOM + 20, y=50.0)  # on the reconstruction
    assert words.value.startswith("black: score 10,")


def test_fingers_keys_and_the_other_controls(widget):
    image, model, brush, tool, again, canvas, words, onward, keys = parts(widget)
    send(canvas, "touch_start", touches=[{"x": 50.0, "y": 50.0}, {"x": 150.0, "y": 150.0}])
    assert words.value.startswith("black: score 10,")
    tool.value = "rub out"
    send(canvas, "touch_move", touches=[{"x": 50.0, "y": 50.0}])
    assert words.value.startswith("black: score 5,")
    again.click()
    assert words.value.startswith("black: score 0,")
    for key in ("ArrowUp", " "):
        press(canvas, key)
    assert words.value.startswith("black: score 5,")
    press(canvas, "x")
    assert words.value.startswith("black: score 0,")
    brush.value = 0.5
    press(canvas, " ")
    assert words.value.startswith("black: score 1,")
    image.value = 1
    assert words.value.startswith("black: score 0.25, before painting 0.25")
    model.value = "grey"
    assert words.value.startswith("grey: score ")
    onward.click()
    assert image.value == 0, "after the last image comes the first"
    assert {image.description, model.description, brush.description} == {"image", "model", "brush"}
    assert "arrows" in keys.value and "space" in keys.value


def test_every_change_is_drawn_and_a_page_that_opens_later_gets_the_picture(widget, monkeypatch):
    *_, canvas, _words, _onward, _keys = parts(widget)
    drawn = []
    monkeypatch.setattr(type(canvas), "put_image_data", lambda self, picture, x=0, y=0: drawn.append(picture))
    press(canvas, "ArrowUp")
    press(canvas, "q")
    assert len(drawn) == 1
    press(canvas, " ")
    send(canvas, "client_ready")
    assert (
        len(drawn) == 3
        and drawn[0].shape[2] == 4
        and np.array_equal(drawn[1], drawn[2])
        and not np.array_equal(drawn[0], drawn[1])
    )


@pytest.mark.parametrize("x", [torch.zeros(0, 1, 28, 28), torch.zeros(2, 28, 28), torch.zeros(2, 3, 28, 28)])
def test_images_must_be_there_and_grey(x):
    with pytest.raises(ValueError, match=r"images \(N, 1, H, W\)"):
        AnomalyPainter({"black": KnowsBlack().eval()}, x)


def test_without_a_model_nothing_can_be_shown():
    with pytest.raises(ValueError, match="needs a model"):
        AnomalyPainter({}, torch.zeros(1, 1, 28, 28))


def test_tab_leads_away_from_the_picture_since_the_canvas_swallows_it(widget, monkeypatch):
    *_, again, canvas, _words, onward, _keys = parts(widget)
    went = []
    monkeypatch.setattr(type(again), "focus", lambda widget: went.append(widget))
    press(canvas, "Tab")
    send(canvas, "key_down", key="Tab", shift_key=True, ctrl_key=False, meta_key=False)
    assert went == [onward, again]


def test_the_still_shows_the_painting_and_says_what_stands_where(widget):
    *_, canvas, words, _onward, _keys = parts(widget)
    before = widget.still()
    send(canvas, "mouse_down", x=50.0, y=50.0)
    assert widget.still() != before
    assert widget.alt().startswith("Left to right: your image;") and widget.alt().endswith(words.value)
