"""The VAE/GAN of images with attributes: all three networks are told them (Larsen et al. 2016, section 4.2)."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import feature_loss, kl_to_standard_normal, vae_gan_decoder_loss, vae_gan_discriminator_loss
from course_utils.methods.base import OPTIMIZERS, Method
from course_utils.networks import AttributeEncoder, FeatureDiscriminator, StridedDecoder


class AttributeVAEGAN(Method):
    """`VAEGAN` of p(x|a): encoder, decoder and discriminator see the attribute vector a, too.

    Batches bring ``batch["attributes"]`` (B, n_attributes). The decoder takes vectors (B, latent_dim + n_attributes),
    z beside a; encoder and discriminator take (x, a). Roles: `encoder`, `decoder`, `discriminator`; the updates are
    simultaneous. A sample has the attributes of a real image of the batch, and a new z: an image that does not show
    its attributes is a fake, however well drawn.

    gamma, relative_features, optimizer and rates: as in `VAEGAN`.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: AttributeEncoder,
        decoder: StridedDecoder,
        discriminator: FeatureDiscriminator,
        prior: Distribution,
        layer: int = 2,
        gamma: float = 1e-3,
        relative_features: bool = True,
        optimizer: str = "adam",
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        momentum: float = 0.5,
    ):
        super().__init__()
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {optimizer!r}: use one of {', '.join(OPTIMIZERS)}")
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.prior = prior
        self.layer = layer
        self.gamma = gamma
        self.relative_features = relative_features
        self.optimizer = optimizer
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.momentum = momentum

    def configure_optimizers(self):
        make = OPTIMIZERS[self.optimizer]
        return {
            "encoder": make(self.encoder.parameters(), self.lr, self.momentum),
            "decoder": make(self.decoder.parameters(), self.lr, self.momentum),
            "discriminator": make(self.discriminator.parameters(), self.discriminator_lr, self.momentum),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, a = batch["x"], batch["attributes"]
        mu, logvar = self.encoder(x, a)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        # one pass of the decoder for both: its batch norm must treat codes of images and of the prior alike
        codes = torch.cat([z, self.prior.sample(len(x))])
        x_hat, x_fake = self.decode(codes, a.repeat(2, 1)).chunk(2)
        real, features = self.discriminator.look(x, self.layer, a)
        hat, features_hat = self.discriminator.look(x_hat, self.layer, a)
        fake = self.discriminator(x_fake, a)
        prior = kl_to_standard_normal(mu, logvar)
        feature = feature_loss(features_hat, features, self.relative_features)
        d_loss = vae_gan_discriminator_loss(real, hat, fake)
        g_loss = vae_gan_decoder_loss(hat, fake)
        self.minimize(encoder=prior + feature, decoder=self.gamma * feature + g_loss, discriminator=d_loss)
        return {"prior": prior, "feature": feature, "discriminator": d_loss, "decoder": g_loss}

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
