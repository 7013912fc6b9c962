"""The attribute slider: add a multiple of a direction to codes and see what they decode to."""

import torch
from torch import Tensor, nn

from course_utils import attributes
from course_utils.losses import squared_error
from course_utils.widgets.pictures import Rows


class AttributeMove:
    """The codes z (B, latent_dim) before and after a move along a direction (latent_dim,), decoded.

    decoder: codes to images (B, C, H, W). name: what the direction changes; if it is an attribute that can be measured
    (see `attributes`), the sentence says what it is in the images. Raises ValueError if the direction does not fit.
    """

    def __init__(self, decoder: nn.Module, z: Tensor, direction: Tensor, name: str = "moved"):
        if direction.shape != z.shape[1:]:
            raise ValueError(f"the direction must be one vector of {z.shape[1]} entries, got {tuple(direction.shape)}")
        self.decoder = decoder
        self.z = z
        self.direction = direction
        self.name = name
        self.before = self.move(0.0)
        self.rows = Rows(self.images(0.0))

    @torch.no_grad()
    def move(self, amount: float) -> Tensor:
        """The images (B, C, H, W) of the codes after adding `amount` times the direction."""
        return self.decoder(self.z + amount * self.direction)

    def images(self, amount: float) -> dict[str, Tensor]:
        """What the codes decode to before (upper row) and after the move (lower row)."""
        return {"as encoded": self.before, f"{self.name} {amount:+.2f}": self.move(amount)}

    def frame(self, amount: float) -> bytes:
        """Both rows, as a PNG."""
        return self.rows.png(self.images(amount))

    def sentence(self, amount: float) -> str:
        """How far the images moved, in words."""
        after = self.move(amount)
        said = f"{self.name} {amount:+.2f} changes the images by half a squared error of "
        said += f"{squared_error(after, self.before):.1f} on average."
        if self.name in attributes.ATTRIBUTES:
            was, now = (attributes.ATTRIBUTES[self.name](x).nanmean() for x in (self.before, after))
            said += f" Their mean {self.name} was {was:+.2f} and is {now:+.2f}."
        return said


def attribute_slider(decoder: nn.Module, z: Tensor, direction: Tensor, name: str = "moved", limit: float = 2.0):
    """A slider from -limit to limit (mouse, or Tab and the arrow keys) that moves codes: an ipywidgets box.

    decoder: codes (B, latent_dim) to images. direction (latent_dim,): what an amount of 1 adds.
    Raises ValueError if the direction does not fit the codes, or if limit is not positive.
    """
    from course_utils.widgets.live import Live, float_slider  # slow to import

    if limit <= 0:
        raise ValueError(f"limit must be positive, got {limit}")
    moved = AttributeMove(decoder, z, direction, name)
    slider = float_slider(name, limit / 2, -limit, limit, limit / 20, readout_format="+.2f")
    return Live([slider], moved.frame, moved.sentence)
