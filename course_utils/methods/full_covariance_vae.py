"""The variational autoencoder with a full-covariance posterior (Kingma and Welling 2019, section 2.5.1)."""

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from course_utils.distributions import Distribution, Gaussian
from course_utils.losses import kl_full_covariance
from course_utils.methods.vae import VAE
from course_utils.networks import CholeskyEncoder


class FullCovarianceVAE(VAE):
    """A VAE whose q(z|x) has any covariance: z = mu + L noise. One role: `autoencoder`.

    Everything else is the `VAE`'s: likelihood, optimiser, sampling. The prior must be N(0, I). `options` go to `VAE`.
    """

    def __init__(self, encoder: CholeskyEncoder, decoder: nn.Module, prior: Distribution, **options):
        super().__init__(encoder, decoder, prior, **options)
        if not isinstance(prior, Gaussian) or prior.std != 1:
            raise ValueError(f"the closed form of this KL is for the prior Gaussian(dim) of std 1, not {prior}")

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = torch.bernoulli(batch["x"]) if self.binarise else batch["x"]
        mu, scale_tril = self.encoder(x)
        z = mu + (scale_tril * torch.randn_like(mu)[:, None, :]).sum(2)  # mu + L noise
        reconstruction = -self.log_likelihood(x, z).mean()
        kl = kl_full_covariance(mu, scale_tril)
        self.minimize(autoencoder=reconstruction + self.beta * kl)
        return {"reconstruction": reconstruction, "kl": kl}

    def log_weight(self, x: Tensor) -> Tensor:
        """log [p(x|z) p(z) / q(z|x)] for one z ~ q(z|x) an example, (B,): its mean over z is the ELBO."""
        mu, scale_tril = self.encoder(x)
        q = MultivariateNormal(mu, scale_tril=scale_tril, validate_args=False)
        z = q.rsample()
        return self.log_likelihood(x, z) + self.prior.log_prob(z) - q.log_prob(z)
