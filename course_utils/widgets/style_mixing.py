"""Style mixing by layer: an image A of a StyleGAN that takes the style of an image B in the layers that are ticked."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_utils import attribute_vectors, judge
from course_utils.attribute_vectors import MEASURED, Scale
from course_utils.methods import StyleGAN
from course_utils.plotting.style import CLASS_COLORS, figure
from course_utils.widgets.pictures import Stage

LIMIT = 3.5  # of the axis of the measurements, in standard deviations; what lies further out stands at the edge
WHOSE = ("A", "mixture", "B")
MARKS = {"A": "o", "mixture": "D", "B": "s"}


class StyleMixing:
    """Draws frames. `gan` decodes; w (S, style_dim): the styles to choose A and B from, at least two.

    mean: the mean style (style_dim,), which psi draws styles to. noise: one map a layer (1, 1, rows, columns), the same
    in all images, so that they differ by styles alone. scale: the units of the measurements
    (`attribute_vectors.scale`). Raises ValueError for styles of another shape.
    """

    def __init__(self, gan: StyleGAN, w: Tensor, mean: Tensor, noise: Sequence[Tensor], scale: Scale):
        if w.ndim != 2 or len(w) < 2:
            raise ValueError(f"at least two styles w (S, style_dim) are needed, got {tuple(w.shape)}")
        self.gan = gan
        self.w = w
        self.mean = mean
        self.noise = [spots.expand(len(WHOSE), -1, -1, -1) for spots in noise]
        self.scale = scale
        self._panel: _Panel | None = None

    @torch.no_grad()
    def images(self, a: int, b: int, psi: float, takes: Sequence[bool]) -> Tensor:
        """A, the mixture and B, (3, 1, H, W); `takes` says for each layer whether the mixture takes B's style there."""
        of_a, of_b = torch.lerp(self.mean, self.w[[a, b]], psi)[:, None]  # (1, style_dim) each
        ticked = [layer for layer, chosen in enumerate(takes) if chosen]
        from_b = {"A": [], "mixture": ticked, "B": range(len(takes))}
        styles = torch.cat([self.gan.mix(of_a, of_b, from_b[name]) for name in WHOSE])
        return self.gan.decode(styles, self.noise).cpu()

    def found(self, x: Tensor) -> tuple[list[int], Tensor]:
        """The classes that the judge sees in images x (N, 1, 28, 28), and what the ruler finds, (N, 5)."""
        style = (attribute_vectors.measure(x) - self.scale.mean.cpu()) / self.scale.std.cpu()
        return judge.probabilities(x).argmax(1).tolist(), style

    def frame(self, a: int, b: int, psi: float, takes: Sequence[bool]) -> bytes:
        """The three images with their classes, and below each other what the ruler finds in them, as a PNG.

        There is one figure, which every call changes: making a new one would take too long for a slider.
        """
        if self._panel is None:
            self._panel = _Panel()
        x = self.images(a, b, psi, takes)
        return self._panel.png(x, *self.found(x))

    def sentence(self, a: int, b: int, psi: float, takes: Sequence[bool]) -> str:
        """What the frame shows, in words."""
        seen, style = self.found(self.images(a, b, psi, takes))
        ticked = [str(layer + 1) for layer, chosen in enumerate(takes) if chosen]
        class_of = dict(zip(WHOSE, seen, strict=True))
        measured = "; ".join(
            f"{name} A {of_a:+.1f}, mixture {of_mixture:+.1f}, B {of_b:+.1f}"
            for name, (of_a, of_mixture, of_b) in zip(MEASURED, style.T.tolist(), strict=True)
        )
        return (
            f"A is style {a}, which the judge reads as a {class_of['A']}; B is style {b}, a {class_of['B']}; "
            f"psi {psi:.1f}. With B's style in {_named(ticked)}, A becomes a {class_of['mixture']}. "
            f"In standard deviations from the mean of the data: {measured}."
        )


def _named(layers: list[str]) -> str:
    """["1"] is layer 1, ["1", "2", "5"] is layers 1, 2 and 5, and none is no layer."""
    if not layers:
        return "no layer"
    *first, last = layers
    return f"layers {', '.join(first)} and {last}" if first else f"layer {last}"


class _Panel:
    """The figure of a frame, its layout settled once."""

    def __init__(self):
        fig, axes = figure(1, 4, size=(2.3, 2.7), width_ratios=(1, 1, 1, 2))
        self.pictures, self.titles = [], []
        for ax in axes[:3]:
            ax.set_axis_off()
            self.pictures.append(ax.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1))
            self.titles.append(ax.set_title("mixture: a 0", y=1.0))  # a title without a place of its own may stray
        places = np.arange(len(MEASURED))
        right = axes[3]
        looks = {"A": {"mfc": "white"}, "mixture": {"mfc": "black", "ms": 8}, "B": {"mfc": CLASS_COLORS[0]}}
        self.marks = [
            right.plot(0 * places, places, MARKS[name], label=name, ls="", **{"mec": "black", "ms": 11, **look})[0]
            for name, look in looks.items()
        ]
        right.axvline(0, color="0.5", lw=1)
        right.hlines(places, -LIMIT, LIMIT, color="0.88", lw=1, zorder=0)
        right.set(xlim=(-LIMIT - 0.3, LIMIT + 0.3), yticks=places, xlabel="standard deviations")
        right.set_yticklabels(MEASURED)
        right.invert_yaxis()
        right.legend(frameon=False, ncols=3, fontsize=11, columnspacing=1, loc="lower center", bbox_to_anchor=(0.4, 1))
        # the mixture is drawn last: where it stands on A or on B, both are to be seen
        self.stage = Stage(fig, [*self.pictures, *self.titles, self.marks[0], self.marks[2], self.marks[1]])

    def png(self, x: Tensor, seen: Sequence[int], style: Tensor) -> bytes:
        """The figure of images x (3, 1, 28, 28), their classes, and their measurements (3, 5)."""
        for i, name in enumerate(WHOSE):
            self.pictures[i].set_data(x[i, 0].numpy())
            self.titles[i].set_text(f"{name}: a {seen[i]}")
            self.marks[i].set_xdata(style[i].clamp(-LIMIT, LIMIT))
        return self.stage.png()


def style_mixing(gan: StyleGAN, w: Tensor, mean: Tensor, noise: Sequence[Tensor], scale: Scale):
    """Sliders for A, B and psi, and a box to tick a layer (mouse, or Tab, arrow keys and space): an ipywidgets box.

    Arguments as for `StyleMixing`.
    """
    import ipywidgets

    from course_utils.widgets.live import Live, float_slider, int_slider  # slow to import

    mixing = StyleMixing(gan, w, mean, noise, scale)
    sliders = [int_slider("A", 0, 0, len(w) - 1), int_slider("B", 1, 0, len(w) - 1), float_slider("psi", 1, 0, 1, 0.1)]
    boxes = [
        ipywidgets.Checkbox(
            value=layer < 2,
            description=f"layer {layer + 1} ({rows}x{columns})",
            tooltip=f"layer {layer + 1} takes the style of B",
            indent=False,
            layout={"width": "150px"},
        )
        for layer, (rows, columns) in enumerate(gan.synthesis.sizes)
    ]
    live = Live(
        [*sliders, *boxes],
        lambda a, b, psi, *takes: mixing.frame(a, b, psi, takes),
        lambda a, b, psi, *takes: mixing.sentence(a, b, psi, takes),
    )
    above = ipywidgets.HTML("Layers that take B's style:")
    ticks = ipywidgets.HBox(boxes, layout={"flex_flow": "row wrap", "width": "500px"})
    live.children = [*sliders, above, ticks, live.picture, live.words]
    return live
