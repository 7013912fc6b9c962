"""The conditional GAN (Mirza and Osindero 2014)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss
from course_utils.methods.base import Method, adam


class ConditionalGAN(Method):
    """A GAN of p(x|y): generator and discriminator see the class too. Roles: `discriminator`, `generator`.

    The step is the GAN's. The generator takes vectors of (noise + n_classes) entries, z beside the one-hot y; the
    discriminator images of (C + n_classes, H, W): beside the channels of x one plane a class, all ones for y's and
    zero for the others. So a sample of the wrong class is a fake, however well drawn.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
        n_classes: int = 10,
        lr: float = 2e-4,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.n_classes = n_classes
        self.lr = lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "discriminator": adam(self.discriminator.parameters(), self.lr, self.beta1),
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = batch["x"], batch["y"]
        # Phase 1, discriminator: images with their class against samples with the class asked for.
        x_fake = self.sample(y).detach()
        d_loss = discriminator_loss(self.discriminate(x, y), self.discriminate(x_fake, y))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: new samples of the same classes.
        g_loss = generator_loss(self.discriminate(self.sample(y), y))
        self.minimize(generator=g_loss)
        return {"discriminator": d_loss, "generator": g_loss}

    def discriminate(self, x: Tensor, y: Tensor) -> Tensor:
        """The discriminator's logits (B,) for images x (B, C, H, W) said to be of classes y (B,)."""
        planes = self._one_hot(x, y)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.discriminator(torch.cat([x, planes], dim=1))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Class y in style z: images (B, C, H, W) of z (B, latent_dim) and y (B,)."""
        return self.generator(torch.cat([z, self._one_hot(z, y)], dim=1))

    def sample(self, y: Tensor) -> Tensor:
        """One image of each requested class y (B,): noise from the prior, through the generator with y."""
        return self.decode(self.prior.sample(len(y)), y)

    def _one_hot(self, v: Tensor, y: Tensor) -> Tensor:
        if y.shape != v.shape[:1]:
            raise ValueError(f"y must hold one class an example, shape ({len(v)},), got {tuple(y.shape)}")
        return F.one_hot(y, self.n_classes).to(v.dtype)
