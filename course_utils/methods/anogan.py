"""AnoGAN: a GAN of normal images, and the search for the sample most like a given one (Schlegl et al. 2017)."""

import torch
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.methods.gan import GAN


class AnoGAN(GAN):
    """A GAN that is trained on normal images and asked how near it can come to a new one. Trained as `GAN`.

    There is no encoder: for every image z is found by gradient descent, with the networks as they are. What the search
    minimises, and what is left at its end, the anomaly score, is (1 - weight) sum |x - G(z)| + weight sum |f(x) -
    f(G(z))|, with f the features of the discriminator (their equations 3 to 7). The discriminator is a
    `networks.Discriminator`, whose trunk gives f.

    search_steps, search_lr: Adam's, for z. weight: of the features, lambda in the paper. `options` go to `GAN`.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
        search_steps: int = 150,
        search_lr: float = 0.1,
        weight: float = 0.1,
        **options,
    ):
        super().__init__(generator, discriminator, prior, **options)
        if not 0 <= weight <= 1 or search_steps < 1:
            raise ValueError(f"weight must lie in [0, 1] and search_steps be positive, got {weight} and {search_steps}")
        self.search_steps = search_steps
        self.search_lr = search_lr
        self.weight = weight

    def residual(self, x: Tensor, z: Tensor) -> Tensor:
        """How far G(z) is from x, (B,): in pixels, and in the discriminator's features."""
        x_hat = self.generator(z)
        pixels = (x - x_hat).abs().flatten(1).sum(1)
        features = (self.discriminator.trunk(x) - self.discriminator.trunk(x_hat)).to(x.dtype).abs().sum(1)
        return (1 - self.weight) * pixels + self.weight * features

    def search(self, x: Tensor) -> Tensor:
        """The codes (B, latent_dim) at the end of the search, one for each x; moves no parameter of the networks.

        Raises RuntimeError in training mode: batch norm would let the images of a batch change each other's results.
        """
        if self.training:
            raise RuntimeError("search in eval mode: call .eval() first")
        with torch.enable_grad():
            z = self.prior.sample(len(x)).requires_grad_()
            optimizer = torch.optim.Adam([z], lr=self.search_lr)
            for _ in range(self.search_steps):
                # the sum: each image has its own z, so that no other moves it
                (z.grad,) = torch.autograd.grad(self.residual(x, z).sum(), [z])
                optimizer.step()
        return z.detach()

    def reconstruct(self, x: Tensor) -> Tensor:
        """The sample most like x that the search found, same shape as x."""
        return self.generator(self.search(x))

    def anomaly_scores(self, x: Tensor) -> Tensor:
        """What is left of `residual` after the search, (B,)."""
        return self.residual(x, self.search(x))
