"""The VAE/GAN: a VAE whose reconstructions are judged by features of a GAN's discriminator (Larsen et al. 2016)."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import feature_loss, kl_to_standard_normal, vae_gan_decoder_loss, vae_gan_discriminator_loss
from course_utils.methods.base import OPTIMIZERS, Method
from course_utils.networks import FeatureDiscriminator, GaussianEncoder, StridedDecoder


class VAEGAN(Method):
    """VAE and GAN in one: three networks, three losses, one pass (Larsen et al. 2016, algorithm 1).

    Roles: `encoder`, `decoder`, `discriminator`; the updates are simultaneous. The decoder is the GAN's generator. The
    reconstruction error is that of the discriminator's features at `layer`, Dis_l, instead of that of pixels.

    gamma: how much the decoder minds content (the feature loss) against style (fooling the discriminator). Its scale:
        the decoder minimises gamma * feature loss + GAN loss, where the feature loss is a SUM over features in units
        of their mean square (`relative_features`), or in their own (not `relative_features`: the paper's form). A mean
        over n features would need n times the gamma. The authors' code weighs the GAN loss with 1 - gamma as well;
        with the small gamma in use that is nearly 1.
    weight_hat, weight_fake: of reconstructions and of samples from the prior in the GAN loss. 1 and 1 are the paper's;
        the authors' code has 0 and 1.
    discriminator_feature_weight: of the feature loss in the discriminator's. The paper has 0, for a reason: more makes
        the features of all images alike.
    optimizer: ``"adam"``, with `momentum` as beta1, ``"rmsprop"``, with `momentum` as the decay of the mean square, or
        ``"sgd"``. discriminator_lr: None means `lr`.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: GaussianEncoder,
        decoder: StridedDecoder,
        discriminator: FeatureDiscriminator,
        prior: Distribution,
        layer: int = 2,
        gamma: float = 1e-3,
        relative_features: bool = True,
        weight_hat: float = 1.0,
        weight_fake: float = 1.0,
        discriminator_feature_weight: float = 0.0,
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
        self.weight_hat = weight_hat
        self.weight_fake = weight_fake
        self.discriminator_feature_weight = discriminator_feature_weight
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
        x = batch["x"]
        mu, logvar = self.encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        # one pass of the decoder for both: its batch norm must treat codes of images and of the prior alike
        x_hat, x_fake = self.decoder(torch.cat([z, self.prior.sample(len(x))])).chunk(2)
        real, features = self.discriminator.look(x, self.layer)
        hat, features_hat = self.discriminator.look(x_hat, self.layer)
        fake = self.discriminator(x_fake)
        weights = self.weight_hat, self.weight_fake
        prior = kl_to_standard_normal(mu, logvar)
        feature = feature_loss(features_hat, features, self.relative_features)
        d_loss = vae_gan_discriminator_loss(real, hat, fake, *weights)
        g_loss = vae_gan_decoder_loss(hat, fake, *weights)
        self.minimize(
            encoder=prior + feature,
            decoder=self.gamma * feature + g_loss,
            discriminator=d_loss + self.discriminator_feature_weight * feature,
        )
        return {"prior": prior, "feature": feature, "discriminator": d_loss, "decoder": g_loss}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through the mean code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: noise from the prior through the decoder."""
        return self.decoder(self.prior.sample(n))
