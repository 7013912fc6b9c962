"""The adversarial autoencoder (Makhzani et al. 2015)."""

from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, squared_error
from course_utils.methods.base import OPTIMIZERS, Method


class AAE(Method):
    """An autoencoder whose codes a discriminator cannot tell from samples of the prior (AAE section 2).

    Roles: `autoencoder` (encoder and decoder), `discriminator`, `generator` (the encoder again, with an optimiser
    of its own). The updates alternate, in two phases: reconstruction, then regularisation, in which first the
    discriminator and then the encoder steps. The encoder decides what q(z|x) is: deterministic, Gaussian, universal.

    The default rates and momenta are the paper's (appendix A): plain SGD, the adversarial rate ten times the other.
    ``optimizer="adam"`` takes Adam instead, with the momenta as beta1; it then needs rates of its own.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
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
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.adversarial_lr = adversarial_lr
        self.adversarial_momentum = adversarial_momentum

    def configure_optimizers(self):
        make = OPTIMIZERS[self.optimizer]
        adversarial = (self.adversarial_lr, self.adversarial_momentum)
        return {
            "autoencoder": make([*self.encoder.parameters(), *self.decoder.parameters()], self.lr, self.momentum),
            "discriminator": make(self.discriminator.parameters(), *adversarial),
            "generator": make(self.encoder.parameters(), *adversarial),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        # Reconstruction phase: encode, decode, compare.
        x_hat = self.decoder(self.encoder.sample(x))
        reconstruction = squared_error(x_hat, x)
        self.minimize(autoencoder=reconstruction)
        # Regularisation phase: the discriminator tells samples of the prior ("real") from codes ("fake") ...
        z = self.encoder.sample(x)
        d_loss = discriminator_loss(self.discriminator(self.prior.sample(len(x))), self.discriminator(z.detach()))
        self.minimize(discriminator=d_loss)
        # ... and the encoder, as its generator, learns to be mistaken for the prior.
        g_loss = generator_loss(self.discriminator(z))
        self.minimize(generator=g_loss)
        return {"reconstruction": reconstruction, "discriminator": d_loss, "generator": g_loss}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: z from the prior through the decoder."""
        return self.decoder(self.prior.sample(n))
