"""A VAE of images with attributes."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import bernoulli_nll, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import AttributeEncoder, StridedDecoder


class AttributeVAE(Method):
    """A bound on log p(x|a): encoder and decoder see the attribute vector a of each image. One role: `autoencoder`.

    Bernoulli likelihood of pixels, prior N(0, I). ``batch["attributes"]`` (B, n_attributes) comes with the images;
    networks as those of `AttributeVAEGAN` (Sohn et al. 2015 for the conditional VAE).
    """

    def __init__(self, encoder: AttributeEncoder, decoder: StridedDecoder, prior: Distribution, lr: float = 1e-3):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, a = batch["x"], batch["attributes"]
        mu, logvar = self.encoder(x, a)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        reconstruction = bernoulli_nll(self.decoder.logits(torch.cat([z, a], dim=1)), x)
        kl = kl_to_standard_normal(mu, logvar)
        self.minimize(autoencoder=reconstruction + kl)
        return {"reconstruction": reconstruction, "kl": kl}

    def decode(self, z: Tensor, attributes: Tensor) -> Tensor:
        """Images (B, C, H, W) of codes z (B, latent_dim) with attributes (B, n_attributes)."""
        return self.decoder(torch.cat([z, attributes], dim=1))

    def encode(self, x: Tensor, attributes: Tensor) -> Tensor:
        """Codes (B, latent_dim) of images with these attributes: the means of q(z|x, a)."""
        return self.encoder.mean(x, attributes)

    def reconstruct(self, x: Tensor, attributes: Tensor) -> Tensor:
        """x through its mean code and back, with the same attributes; same shape as x."""
        return self.decode(self.encode(x, attributes), attributes)

    def sample(self, attributes: Tensor) -> Tensor:
        """One image for each attribute vector (B, n_attributes): noise from the prior, through the decoder with it."""
        return self.decode(self.prior.sample(len(attributes)), attributes)
