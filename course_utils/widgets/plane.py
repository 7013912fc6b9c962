"""The plane of codes as a map to click and drag on, or to walk over by arrow keys, beside what is decoded there."""

import ipycanvas
import ipywidgets
import numpy as np

from course_utils.widgets.latent_explorer import SIDE, LatentMap
from course_utils.widgets.live import Live, choice_slider, named
from course_utils.widgets.pictures import opaque, png, small
from course_utils.widgets.pointing import listen

ALL = "all"
ARROWS = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, 1), "ArrowDown": (0, -1)}
HELP = (
    "Click or drag on the map. With keys: Tab to the map, <b>arrows</b> move the cross; or Tab to a slider and use the "
    "arrows there."
)


class PlaneExplorer(Live):
    """Sliders, a map with a cross, and the image decoded at the cross; all of them say and move the same place.

    walk: what the sliders mean, a `LatentMap` itself or a `PartWalk`: ``point(*place)`` is the code at a place,
    ``place(z1, z2)`` the place nearest to a code, ``step(place, right, up)`` the place that an arrow key leads to, and
    ``sentence(*place)`` says it. sliders: one a number of a place.
    """

    def __init__(self, latent_map: LatentMap, walk, sliders: list):
        self.map, self.walk = latent_map, walk
        self.canvas = named(ipycanvas.MultiCanvas(2, width=SIDE, height=SIDE), "Map of codes. Arrow keys move.")
        # None as a value would mean to ipywidgets that nothing is chosen
        self.whose = choice_slider("codes shown", [("all", ALL), *((f"class {k}", k) for k in latent_map.classes)])
        self.again = ipywidgets.Button(description="Back to the start", tooltip="Back to the start")
        self.home = ipywidgets.Button(description="To the nearest code", tooltip="To the nearest code")
        super().__init__([self.whose, *sliders], lambda _whose, *place: png(self.image(*place)), self.say)
        start = self.values[1:]
        self.again.on_click(lambda _button: self.move(self.whose.value, *start))
        self.home.on_click(self.go_home)
        # a button before the map and one after it: they can be given the focus, a slider cannot
        beside = ipywidgets.HBox([self.canvas, self.picture])
        self.children = [*sliders, self.whose, self.again, beside, self.words, self.home, ipywidgets.HTML(HELP)]
        self.whose.observe(self.draw_map, names="value")
        listen(self.canvas, self.touch, self.press, before=self.again, after=self.home)
        self.canvas.on_client_ready(self.draw)  # a page that opens later starts with an empty canvas
        self._store()

    def image(self, *place: float):
        """The image decoded at a place, as a picture."""
        return self.map.image(*self.walk.point(*place))

    @property
    def only(self) -> int | None:
        """The class whose codes stand out; None for all."""
        return None if self.whose.value == ALL else self.whose.value

    def say(self, _whose: int | str, *place: float) -> str:
        """The place in words, and whose codes are shown."""
        shown = "" if self.only is None else f" In front on the map: the codes of class {self.only}."
        return self.walk.sentence(*place) + shown

    def show(self, *values) -> None:
        """Draw the image, move the cross, and say where it is."""
        super().show(*values)
        self.draw_cross()

    def draw(self) -> None:
        """Draw all of the map."""
        self.draw_map()
        self.draw_cross()

    def draw_map(self, _change=None) -> None:
        """Draw the codes."""
        self.canvas[0].put_image_data(opaque(self.map.chart(self.only)))

    def draw_cross(self) -> None:
        """Draw the cross, and nothing else: it is all that moves on the map."""
        row, column = self.map.pixel(*self.walk.point(*self.values[1:]))
        layer = self.canvas[1]
        with ipycanvas.hold_canvas():
            layer.clear()
            layer.fill_rect(0, row - 1, SIDE, 2)
            layer.fill_rect(column - 1, 0, 2, SIDE)

    def _store(self) -> None:
        """Keep the map and its cross for where the notebook is opened and nothing runs yet."""
        row, column = self.map.pixel(*self.walk.point(*self.values[1:]))
        cross = np.zeros((SIDE, SIDE, 4), np.uint8)
        cross[max(row - 1, 0) : row + 1, :, 3] = cross[:, max(column - 1, 0) : column + 1, 3] = 255
        self.canvas[0].set_trait("image_data", small(png(self.map.chart())))
        self.canvas[1].set_trait("image_data", png(cross))

    def touch(self, x: float, y: float) -> None:
        """Go to the place nearest to a pixel of the map."""
        self.move(self.whose.value, *self.walk.place(*self.map.under(x, y)))

    def go_home(self, _button=None) -> None:
        """Go to the code of an image that is nearest to the cross, or as near to it as places allow."""
        z = self.map.z[self.map.nearest_code(*self.walk.point(*self.values[1:]))]
        self.move(self.whose.value, *self.walk.place(*z.tolist()))

    def press(self, key: str) -> None:
        """Take a step with an arrow key."""
        if key in ARROWS:
            self.move(self.whose.value, *self.walk.step(tuple(self.values[1:]), *ARROWS[key]))

    def still(self) -> bytes:
        """The map with its cross beside the image, as a PNG."""
        return self.map.frame(*self.walk.point(*self.values[1:]), only=self.only)
