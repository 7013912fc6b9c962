"""A GAN of images with attributes."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss
from course_utils.methods.base import Method, adam
from course_utils.networks import FeatureDiscriminator, StridedDecoder


class AttributeGAN(Method):
    """A GAN of p(x|a): both networks see the attribute vector a of an image. Roles: `discriminator`, `generator`.

    As `ConditionalGAN`, with attribute vectors (B, n_attributes) from ``batch["attributes"]`` instead of classes, and
    networks as those of `AttributeVAEGAN`.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        generator: StridedDecoder,
        discriminator: FeatureDiscriminator,
        prior: Distribution,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, a = batch["x"], batch["attributes"]
        # Phase 1, discriminator: images with their attributes against samples with the same ones.
        d_loss = discriminator_loss(self.discriminator(x, a), self.discriminator(self.sample(a).detach(), a))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: new samples for the same attributes.
        g_loss = generator_loss(self.discriminator(self.sample(a), a))
        self.minimize(generator=g_loss)
        return {"discriminator": d_loss, "generator": g_loss}

    def decode(self, z: Tensor, attributes: Tensor) -> Tensor:
        """Images (B, C, H, W) of noise z (B, latent_dim) with attributes (B, n_attributes)."""
        return self.generator(torch.cat([z, attributes], dim=1))

    def sample(self, attributes: Tensor) -> Tensor:
        """One image for each attribute vector (B, n_attributes): noise from the prior, through the generator."""
        return self.decode(self.prior.sample(len(attributes)), attributes)
