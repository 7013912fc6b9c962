"""The distortion slider: walk through distortions of equal squared error and see how little that error says."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import metrics
from course_utils.distortions import NAMES, Distorted, Unreachable, at_mse, describe
from course_utils.widgets.pictures import Stage

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
        self.panel = _Panel()

    def frame(self, picture: str, mse: float, name: str) -> bytes:
        """The picture, its distortion, and how similar all distortions of this error are to it, as a PNG."""
        found = self.distorted[picture, mse]
        self.panel.show_images(self.pictures[picture][0], found[name].x[0] if name in found else None)
        reached = describe(name, found[name].strength) if name in found else f"{name}: out of reach"
        self.panel.show_words(reached, f"all at MSE {mse:g}")
        self.panel.show_bars(self.similarity[picture, mse], name)
        return self.panel.stage.png()

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
    from course_utils.widgets.live import Live, choice_slider  # slow to import

    gallery = Gallery(pictures, mses)
    picture = choice_slider("picture", list(pictures))
    error = choice_slider("MSE", [(f"{mse:g}", mse) for mse in mses], value=mses[-1])
    distortion = choice_slider("distortion", NAMES)
    if len(mses) > 1:
        return Live([picture, error, distortion], gallery.frame, gallery.sentence)
    return Live(
        [picture, distortion],
        lambda picture, name: gallery.frame(picture, mses[0], name),
        lambda picture, name: gallery.sentence(picture, mses[0], name),
    )


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


class _Panel:
    """The figure of a frame: two images in thin frames, and two bars a distortion, the first at the top."""

    def __init__(self):
        figure = Figure(figsize=(10.5, 3.8))
        grid = figure.add_gridspec(1, 3, width_ratios=(1, 1, 1.25))
        grid.update(left=0.01, right=0.98, bottom=0.16, top=0.88, wspace=0.12)
        self.axes = [figure.add_subplot(cell) for cell in grid]
        *squares, chart = self.axes
        left, bottom, width, height = chart.get_position().bounds
        chart.set_position((left + 0.06, bottom, width - 0.06, height))  # the names of the bars stand left of them
        grey = {"cmap": "gray", "vmin": 0, "vmax": 1}
        self.images = [ax.imshow(np.zeros((1, 1)), extent=(0, 1, 1, 0), **grey) for ax in squares]
        squares[0].set_title("as it was")
        for ax in squares:
            ax.set(xticks=[], yticks=[])
        self.reached, self.error = squares[1].set_title("reached"), chart.set_title("error")
        rows = np.arange(len(NAMES))
        self.ssim = chart.barh(rows - 0.2, 1, 0.38)
        self.ms_ssim = chart.barh(rows + 0.2, 1, 0.38, facecolor="white", linewidth=1.5)
        chart.set(xlim=(0, 1), ylim=(len(NAMES) - 0.4, -0.6), xlabel="SSIM (filled), multi-scale SSIM (outlined)")
        chart.set_yticks(rows, NAMES)
        chart.spines[["top", "right"]].set_visible(False)
        self.names = chart.get_yticklabels()
        self.stage = Stage(figure, [*self.images, self.reached, self.error, *self.ssim, *self.ms_ssim, *self.names])

    def show_images(self, before: Tensor, after: Tensor | None) -> None:
        """Show an image (C, H, W) and what became of it; None where nothing did."""
        for artist, image in zip(self.images, (before, after), strict=True):
            artist.set_visible(image is not None)
            if image is not None:
                _, height, width = image.shape
                pixels = image.detach().cpu().permute(1, 2, 0).numpy()
                artist.set_data(pixels if pixels.shape[2] == 3 else pixels[..., 0])
                artist.set_extent((0, width / max(height, width), height / max(height, width), 0))

    def show_words(self, reached: str, error: str) -> None:
        """Say what stands above the second image and above the bars."""
        self.reached.set_text(reached)
        self.error.set_text(error)

    def show_bars(self, similarity: dict[str, tuple[float, float]], chosen: str) -> None:
        """Two bars a distortion, none where it is out of reach; the chosen one is black and bold."""
        for name, filled, outlined, label in zip(NAMES, self.ssim, self.ms_ssim, self.names, strict=True):
            for bar, value in zip((filled, outlined), similarity.get(name, (0.0, 0.0)), strict=True):
                bar.set_width(value)
            dark = name == chosen
            filled.set_facecolor("black" if dark else "0.6")
            outlined.set_edgecolor("black" if dark else "0.6")
            label.set_fontweight("bold" if dark else "normal")
