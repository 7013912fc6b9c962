"""Dimensionality reduction with an adversarial autoencoder (Makhzani et al. 2015, section 7)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.losses import agreement_loss, cluster_head_penalty, discriminator_loss, generator_loss, squared_error
from course_utils.methods.class_style_aae import ClassStyleAAE


class DimensionReductionAAE(ClassStyleAAE):
    """Every image becomes ONE point: the head of its cluster plus its style, y W_C + z (AAE section 7).

    The decoder sees that point alone, (B, latent_dim). The rows of W_C, `heads` (n_classes, latent_dim), are learnt;
    two of them that are nearer than `head_distance` pay for it in proportion (`losses.cluster_head_penalty`).

    Roles: those of `ClassStyleAAE`, where `autoencoder` moves the heads too, and `classifier` (the encoder, by the
    labels), which steps only where a batch has labelled images: without any this is a clustering. The updates
    alternate, in the phases of `SemiSupervisedAAE`. Options: those of `ClassStyleAAE`, rate and momentum of the
    classifier, and

    head_distance: the distance eta below which heads are pushed apart. The paper does not print its value.
    weight_heads: of the penalty, in the loss of the reconstruction phase.
    """

    def __init__(
        self,
        *networks_and_prior,
        head_distance: float = 4.0,
        weight_heads: float = 1.0,
        classifier_lr: float = 0.1,
        classifier_momentum: float = 0.9,
        **options,
    ):
        super().__init__(*networks_and_prior, **options)
        self.head_distance = head_distance
        self.weight_heads = weight_heads
        self.heads = nn.Parameter(head_distance * torch.randn(self.encoder.n_classes, self.encoder.latent_dim))
        self.rates["classifier"] = (classifier_lr, classifier_momentum)

    def moved(self):
        moved = super().moved()
        return {**moved, "autoencoder": [*moved["autoencoder"], self.heads], "classifier": moved["generator"]}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, losses = batch["x"], {}
        # Reconstruction phase: from a noisy image, through ONE point, to the clean image; and heads pushed apart.
        logits, z = self.encoder(self.corruption(x))
        losses["reconstruction"] = squared_error(self.decode(logits.softmax(1), z), x)
        losses["heads"] = cluster_head_penalty(self.heads, self.head_distance)
        self.minimize(autoencoder=losses["reconstruction"] + self.weight_heads * losses["heads"])
        # Regularisation phase: each discriminator tells samples of its prior ("real") from its part of the code ...
        logits, z = self.encoder(self.corruption(x))
        y = logits.softmax(1)
        y_prior, z_prior = self.prior_y.sample(len(x)), self.prior.sample(len(x))
        losses["discriminator_y"] = discriminator_loss(self.see_y(y_prior), self.see_y(y.detach()))
        losses["discriminator_z"] = discriminator_loss(self.see_z(z_prior), self.see_z(z.detach()))
        self.minimize(discriminator_y=losses["discriminator_y"], discriminator_z=losses["discriminator_z"])
        # ... and the encoder learns to be mistaken for both priors.
        losses["generator_y"], losses["generator_z"] = generator_loss(self.see_y(y)), generator_loss(self.see_z(z))
        wanted = self.weight_y * losses["generator_y"] + self.weight_z * losses["generator_z"]
        if self.weight_agreement:  # ours: another draw of the noise must not change the cluster
            losses["agreement"] = agreement_loss(logits, self.encoder(self.corruption(x))[0])
            wanted = wanted + self.weight_agreement * losses["agreement"]
        self.minimize(generator=wanted)
        # Classification phase, if the label of some images is known.
        if "x_labelled" in batch:
            logits, _ = self.encoder(self.corruption(batch["x_labelled"]))
            losses["cross_entropy"] = F.cross_entropy(logits, batch["y_labelled"])
            self.minimize(classifier=losses["cross_entropy"])
        return losses

    def point(self, y: Tensor, z: Tensor) -> Tensor:
        """The code (B, latent_dim) of class probabilities y (B, n_classes) and style z (B, latent_dim)."""
        # a sum of products instead of @: autocast would round a matrix product to bfloat16
        return (y[:, :, None] * self.heads).sum(1) + z

    def points(self, x: Tensor) -> Tensor:
        """The n-dimensional codes (B, latent_dim) of clean images: what is plotted."""
        logits, z = self.encoder(x)
        return self.point(logits.softmax(1), z)

    def decode(self, y: Tensor, z: Tensor) -> Tensor:
        """Images (B, C, H, W) from class probabilities or one-hot y and style z, through their point."""
        return self.decoder(self.point(y, z))
