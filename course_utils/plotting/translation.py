"""Figures of pix2pix and CycleGAN (notebook 17): which network sees what, and which images a loss compares."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.plotting.diagrams import arrow, draw_boxes
from course_utils.plotting.style import CLASS_COLORS, figure

# name -> (x, y, text, is it a network?)
_PIX2PIX = {
    "source": (0.8, 2.0, "dots\n(source)", False),
    "generator": (3.3, 2.0, "generator", True),
    "x_hat": (5.8, 2.0, "digit drawn\n$\\hat{x}$", False),
    "x": (5.8, 4.2, "true digit\n$x$", False),
    "true_pair": (8.6, 4.2, "dots and $x$", False),
    "drawn_pair": (8.6, 2.0, "dots and $\\hat{x}$", False),
    "discriminator": (11.3, 3.1, "discriminator,\npatch by patch", True),
}
_PIX2PIX_WAY = [
    ("source", "generator"),
    ("generator", "x_hat"),
    ("x_hat", "drawn_pair"),
    ("x", "true_pair"),
    ("true_pair", "discriminator"),
    ("drawn_pair", "discriminator"),
]
_CYCLE_GAN = {
    "a": (0.8, 4.0, "striped\n$a$", False),
    "a_to_b": (3.2, 4.0, "a_to_b", True),
    "b_fake": (5.6, 4.0, "plain?\n$b_{fake}$", False),
    "back_to_a": (8.0, 4.0, "b_to_a", True),
    "a_hat": (10.4, 4.0, "striped again\n$\\hat{a}$", False),
    "discriminator_b": (5.6, 2.75, "discriminator_b", True),
    "b": (10.4, 0.3, "plain\n$b$", False),
    "b_to_a": (8.0, 0.3, "b_to_a", True),
    "a_fake": (5.6, 0.3, "striped?\n$a_{fake}$", False),
    "back_to_b": (3.2, 0.3, "a_to_b", True),
    "b_hat": (0.8, 0.3, "plain again\n$\\hat{b}$", False),
    "discriminator_a": (5.6, 1.55, "discriminator_a", True),
}
_CYCLE_GAN_WAY = [
    ("a", "a_to_b"),
    ("a_to_b", "b_fake"),
    ("b_fake", "back_to_a"),
    ("back_to_a", "a_hat"),
    ("b_fake", "discriminator_b"),
    ("b", "b_to_a"),
    ("b_to_a", "a_fake"),
    ("a_fake", "back_to_b"),
    ("back_to_b", "b_hat"),
    ("a_fake", "discriminator_a"),
]
_WIDTH, _HEIGHT = 1.66, 0.8
_COMPARED = {"color": CLASS_COLORS[3], "ls": "--", "lw": 2, "zorder": 1}


def pix2pix_diagram() -> Figure:
    """pix2pix: networks in grey; the discriminator judges pairs, and a dashed line joins what the L1 loss compares."""
    fig, ax = _diagram(_PIX2PIX, _PIX2PIX_WAY, size=(13.6, 3.6))
    ax.plot([5.8, 5.8], [2.4, 3.8], **_COMPARED)
    ax.text(5.65, 3.1, "L1 loss", color=CLASS_COLORS[3], ha="right", va="center", fontsize=13)
    ax.text(11.3, 2.35, "which pair is true?", ha="center", va="center", style="italic")
    ax.set(xlim=(-0.3, 12.4), ylim=(1.4, 4.8))
    return fig


def cycle_gan_diagram() -> Figure:
    """CycleGAN: there and back, from both sides; the same two translators (grey) are in both rows.

    Each kind has a discriminator of its own. Dashed lines join what the cycle loss compares.
    """
    fig, ax = _diagram(_CYCLE_GAN, _CYCLE_GAN_WAY, size=(12.6, 5.4))
    for y, side, name in ((4.0, 1, "cycle loss: $\\hat{a}$ like $a$"), (0.3, -1, "cycle loss: $\\hat{b}$ like $b$")):
        near, far = y + side * _HEIGHT / 2, y + side * 0.95
        ax.plot([0.8, 0.8, 10.4, 10.4], [near, far, far, near], **_COMPARED)
        ax.text(5.6, far + side * 0.25, name, color=CLASS_COLORS[3], ha="center", va="center", fontsize=13)
    ax.set(xlim=(-0.4, 11.6), ylim=(-1.15, 5.45))
    return fig


def _diagram(boxes: dict, way: list[tuple[str, str]], size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Boxes with text, networks in grey, and an arrow for each step of the way."""
    fig, ax = figure(size=size)
    draw_boxes(ax, boxes, (_WIDTH, _HEIGHT), pad=0.03, fontsize=13)
    for start, end in way:
        arrow(ax, boxes[start][:2], boxes[end][:2], "-", "black")
    ax.set_axis_off()
    return fig, ax
