"""The variational autoencoder (Kingma and Welling 2014)."""

import math

import torch
from torch import Tensor, nn

from course_utils.distributions import Distribution, Gaussian
from course_utils.losses import bernoulli_log_prob, gaussian_log_prob, kl_monte_carlo, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import GaussianEncoder

LIKELIHOODS = ("gaussian", "bernoulli")


class VAE(Method):
    """Maximise the ELBO, a lower bound of log p(x). One role: `autoencoder` (encoder and decoder, one loss).

    `likelihood` is p(x|z): ``"bernoulli"`` (pixels in [0, 1] as probabilities of ink) or ``"gaussian"`` with
    standard deviation `std` a pixel. `beta` weighs the KL; 1 gives the bound. The KL is in closed form for the
    prior N(0, I), else estimated from the one sample of z (AAE section 2.1 does so for the mixture prior).
    `binarise` draws every pixel anew as 0 or 1 in each step, with its grey value as the probability of 1 (Burda et
    al. 2016, section 5): the protocol of published likelihoods on MNIST.
    """

    def __init__(
        self,
        encoder: GaussianEncoder,
        decoder: nn.Module,
        prior: Distribution,
        likelihood: str = "bernoulli",
        std: float = 1.0,
        beta: float = 1.0,
        lr: float = 1e-3,
        binarise: bool = False,
    ):
        super().__init__()
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"unknown likelihood {likelihood!r}: use one of {', '.join(LIKELIHOODS)}")
        if std <= 0:
            raise ValueError(f"std must be positive, got {std}")
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.likelihood = likelihood
        self.std = std
        self.beta = beta
        self.lr = lr
        self.binarise = binarise

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = torch.bernoulli(batch["x"]) if self.binarise else batch["x"]
        mu, logvar = self.encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)  # a sample that gradients pass through
        reconstruction = -self.log_likelihood(x, z).mean()
        kl = self.kl(z, mu, logvar)
        self.minimize(autoencoder=reconstruction + self.beta * kl)
        return {"reconstruction": reconstruction, "kl": kl}

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (B,)."""
        if self.likelihood == "bernoulli":
            return bernoulli_log_prob(x, self.decoder.logits(z))
        x_hat = self.decoder(z)
        return gaussian_log_prob(x, x_hat, torch.full_like(x_hat, 2 * math.log(self.std)))

    def kl(self, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        """KL(q(z|x) || p(z)) in nats, mean over the batch."""
        if isinstance(self.prior, Gaussian) and self.prior.std == 1:
            return kl_to_standard_normal(mu, logvar)
        return kl_monte_carlo(z, mu, logvar, self.prior)

    def log_weight(self, x: Tensor) -> Tensor:
        """log [p(x|z) p(z) / q(z|x)] for one z ~ q(z|x) an example, (B,): its mean over z is the ELBO."""
        mu, logvar = self.encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.log_likelihood(x, z) + self.prior.log_prob(z) - gaussian_log_prob(z, mu, logvar)

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through the mean code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: the decoder's mean image for z from the prior."""
        return self.decoder(self.prior.sample(n))
