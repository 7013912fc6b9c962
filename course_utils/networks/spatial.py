"""Encoder and decoder of a code that keeps its place: a small image of codes instead of a vector."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.networks.trunks import after_strides, check_input


class SpatialEncoder(nn.Module):
    """q(z|x) with z (B, latent_channels, H/4, W/4), a Gaussian at each place (Venkataramanan et al. 2020, section 3.1).

    Two convolutions of stride 2 (width, 2 width) as in `networks.conv`, and two more that keep the size.
    `features` are what the second of them gives, the layer whose attention is asked for.
    """

    def __init__(self, in_shape: Sequence[int], latent_channels: int = 4, width: int = 16):
        super().__init__()
        after_strides(in_shape, 2)  # sides must come out even
        self.in_shape = tuple(in_shape)
        self.latent_channels = latent_channels
        self.layers = nn.Sequential(
            nn.Conv2d(in_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Sequential(
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 2 * latent_channels, 1),
        )

    def features(self, x: Tensor) -> Tensor:
        """(B, 2 width, H/4, W/4)."""
        check_input(x, self.in_shape)
        return self.layers(x).to(x.dtype)

    def parameters_of(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """mu and logvar, each (B, latent_channels, H/4, W/4), from `features`."""
        mu, logvar = self.head(features).to(features.dtype).chunk(2, dim=1)
        return mu, logvar

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu and logvar = log sigma^2, each (B, latent_channels, H/4, W/4)."""
        return self.parameters_of(self.features(x))

    def mean(self, x: Tensor) -> Tensor:
        """The mean mu of q(z|x)."""
        return self(x)[0]

    def sample(self, x: Tensor) -> Tensor:
        """One z ~ q(z|x) for each x: z = mu + sigma * noise."""
        mu, logvar = self(x)
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


class SpatialDecoder(nn.Module):
    """z (B, latent_channels, H/4, W/4) to images (B, C, H, W): one convolution, two up-convolutions of stride 2."""

    def __init__(self, latent_channels: int, out_shape: Sequence[int], width: int = 16):
        super().__init__()
        after_strides(out_shape, 2)
        self.layers = nn.Sequential(
            nn.Conv2d(latent_channels, 2 * width, 3, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, out_shape[0], 4, stride=2, padding=1),
        )

    def logits(self, z: Tensor) -> Tensor:
        """The values before the output function, (B, C, H, W)."""
        return self.layers(z).to(z.dtype)

    def forward(self, z: Tensor) -> Tensor:
        return self.logits(z).sigmoid()
