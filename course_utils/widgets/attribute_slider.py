"""The attribute slider: add a multiple of a direction to codes and see what they decode to."""

import io

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from course_utils.plotting import image_rows


@torch.no_grad()
def move(decoder: nn.Module, z: Tensor, direction: Tensor, amount: float) -> Tensor:
    """The images (B, C, H, W) of the codes z (B, latent_dim) after adding `amount` times the direction (latent_dim,).

    Raises ValueError if the direction does not fit the codes.
    """
    if direction.shape != z.shape[1:]:
        raise ValueError(f"the direction must be one vector of {z.shape[1]} entries, got {tuple(direction.shape)}")
    return decoder(z + amount * direction)


def frame(decoder: nn.Module, z: Tensor, direction: Tensor, amount: float, name: str = "moved") -> Figure:
    """What the codes decode to before (upper row) and after the move (lower row)."""
    return image_rows(
        {"as encoded": move(decoder, z, direction, 0.0), f"{name} {amount:+.2f}": move(decoder, z, direction, amount)}
    )


def attribute_slider(decoder: nn.Module, z: Tensor, direction: Tensor, name: str = "moved", limit: float = 2.0):
    """A slider from -limit to limit (mouse, or Tab and the arrow keys) that moves codes: an ipywidgets box.

    decoder: codes (B, latent_dim) to images. direction (latent_dim,): what an amount of 1 adds.
    Raises ValueError if the direction does not fit the codes, or if limit is not positive.
    """
    import ipywidgets  # slow to import

    if limit <= 0:
        raise ValueError(f"limit must be positive, got {limit}")
    slider = ipywidgets.FloatSlider(
        value=limit / 2,
        min=-limit,
        max=limit,
        step=limit / 20,
        description=name,
        readout_format="+.2f",
        layout=ipywidgets.Layout(width="500px"),
    )
    picture = ipywidgets.Image(format="png")

    def update(_change=None) -> None:
        picture.value = _png(frame(decoder, z, direction, slider.value, name))

    slider.observe(update, names="value")
    update()
    return ipywidgets.VBox([slider, picture])


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    plt.close(figure)
    return buffer.getvalue()
