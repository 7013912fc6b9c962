"""The generative adversarial network (Goodfellow et al. 2014)."""

from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, minimax_generator_loss
from course_utils.methods.base import Method, adam

GENERATOR_LOSSES = {"non_saturating": generator_loss, "minimax": minimax_generator_loss}


class GAN(Method):
    """Generator against discriminator (Goodfellow et al. 2014, algorithm 1). Roles: `discriminator`, `generator`.

    The updates alternate: the discriminator steps first, the generator then plays against the new one.
    `prior` is the distribution of the noise z. `objective` is the generator's loss: ``"non_saturating"`` (their
    section 3) or ``"minimax"`` (their equation 1).
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
        objective: str = "non_saturating",
        lr: float = 2e-4,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        if objective not in GENERATOR_LOSSES:
            raise ValueError(f"unknown GAN objective {objective!r}: use one of {', '.join(GENERATOR_LOSSES)}")
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.objective = objective
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        # Phase 1, discriminator: tell data from samples. detach: the generator is not asked here.
        x_fake = self.sample(len(x)).detach()
        d_loss = discriminator_loss(self.discriminator(x), self.discriminator(x_fake))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: new samples, judged by the discriminator that has just stepped.
        g_loss = GENERATOR_LOSSES[self.objective](self.discriminator(self.sample(len(x))))
        self.minimize(generator=g_loss)
        return {"discriminator": d_loss, "generator": g_loss}

    def sample(self, n: int) -> Tensor:
        """n samples: noise from the prior through the generator."""
        return self.generator(self.prior.sample(n))
