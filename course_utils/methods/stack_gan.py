"""StackGAN: a small image from a caption, then a large one from small image and caption (Zhang et al. 2017)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import generator_loss, kl_to_standard_normal, matching_discriminator_loss
from course_utils.methods.base import Method, adam
from course_utils.networks import FeatureDiscriminator, GaussianEncoder


class StackGAN(Method):
    """One stage of a StackGAN (Zhang et al. 2017, sections 3.2 to 3.4). Roles: `discriminator`, `generator`.

    Batches bring captions, ``batch["attributes"]`` (B, n_captions). Stage I has a `prior`: its generator takes vectors,
    noise beside the condition c. Stage II has another stage `below` it, trained before, which does not learn any more:
    its generator is a `networks.Refiner` of that stage's images and c; there is no noise of its own. Both have the
    same step, in which the updates alternate.

    augmentation: conditioning augmentation, captions to mean and logvar of a Gaussian, from which c is drawn anew in
        every pass. The role `generator` moves it, too.
    weight_kl: of its KL to N(0, I), a sum over the entries of c. The paper has 1 (equation 4), its authors' code twice
        the mean over 128 entries: the default.
    """

    training_only = ("discriminator", "below")  # the stage below has a recipe, and weights, of its own

    def __init__(
        self,
        augmentation: GaussianEncoder,
        generator: nn.Module,
        discriminator: FeatureDiscriminator,
        prior: Distribution | None = None,
        below: "StackGAN | None" = None,
        weight_kl: float = 2 / 128,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        if (prior is None) == (below is None):
            raise ValueError("a stage begins with noise or with the images of another stage: give prior or below")
        self.augmentation = augmentation
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.below = below and below.requires_grad_(False)
        self.weight_kl = weight_kl
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def train(self, mode: bool = True):
        """Training mode for all but the stage below: its batch norm must not follow this training."""
        super().train(mode)
        if self.below is not None:
            self.below.eval()
        return self

    def configure_optimizers(self):
        generator = [*self.augmentation.parameters(), *self.generator.parameters()]
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam(generator, self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        captions = batch["attributes"]
        x = F.adaptive_avg_pool2d(batch["x"], self.generator.out_shape[1:])  # as large as this stage draws
        # Phase 1, discriminator: a real image is a fake, too, under the caption of another one.
        x_fake = self.sample(captions).detach()
        real, wrong = self.discriminator(x, captions), self.discriminator(x, captions.roll(1, dims=0))
        d_loss = matching_discriminator_loss(real, wrong, self.discriminator(x_fake, captions))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator and augmentation: new samples of the same captions.
        x_fake, kl = self.draw(self.start(captions), captions)
        g_loss = generator_loss(self.discriminator(x_fake, captions))
        self.minimize(generator=g_loss + self.weight_kl * kl)
        return {"discriminator": d_loss, "generator": g_loss, "kl": kl}

    def start(self, captions: Tensor) -> Tensor:
        """What this stage begins with: noise (B, latent_dim), or the images of the stage below for these captions."""
        return self.prior.sample(len(captions)) if self.below is None else self.below.sample(captions)

    def draw(self, start: Tensor, captions: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) of captions, made from what `start` gives; and the KL of their conditions, in nats."""
        mu, logvar = self.augmentation(captions)
        c = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        x = self.generator(torch.cat([start, c], dim=1)) if self.below is None else self.generator(start, c)
        return x, kl_to_standard_normal(mu, logvar)

    def sample(self, captions: Tensor) -> Tensor:
        """One image for each caption (B, n_captions)."""
        return self.draw(self.start(captions), captions)[0]
