"""What all interactive figures are: labelled controls, what they move, and a still for pages without a kernel.

ipywidgets is slow to import, so the functions that make the figures import this file, and others need not.
"""

import base64
import html
from collections.abc import Callable, Sequence

import ipywidgets
from traitlets import Unicode

from course_utils.tables.common import grid
from course_utils.widgets.pictures import small

WIDE = "500px"
DESCRIBED = "A picture. The sentence below says what it shows."


class Live(ipywidgets.VBox):
    """Controls above a picture and a sentence that says in words what it shows.

    frame: takes the value of each control, in order, and gives the picture as a PNG. sentence: takes the same values.
    Every change of a control draws the picture and says the sentence anew. picture: the widget to show it; an image.

    A notebook stores, beside the live figure, the picture of that moment with the sentence as its alt text: Jupyter
    shows the one while there is a kernel, and pages without a kernel (GitHub, slides, PDF) show the other.
    """

    def __init__(self, controls: Sequence, frame: Callable[..., bytes], sentence: Callable[..., str], picture=None):
        self.controls = list(controls)
        self.picture = picture or named(ipywidgets.Image(format="png"), DESCRIBED)
        self.words = ipywidgets.HTML()
        self._frame, self._sentence = frame, sentence
        self._held = False
        super().__init__([*self.controls, self.picture, self.words])
        for control in self.controls:
            control.observe(self.update, names="value")
        self.update()

    @property
    def values(self) -> list:
        """The value of each control."""
        return [control.value for control in self.controls]

    def update(self, _change=None) -> None:
        """Draw and say what the controls ask for."""
        if not self._held:
            self.show(*self.values)

    def show(self, *values) -> None:
        """Draw and say what belongs to these values."""
        self.picture.value = self._frame(*values)
        self.words.value = html.escape(self._sentence(*values), quote=False)

    def move(self, *values) -> None:
        """Give every control its value, and draw once."""
        self._held = True
        try:
            for control, value in zip(self.controls, values, strict=True):
                control.value = value
        finally:
            self._held = False
        self.update()

    def still(self) -> bytes:
        """The present picture, as a PNG."""
        return self.picture.value

    def alt(self) -> str:
        """The present sentence, as plain text."""
        return html.unescape(self.words.value)

    def stored(self) -> tuple[dict, dict]:
        """What takes the place of the figure where there is no kernel, by MIME type, and the metadata of each."""
        return {"image/png": base64.b64encode(small(self.still())).decode()}, {"image/png": {"alt": self.alt()}}

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        data, metadata = self.stored()
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": self.alt()} | data, metadata


class Table(Live):
    """Controls above a sentence and a table, instead of a picture: the answer is made of words and numbers.

    rows: takes the value of each control, in order, and gives the headings, and then each row, as lists of plain text.
    label: what the table holds, for readers who cannot see it.
    """

    def __init__(self, controls: Sequence, rows: Callable[..., list], sentence: Callable[..., str], label: str):
        self._rows = rows
        super().__init__(controls, lambda *values: _as_html(rows(*values), label), sentence, ipywidgets.HTML())
        self.children = [*self.controls, self.words, self.picture]

    def stored(self) -> tuple[dict, dict]:
        head, *body = [[cell.replace("|", r"\|") for cell in row] for row in self._rows(*self.values)]
        return {"text/markdown": "\n".join([self.alt(), "", *grid(head, body)])}, {}


def _as_html(rows: list[list[str]], label: str) -> str:
    head, *body = rows
    lines = [_html_row(head, "th"), *(_html_row(cells, "td") for cells in body)]
    return f"<table aria-label='{html.escape(label)}'>{''.join(lines)}</table>"


def _html_row(cells: list[str], kind: str) -> str:
    begin, end = f"<{kind} style='padding:2px 10px;text-align:left'>", f"</{kind}>"
    return f"<tr>{''.join(begin + html.escape(cell) + end for cell in cells)}</tr>"


def named(widget, name: str):
    """The same widget, one without a label of its own, with a name for screen readers and a resting mouse.

    ipywidgets reads the description of a widget before it shows its tooltip, and fails where there is none.
    """
    widget.add_traits(description=Unicode("").tag(sync=True))
    widget.tooltip = name
    return widget


def int_slider(name: str, value: int, low: int, high: int, **options) -> ipywidgets.IntSlider:
    """A labelled slider over whole numbers; more `options` as for ipywidgets."""
    return ipywidgets.IntSlider(value, **_range(name, low, high), **options)


def float_slider(name: str, value: float, low: float, high: float, step: float, **options) -> ipywidgets.FloatSlider:
    """A labelled slider over numbers; more `options` as for ipywidgets."""
    return ipywidgets.FloatSlider(value, step=step, **_range(name, low, high), **options)


def log_slider(name: str, value: float, low: float, high: float) -> ipywidgets.FloatLogSlider:
    """A labelled slider from 10^low to 10^high, four steps to each power of ten."""
    return ipywidgets.FloatLogSlider(value, step=0.25, readout_format=".1e", **_range(name, low, high))


def choice_slider(name: str, options: Sequence, **more) -> ipywidgets.SelectionSlider:
    """A labelled slider over options, or pairs (text, option), that starts with the first unless a `value` is given.

    Not a drop-down menu: JupyterLab takes the arrow keys of those for itself, and goes to another cell.
    """
    return ipywidgets.SelectionSlider(options=options, description=name, tooltip=name, **{**LOOK, **more})


def _range(name: str, low: float, high: float) -> dict:
    return {"min": low, "max": high, "description": name, "tooltip": name} | LOOK


# labels of one width, so that the sliders stand below each other, and no label is cut off
LOOK = {"layout": {"width": WIDE}, "style": {"description_width": "110px"}}
