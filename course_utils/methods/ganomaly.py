"""GANomaly: an autoencoder whose reconstruction is encoded once more (Akcay et al. 2018)."""

from torch import Tensor, nn

from course_utils.losses import discriminator_loss
from course_utils.methods.base import Method, adam


class GANomaly(Method):
    """Encoder, decoder, second encoder; an image is abnormal if its code is not that of its reconstruction.

    Roles: `generator` (both encoders and the decoder), `discriminator`; the updates are simultaneous, after one pass.
    The generator minimises three terms (their equations 1 to 4), each a mean over numbers and images: the squared
    distance of the discriminator's features of x and x_hat, |x - x_hat|, and (z - z_hat)^2, with weights 1,
    `weight_context` and `weight_code`. The discriminator is a `networks.Discriminator`: its trunk gives the
    features.
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        second_encoder: nn.Module,
        discriminator: nn.Module,
        weight_context: float = 50.0,
        weight_code: float = 1.0,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        beta1: float = 0.5,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.second_encoder = second_encoder
        self.discriminator = discriminator
        self.weight_context = weight_context
        self.weight_code = weight_code
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.beta1 = beta1

    def configure_optimizers(self):
        generator = (self.encoder, self.decoder, self.second_encoder)
        return {
            "generator": adam([p for part in generator for p in part.parameters()], self.lr, self.beta1),
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"]
        z = self.encoder.sample(x)
        x_hat = self.decoder(z)
        z_hat = self.second_encoder.sample(x_hat)
        features, features_hat = (self.discriminator.trunk(image).to(x.dtype) for image in (x, x_hat))
        adversarial = (features - features_hat).square().mean()
        context = (x - x_hat).abs().mean()
        code = (z - z_hat).square().mean()
        d_loss = discriminator_loss(self.discriminator(x), self.discriminator(x_hat.detach()))
        self.minimize(
            generator=adversarial + self.weight_context * context + self.weight_code * code, discriminator=d_loss
        )
        return {"adversarial": adversarial, "context": context, "code": code, "discriminator": d_loss}

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, latent_dim)."""
        return self.encoder.mean(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x through its code and back, same shape as x."""
        return self.decoder(self.encode(x))

    def anomaly_scores(self, x: Tensor) -> Tensor:
        """The mean distance |z - z_hat| of the code from that of the reconstruction, (B,) (their equation 5)."""
        z = self.encode(x)
        return (z - self.second_encoder.mean(self.decoder(z))).abs().mean(1)
