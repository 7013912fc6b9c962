"""An autoencoder with skip connections: what is lost in the narrow middle can go past it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.networks.trunks import check_input


class SkipAutoencoder(nn.Module):
    """Images (B, C, H, W) to images, by three convolutions of stride 2 and back, each size joined to its like.

    The shape of a U-Net (Ronneberger et al. 2015), as in pix2pix (Isola et al. 2017, section 3.2.1) and Skip-GANomaly
    (Akcay et al. 2019, figure 2), at the scale of digits. H and W divisible by 4; batch norm after all but the first
    and the last layer; outputs in (0, 1).
    """

    def __init__(self, in_shape: Sequence[int], width: int = 16):
        super().__init__()
        channels, height, side = in_shape
        if height % 4 or side % 4:
            raise ValueError(f"height and width must be divisible by 4, got {height}x{side}")
        self.in_shape = tuple(in_shape)
        self.down1 = nn.Sequential(nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2))
        self.down2 = _layer(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2))
        self.down3 = _layer(nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2))
        self.up3 = nn.ConvTranspose2d(2 * width, 2 * width, 3, stride=2, padding=1, bias=False)
        self.after3 = nn.Sequential(nn.BatchNorm2d(2 * width), nn.ReLU())
        self.up2 = _layer(nn.ConvTranspose2d(4 * width, width, 4, stride=2, padding=1, bias=False), nn.ReLU())
        self.up1 = nn.ConvTranspose2d(2 * width, channels, 4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.in_shape)
        h1 = self.down1(x)  # (B, width, H/2, W/2)
        h2 = self.down2(h1)  # (B, 2 width, H/4, W/4)
        h3 = self.down3(h2)  # (B, 2 width, H/8, W/8), rounded up
        h = self.after3(self.up3(h3, output_size=h2.shape))
        h = self.up2(torch.cat([h, h2], dim=1))
        return self.up1(torch.cat([h, h1], dim=1)).to(x.dtype).sigmoid()


def _layer(convolution: nn.Module, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), activation)
