"""A VAE that is taught to look at all of a normal image: the idea of CAVGA (Venkataramanan et al. 2020)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import bernoulli_nll, discriminator_loss, generator_loss, kl_to_standard_normal
from course_utils.methods.base import Method, adam
from course_utils.networks import SpatialDecoder, SpatialEncoder


class AttentionVAE(Method):
    """A VAE with a code that keeps its place, a discriminator, and a loss on what the code pays attention to.

    Roles: `autoencoder`, `discriminator`; the updates are simultaneous. Attention is Grad-CAM (Selvaraju et al. 2017)
    asked of the code: each feature map of the encoder is weighed by the mean gradient of the sum of mu with respect to
    it, and the sigmoid of the weighted sum, enlarged to the image, is the attention A in (0, 1). In training
    `weight_attention` times the mean of 1 - A is minimised, so that every place of a NORMAL image gets attention
    (the attention expansion loss of their section 3.2, unsupervised). 1 - A of a new image is its anomaly map.

    weight_adversarial: of the generator loss of reconstructions. Ours: no rectifier before the sigmoid, so that A can
    fall below one half.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: SpatialEncoder,
        decoder: SpatialDecoder,
        discriminator: nn.Module,
        prior: Distribution,
        weight_attention: float = 1.0,
        weight_adversarial: float = 1.0,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.prior = prior
        self.weight_attention = weight_attention
        self.weight_adversarial = weight_adversarial
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        return {
            "autoencoder": adam([*self.encoder.parameters(), *self.decoder.parameters()], self.lr, self.beta1),
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        mu, logvar, attention = self.look(x)
        logits = self.decoder.logits(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        reconstruction = bernoulli_nll(logits, x)
        kl = kl_to_standard_normal(mu.flatten(1), logvar.flatten(1))
        x_hat = logits.sigmoid()
        adversarial = generator_loss(self.discriminator(x_hat))
        expansion = (1 - attention).mean()
        d_loss = discriminator_loss(self.discriminator(x), self.discriminator(x_hat.detach()))
        self.minimize(
            autoencoder=reconstruction + kl + self.weight_adversarial * adversarial + self.weight_attention * expansion,
            discriminator=d_loss,
        )
        return {"reconstruction": reconstruction, "kl": kl, "attention": expansion, "discriminator": d_loss}

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """mu and logvar of q(z|x), and the attention (B, H, W), through all of which gradients pass."""
        with torch.enable_grad():
            features = self.encoder.features(x)
            if not features.requires_grad:  # frozen weights: the gradient is wanted all the same
                features.requires_grad_()
            mu, logvar = self.encoder.parameters_of(features)
            (gradient,) = torch.autograd.grad(mu.sum(), [features], create_graph=True)
            weights = gradient.mean((2, 3), keepdim=True)
            cam = (weights * features).sum(1, keepdim=True)
        enlarged = F.interpolate(cam, size=x.shape[2:], mode="bilinear", align_corners=False)
        return mu, logvar, enlarged[:, 0].sigmoid()

    def encode(self, x: Tensor) -> Tensor:
        """The means of q(z|x), (B, latent_channels, H/4, W/4)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its mean code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images: z from the prior, put in place, through the decoder."""
        side = tuple(size // 4 for size in self.encoder.in_shape[1:])
        return self.decoder(self.prior.sample(n).unflatten(1, (self.encoder.latent_channels, *side)))

    def anomaly_map(self, x: Tensor) -> Tensor:
        """1 - A, in (0, 1), (B, H, W): where the code pays no attention."""
        return 1 - self.look(x)[2].detach()

    def anomaly_scores(self, x: Tensor) -> Tensor:
        """The mean of `anomaly_map`, (B,)."""
        return self.anomaly_map(x).mean((1, 2))
