"""Semantic hashing: an autoencoder whose code is a short string of bits."""

import torch
from torch import Tensor, nn

from course_utils.losses import squared_error
from course_utils.methods.base import Method, adam


class SemanticHashing(Method):
    """Noise before a sigmoid code makes it binary (Salakhutdinov and Hinton 2009). One role: `autoencoder`.

    z = sigmoid(logits + noise * N(0, I)). Codes near 1/2 are drowned by the noise; only large logits get a message
    through, and there the sigmoid is 0 or 1. `noise` is its standard deviation; 0 gives a plain sigmoid layer.
    Theirs: restricted Boltzmann machines layer by layer first; here everything is trained at once by squared error.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, noise: float = 4.0, lr: float = 1e-3):
        super().__init__()
        if noise < 0:
            raise ValueError(f"noise is a standard deviation and cannot be negative, got {noise}")
        self.encoder = encoder
        self.decoder = decoder
        self.noise = noise
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        logits = self.encoder(x)
        z = torch.sigmoid(logits + self.noise * torch.randn_like(logits))
        reconstruction = squared_error(self.decoder(z), x)
        self.minimize(autoencoder=reconstruction)
        return {"reconstruction": reconstruction}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim) in (0, 1), without noise."""
        return torch.sigmoid(self.encoder(x))

    def bits(self, x: Tensor) -> Tensor:
        """The codes rounded: (B, latent_dim), True for 1."""
        return self.encoder(x) > 0

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through code and back, same shape as x."""
        return self.decoder(self.encode(x))
