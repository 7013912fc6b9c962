"""The second generator of a StackGAN: from a small image and a condition to an image of twice the size."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.networks.trunks import after_strides, check_input


class Refiner(nn.Module):
    """Images (B, C, H/2, W/2) and conditions (B, n_conditions) to images (B, C, H, W) in (0, 1).

    An encoder and a decoder with residual blocks between them, as the generator of stage II (Zhang et al. 2017,
    section 3.4): down to H/4 x W/4, where the condition joins, the same at every place; then two doublings. Ours, at
    the scale of digits: one halving, `blocks` residual blocks instead of four or two, up-convolutions instead of
    nearest neighbours and a convolution.
    """

    def __init__(self, out_shape: Sequence[int], n_conditions: int, width: int = 16, blocks: int = 2):
        super().__init__()
        channels, rows, columns = after_strides(out_shape, 2)
        self.out_shape = tuple(out_shape)
        self.in_shape = (channels, 2 * rows, 2 * columns)
        self.n_conditions = n_conditions
        self.down = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            *_normed(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2)),
        )
        joined = nn.Conv2d(2 * width + n_conditions, 2 * width, 3, padding=1, bias=False)
        self.join = nn.Sequential(*_normed(joined, nn.ReLU()))
        self.blocks = nn.Sequential(*(ResidualBlock(2 * width) for _ in range(blocks)))
        self.up = nn.Sequential(
            *_normed(nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False), nn.ReLU()),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Raises ValueError for images or conditions of other shapes."""
        check_input(x, self.in_shape)
        if conditions.shape != (len(x), self.n_conditions):
            wanted = (len(x), self.n_conditions)
            raise ValueError(f"this network takes conditions of shape {wanted}, got {tuple(conditions.shape)}")
        h = self.down(x)  # (B, 2 width, H/4, W/4)
        planes = conditions.to(h.dtype)[:, :, None, None].expand(-1, -1, *h.shape[2:])
        h = self.join(torch.cat([h, planes], dim=1))
        return self.up(self.blocks(h)).to(x.dtype).sigmoid()


class ResidualBlock(nn.Module):
    """relu(h + f(h)), f two convolutions of 3x3 with batch norm (He et al. 2016): the same shape comes out."""

    def __init__(self, channels: int):
        super().__init__()
        first, second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        self.layers = nn.Sequential(*_normed(first, nn.ReLU()), second, nn.BatchNorm2d(channels))

    def forward(self, h: Tensor) -> Tensor:
        return (h + self.layers(h)).relu()


def _normed(convolution: nn.Module, activation: nn.Module) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), activation]
