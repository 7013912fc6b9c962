"""The generative moment matching network (Li, Swersky and Zemel 2015): no discriminator."""

from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import mmd2
from course_utils.methods.base import Method, adam


class MomentMatching(Method):
    """A generator trained to bring the MMD between its samples and the data to zero. One role: `generator`."""

    def __init__(
        self,
        generator: nn.Module,
        prior: Distribution,
        bandwidths: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0),
        lr: float = 1e-3,
    ):
        super().__init__()
        self.generator = generator
        self.prior = prior
        self.bandwidths = bandwidths
        self.lr = lr

    def configure_optimizers(self):
        return {"generator": adam(self.generator.parameters(), self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        x_fake = self.sample(len(x))
        discrepancy = mmd2(x_fake.flatten(1), x.flatten(1), self.bandwidths)
        self.minimize(generator=discrepancy)
        return {"mmd2": discrepancy}

    def sample(self, n: int) -> Tensor:
        """n samples: noise from the prior through the generator."""
        return self.generator(self.prior.sample(n))
