"""Unsupervised clustering with an adversarial autoencoder (Makhzani et al. 2015, section 6)."""

from torch import Tensor

from course_utils.losses import agreement_loss, discriminator_loss, generator_loss, squared_error
from course_utils.methods.class_style_aae import ClassStyleAAE


class ClusteringAAE(ClassStyleAAE):
    """The semi-supervised AAE without labels and without its third phase: y becomes a cluster (figure 9).

    Roles and options: those of `ClassStyleAAE`; `n_classes` of the encoder is the number of clusters. The updates
    alternate, in two phases: reconstruction; regularisation, in which first both discriminators and then the encoder
    step.
    """

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, losses = batch["x"], {}
        # Reconstruction phase: from a noisy image, through cluster and style, to the clean image.
        logits, z = self.encoder(self.corruption(x))
        losses["reconstruction"] = squared_error(self.decode(logits.softmax(1), z), x)
        self.minimize(autoencoder=losses["reconstruction"])
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
        return losses
