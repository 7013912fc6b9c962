"""The anomaly painter in the page: its picture on a canvas, its controls, and what mouse, fingers and keys do."""

from collections.abc import Sequence

import ipycanvas
import ipywidgets

from course_utils.widgets.anomaly_painter import TITLES, AnomalyPainter
from course_utils.widgets.live import Live, choice_slider, named
from course_utils.widgets.pictures import opaque, png, small
from course_utils.widgets.pointing import listen

HELP = (
    "Keys, after a click on the picture or Tab to it: <b>arrows</b> move the brush (the small frame), <b>space</b> "
    "paints, <b>x</b> rubs out, <b>Tab</b> goes on."
)


class Easel(Live):
    """The painter's three pictures on a canvas, and below them its sentence. sizes: the radii of the brush."""

    def __init__(self, painter: AnomalyPainter, sizes: Sequence[float]):
        self.painter = painter
        height, width, _ = painter.canvas().shape
        self.canvas = named(ipycanvas.Canvas(width=width, height=height), "Picture to paint on. Keys: see below.")
        image = choice_slider("image", [(f"{i + 1}", i) for i in range(len(painter.x))])
        model = choice_slider("model", list(painter.models))
        brush = choice_slider("brush", [(f"{2 * size:g} pixels", size) for size in sizes], value=painter.brush)
        self.tool = choice_slider("mouse, finger", ["paint", "rub out"])
        self._does = {image: painter.choose, model: painter.use, brush: self._take_brush}
        controls = [image, model, brush]
        super().__init__(controls, lambda *_: painter.canvas(), lambda *_: painter.sentence(), self.canvas)
        again = ipywidgets.Button(description="Reset", tooltip="Undo all painting")
        again.on_click(self._reset)
        onward = ipywidgets.Button(description="Next image", tooltip="Next image")
        onward.on_click(lambda _button: setattr(image, "index", (image.index + 1) % len(image.options)))
        titles = ipywidgets.HTML(f"Left to right: {'; '.join(TITLES)}.")
        self.children = [*controls, self.tool, again, titles, self.canvas, self.words, onward, ipywidgets.HTML(HELP)]
        listen(self.canvas, self.touch, self.press, before=again, after=onward)
        self.canvas.on_client_ready(self.update)  # a page that opens later starts with an empty canvas
        self.canvas.set_trait("image_data", small(self.still()))  # for where nothing runs yet

    def update(self, change=None) -> None:
        """Do what a control asks for, and draw."""
        if change is not None:
            self._does[change.owner](change.new)
        super().update()

    def show(self, *values) -> None:
        """Draw the three pictures and say what they show."""
        self.canvas.put_image_data(opaque(self.painter.canvas()))
        self.words.value = self.painter.sentence()

    def touch(self, x: float, y: float) -> None:
        """Paint, or rub out, at a pixel of the canvas, if the image to paint on is there."""
        place = self.painter.pixel(x, y)
        if place is not None:
            (self.painter.paint if self.tool.value == "paint" else self.painter.rub)(*place)
            self.update()

    def press(self, key: str) -> None:
        """Do what a key means, if it means something."""
        if self.painter.press(key):
            self.update()

    def still(self) -> bytes:
        """The three pictures, as a PNG."""
        return png(self.painter.canvas())

    def alt(self) -> str:
        """What stands where, and the sentence."""
        return f"Left to right: {'; '.join(TITLES)}. {super().alt()}"

    def _take_brush(self, radius: float) -> None:
        self.painter.brush = radius

    def _reset(self, _button) -> None:
        self.painter.reset()
        self.update()
