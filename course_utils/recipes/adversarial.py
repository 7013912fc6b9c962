"""Recipes of adversarial autoencoders, and of the VAEs they are compared with (notebook 06)."""

from collections.abc import Callable

from course_utils import distributions, evaluation, networks
from course_utils.methods import AAE
from course_utils.recipes.base import IMAGE, Recipe, by_mode
from course_utils.recipes.variational import vae


def aae(prior: Callable[[], distributions.Distribution], hidden: tuple[int, ...] = (512, 512), **options):
    """A function that builds a deterministic AAE with MLPs and this prior; `options` go to `AAE`."""

    def build() -> AAE:
        p = prior()
        encoder = networks.DeterministicEncoder(networks.mlp(IMAGE, hidden), p.dim)
        discriminator = networks.Discriminator(networks.mlp((p.dim,), hidden))
        return AAE(encoder, networks.MLPDecoder(p.dim, IMAGE, hidden), discriminator, prior=p, **options)

    return build


_AAE_2 = (
    "Makhzani et al. 2015, section 2.1 and figure 2, rates and momenta of appendix A (SGD); "
    "ours: 512 units instead of 1,000, 10 epochs, rates divided by 10 after seven tenths of them"
)
_VAE_2 = (
    "the VAE beside it in Makhzani et al. 2015, figure 2 (they print no settings); ours: the same networks, Bernoulli "
    "likelihood, Adam 1e-3, the same epochs and decay"
)
_SCHEDULE = {"epochs": by_mode(2, 10, 50), "decay_at": (0.7,)}


def _gaussian_2d() -> distributions.Distribution:
    return distributions.Gaussian(2)


_AAE_8 = (
    "Makhzani et al. 2015, section 3 and appendix A.1 (8-D code, prior of standard deviation 5, SGD); "
    "ours: 512 units instead of 1,000, 10 epochs, rates divided by 10 after seven tenths of them"
)
_VAE_8 = "a VAE with the networks, code size and epochs of aae_parzen, prior N(0, I), Adam 1e-3"
_TUNED = (
    "Gaussian likelihood whose standard deviation 0.6 was chosen for the Parzen log-likelihood of validation images "
    "among 0.15, 0.25, 0.4, 0.6 and 0.8"
)


def _gaussian_8d() -> distributions.Distribution:
    return distributions.Gaussian(8)


RECIPES = [
    Recipe("aae_gaussian_2d", _AAE_2, aae(_gaussian_2d), evaluation.codes, **_SCHEDULE),
    Recipe("vae_gaussian_2d", _VAE_2, vae(_gaussian_2d), evaluation.codes, **_SCHEDULE),
    Recipe("aae_ten_gaussians", _AAE_2, aae(distributions.ten_gaussians), evaluation.codes, **_SCHEDULE),
    Recipe("vae_ten_gaussians", _VAE_2, vae(distributions.ten_gaussians), evaluation.codes, **_SCHEDULE),
    Recipe("aae_parzen", _AAE_8, aae(lambda: distributions.Gaussian(8, std=5)), evaluation.parzen, **_SCHEDULE),
    Recipe("vae_parzen", f"{_VAE_8}; Bernoulli likelihood", vae(_gaussian_8d), evaluation.parzen, **_SCHEDULE),
    Recipe(
        "vae_parzen_tuned",
        f"{_VAE_8}; {_TUNED}",
        vae(_gaussian_8d, likelihood="gaussian", std=0.6),
        evaluation.parzen,
        **_SCHEDULE,
    ),
]
