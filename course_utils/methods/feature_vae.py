"""A VAE whose reconstructions are compared by the features of a discriminator that was trained before (VAE_Dis_l)."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import feature_loss, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import FeatureDiscriminator, GaussianEncoder, StridedDecoder


class FeatureVAE(Method):
    """Half way from VAE to VAE/GAN: a learned likeness, but nobody to fool (Larsen et al. 2016, section 4.1).

    One role: `autoencoder` (encoder and decoder, one loss). The `discriminator` of a trained GAN, on whose features at
    `layer` reconstructions are compared, does not learn and stays in eval mode. The loss is a bound on the
    log-likelihood of these features, in units of their mean square.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: GaussianEncoder,
        decoder: StridedDecoder,
        discriminator: FeatureDiscriminator,
        prior: Distribution,
        layer: int = 2,
        lr: float = 1e-3,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator.requires_grad_(False)
        self.prior = prior
        self.layer = layer
        self.lr = lr
        self.beta1 = beta1

    def train(self, mode: bool = True):
        """Training mode for all but the discriminator: it is a yardstick."""
        super().train(mode)
        self.discriminator.eval()
        return self

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr, self.beta1)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        mu, logvar = self.encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        _, features = self.discriminator.look(x, self.layer)
        _, features_hat = self.discriminator.look(self.decoder(z), self.layer)
        prior = kl_to_standard_normal(mu, logvar)
        feature = feature_loss(features_hat, features)
        self.minimize(autoencoder=prior + feature)
        return {"prior": prior, "feature": feature}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through the mean code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: noise from the prior through the decoder."""
        return self.decoder(self.prior.sample(n))
