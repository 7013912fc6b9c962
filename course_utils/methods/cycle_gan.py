"""CycleGAN: translate between two kinds of images, learned without pairs (Zhu et al. 2017)."""

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.losses import least_squares_discriminator_loss, least_squares_generator_loss
from course_utils.methods.base import Method, adam


class CycleGAN(Method):
    """Two GANs that undo each other. Roles: `generators` (both), `discriminator_a`, `discriminator_b`.

    ``batch["x"]`` (B, C, H, 2W) shows an image a of one kind and to its right an image b of the other; which b is
    beside which a does not matter. `a_to_b` and `b_to_a` are the paper's G and F, the discriminators its D_X and D_Y.
    The updates alternate, as in the authors' code: both generators first, then both discriminators, on the same
    drawings. The generators minimise the GAN losses of both directions, least-squares (their section 4), and
    `weight_cycle`, their lambda, times the mean of |a - a_hat| and that of |b - b_hat|: what came back from the other
    side (their equations 2 and 3).

    Ours: pixels span 1 and not 2, which halves the cycle's weight of 10. Left out: the history of 50 drawings, for
    batches of one image (ours have more), and the identity loss of their section 5.2, for the colours of paintings.
    """

    training_only = ("discriminator_a", "discriminator_b")

    def __init__(
        self,
        a_to_b: nn.Module,
        b_to_a: nn.Module,
        discriminator_a: nn.Module,
        discriminator_b: nn.Module,
        weight_cycle: float = 10.0,
        lr: float = 2e-4,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.a_to_b = a_to_b
        self.b_to_a = b_to_a
        self.discriminator_a = discriminator_a
        self.discriminator_b = discriminator_b
        self.weight_cycle = weight_cycle
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        generators = [*self.a_to_b.parameters(), *self.b_to_a.parameters()]
        return {
            "generators": adam(generators, self.lr, self.beta1),
            "discriminator_a": adam(self.discriminator_a.parameters(), self.discriminator_lr, self.beta1),
            "discriminator_b": adam(self.discriminator_b.parameters(), self.discriminator_lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        a, b = batch["x"].chunk(2, dim=3)
        # Phase 1, generators: each drawing is to pass for one of the other kind, and to lead back to where it began.
        b_fake, a_fake = self.a_to_b(a), self.b_to_a(b)
        a_hat, b_hat = self.b_to_a(b_fake), self.a_to_b(a_fake)
        logits_a, logits_b = self.discriminator_a(a_fake), self.discriminator_b(b_fake)
        adversarial = least_squares_generator_loss(logits_a) + least_squares_generator_loss(logits_b)
        cycle = F.l1_loss(a_hat, a) + F.l1_loss(b_hat, b)
        self.minimize(generators=adversarial + self.weight_cycle * cycle)
        # Phase 2, discriminators: images of their own kind against the drawings, made before the generators stepped.
        logits_a, logits_b = self.discriminator_a(a_fake.detach()), self.discriminator_b(b_fake.detach())
        loss_a = least_squares_discriminator_loss(self.discriminator_a(a), logits_a)
        loss_b = least_squares_discriminator_loss(self.discriminator_b(b), logits_b)
        self.minimize(discriminator_a=loss_a, discriminator_b=loss_b)
        return {"adversarial": adversarial, "cycle": cycle, "discriminator_a": loss_a, "discriminator_b": loss_b}

    def translate(self, a: Tensor) -> Tensor:
        """What becomes of images a (B, C, H, W) on the other side, same shape."""
        return self.a_to_b(a)

    def translate_back(self, b: Tensor) -> Tensor:
        """What becomes of images b (B, C, H, W) on this side, same shape."""
        return self.b_to_a(b)
