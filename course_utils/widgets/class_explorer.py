"""The class explorer: what a semi-supervised model sees in an image, and the same handwriting in all ten classes."""

import io

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting import figure
from course_utils.plotting.images import _tile


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

    @torch.no_grad()
    def classes(self, i: int, style: float = 1.0) -> Tensor:
        """Image i as each class, (K, C, H, W): y one-hot, and z that of the image, multiplied by `style`."""
        k = self.probabilities.shape[1]
        return self.model.decode(torch.eye(k).to(self.z), style * self.z[i].expand(k, -1))

    def frame(self, i: int, style: float = 1.0) -> Figure:
        """Above: the image and q(y|x) as bars, the true class marked. Below: the image as each class."""
        p, classes = self.probabilities[i].cpu(), self.classes(i, style)
        fig, ((left, right), (corner, below)) = figure(
            2, 2, size=(4.6, 1.6), width_ratios=[1, 5], height_ratios=[1.5, 1]
        )
        left.imshow(_tile(self.x[i][None], 1).numpy(), cmap="gray", vmin=0, vmax=1)
        right.bar(range(len(p)), 100 * p.numpy(), color="0.75", edgecolor="black")
        right.text(self.y[i].item(), 100 * p[self.y[i]].item() + 3, "true", ha="center", fontweight="bold")
        right.set(xlabel="class", ylabel="q(y|x) in %", ylim=(0, 120), xticks=range(len(p)), yticks=(0, 50, 100))
        below.imshow(_tile(classes, len(p)).numpy(), cmap="gray", vmin=0, vmax=1)
        step = classes.shape[3] + 1
        below.set_xticks([step * (k + 0.5) - 0.5 for k in range(len(p))], range(len(p)))
        below.set(yticks=[], xlabel="its style, decoded as each class")
        below.spines[:].set_visible(False)
        for ax in (left, corner):
            ax.set_axis_off()
        return fig

    def sentence(self, i: int) -> str:
        """The true class and the two most probable ones, in words."""
        p, best = self.probabilities[i].topk(2)
        said = f"{best[0]} ({100 * p[0]:.1f} %), then {best[1]} ({100 * p[1]:.1f} %)"
        return f"Image {i} is a {int(self.y[i])}. The network says {said}."


def class_explorer(model, x: Tensor, y: Tensor):
    """Two sliders (mouse, or Tab and the arrow keys): which image, and how strong its style. An ipywidgets box.

    Arguments as for `ClassExplorer`.
    """
    import ipywidgets  # slow to import

    explorer = ClassExplorer(model, x, y)
    wide = ipywidgets.Layout(width="500px")
    image = ipywidgets.IntSlider(value=0, min=0, max=len(x) - 1, description="image", layout=wide)
    style = ipywidgets.FloatSlider(value=1.0, min=0.0, max=2.0, step=0.1, description="style", layout=wide)
    picture = ipywidgets.Image(format="png")
    words = ipywidgets.HTML()

    def update(_change=None) -> None:
        picture.value = _png(explorer.frame(image.value, style.value))
        words.value = explorer.sentence(image.value)

    for slider in (image, style):
        slider.observe(update, names="value")
    update()
    return ipywidgets.VBox([image, style, picture, words])


def _png(fig: Figure) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=80)
    plt.close(fig)
    return buffer.getvalue()
