"""The variational autoencoder with discrete codes (Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import OneHotCategorical

from course_utils.losses import bernoulli_log_prob, kl_to_uniform
from course_utils.methods.base import Method, adam


class CategoricalVAE(Method):
    """Maximise the ELBO with a code of one-hot vectors, N variables of `n_classes` each. One role: `autoencoder`.

    The encoder returns flat logits (B, N * n_classes), the decoder takes flat one-hot codes of that size; the prior
    is uniform, the likelihood Bernoulli. A draw of a one-hot vector has no gradient, so the step draws by the
    straight-through Gumbel-softmax (Jang et al. 2017, section 2.2): one-hot forward, and backward as if it had been
    the softmax of (logits + Gumbel noise) / `temperature`. The gradient is therefore biased, the bound is not: it is
    measured with real draws (`log_weight`). `binarise` as in `VAE`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        n_classes: int = 10,
        temperature: float = 1.0,
        lr: float = 1e-3,
        binarise: bool = False,
    ):
        super().__init__()
        if decoder.latent_dim % n_classes:
            raise ValueError(
                f"the decoder takes {decoder.latent_dim} numbers, which is no multiple of {n_classes} classes"
            )
        if temperature <= 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        self.encoder = encoder
        self.decoder = decoder
        self.n_classes = n_classes
        self.n_variables = decoder.latent_dim // n_classes
        self.temperature = temperature
        self.lr = lr
        self.binarise = binarise

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = torch.bernoulli(batch["x"]) if self.binarise else batch["x"]
        logits = self.posterior_logits(x)
        z = self.draw(logits)  # one-hot, and yet the gradient passes
        reconstruction = -self.log_likelihood(x, z).mean()
        kl = kl_to_uniform(logits)
        self.minimize(autoencoder=reconstruction + kl)
        return {"reconstruction": reconstruction, "kl": kl}

    def draw(self, logits: Tensor) -> Tensor:
        """One-hot z ~ q(z|x), (B, N, n_classes), with the gradient of its relaxation."""
        return F.gumbel_softmax(logits, self.temperature, hard=True)

    def posterior_logits(self, x: Tensor) -> Tensor:
        """The logits of q(z|x), (B, N, n_classes)."""
        return self.encoder(x).unflatten(1, (self.n_variables, self.n_classes))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (B,)."""
        return bernoulli_log_prob(x, self.decoder.logits(z.flatten(1)))

    def log_weight(self, x: Tensor) -> Tensor:
        """log [p(x|z) p(z) / q(z|x)] for one z ~ q(z|x) an example, (B,): its mean over z is the ELBO."""
        q = OneHotCategorical(logits=self.posterior_logits(x))
        z = q.sample()
        return self.log_likelihood(x, z) - self.n_variables * math.log(self.n_classes) - q.log_prob(z).sum(1)

    def encode(self, x: Tensor) -> Tensor:
        """The most probable code of each image, flat one-hot vectors (B, N * n_classes)."""
        return F.one_hot(self.posterior_logits(x).argmax(2), self.n_classes).to(x.dtype).flatten(1)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its most probable code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: the decoder's mean image for uniformly random codes."""
        where = next(self.parameters())
        classes = torch.randint(self.n_classes, (n, self.n_variables), device=where.device)
        return self.decoder(F.one_hot(classes, self.n_classes).to(where.dtype).flatten(1))
