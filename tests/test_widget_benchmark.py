"""The benchmark of the interactive figures moves everything, times every move, and its table says what it found."""

import json
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from test_widgets_rules import FIGURES

from course_utils import results, tables
from course_utils.benchmark import widgets
from course_utils.benchmark.__main__ import main
from course_utils.widgets import pictures
from course_utils.widgets.live import Live, choice_slider, float_slider, log_slider


class Touched(Live):
    """A figure with one control of each kind, something that plays, and a canvas; it keeps what was done to it."""

    def __init__(self):
        self.touches, self.ticks = [], []
        self.canvas = SimpleNamespace(width=200, height=100)
        controls = [
            float_slider("place", 0.5, 0, 1, 0.25),
            log_slider("rate", 1e-3, -5, 0),
            choice_slider("name", ["a", "b", "c"]),
            ipywidgets.Checkbox(description="tick"),
        ]
        self.seen = []
        super().__init__(controls, self.frame, lambda *_: "Words.")
        play = ipywidgets.Play(max=1000)
        play.observe(lambda change: self.ticks.append(change.new), names="value")
        self.children = [ipywidgets.HBox([play]), *self.children]

    def frame(self, *values) -> bytes:
        self.seen.append(values)
        return pictures.png(np.zeros((2, 2)))

    def touch(self, x: float, y: float) -> None:
        self.touches.append((x, y))


def test_everything_that_can_be_moved_is_moved():
    figure = Touched()
    times = widgets.answers(figure, moves=60)
    assert len(times) == 60 and all(t >= 0 for t in times)
    places, rates, names, ticks = (set(column) for column in zip(*figure.seen, strict=True))
    assert places <= {0, 0.25, 0.5, 0.75, 1} and len(places) > 3
    assert len(rates) > 5 and min(rates) >= 1e-5 and max(rates) <= 1
    assert names == {"a", "b", "c"} and ticks == {True, False}
    assert figure.ticks == list(range(1, len(figure.ticks) + 1)) and len(figure.ticks) > 5
    assert all(0 <= x <= 200 and 0 <= y <= 100 for x, y in figure.touches) and len(figure.touches) > 5


def test_the_time_of_a_move_is_that_of_its_picture(monkeypatch):
    figure, now = Touched(), [0.0]
    monkeypatch.setattr(widgets.time, "perf_counter", lambda: now[0])
    frame = figure.frame

    def slow(*values):
        now[0] += 0.025
        return frame(*values)

    figure._frame = slow
    times = widgets.answers(figure, moves=60)
    drawn = [t for t in times if t > 0]
    assert drawn == pytest.approx([25.0] * len(drawn)) and len(drawn) > 20


@pytest.fixture
def stored(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    return tmp_path / "benchmark" / "widgets.json"


def test_results_are_stored_printed_and_drawn_as_a_table(stored, monkeypatch, capsys):
    assert "--widgets" in tables.widgets()
    scenes = {name: (notebook, lambda data: Touched()) for name, notebook in (("one", "03"), ("two", "04"))}
    monkeypatch.setattr(widgets, "SCENES", scenes)
    monkeypatch.setattr(widgets, "MOVES", 20)
    assert main(["--widgets"]) == 0
    result = json.loads(stored.read_text())
    assert [row["widget"] for row in result["rows"]] == ["one", "two"]
    assert all(0 <= row["median"] <= row["p95"] for row in result["rows"])
    assert "one" in capsys.readouterr().out
    result["rows"][0] |= {"median": 12.4, "p95": 33.3}
    stored.write_text(json.dumps(result))
    assert "| one | 03 | 12 ms | 33 ms |" in tables.widgets() and "All of them answer within 100 ms" in tables.widgets()
    result["rows"][1]["p95"] = 140.0
    stored.write_text(json.dumps(result))
    assert "Slower than 100 ms: two." in tables.widgets()
    assert "Not run yet" in tables.benchmark(), "it is no result of the other benchmark"


def test_every_widget_has_its_scene():
    named = {name.split(",")[0].replace(" ", "_").lower() for name in widgets.SCENES}
    assert named == {name.split(",")[0] for name in FIGURES}
