"""The semi-supervised adversarial autoencoder (Makhzani et al. 2015, section 5)."""

import torch.nn.functional as F
from torch import Tensor

from course_utils.losses import agreement_loss, discriminator_loss, generator_loss, squared_error
from course_utils.methods.class_style_aae import ClassStyleAAE


class SemiSupervisedAAE(ClassStyleAAE):
    """Class y and style z, each with an adversary; the few labels train the encoder as a classifier (figure 8).

    Roles: those of `ClassStyleAAE`, and `classifier` (the encoder, by the labels). The updates alternate, in three
    phases: reconstruction; regularisation, in which first both discriminators and then the encoder step;
    classification. Options: those of `ClassStyleAAE`, and rate and momentum of the classifier.
    """

    def __init__(self, *networks_and_prior, classifier_lr: float = 0.1, classifier_momentum: float = 0.9, **options):
        super().__init__(*networks_and_prior, **options)
        self.rates["classifier"] = (classifier_lr, classifier_momentum)

    def moved(self):
        return {**super().moved(), "classifier": list(self.encoder.parameters())}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, losses = batch["x"], {}
        # Reconstruction phase: from a noisy image, through class and style, to the clean image.
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
        if self.weight_agreement:  # ours: another draw of the noise must not change the class
            losses["agreement"] = agreement_loss(logits, self.encoder(self.corruption(x))[0])
            wanted = wanted + self.weight_agreement * losses["agreement"]
        self.minimize(generator=wanted)
        # Classification phase: the few images whose label is known.
        logits, _ = self.encoder(self.corruption(batch["x_labelled"]))
        losses["cross_entropy"] = F.cross_entropy(logits, batch["y_labelled"])
        self.minimize(classifier=losses["cross_entropy"])
        return losses
