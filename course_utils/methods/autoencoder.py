"""Autoencoders: reconstruct an image through a narrow code, or from a damaged copy of it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.losses import squared_error
from course_utils.methods.base import Method, adam


class Autoencoder(Method):
    """Encoder and decoder trained to reconstruct (Hinton and Salakhutdinov 2006). One role: `autoencoder`."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, lr: float = 1e-3):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        x_hat = self.decoder(self.encoder.sample(x))
        reconstruction = squared_error(x_hat, x)
        self.minimize(autoencoder=reconstruction)
        return {"reconstruction": reconstruction}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through code and back, same shape as x."""
        return self.decoder(self.encode(x))


class DenoisingAutoencoder(Method):
    """Reconstruct the clean image from a damaged copy (Vincent et al. 2008, section 2.3). One role: `autoencoder`.

    `corrupt` damages images: a module such as `GaussianNoise` or `Downsample`. The encoder takes what it returns,
    which may be smaller than the image. The target is the image as it was, not the damaged one.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, corrupt: nn.Module, lr: float = 1e-3):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.corrupt = corrupt
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        x_damaged = self.corrupt(x)
        x_hat = self.decoder(self.encoder.sample(x_damaged))
        reconstruction = squared_error(x_hat, x)  # against the CLEAN image
        self.minimize(autoencoder=reconstruction)
        return {"reconstruction": reconstruction}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim) of images as the encoder takes them."""
        return self.encoder.mean(x)

    def restore(self, x_damaged: Tensor) -> Tensor:
        """The image that a damaged one came from, as far as the network can tell; (B, C, H, W)."""
        return self.decoder(self.encode(x_damaged))


class GaussianNoise(nn.Module):
    """Add noise to each pixel, its standard deviation drawn for each image between `low` and `high` (`low` if None).

    Pixels leave [0, 1]: clipped noise would no longer have mean zero and a known strength.
    Raises ValueError unless 0 <= low <= high.
    """

    def __init__(self, low: float, high: float | None = None):
        super().__init__()
        self.low = low
        self.high = low if high is None else high
        if not 0 <= self.low <= self.high:
            raise ValueError(f"noise needs standard deviations with 0 <= low <= high, got {low} and {high}")

    def forward(self, x: Tensor) -> Tensor:
        std = self.low + (self.high - self.low) * torch.rand(len(x), 1, 1, 1, device=x.device)
        return x + std * torch.randn_like(x)


class Downsample(nn.Module):
    """Shrink images (B, C, H, W) to (B, C, H / factor, W / factor): the mean of each square of factor x factor pixels.

    Raises ValueError if a side is not divisible by the factor.
    """

    def __init__(self, factor: int):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        if any(side % self.factor for side in x.shape[2:]):
            raise ValueError(f"sides of {tuple(x.shape[2:])} pixels are not divisible by {self.factor}")
        return F.avg_pool2d(x, self.factor)
