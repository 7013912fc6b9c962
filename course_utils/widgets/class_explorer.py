"""The class explorer: what a semi-supervised model sees in an image, and the same handwriting in all ten classes."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting import figure
from course_utils.plotting.images import tile
from course_utils.widgets.pictures import Stage


class ClassExplorer:
    """Draws frames of a model on images x (N, C, H, W) in [0, 1] with the true classes y (N,).

    model: anything with ``probabilities(x)`` (B, K), ``encode(x)`` (B, latent_dim) and ``decode(y, z)`` to images.
    """

    def __init__(self, model, x: Tensor, y: Tensor):
        if len(x) != len(y) or not len(x):
            raise ValueError(
                f"each image needs its class, and there must be one: got {len(x)} images, {len(y)} classes"
            )
        self.model = model
        self.x = x
        self.y = y
        with torch.no_grad():
            self.probabilities = model.probabilities(x)
            self.z = model.encode(x)
        self._panel = _Panel(x[:1], self.probabilities.shape[1])

    @torch.no_grad()
    def classes(self, i: int, style: float = 1.0) -> Tensor:
        """Image i as each class, (K, C, H, W): y one-hot, and z that of the image, multiplied by `style`."""
        k = self.probabilities.shape[1]
        return self.model.decode(torch.eye(k).to(self.z), style * self.z[i].expand(k, -1))

    def frame(self, i: int, style: float = 1.0) -> Figure:
        """Above: the image and q(y|x) as bars, the true class marked. Below: the image as each class.

        There is one figure, which every call changes: making a new one would take too long for a slider.
        """
        self._panel.update(self.x[i], self.probabilities[i].cpu(), int(self.y[i]), self.classes(i, style))
        return self._panel.figure

    def png(self, i: int, style: float) -> bytes:
        """The frame as a PNG."""
        self.frame(i, style)
        return self._panel.stage.png()

    def sentence(self, i: int) -> str:
        """The true class and the two most probable ones, in words."""
        p, best = self.probabilities[i].topk(2)
        said = f"{best[0]} ({100 * p[0]:.1f} %), then {best[1]} ({100 * p[1]:.1f} %)"
        return f"Image {i} is a {int(self.y[i])}. The network says {said}."


class _Panel:
    """The figure of a frame for images like x (1, C, H, W) and K classes, its layout settled once."""

    def __init__(self, x: Tensor, k: int):
        self.figure, ((left, right), (corner, below)) = figure(
            2, 2, size=(4.6, 1.6), width_ratios=[1, 5], height_ratios=[1.5, 1]
        )
        grey = {"cmap": "gray", "vmin": 0, "vmax": 1}
        self.image = left.imshow(tile(x, 1).numpy(), **grey)
        self.bars = right.bar(range(k), 100 / k, color="0.75", edgecolor="black")
        self.mark = right.text(0, 0, "true", ha="center", fontweight="bold")
        right.set(xlabel="class", ylabel="q(y|x) in %", ylim=(0, 120), xticks=range(k), yticks=(0, 50, 100))
        self.sheet = below.imshow(tile(x.expand(k, -1, -1, -1), k).numpy(), **grey)
        step = x.shape[3] + 1
        below.set_xticks([step * (j + 0.5) - 0.5 for j in range(k)], range(k))
        below.set(yticks=[], xlabel="its style, decoded as each class")
        below.spines[:].set_visible(False)
        for ax in (left, corner):
            ax.set_axis_off()
        self.stage = Stage(self.figure, [self.image, *self.bars, self.mark, self.sheet])

    def update(self, x: Tensor, p: Tensor, y: int, classes: Tensor) -> None:
        """Show an image x (C, H, W), its probabilities p (K,), its true class, and it as each class (K, C, H, W)."""
        self.image.set_data(tile(x[None], 1).numpy())
        for bar, value in zip(self.bars, p.tolist(), strict=True):
            bar.set_height(100 * value)
        self.mark.set_position((y, 100 * p[y].item() + 3))
        self.sheet.set_data(tile(classes, len(p)).numpy())


def class_explorer(model, x: Tensor, y: Tensor):
    """Two sliders (mouse, or Tab and the arrow keys): which image, and how strong its style. An ipywidgets box.

    Arguments as for `ClassExplorer`.
    """
    from course_utils.widgets.live import Live, float_slider, int_slider  # slow to import

    explorer = ClassExplorer(model, x, y)
    image = int_slider("image", 0, 0, len(x) - 1)
    style = float_slider("style", 1.0, 0.0, 2.0, 0.1, readout_format=".1f")
    return Live(
        [image, style],
        explorer.png,
        lambda i, style: f"{explorer.sentence(i)} Below: its style times {style:.1f}, as each class.",
    )
