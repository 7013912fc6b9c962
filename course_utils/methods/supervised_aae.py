"""The supervised adversarial autoencoder (Makhzani et al. 2015, section 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, squared_error
from course_utils.methods.base import OPTIMIZERS, Method


class SupervisedAAE(Method):
    """An AAE whose decoder is told the class y, so that the code z need not say it (AAE section 4, figure 6).

    Roles: `autoencoder`, `discriminator`, `generator`, updated in alternation as in `AAE`. The encoder sees the image
    alone. The decoder takes vectors of (latent_dim + n_classes) entries, z beside the one-hot class.

    The paper's discriminator sees z alone: it makes the codes of all classes TOGETHER follow the prior.
    ``discriminator_sees_class`` (ours, not the paper's) puts the one-hot class beside z there, too, so that the codes
    of EACH class have to follow it; a discriminator of (latent_dim + n_classes) entries is needed then.

    The default rates and momenta are the paper's (appendix A): plain SGD. ``optimizer="adam"`` takes Adam, with the
    momenta as beta1; it then needs rates of its own.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
        n_classes: int = 10,
        discriminator_sees_class: bool = False,
        optimizer: str = "sgd",
        lr: float = 0.01,
        momentum: float = 0.9,
        adversarial_lr: float = 0.1,
        adversarial_momentum: float = 0.1,
    ):
        super().__init__()
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {optimizer!r}: use one of {', '.join(OPTIMIZERS)}")
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.prior = prior
        self.n_classes = n_classes
        self.discriminator_sees_class = discriminator_sees_class
        self.optimizer = optimizer
        self.rates = {
            "autoencoder": (lr, momentum),
            "discriminator": (adversarial_lr, adversarial_momentum),
            "generator": (adversarial_lr, adversarial_momentum),
        }

    def configure_optimizers(self):
        moved = {
            "autoencoder": [*self.encoder.parameters(), *self.decoder.parameters()],
            "discriminator": self.discriminator.parameters(),
            "generator": self.encoder.parameters(),
        }
        return {role: OPTIMIZERS[self.optimizer](moved[role], *self.rates[role]) for role in moved}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = batch["x"], batch["y"]
        # Reconstruction phase: the image to its code, the code and the class back to the image.
        x_hat = self.decode(self.encoder.sample(x), y)
        reconstruction = squared_error(x_hat, x)
        self.minimize(autoencoder=reconstruction)
        # Regularisation phase: the discriminator tells samples of the prior ("real") from codes ("fake") ...
        z, z_prior = self.encoder.sample(x), self.prior.sample(len(x))
        d_loss = discriminator_loss(self.discriminate(z_prior, y), self.discriminate(z.detach(), y))
        self.minimize(discriminator=d_loss)
        # ... and the encoder learns to be mistaken for the prior.
        g_loss = generator_loss(self.discriminate(z, y))
        self.minimize(generator=g_loss)
        return {"reconstruction": reconstruction, "discriminator": d_loss, "generator": g_loss}

    def discriminate(self, z: Tensor, y: Tensor) -> Tensor:
        """The discriminator's logits (B,) for codes z (B, latent_dim) of classes y (B,), which it may not see."""
        return self.discriminator(self.with_label(z, y) if self.discriminator_sees_class else z)

    def with_label(self, z: Tensor, y: Tensor) -> Tensor:
        """z (B, latent_dim) with the one-hot class beside it. Raises ValueError unless y is (B,)."""
        if y.shape != z.shape[:1]:
            raise ValueError(f"y must hold one class a code, shape ({len(z)},), got {tuple(y.shape)}")
        return torch.cat([z, F.one_hot(y, self.n_classes).to(z.dtype)], dim=1)

    def encode(self, x: Tensor) -> Tensor:
        """The style of x: codes (B, latent_dim), the means of q(z|x)."""
        return self.encoder.mean(x)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Class y (B,) in style z (B, latent_dim): images (B, C, H, W)."""
        return self.decoder(self.with_label(z, y))

    def reconstruct(self, x: Tensor, y: Tensor) -> Tensor:
        """x through its code and back with its class y, same shape as x."""
        return self.decode(self.encode(x), y)

    def sample(self, y: Tensor) -> Tensor:
        """One image of each requested class y (B,): z from the prior, through the decoder with y."""
        return self.decode(self.prior.sample(len(y)), y)
