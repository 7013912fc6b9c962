"""Figures of StackGAN (notebook 17): its two stages, what they draw for captions, and captions against sketches."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.diagrams import arrow, draw_boxes
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure

# name -> (x, y, text, is it a network?)
_BOXES = {
    "caption": (0.6, 4.0, '"a bold 7"\ncaption', False),
    "c_1": (2.9, 4.0, "$c \\sim N(\\mu, \\sigma^2)$\ncondition", False),
    "z": (2.9, 0.7, "$z$\nnoise", False),
    "generator_1": (5.1, 2.4, "generator I", True),
    "sketch": (7.2, 2.4, "14x14\nsketch", False),
    "discriminator_1": (7.2, 0.7, "discriminator I\nfits the caption?", True),
    "c_2": (9.4, 4.0, "$c \\sim N(\\mu, \\sigma^2)$\ncondition", False),
    "generator_2": (9.4, 2.4, "generator II", True),
    "image": (11.5, 2.4, "28x28\nimage", False),
    "discriminator_2": (11.5, 0.7, "discriminator II\nfits the caption?", True),
}
_WAY = [
    ("z", "generator_1"),
    ("generator_1", "sketch"),
    ("sketch", "generator_2"),
    ("generator_2", "image"),
    ("sketch", "discriminator_1"),
    ("image", "discriminator_2"),
]
_CONDITIONS = [("caption", "c_1"), ("c_1", "generator_1"), ("c_2", "generator_2")]


def stack_gan_diagram() -> Figure:
    """The two stages of a StackGAN, networks in grey; dashed is the way of the caption."""
    fig, ax = figure(size=(12.8, 4.6))
    draw_boxes(ax, _BOXES)
    for pairs, dash, color in ((_WAY, "-", "black"), (_CONDITIONS, "--", CLASS_COLORS[3])):
        for start, end in pairs:
            arrow(ax, _BOXES[start][:2], _BOXES[end][:2], dash, color)
    # over the conditions of stage I, the caption goes on to those of stage II
    ax.plot([0.6, 0.6, 9.4, 9.4], [4.45, 4.9, 4.9, 4.6], "--", color=CLASS_COLORS[3], lw=2, zorder=1)
    arrow(ax, (9.4, 5.3), _BOXES["c_2"][:2], "--", CLASS_COLORS[3])
    ax.axvline(8.3, ymin=0.03, ymax=0.78, color="0.6", lw=1.2, ls=":")
    for x, stage in ((4.6, "stage I"), (9.9, "stage II")):
        ax.text(x, 0.05, stage, ha="center", style="italic", fontsize=14)
    ax.set(xlim=(-0.4, 12.5), ylim=(0, 5.1))
    ax.set_axis_off()
    return fig


def captioned_rows(rows: dict[str, Tensor], captions: Sequence[str], size: float = 0.95) -> Figure:
    """Rows of images (N, C, H, W), their name to the left, and above each of the N columns the caption asked for.

    Rows of smaller images are shown as large as the others: each pixel becomes a square.
    """
    fig, axes = figure(len(rows), 1, size=(size * len(captions) + 2.4, 1.05 * size), squeeze=False)
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        ax.imshow(tile(images, len(images)), cmap="gray", vmin=0, vmax=1, extent=(0, len(images), 1, 0))
        _bare(ax)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    top = axes[0, 0]
    top.xaxis.tick_top()
    top.set_xticks([i + 0.5 for i in range(len(captions))], _in_two_lines(captions), fontsize=11)
    top.tick_params(length=0)
    return fig


def sketches_and_captions(sketches: Tensor, images: Tensor, captions: Sequence[str], size: float = 0.95) -> Figure:
    """Left the sketches (S, C, h, w); beside each of them its images (S, K, C, H, W), one for each of K captions.

    Images whose caption is the one that their sketch was drawn for, on the diagonal, are framed.
    """
    n, k = images.shape[:2]
    fig, (left, right) = figure(1, 2, size=(size * (k + 1) / 2 + 1.2, size * n + 1.0), width_ratios=(1, k))
    for ax, sheet, columns in ((left, sketches, 1), (right, images.flatten(0, 1), k)):
        side = sheet.shape[-1] + 1
        ax.imshow(tile(sheet, columns), cmap="gray", vmin=0, vmax=1, extent=(0, columns, n, 0))
        ax.set(xlim=(0, columns - 1 / side), ylim=(n - 1 / side, 0))
        _bare(ax)
    for i in range(min(n, k)):
        right.plot([i, i + 0.965, i + 0.965, i, i], [i, i, i + 0.965, i + 0.965, i], color=CLASS_COLORS[1], lw=3.5)
    left.set_ylabel("sketch, drawn for")
    left.set_yticks([i + 0.5 for i in range(n)], captions[:n])
    right.xaxis.tick_top()
    right.xaxis.set_label_position("top")
    right.set_xticks([i + 0.5 for i in range(k)], _in_two_lines(captions))
    right.set_xlabel("caption that stage II is told")
    for ax in (left, right):
        ax.tick_params(length=0)
    return fig


def _in_two_lines(captions: Sequence[str]) -> list[str]:
    """The digit below the rest: "a bold 7" has no room above one image."""
    return ["\n".join(caption.rsplit(" ", 1)) for caption in captions]


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
