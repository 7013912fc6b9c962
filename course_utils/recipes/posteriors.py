"""Recipes of adversarial autoencoders that differ only in the form of q(z|x) (notebook 07)."""

from collections.abc import Callable

from torch import nn

from course_utils import distributions, evaluation, networks
from course_utils.methods import AAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode

HIDDEN = (256, 256)
N_PIXELS = 28 * 28


def deterministic(latent_dim: int, hidden: tuple[int, ...] = HIDDEN) -> nn.Module:
    """z = f(x)."""
    return networks.DeterministicEncoder(networks.mlp(IMAGE, hidden), latent_dim)


def gaussian(latent_dim: int, hidden: tuple[int, ...] = HIDDEN) -> nn.Module:
    """z = mu(x) + sigma(x) noise."""
    return networks.GaussianEncoder(networks.mlp(IMAGE, hidden), latent_dim)


def universal(latent_dim: int, hidden: tuple[int, ...] = HIDDEN, noise_dim: int = 2, noise_std: float = 10.0):
    """z = f(x, noise)."""
    trunk = networks.mlp((N_PIXELS + noise_dim,), hidden)
    return networks.UniversalEncoder(trunk, latent_dim, noise_dim, noise_std)


def aae(
    encoder: Callable[[int], nn.Module],
    prior: Callable[[], distributions.Distribution] = lambda: distributions.Gaussian(2),
    hidden: tuple[int, ...] = HIDDEN,
    **options,
) -> Callable[[], AAE]:
    """A function that builds an AAE with this encoder (given the code size) and MLPs; `options` go to `AAE`."""

    def build() -> AAE:
        p = prior()
        decoder = networks.MLPDecoder(p.dim, IMAGE, hidden)
        discriminator = networks.Discriminator(networks.mlp((p.dim,), hidden))
        return AAE(encoder(p.dim), decoder, discriminator, p, **options)

    return build


_SOURCE = (
    "Makhzani et al. 2015, section 2 (three choices of q(z|x)), rates and momenta of appendix A (SGD); ours: 256 units "
    "instead of 1,000, 10 epochs, rates divided by 10 after seven tenths of them"
)
_SCHEDULE = {"epochs": by_mode(2, 10, 50), "decay_at": (0.7,)}

RECIPES = [
    Recipe(f"aae_posterior_{name}", _SOURCE + note, aae(encoder), evaluation.posteriors, **_SCHEDULE)
    for name, encoder, note in (
        ("deterministic", deterministic, ""),
        ("gaussian", gaussian, ""),
        ("universal", universal, "; 2 entries of noise of standard deviation 10 beside the pixels"),
    )
]
