"""The plain autoencoder: reconstruct the input through a narrow code."""

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
