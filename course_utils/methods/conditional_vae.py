"""The conditional variational autoencoder (Kingma, Rezende, Mohamed and Welling 2014; Sohn, Lee and Yan 2015)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import bernoulli_log_prob, bernoulli_nll, gaussian_log_prob, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import GaussianEncoder


class ConditionalVAE(Method):
    """A VAE of p(x|y): encoder and decoder see the class too. One role: `autoencoder`.

    The step is the VAE's, with y beside x in the encoder and beside z in the decoder; the prior N(0, I) does not
    know the class, so the code is left with what the label does not say: style. The encoder takes flat vectors of
    (pixels + n_classes) entries, the decoder (latent_dim + n_classes). Likelihood: Bernoulli, x in [0, 1].
    """

    def __init__(
        self, encoder: GaussianEncoder, decoder: nn.Module, prior: Distribution, n_classes: int = 10, lr: float = 1e-3
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.n_classes = n_classes
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = batch["x"], batch["y"]
        mu, logvar = self.encoder(self.with_label(x, y))
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        reconstruction = bernoulli_nll(self.decoder.logits(self.with_label(z, y)), x)
        kl = kl_to_standard_normal(mu, logvar)
        self.minimize(autoencoder=reconstruction + kl)
        return {"reconstruction": reconstruction, "kl": kl}

    def with_label(self, v: Tensor, y: Tensor) -> Tensor:
        """v (B, ...), flattened, with the one-hot class beside it. Raises ValueError unless y is (B,)."""
        if y.shape != v.shape[:1]:
            raise ValueError(f"y must hold one class an example, shape ({len(v)},), got {tuple(y.shape)}")
        return torch.cat([v.flatten(1), F.one_hot(y, self.n_classes).to(v.dtype)], dim=1)

    def log_weight(self, x: Tensor, y: Tensor) -> Tensor:
        """log [p(x|z, y) p(z) / q(z|x, y)] for one z ~ q(z|x, y), (B,): its mean over z bounds log p(x|y)."""
        mu, logvar = self.encoder(self.with_label(x, y))
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        log_likelihood = bernoulli_log_prob(x, self.decoder.logits(self.with_label(z, y)))
        return log_likelihood + self.prior.log_prob(z) - gaussian_log_prob(z, mu, logvar)

    def encode(self, x: Tensor, y: Tensor) -> Tensor:
        """Codes (B, latent_dim): the means of q(z|x, y), the style of x."""
        return self.encoder.mean(self.with_label(x, y))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean image of p(x|z, y): class y in style z, (B, C, H, W)."""
        return self.decoder(self.with_label(z, y))

    def reconstruct(self, x: Tensor, y: Tensor) -> Tensor:
        """x through its mean code and back with its class y, same shape as x."""
        return self.decode(self.encode(x, y), y)

    def sample(self, y: Tensor) -> Tensor:
        """One image of each requested class y (B,): z from the prior, through the decoder with y."""
        return self.decode(self.prior.sample(len(y)), y)
