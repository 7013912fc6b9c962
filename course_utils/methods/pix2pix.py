"""pix2pix: translate images into images, learned from pairs (Isola et al. 2017), and the same without a GAN."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.losses import discriminator_loss, generator_loss
from course_utils.methods.base import Method, adam


class Pix2Pix(Method):
    """A conditional GAN whose condition is an image. Roles: `discriminator`, `generator`.

    ``batch["x"]`` (B, C, H, 2W) shows pairs side by side: to the left the source, to the right x, what it is to become.
    The generator draws x_hat from a source, each (B, C, H, W). The discriminator sees the source, too, in further
    channels (2C), and judges pairs, or patches of them: the mean of the loss is over patches and images.
    The updates alternate: the discriminator first; the generator then plays against the new one with the same x_hat. It
    minimises the GAN loss, not saturating, and `weight_l1` times the mean of |x - x_hat| (their equation 4).

    `weight_l1` 0 leaves the GAN alone. The paper has 100, for pixels from -1 to 1: ours span half of that. No noise:
    their generator learned to ignore it, and the dropout they kept instead changed little (their section 3.1).
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        weight_l1: float = 100.0,
        lr: float = 2e-4,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.weight_l1 = weight_l1
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        source, x = batch["x"].chunk(2, dim=3)
        x_hat = self.generator(source)
        # Phase 1, discriminator: sources with their true images against sources with what was drawn from them.
        d_loss = discriminator_loss(self.discriminate(source, x), self.discriminate(source, x_hat.detach()))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: its drawings are to pass for true ones, and to be near the true ones.
        adversarial = generator_loss(self.discriminate(source, x_hat))
        l1 = F.l1_loss(x_hat, x)
        self.minimize(generator=adversarial + self.weight_l1 * l1)
        return {"discriminator": d_loss, "adversarial": adversarial, "l1": l1}

    def discriminate(self, source: Tensor, x: Tensor) -> Tensor:
        """The discriminator's logits for images x said to belong to the sources, both (B, C, H, W)."""
        return self.discriminator(torch.cat([source, x], dim=1))

    def translate(self, source: Tensor) -> Tensor:
        """What the generator draws from sources (B, C, H, W), same shape."""
        return self.generator(source)


class L1Translator(Method):
    """The generator of `Pix2Pix` alone, trained on the mean of |x - x_hat|. One role: `generator`. Batches as there."""

    def __init__(self, generator: nn.Module, lr: float = 2e-4, beta1: float = 0.5):
        super().__init__()
        self.generator = generator
        self.lr = lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {"generator": adam(self.generator.parameters(), self.lr, self.beta1)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        source, x = batch["x"].chunk(2, dim=3)
        l1 = F.l1_loss(self.generator(source), x)
        self.minimize(generator=l1)
        return {"l1": l1}

    def translate(self, source: Tensor) -> Tensor:
        """What the network draws from sources (B, C, H, W), same shape."""
        return self.generator(source)
