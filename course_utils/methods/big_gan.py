"""BigGAN: the class by conditional batch norm and projection, hinge loss, spectral norm (Brock et al. 2019)."""

from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import hinge_discriminator_loss, hinge_generator_loss, orthogonal_penalty
from course_utils.methods.base import Method, adam
from course_utils.networks import ClassConditionalGenerator, ProjectionDiscriminator


class BigGAN(Method):
    """A GAN of p(x|y) that is made to be truncated. Roles: `discriminator`, `generator`.

    The updates alternate, one step each (the paper makes two of the discriminator's, and averages the generator's
    weights). Spectral norm is for the discriminator alone (the paper has it in both: in the generator batch norm takes
    the size of what comes before it anyway).

    orthogonality: weighs the overlap of the generator's `patterns` (their equation 3). It is to make the generator
        smooth, so that a z that lies nearer to the origin than those of the training gives a good image, too. To draw
        such ones: ``decode(distributions.TruncatedGaussian(dim, threshold).sample(n), y)``.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        generator: ClassConditionalGenerator,
        discriminator: ProjectionDiscriminator,
        prior: Distribution,
        orthogonality: float = 1e-4,
        lr: float = 2e-4,
        discriminator_lr: float | None = None,
        beta1: float = 0.0,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.orthogonality = orthogonality
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam(self.generator.parameters(), self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = batch["x"], batch["y"]
        # Phase 1, discriminator: images with their class against samples of the same classes, up to a margin.
        x_fake = self.sample(y).detach()
        d_loss = hinge_discriminator_loss(self.discriminator(x, y), self.discriminator(x_fake, y))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: new samples of these classes; what its inputs draw should not overlap.
        g_loss = hinge_generator_loss(self.discriminator(self.sample(y), y))
        overlap = sum(orthogonal_penalty(patterns) for patterns in self.generator.patterns())
        self.minimize(generator=g_loss + self.orthogonality * overlap)
        return {"discriminator": d_loss, "generator": g_loss, "overlap": overlap}

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Class y in style z: images (B, C, H, W) of z (B, latent_dim) and y (B,)."""
        return self.generator(z, y)

    def sample(self, y: Tensor) -> Tensor:
        """One image of each requested class y (B,): noise from the prior, through the generator with y."""
        return self.decode(self.prior.sample(len(y)), y)
