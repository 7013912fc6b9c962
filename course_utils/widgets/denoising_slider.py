"""The denoising slider: more or less noise on the same digits, and what several ways of removing it leave."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.metrics import psnr
from course_utils.widgets.pictures import Rows

Remover = Callable[[Tensor], Tensor]


class NoiseBench:
    """Digits x (B, C, H, W) in [0, 1], one fixed draw of noise, and ways of removing it by name.

    The noise keeps its pattern and changes only its strength, so that moving the slider changes one thing.
    """

    def __init__(self, x: Tensor, removers: dict[str, Remover]):
        self.x = x
        self.removers = removers
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.noise = torch.randn(x.shape).to(x)
        self.rows = Rows({"clean": x, **self.images(0.0)})

    @torch.no_grad()
    def images(self, std: float) -> dict[str, Tensor]:
        """The digits under noise of this standard deviation, and what each way makes of them."""
        noisy = self.x + std * self.noise
        return {"noisy": noisy, **{name: remove(noisy) for name, remove in self.removers.items()}}

    def frame(self, std: float) -> bytes:
        """A row for the clean digits, one for the noisy ones, and one for each way of removing the noise, as a PNG."""
        return self.rows.png({"clean": self.x, **self.images(std)})

    def sentence(self, std: float) -> str:
        """Mean PSNR of each row, in words."""
        values = [f"{name} {psnr(images, self.x).mean():.1f} dB" for name, images in self.images(std).items()]
        return f"Noise of standard deviation {std:.2f}. Mean PSNR: {', '.join(values)}."


def denoising_slider(x: Tensor, removers: dict[str, Remover], limit: float = 1.0):
    """A slider for the strength of the noise (mouse, or Tab and the arrow keys): an ipywidgets box.

    x (B, C, H, W): clean digits. removers: name to a function from noisy to restored digits.
    Raises ValueError if limit is not positive.
    """
    from course_utils.widgets.live import Live, float_slider  # slow to import

    if limit <= 0:
        raise ValueError(f"limit must be positive, got {limit}")
    bench = NoiseBench(x, removers)
    # without noise, the PSNR of the noisy image is infinite: the slider starts a step above
    slider = float_slider("noise", limit / 2, limit / 20, limit, limit / 20, readout_format=".2f")
    return Live([slider], bench.frame, bench.sentence)
