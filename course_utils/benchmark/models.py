"""The models of the benchmark: the same networks, batch size and optimiser for every contender."""

from collections.abc import Callable

from torch import Tensor, nn

from course_utils import distributions, networks, runtime
from course_utils.methods import AAE, GAN, VAE, VAEGAN
from course_utils.methods.base import Method

IMAGE = (1, 28, 28)
HIDDEN = (1000, 1000)
LATENT_DIM = 8
GAN_LATENT_DIM = 64
GAN_WIDTH = 32
BATCH_SIZE = 100
LR = 1e-3
BETA1 = 0.9
ADVERSARIAL_BETA1 = 0.5
GAMMA = 1e-3


class MLPFeatureDiscriminator(nn.Module):
    """A fully connected discriminator that shows its last features, as the VAE/GAN needs."""

    def __init__(self):
        super().__init__()
        self.trunk = networks.mlp(IMAGE, HIDDEN)
        self.head = nn.Linear(HIDDEN[-1], 1)

    def look(self, x: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Logits (B,) and features (B, 1000); there is only one layer of them."""
        features = self.trunk(x)
        return self.head(features).squeeze(1).to(x.dtype), features.to(x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.look(x, 1)[0]


def aae() -> AAE:
    """784-1000-1000-8 and back, a discriminator 8-1000-1000-1, Adam for all three roles."""
    return AAE(
        networks.DeterministicEncoder(networks.mlp(IMAGE, HIDDEN), LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM, IMAGE, HIDDEN),
        networks.Discriminator(networks.mlp((LATENT_DIM,), HIDDEN)),
        prior=distributions.Gaussian(LATENT_DIM),
        optimizer="adam",
        lr=LR,
        momentum=BETA1,
        adversarial_lr=LR,
        adversarial_momentum=ADVERSARIAL_BETA1,
    )


def vae() -> VAE:
    """784-1000-1000-8 and back, Bernoulli likelihood."""
    return VAE(
        networks.GaussianEncoder(networks.mlp(IMAGE, HIDDEN), LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM, IMAGE, HIDDEN),
        prior=distributions.Gaussian(LATENT_DIM),
        lr=LR,
    )


def vae_gan() -> VAEGAN:
    """The same encoder and decoder, a discriminator 784-1000-1000-1 whose last features judge reconstructions."""
    return VAEGAN(
        networks.GaussianEncoder(networks.mlp(IMAGE, HIDDEN), LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM, IMAGE, HIDDEN),
        MLPFeatureDiscriminator(),
        prior=distributions.Gaussian(LATENT_DIM),
        layer=1,
        gamma=GAMMA,
        relative_features=False,
        lr=LR,
        momentum=ADVERSARIAL_BETA1,
    )


def dcgan() -> GAN:
    """Two strided convolutions of 32 and 64 channels, and their mirror."""
    return GAN(
        networks.dcgan_init(networks.ConvDecoder(GAN_LATENT_DIM, IMAGE, GAN_WIDTH)),
        networks.dcgan_init(networks.Discriminator(networks.conv(IMAGE, GAN_WIDTH))),
        prior=distributions.Gaussian(GAN_LATENT_DIM),
        lr=LR,
        beta1=ADVERSARIAL_BETA1,
    )


MODELS: dict[str, Callable[[], Method]] = {"aae": aae, "vae": vae, "vae_gan": vae_gan, "dcgan": dcgan}


def build(name: str) -> Method:
    """One of `MODELS`, its weights drawn with seed 0. Raises ValueError for an unknown name."""
    if name not in MODELS:
        raise ValueError(f"the benchmark has no model {name!r}; it has {', '.join(MODELS)}")
    runtime.seed_everything(0)
    return MODELS[name]()
