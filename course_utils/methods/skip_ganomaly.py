"""Skip-GANomaly: an autoencoder with skip connections against a discriminator (Akcay et al. 2019)."""

from torch import Tensor, nn

from course_utils.losses import discriminator_loss, generator_loss
from course_utils.methods.base import Method, adam


class SkipGANomaly(Method):
    """An autoencoder with skip connections; images are compared in pixels and in the discriminator's features.

    Roles: `generator`, `discriminator`; the updates are simultaneous, after one pass. The generator minimises
    (their equations 1 to 4) the non-saturating GAN loss, `weight_context` times the mean of |x - x_hat| and
    `weight_latent` times the mean of (f(x) - f(x_hat))^2, f the features: the trunk of a `networks.Discriminator`.
    The score weighs the last two with `score_weight` and 1 - `score_weight` (their equation 5).
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        weight_context: float = 40.0,
        weight_latent: float = 1.0,
        score_weight: float = 0.9,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.weight_context = weight_context
        self.weight_latent = weight_latent
        self.score_weight = score_weight
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        x_hat = self.generator(x)
        adversarial = generator_loss(self.discriminator(x_hat))
        context, latent = (distance.mean() for distance in self.distances(x, x_hat))
        d_loss = discriminator_loss(self.discriminator(x), self.discriminator(x_hat.detach()))
        self.minimize(
            generator=adversarial + self.weight_context * context + self.weight_latent * latent, discriminator=d_loss
        )
        return {"adversarial": adversarial, "context": context, "latent": latent, "discriminator": d_loss}

    def distances(self, x: Tensor, x_hat: Tensor) -> tuple[Tensor, Tensor]:
        """Means of |x - x_hat| and of (f(x) - f(x_hat))^2 for each image, (B,) each."""
        features, features_hat = (self.discriminator.trunk(image).to(x.dtype) for image in (x, x_hat))
        return (x - x_hat).abs().flatten(1).mean(1), (features - features_hat).square().mean(1)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through the middle and past it, same shape as x."""
        return self.generator(x)

    def anomaly_scores(self, x: Tensor) -> Tensor:
        """The weighted mean of both `distances`, (B,)."""
        context, latent = self.distances(x, self.reconstruct(x))
        return self.score_weight * context + (1 - self.score_weight) * latent
