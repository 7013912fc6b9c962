"""Diagrams of the adversarial autoencoders with a code of two parts (notebooks 10 to 12), arrows by phase."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils.plotting.style import CLASS_COLORS, figure

PHASES = {  # phase -> (dashes, colour, what it is called)
    1: ("-", "black", "1 reconstruction"),
    2: ("--", CLASS_COLORS[3], "2 regularisation"),
    3: (":", CLASS_COLORS[0], "3 classification"),
}
NETWORKS = ("encoder", "decoder", "d_y", "d_z")
# name -> (x, y, text) of a box
_SHARED = {
    "x": (0.7, 3.0, "$x$\nimage"),
    "encoder": (2.6, 3.0, "encoder"),
    "prior_y": (2.2, 5.4, "one-hot vectors,\nall alike often"),
    "d_y": (4.7, 5.4, "$D_y$\nwhich is which?"),
    "prior_z": (2.2, 0.6, "samples of\n$N(0, I)$"),
    "d_z": (4.7, 0.6, "$D_z$\nwhich is which?"),
}
_LABELS = {"labels": (7.6, 5.4, "labels of\na few images")}
_GAME = [("prior_y", "d_y"), ("y", "d_y"), ("prior_z", "d_z"), ("z", "d_z")]
_CODE = [("x", "encoder"), ("encoder", "y"), ("encoder", "z")]
_TWO_CODES = {1: [*_CODE, ("y", "decoder"), ("z", "decoder"), ("decoder", "x_hat")], 2: _GAME}
_DECODED = {"decoder": (6.8, 3.0, "decoder"), "x_hat": (8.7, 3.0, "$\\hat{x}$\nimage again")}


def semi_supervised_diagram() -> Figure:
    """The semi-supervised adversarial autoencoder: arrows of three kinds for its three phases, networks in grey."""
    codes = {"y": (4.7, 3.8, "$y$: class\nsoftmax of 10"), "z": (4.7, 2.2, "$z$: style\n10 numbers")}
    return _diagram(_SHARED | codes | _DECODED | _LABELS, _TWO_CODES | {3: [("labels", "y")]}, width=10.5)


def clustering_diagram() -> Figure:
    """The clustering adversarial autoencoder: arrows of two kinds for its two phases, networks in grey, no labels."""
    codes = {"y": (4.7, 3.8, "$y$: cluster\nsoftmax of $K$"), "z": (4.7, 2.2, "$z$: style\n5 numbers")}
    return _diagram(_SHARED | codes | _DECODED, _TWO_CODES, width=10.5)


def reduction_diagram() -> Figure:
    """The dimension-reducing AAE: arrows of three kinds for its three phases; its decoder sees one point."""
    boxes = {
        "y": (4.7, 3.8, "$y$: class\nsoftmax"),
        "z": (4.7, 2.2, "$z$: style\n2 numbers"),
        "head": (6.8, 3.8, "$y\\,W_C$\nhead"),
        "point": (8.7, 3.0, "point\nhead + $z$"),
        "decoder": (10.6, 3.0, "decoder"),
        "x_hat": (12.5, 3.0, "$\\hat{x}$\nimage again"),
    }
    way = [("y", "head"), ("head", "point"), ("z", "point"), ("point", "decoder"), ("decoder", "x_hat")]
    return _diagram(_SHARED | boxes | _LABELS, {1: _CODE + way, 2: _GAME, 3: [("labels", "y")]}, width=13.5)


def _diagram(boxes: dict, arrows: dict[int, list[tuple[str, str]]], width: float) -> Figure:
    """Boxes, networks in grey; arrows between them by phase; below, what each kind of arrow means."""
    fig, ax = figure(size=(width, 5.4))
    for name, (x, y, text) in boxes.items():
        ax.text(x, y, text, ha="center", va="center", zorder=3)
        look = {"fc": "0.9", "ec": "black", "lw": 1.8} if name in NETWORKS else {"fc": "white", "ec": "0.6", "lw": 1}
        ax.add_patch(FancyBboxPatch((x - 0.78, y - 0.36), 1.56, 0.72, boxstyle="round,pad=0.05", zorder=2, **look))
    for i, (phase, pairs) in enumerate(arrows.items()):
        dash, color, name = PHASES[phase]
        for start, end in pairs:
            arrow(ax, boxes[start][:2], boxes[end][:2], dash, color)
        ax.plot([7.0, 7.7], [1.35 - 0.45 * i] * 2, dash, color=color, lw=2)
        ax.text(7.85, 1.35 - 0.45 * i, name, va="center", color=color)
    ax.set(xlim=(-0.3, max(x for x, _, _ in boxes.values()) + 1.4), ylim=(0, 6))
    ax.set_axis_off()
    return fig


def draw_boxes(
    ax: Axes, boxes: dict, size: tuple[float, float] = (1.56, 0.72), pad: float = 0.05, fontsize: float = 12.5
) -> None:
    """Boxes with text, networks in grey. boxes: name -> (x, y, text, is it a network?). For diagrams of other files."""
    width, height = size
    for x, y, text, is_network in boxes.values():
        look = {"fc": "0.88", "ec": "black", "lw": 1.8} if is_network else {"fc": "white", "ec": "0.6", "lw": 1}
        corner = (x - width / 2, y - height / 2)
        ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=f"round,pad={pad}", zorder=2, **look))
        ax.text(x, y, text, ha="center", va="center", zorder=3, fontsize=fontsize)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], dash: str, color) -> None:
    """An arrow from the edge of one box to the edge of another."""
    centre, target = np.array(start), np.array(end)
    half = np.array([0.86, 0.44])
    way = target - centre
    with np.errstate(divide="ignore"):
        out = np.min(half / np.abs(way))  # the share of the way at which the edge of a box is passed
    look = {"arrowstyle": "-|>", "ls": dash, "lw": 2, "color": color, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", target - out * way, centre + out * way, arrowprops=look)
