"""Semi-supervised variational autoencoders: M2 and M1+M2 (Kingma, Rezende, Mohamed and Welling 2014)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import bernoulli_log_prob, bernoulli_nll, gaussian_log_prob, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import DeterministicEncoder, GaussianEncoder

LIKELIHOODS = ("bernoulli", "gaussian")


class SemiSupervisedVAE(Method):
    """M2: a VAE whose code has a class y in it, observed for some images only. One role: `autoencoder`.

    p(y) is uniform, p(z) = N(0, I), p(x|y, z) the decoder, q(y|x) the classifier, q(z|x, y) the encoder. Encoder and
    decoder take flat vectors with the one-hot class behind, of (inputs + n_classes) and (latent_dim + n_classes)
    entries. `likelihood` is p(x|y, z): ``"bernoulli"`` for pixels in [0, 1], or ``"gaussian"`` for any vectors, with a
    `networks.GaussianEncoder` as the decoder, since it gives a mean and a variance for each entry.

    The objective is the paper's equation 9 with means in place of sums: the mean bound of the unlabelled images, the
    mean bound of the labelled ones (which the sum over all N images would weigh by their share), and `alpha` times the
    mean cross-entropy: the paper's 0.1 N, divided by N, is 0.1. Batches hold ``x``, images to be used without their
    labels, and ``x_labelled`` with ``y_labelled``.
    """

    def __init__(
        self,
        encoder: GaussianEncoder,
        decoder: nn.Module,
        classifier: DeterministicEncoder,
        prior: Distribution,
        likelihood: str = "bernoulli",
        alpha: float = 0.1,
        lr: float = 3e-4,
    ):
        super().__init__()
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"unknown likelihood {likelihood!r}: use one of {', '.join(LIKELIHOODS)}")
        self.encoder = encoder
        self.decoder = decoder
        self.classifier = classifier
        self.prior = prior
        self.n_classes = classifier.latent_dim
        self.likelihood = likelihood
        self.alpha = alpha
        self.lr = lr

    def configure_optimizers(self):
        return {"autoencoder": adam(self.parameters(), self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        loss, logged = self.objective(batch["x"], batch["x_labelled"], batch["y_labelled"])
        self.minimize(autoencoder=loss)
        return logged

    def objective(self, x: Tensor, x_labelled: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 9, an image, to be minimised; and its three parts, to be logged."""
        unlabelled = -self.unlabelled_bound(x).mean()
        labelled = -self.labelled_bound(x_labelled, y).mean()
        cross_entropy = F.cross_entropy(self.logits(x_labelled), y)
        loss = unlabelled + labelled + self.alpha * cross_entropy
        return loss, {"unlabelled": unlabelled, "labelled": labelled, "cross_entropy": cross_entropy}

    def labelled_bound(self, x: Tensor, y: Tensor) -> Tensor:
        """A lower bound of log p(x, y) in nats, from one z ~ q(z|x, y) an image, (B,): the paper's equation 6."""
        mu, logvar = self.encoder(self.with_label(x, y))
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        # E_q [log p(x|y, z)] + log p(y) - KL(q(z|x, y) || p(z))
        kl = 0.5 * (logvar.exp() + mu.square() - 1 - logvar).sum(1)
        return self.log_likelihood(x, z, y) - math.log(self.n_classes) - kl

    def unlabelled_bound(self, x: Tensor) -> Tensor:
        """A lower bound of log p(x) in nats, (B,): equation 7, with the sum over all classes taken exactly."""
        k, n = self.n_classes, len(x)
        y = torch.arange(k, device=x.device).repeat_interleave(n)  # every image with every class, in one pass
        bounds = self.labelled_bound(x.repeat(k, *[1] * (x.ndim - 1)), y).view(k, n).T
        log_q = self.logits(x).log_softmax(1)
        # sum_y q(y|x) [bound(x, y) - log q(y|x)]
        return (log_q.exp() * (bounds - log_q)).sum(1)

    def log_likelihood(self, x: Tensor, z: Tensor, y: Tensor) -> Tensor:
        """log p(x|y, z) in nats, (B,)."""
        if self.likelihood == "bernoulli":
            return bernoulli_log_prob(x, self.decoder.logits(self.with_label(z, y)))
        return gaussian_log_prob(x, *self.decoder(self.with_label(z, y)))

    def with_label(self, v: Tensor, y: Tensor) -> Tensor:
        """v (B, ...), flattened, with the one-hot class beside it. Raises ValueError unless y is (B,)."""
        if y.shape != v.shape[:1]:
            raise ValueError(f"y must hold one class an example, shape ({len(v)},), got {tuple(y.shape)}")
        return torch.cat([v.flatten(1), F.one_hot(y, self.n_classes).to(v.dtype)], dim=1)

    def logits(self, x: Tensor) -> Tensor:
        """Unnormalised log q(y|x), (B, n_classes)."""
        return self.classifier(x)

    def log_weight(self, x: Tensor) -> Tensor:
        """log [p(x, y, z) / q(y, z|x)] for one y ~ q(y|x) and z ~ q(z|x, y), (B,): its mean is a bound of log p(x)."""
        log_q = self.logits(x).log_softmax(1)
        y = torch.multinomial(log_q.exp(), 1)[:, 0]
        mu, logvar = self.encoder(self.with_label(x, y))
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        log_joint = self.log_likelihood(x, z, y) - math.log(self.n_classes) + self.prior.log_prob(z)
        return log_joint - log_q.gather(1, y[:, None])[:, 0] - gaussian_log_prob(z, mu, logvar)

    def encode(self, x: Tensor) -> Tensor:
        """Styles z (B, latent_dim): the means of q(z|x, y), y the most probable class."""
        return self.encoder.mean(self.with_label(x, self.logits(x).argmax(1)))

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its most probable class and mean style and back, same shape as x."""
        return self.decode(self.encode(x), self.logits(x).argmax(1))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean of p(x|y, z): class y in style z."""
        out = self.decoder(self.with_label(z, y))
        return out if self.likelihood == "bernoulli" else out[0]

    def sample(self, y: Tensor) -> Tensor:
        """One example of each requested class y (B,): z from the prior, through the decoder with y."""
        return self.decode(self.prior.sample(len(y)), y)


class LayeredVAE(Method):
    """M1+M2: an M2 on the codes of a plain VAE, which never sees a label. Roles: `m1`, `m2`, simultaneous updates.

    Layered, not end to end: no gradient of `m2` reaches the VAE below. The paper trains M1 to its end first; here
    both train at the same time, M2 on codes drawn from q(z|x) as it stands. `m2` has a Gaussian likelihood.
    """

    def __init__(self, encoder: GaussianEncoder, decoder: nn.Module, m2: SemiSupervisedVAE, lr: float = 1e-3):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.m2 = m2
        self.lr = lr

    def configure_optimizers(self):
        return {
            "m1": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr),
            "m2": adam(self.m2.parameters(), self.m2.lr),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        mu, logvar = self.encoder(x)
        codes = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        reconstruction = bernoulli_nll(self.decoder.logits(codes), x)
        kl = kl_to_standard_normal(mu, logvar)
        with torch.no_grad():
            codes_labelled = self.encoder.sample(batch["x_labelled"])
        m2_loss, logged = self.m2.objective(codes.detach(), codes_labelled, batch["y_labelled"])
        self.minimize(m1=reconstruction + kl, m2=m2_loss)
        return {"reconstruction": reconstruction, "kl": kl, **logged}

    def logits(self, x: Tensor) -> Tensor:
        """Unnormalised log q(y|x), (B, n_classes), from the mean code of x."""
        return self.m2.logits(self.encoder.mean(x))

    def sample(self, y: Tensor) -> Tensor:
        """One image of each requested class y (B,): y and z to a code, the code to an image."""
        return self.decoder(self.m2.sample(y))
