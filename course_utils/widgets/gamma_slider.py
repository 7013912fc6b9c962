"""The gamma slider: the same images reconstructed, and the same codes decoded, by VAE/GANs of several gammas."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.losses import squared_error
from course_utils.plotting import image_rows
from course_utils.widgets.pictures import figure_png


class GammaSweep:
    """What models trained with several gammas make of the same images x (N, C, H, W) and codes z (M, latent_dim).

    models: gamma to anything with ``reconstruct(x)`` and ``decoder(z)``. All is decoded and drawn once, here; a move
    of the slider only looks it up. Raises ValueError if there is no model, or no image.
    """

    def __init__(self, models: dict[float, torch.nn.Module], x: Tensor, z: Tensor):
        if not models or not len(x) or not len(z):
            raise ValueError(
                f"a model, an image and a code are needed: got {len(models)} models, {len(x)} images, {len(z)} codes"
            )
        self.x = x
        with torch.no_grad():
            decoded = {gamma: (m.reconstruct(x), m.decoder(z)) for gamma, m in sorted(models.items())}
        self.reconstructed = {gamma: x_hat for gamma, (x_hat, _) in decoded.items()}
        self.sampled = {gamma: x_fake for gamma, (_, x_fake) in decoded.items()}
        self.gammas = list(decoded)
        self.pictures = {gamma: figure_png(self.frame(gamma)) for gamma in self.gammas}

    def frame(self, gamma: float) -> Figure:
        """The images, their reconstructions, and the samples in rows of as many."""
        n = len(self.x)
        samples = {f"samples {i + 1}": part for i, part in enumerate(self.sampled[gamma].split(n))}
        return image_rows({"images": self.x, "reconstructions": self.reconstructed[gamma], **samples})

    def sentence(self, gamma: float) -> str:
        """Gamma, and what it costs the reconstructions in pixels, in words."""
        error = squared_error(self.reconstructed[gamma], self.x).item()
        place = f"{self.gammas.index(gamma) + 1} of {len(self.gammas)}"
        return f"gamma = {gamma:g} ({place}). Half squared error of these reconstructions: {error:.1f}."


def gamma_slider(models: dict[float, torch.nn.Module], x: Tensor, z: Tensor):
    """A slider over the gammas (mouse, or Tab and the arrow keys), starting in the middle: an ipywidgets box.

    Arguments as for `GammaSweep`.
    """
    from course_utils.widgets.live import Live, choice_slider  # slow to import

    sweep = GammaSweep(models, x, z)
    options = [(f"{gamma:g}", gamma) for gamma in sweep.gammas]
    slider = choice_slider("gamma", options, value=sweep.gammas[len(options) // 2])
    return Live([slider], sweep.pictures.get, sweep.sentence)
