"""The distortion slider: walk through distortions of equal squared error and see how little that error says."""

import io
from collections.abc import Sequence

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from torch import Tensor

from course_utils import metrics
from course_utils.distortions import NAMES, Distorted, Unreachable, at_mse, describe
from course_utils.plotting.distortions import draw_image

MSES = (0.0003, 0.0006, 0.00125, 0.0025, 0.005)


class Gallery:
    """Pictures, each distorted in every way at several squared errors, with their similarities: computed once.

    pictures: name -> image (1, C, H, W) in [0, 1], grey or colour. mses: the mean squared errors, all positive.
    What a distortion cannot reach (JPEG is never very bad) is left out.
    Raises ValueError without pictures or errors, or for a picture of another shape.
    """

    def __init__(self, pictures: dict[str, Tensor], mses: Sequence[float] = MSES):
        if not pictures or not mses:
            raise ValueError("at least one picture and one mean squared error are needed")
        for name, x in pictures.items():
            if x.ndim != 4 or len(x) != 1 or x.shape[1] not in (1, 3):
                raise ValueError(f"picture {name!r} must be one image, (1, 1 or 3, H, W), got {tuple(x.shape)}")
        self.pictures = pictures
        self.distorted = {(picture, mse): _distort_all(x, mse) for picture, x in pictures.items() for mse in mses}
        self.similarity = {key: _similarities(pictures[key[0]], found) for key, found in self.distorted.items()}
        self.canvas = FigureCanvasAgg(Figure(figsize=(10.5, 3.8), dpi=80))
        grid = self.canvas.figure.add_gridspec(1, 3, width_ratios=(1, 1, 1.25))
        grid.update(left=0.01, right=0.98, bottom=0.16, top=0.88, wspace=0.12)
        self.axes = [self.canvas.figure.add_subplot(cell) for cell in grid]
        # the names of the bars stand left of them
        left, bottom, width, height = self.axes[2].get_position().bounds
        self.axes[2].set_position((left + 0.06, bottom, width - 0.06, height))

    def frame(self, picture: str, mse: float, name: str) -> bytes:
        """The picture, its distortion, and how similar all distortions of this error are to it, as a PNG."""
        before, after, chart = self.axes
        for ax in self.axes:
            ax.clear()
        draw_image(before, self.pictures[picture][0])
        before.set_title("as it was")
        found = self.distorted[picture, mse]
        if name in found:
            draw_image(after, found[name].x[0])
            after.set_title(describe(name, found[name].strength))
        else:
            after.set_axis_off()
            after.set_title(f"{name}: out of reach")
        _draw_similarities(chart, self.similarity[picture, mse], name)
        chart.set_title(f"all at MSE {mse:g}")
        self.canvas.draw()
        buffer = io.BytesIO()
        imsave(buffer, self.canvas.buffer_rgba(), format="png", pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    def sentence(self, picture: str, mse: float, name: str) -> str:
        """What the frame shows, in words."""
        found = self.distorted[picture, mse]
        if name not in found:
            return f"{name} cannot move this picture by a mean squared error of {mse:g}: choose another error."
        changed = metrics.mse(found[name].x, self.pictures[picture]).item()
        ssim, ms_ssim = self.similarity[picture, mse][name]
        label = describe(name, found[name].strength)
        return f"{label}: MSE {changed:.5f}, SSIM {ssim:.3f}, multi-scale SSIM {ms_ssim:.3f}."


def distortion_slider(pictures: dict[str, Tensor], mses: Sequence[float] = MSES):
    """A picture, a squared error, and a slider along the distortions that all have that error: an ipywidgets box.

    Mouse, or Tab and the arrow keys. pictures and mses as for `Gallery`; one error alone needs no slider.
    """
    import ipywidgets  # slow to import

    gallery = Gallery(pictures, mses)
    wide = ipywidgets.Layout(width="500px")
    picture = ipywidgets.Dropdown(options=list(pictures), description="picture")
    error = ipywidgets.SelectionSlider(
        options=[(f"{mse:g}", mse) for mse in mses], value=mses[-1], description="MSE", layout=wide
    )
    distortion = ipywidgets.SelectionSlider(options=NAMES, description="distortion", layout=wide)
    image, words = ipywidgets.Image(format="png"), ipywidgets.HTML()

    def update(_change=None) -> None:
        chosen = picture.value, error.value, distortion.value
        image.value = gallery.frame(*chosen)
        words.value = gallery.sentence(*chosen)

    controls = [picture, error, distortion] if len(mses) > 1 else [picture, distortion]
    for control in controls:
        control.observe(update, names="value")
    update()
    return ipywidgets.VBox([*controls, image, words])


def _distort_all(x: Tensor, mse: float) -> dict[str, Distorted]:
    """Every distortion of x that can reach this squared error."""
    found = {}
    for name in NAMES:
        try:
            found[name] = at_mse(name, x, mse)
        except Unreachable:
            continue
    return found


def _similarities(x: Tensor, found: dict[str, Distorted]) -> dict[str, tuple[float, float]]:
    """Name -> (SSIM, multi-scale SSIM) with x."""
    images = torch.cat([d.x for d in found.values()])
    values = [measure(images, x.expand_as(images)).tolist() for measure in (metrics.ssim, metrics.ms_ssim)]
    return dict(zip(found, zip(*values, strict=True), strict=True))


def _draw_similarities(ax, similarity: dict[str, tuple[float, float]], chosen: str) -> None:
    """Two bars a distortion, the first at the top; the chosen one is black and bold."""
    for row, name in enumerate(NAMES):
        if name not in similarity:
            continue
        ssim, ms_ssim = similarity[name]
        dark = name == chosen
        ax.barh(row - 0.2, ssim, 0.38, color="black" if dark else "0.55")
        ax.barh(
            row + 0.2, ms_ssim, 0.38, color="0.2" if dark else "0.9", edgecolor="white" if dark else "0.3", hatch="///"
        )
    ax.set(xlim=(0, 1), ylim=(len(NAMES) - 0.4, -0.6), xlabel="SSIM (full), multi-scale SSIM (hatched)")
    ax.set_yticks(range(len(NAMES)), NAMES)
    for label in ax.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == chosen else "normal")
    ax.spines[["top", "right"]].set_visible(False)
