"""What the AAEs with a code of two parts, class and style, have in common (Makhzani et al. 2015, sections 5 to 7)."""

import torch
from torch import Tensor, nn

from course_utils.distributions import Categorical, Distribution
from course_utils.methods.base import OPTIMIZERS, Method


class ClassStyleAAE(Method):
    """An autoencoder with a code of two parts: class probabilities y and style z, each with an adversary of its own.

    One makes the distribution of y that of one-hot vectors, all classes equally likely; the other makes the
    distribution of z that of its prior. What trains it is in the subclasses, whole: `SemiSupervisedAAE`,
    `ClusteringAAE` and `DimensionReductionAAE`.

    Roles: `autoencoder` (encoder and decoder), `discriminator_y`, `discriminator_z`, `generator` (the encoder, by both
    adversaries). Subclasses may add some.

    encoder: x to (logits of y, z), as `networks.ClassStyleEncoder`. decoder: (B, n_classes + latent_dim) to images.
    corruption: noise on all images that the encoder sees in training; the target of the reconstruction is clean.
    discriminator_noise: standard deviation of Gaussian noise on the inputs of both discriminators, real and fake.
    weight_y, weight_z: of the two adversaries in the generator's loss; with 0 that discriminator only watches.
    weight_agreement: (ours, not the paper's) of a loss, beside those of the adversaries, that wants two draws of the
        noise on one image to fall into one class (`losses.agreement_loss`).

    The default rates and momenta are the paper's (appendix A): plain SGD. ``optimizer="adam"`` takes Adam, with the
    momenta as beta1; it then needs rates of its own.
    """

    training_only = ("discriminator_y", "discriminator_z")

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator_y: nn.Module,
        discriminator_z: nn.Module,
        prior: Distribution,
        corruption: nn.Module | None = None,
        discriminator_noise: float = 0.0,
        weight_y: float = 1.0,
        weight_z: float = 1.0,
        weight_agreement: float = 0.0,
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
        self.discriminator_y = discriminator_y
        self.discriminator_z = discriminator_z
        self.prior_y = Categorical(encoder.n_classes)
        self.prior = prior
        self.corruption = corruption or nn.Identity()
        self.discriminator_noise = discriminator_noise
        self.weight_y = weight_y
        self.weight_z = weight_z
        self.weight_agreement = weight_agreement
        self.optimizer = optimizer
        adversarial = (adversarial_lr, adversarial_momentum)
        roles = ("discriminator_y", "discriminator_z", "generator")
        self.rates = {"autoencoder": (lr, momentum), **dict.fromkeys(roles, adversarial)}

    def moved(self) -> dict[str, list[nn.Parameter]]:
        """The parameters of each role."""
        return {
            "autoencoder": [*self.encoder.parameters(), *self.decoder.parameters()],
            "discriminator_y": list(self.discriminator_y.parameters()),
            "discriminator_z": list(self.discriminator_z.parameters()),
            "generator": list(self.encoder.parameters()),
        }

    def configure_optimizers(self):
        return {role: OPTIMIZERS[self.optimizer](moved, *self.rates[role]) for role, moved in self.moved().items()}

    def see_y(self, y: Tensor) -> Tensor:
        """Logits (B,) of the class discriminator for y (B, n_classes), through its noise."""
        return self.discriminator_y(y + self.discriminator_noise * torch.randn_like(y))

    def see_z(self, z: Tensor) -> Tensor:
        """Logits (B,) of the style discriminator for z (B, latent_dim), through its noise."""
        return self.discriminator_z(z + self.discriminator_noise * torch.randn_like(z))

    def decode(self, y: Tensor, z: Tensor) -> Tensor:
        """Images (B, C, H, W) from class probabilities or one-hot y (B, n_classes) and style z (B, latent_dim)."""
        return self.decoder(torch.cat([y, z], dim=1))

    def logits(self, x: Tensor) -> Tensor:
        """Unnormalised class scores (B, n_classes) of clean images."""
        return self.encoder(x)[0]

    def probabilities(self, x: Tensor) -> Tensor:
        """q(y|x), (B, n_classes), rows sum to one."""
        return self.logits(x).softmax(1)

    def encode(self, x: Tensor) -> Tensor:
        """Styles z (B, latent_dim)."""
        return self.encoder(x)[1]

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its class probabilities and style and back, same shape as x."""
        logits, z = self.encoder(x)
        return self.decode(logits.softmax(1), z)

    def sample(self, n: int, y: Tensor | None = None) -> Tensor:
        """n images: classes y (n,), or uniform ones, and z from the prior, through the decoder."""
        return self.decode(self.prior_y.sample(n, y), self.prior.sample(n))
