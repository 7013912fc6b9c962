"""Age-cGAN: change one attribute of a given image, and keep what it shows (Antipov et al. 2017)."""

import torch
from torch import Tensor

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, squared_error
from course_utils.methods.attribute_gan import AttributeGAN
from course_utils.methods.base import adam
from course_utils.methods.classifier import Classifier
from course_utils.networks import DeterministicEncoder, FeatureDiscriminator, StridedDecoder

VIEWS = ("pixels", "identity")


class AgeCGAN(AttributeGAN):
    """A GAN of p(x|a), and two ways from an image back to its noise z: an encoder, then a search from there.

    Its attributes a are ages, one-hot, ``batch["attributes"]`` (B, n_ages). Roles: `discriminator`, `generator`,
    `encoder`. The discriminator steps first; then generator and encoder do, simultaneously: the encoder learns to find
    the z of samples (Antipov et al. 2017, section 2). Knowing z and the age of an image, `decode` draws it at another
    age.

    judge: a trained classifier, FR in the paper; what its features do not tell apart counts as the same identity. It
        does not learn and stays in eval mode.
    search_steps, search_lr: Adam's, for z. The paper has L-BFGS-B, whose steps along a common line would let the images
        of a batch change each other's results; and it trains the encoder after the GAN, on 100,000 samples, not beside
        it. `options` go to `AttributeGAN`.
    """

    training_only = ("discriminator", "judge")

    def __init__(
        self,
        generator: StridedDecoder,
        discriminator: FeatureDiscriminator,
        encoder: DeterministicEncoder,
        judge: Classifier,
        prior: Distribution,
        search_steps: int = 100,
        search_lr: float = 0.05,
        **options,
    ):
        super().__init__(generator, discriminator, prior, **options)
        self.encoder = encoder
        self.judge = judge.requires_grad_(False)
        self.search_steps = search_steps
        self.search_lr = search_lr

    def train(self, mode: bool = True):
        """Training mode for all but the judge: it is a yardstick."""
        super().train(mode)
        self.judge.eval()
        return self

    def configure_optimizers(self):
        return {**super().configure_optimizers(), "encoder": adam(self.encoder.parameters(), self.lr, self.beta1)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, ages = batch["x"], batch["attributes"]
        # Phase 1, discriminator: images with their age against samples of the same ages.
        x_fake = self.sample(ages).detach()
        d_loss = discriminator_loss(self.discriminator(x, ages), self.discriminator(x_fake, ages))
        self.minimize(discriminator=d_loss)
        # Phase 2, generator: new samples; encoder: the noise that they were drawn from.
        z = self.prior.sample(len(x))
        x_fake = self.decode(z, ages)
        g_loss = generator_loss(self.discriminator(x_fake, ages))
        e_loss = squared_error(self.encoder(x_fake.detach()), z)
        self.minimize(generator=g_loss, encoder=e_loss)
        return {"discriminator": d_loss, "generator": g_loss, "encoder": e_loss}

    def encode(self, x: Tensor) -> Tensor:
        """The first guess z0 (B, latent_dim) of the noise of images x."""
        return self.encoder(x)

    def look(self, x: Tensor, view: str) -> Tensor:
        """What of images x is to be kept, (B, n): their pixels, or what the judge sees in them, its features.

        Raises ValueError for another view.
        """
        if view not in VIEWS:
            raise ValueError(f"unknown view {view!r}: use one of {', '.join(VIEWS)}")
        return x.flatten(1) if view == "pixels" else self.judge.features(x)

    def search(self, x: Tensor, ages: Tensor, view: str = "identity") -> Tensor:
        """The noise (B, latent_dim) whose image, at these ages (B, n_ages), looks most like x (their section 2.2).

        From `encode` on, downhill on the squared distance of what `look` gives. No parameter of the networks moves.
        Raises RuntimeError in training mode: batch norm would let the images of a batch change each other's results.
        """
        if self.training:
            raise RuntimeError("search in eval mode: call .eval() first")
        with torch.no_grad():
            z, wanted = self.encode(x), self.look(x, view)
        with torch.enable_grad():
            optimizer = torch.optim.Adam([z.requires_grad_()], lr=self.search_lr)
            for _ in range(self.search_steps):
                # the sum: each image has its own z, so that no other moves it
                distance = (self.look(self.decode(z, ages), view) - wanted).square().sum()
                (z.grad,) = torch.autograd.grad(distance, [z])
                optimizer.step()
        return z.detach()
