"""What all interactive figures share: controls that move a picture and words, a still, fast pictures."""

import base64
import io

import ipywidgets
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.plotting import image_rows
from course_utils.publish import pages
from course_utils.widgets import pictures
from course_utils.widgets.live import Live, Table, float_slider, int_slider, log_slider

WIDGET = "application/vnd.jupyter.widget-view+json"


def read(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png), format="png")[..., :3]


def grey(k: int, level: float) -> bytes:
    return pictures.png(np.full((4, 4 + k), level))


@pytest.fixture
def live():
    return Live([int_slider("wider", 0, 0, 5), float_slider("level", 0.0, 0, 1, 0.1)], grey, "{} < {:.1f}".format)


# ---- controls ---------------------------------------------------------------------------------------------------


def test_every_control_moves_picture_and_words(live):
    assert live.picture.value == grey(0, 0.0) and live.words.value == "0 &lt; 0.0"
    live.controls[0].value = 3
    live.controls[1].value = 0.5
    assert live.picture.value == grey(3, 0.5) and live.words.value == "3 &lt; 0.5"


def test_all_at_once_is_drawn_once(live, monkeypatch):
    drawn = []
    monkeypatch.setattr(live, "_frame", lambda *values: drawn.append(values) or grey(*values))
    live.move(2, 0.25)
    assert drawn == [(2, 0.25)] and live.values == [2, 0.25]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        live.move(1)
    live.controls[0].value = 4
    assert drawn[-1] == (4, 0.25), "it is not left deaf by what went wrong"


def test_controls_carry_their_name_twice_for_eyes_and_for_screen_readers():
    slider = log_slider("rate", 1e-3, -5, 0)
    assert (slider.description, slider.tooltip, slider.value) == ("rate", "rate", 1e-3)


# ---- the still --------------------------------------------------------------------------------------------------


def test_a_notebook_stores_the_live_figure_and_beside_it_a_picture_with_alt_text(live):
    live.move(3, 0.5)
    data, metadata = live._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == live.model_id
    assert metadata == {"image/png": {"alt": "3 < 0.5"}} and data["text/plain"] == "3 < 0.5"
    assert np.allclose(read(base64.b64decode(data["image/png"])), 0.5, atol=0.01)


def test_ipython_displays_both():
    from IPython.core.formatters import DisplayFormatter

    data, metadata = DisplayFormatter().format(Live([int_slider("k", 0, 0, 5)], lambda k: grey(k, 1.0), str))
    assert {WIDGET, "image/png", "text/plain"} == set(data) and metadata["image/png"]["alt"] == "0"


def test_a_page_without_a_kernel_shows_the_still(live):
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    data, metadata = live._repr_mimebundle_()
    cell = new_code_cell("live", outputs=[new_output("execute_result", data=data, metadata=metadata)])
    (output,) = pages.still(new_notebook(cells=[cell])).cells[0].outputs
    assert output.data == {"image/png": data["image/png"]} and output.metadata == metadata


def test_stored_pictures_are_small_and_look_the_same():
    smooth = np.linspace(0, 1, 300)[None, :, None] * np.ones((200, 1, 3))
    small = pictures.small(pictures.png(smooth))
    assert len(small) < 10_000 and np.abs(read(small) - smooth).max() < 0.02
    noise = np.random.default_rng(0).random((300, 300))
    assert len(pictures.small(pictures.png(noise))) <= pictures.STILL_BYTES < len(pictures.png(noise))


def test_a_table_is_stored_as_markdown():
    def rows(k: int) -> list[list[str]]:
        return [["name", "what"], [f"<{k}>", "a | b"]]

    table = Table([int_slider("k", 1, 0, 5)], rows, "k is {}.".format, label="two & two")
    assert table.picture.value.startswith("<table aria-label='two &amp; two'><tr><th ")
    assert "&lt;1&gt;</td>" in table.picture.value and "<1>" not in table.picture.value
    table.controls[0].value = 2
    data, metadata = table._repr_mimebundle_()
    assert data["text/markdown"] == "k is 2.\n\n| name | what |\n| --- | --- |\n| <2> | a \\| b |"
    assert WIDGET in data and "image/png" not in data and metadata == {}
    assert isinstance(table, ipywidgets.VBox)


# ---- fast pictures ----------------------------------------------------------------------------------------------


def drawn(figure) -> np.ndarray:
    """The figure as matplotlib draws it by itself."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def test_a_stage_draws_what_matplotlib_draws():
    figure, ax = plt.subplots(figsize=(3, 2), layout="constrained")
    (line,) = ax.plot([0, 1], [0, 1])
    words = ax.text(0.4, 0.8, "before")
    label = ax.set_ylabel("level")
    stage = pictures.Stage(figure, [line, words, label])
    assert plt.get_fignums() == []
    line.set_ydata([1, 0])
    words.set_text("after")
    moved = stage.picture()
    assert np.array_equal(moved, drawn(figure)), "nothing of the first picture is left, nothing is missing"
    assert (stage.picture([]) != moved).any()
    ax.set_xlim(-1, 2)
    stage.set()
    assert np.array_equal(stage.picture(), drawn(figure))


def test_what_is_hidden_stays_hidden():
    figure, ax = plt.subplots(figsize=(3, 2))
    (line,) = ax.plot([0, 1], [0, 1])
    stage = pictures.Stage(figure, [line])
    line.set_visible(False)
    stage.set()
    assert np.array_equal(stage.picture(), stage.picture([]))


def test_rows_are_those_of_image_rows():
    first, second = ({"one": torch.rand(3, 1, 4, 4), name: torch.rand(3, 1, 4, 4)} for name in ("two", "too"))
    rows = pictures.Rows(first)
    rows.png(second)
    other = image_rows(second)
    plt.close(other)
    assert [label.get_text() for label in rows.names] == ["one", "too"]
    for sheet, ax in zip(rows.sheets, other.axes, strict=True):
        assert np.array_equal(sheet.get_array(), ax.images[0].get_array())
    assert np.array_equal(read(rows.png(first)), read(pictures.Rows(first).png(first)))


def test_images_are_enlarged_by_whole_squares():
    image = torch.tensor([[[0.0, 1.0], [0.5, 0.0]]])
    large = pictures.enlarged(image, 8)
    assert large.shape == (8, 8, 3)
    assert large[:4, 4:].min() == 255 and large[4:, 4:].max() == 0 and large[7, 0].tolist() == [127] * 3
    assert pictures.opaque(large).shape == (8, 8, 4) and pictures.opaque(large)[..., 3].min() == 255
