"""The adversarial autoencoder whose labels shape the code space (Makhzani et al. 2015, section 2.3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.datasets import UNLABELLED
from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, squared_error
from course_utils.methods.base import OPTIMIZERS, Method


class LabelledAAE(Method):
    """An AAE whose discriminator also sees the class, so that each class gets its own part of the prior.

    The step is the AAE's, and so are the roles: `autoencoder`, `discriminator`, `generator`; updates alternate. New
    is a one-hot vector beside every code, with one entry a class and one more for "label hidden" (figure 3 of the
    paper). For an image of class k, "real" is a sample of part k of the prior. For an image without a label
    (``y = datasets.UNLABELLED``) it is a sample of the whole prior. Both sides of a comparison, real and fake, get the
    same vector. Only the discriminator sees labels: encoding needs none, nor does decoding.

    prior: one with parts, such as a mixture (``prior.n_classes`` > 1). discriminator: takes vectors of prior.dim +
    n_classes + 1 entries. noise: standard deviation of Gaussian noise on all codes that the discriminator gets, real
    and fake. Rates, momenta and `optimizer` as in `AAE`.
    Raises ValueError for a prior or a discriminator that does not fit, and for labels that are no class of the prior.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        prior: Distribution,
        optimizer: str = "sgd",
        lr: float = 0.01,
        momentum: float = 0.9,
        adversarial_lr: float = 0.1,
        adversarial_momentum: float = 0.1,
        noise: float = 0.0,
    ):
        super().__init__()
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {optimizer!r}: use one of {', '.join(OPTIMIZERS)}")
        if noise < 0:
            raise ValueError(f"noise is a standard deviation and cannot be negative, got {noise}")
        _check_fit(discriminator, prior)
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.prior = prior
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.adversarial_lr = adversarial_lr
        self.adversarial_momentum = adversarial_momentum
        self.noise = noise

    def configure_optimizers(self):
        make = OPTIMIZERS[self.optimizer]
        adversarial = (self.adversarial_lr, self.adversarial_momentum)
        return {
            "autoencoder": make([*self.encoder.parameters(), *self.decoder.parameters()], self.lr, self.momentum),
            "discriminator": make(self.discriminator.parameters(), *adversarial),
            "generator": make(self.encoder.parameters(), *adversarial),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = batch["x"], batch["y"]
        # Reconstruction phase: encode, decode, compare. No label is used.
        x_hat = self.decoder(self.encoder.sample(x))
        reconstruction = squared_error(x_hat, x)
        self.minimize(autoencoder=reconstruction)
        # Regularisation phase: the discriminator tells, knowing the label, samples of the prior from codes ...
        z_prior = self.sample_prior(y)
        z = self.encoder.sample(x)
        d_loss = discriminator_loss(self.discriminate(z_prior, y), self.discriminate(z.detach(), y))
        self.minimize(discriminator=d_loss)
        # ... and the encoder learns to put an image where its class belongs.
        g_loss = generator_loss(self.discriminate(z, y))
        self.minimize(generator=g_loss)
        return {"reconstruction": reconstruction, "discriminator": d_loss, "generator": g_loss}

    def sample_prior(self, y: Tensor) -> Tensor:
        """For each label y (B,) a sample of its part of the prior, of the whole prior where it is hidden, (B, dim)."""
        hidden = y == UNLABELLED
        own_part = self.prior.sample(len(y), torch.where(hidden, 0, y))
        return torch.where(hidden[:, None], self.prior.sample(len(y)), own_part)

    def discriminate(self, z: Tensor, y: Tensor) -> Tensor:
        """The discriminator's logits (B,) for codes z (B, dim), said to be of classes y (B,), hidden ones -1."""
        z = z + self.noise * torch.randn_like(z)
        return self.discriminator(torch.cat([z, self.one_hot(y).to(z.dtype)], dim=1))

    def one_hot(self, y: Tensor) -> Tensor:
        """Labels y (B,) as vectors (B, n_classes + 1), the last entry for hidden ones."""
        k = self.prior.n_classes
        if len(y) and (y.min() < UNLABELLED or y.max() >= k):
            raise ValueError(
                f"labels must lie in 0..{k - 1} for this prior, or be {UNLABELLED} where hidden; "
                f"got {y.min().item()} to {y.max().item()}"
            )
        return F.one_hot(torch.where(y == UNLABELLED, k, y), k + 1)

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: z from the prior through the decoder."""
        return self.decoder(self.prior.sample(n))

    def sample_class(self, y: Tensor) -> Tensor:
        """One image for each class y (B,): z from its part of the prior through the decoder."""
        return self.decoder(self.prior.sample(len(y), y))


def _check_fit(discriminator: nn.Module, prior: Distribution) -> None:
    if prior.n_classes < 2:
        raise ValueError(
            f"{type(prior).__name__} has only one part: to give each class a part, the prior needs several, "
            "as distributions.ten_gaussians() or distributions.SwissRoll()"
        )
    wanted = (prior.dim + prior.n_classes + 1,)
    if discriminator.trunk.in_shape != wanted:
        raise ValueError(
            f"the discriminator must take {wanted[0]} numbers (a code of {prior.dim}, {prior.n_classes} classes, "
            f"one more for a hidden label), but it takes inputs of shape {discriminator.trunk.in_shape}"
        )
