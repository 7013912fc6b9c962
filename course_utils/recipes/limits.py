"""Recipes on what a VAE gives up (notebook 05): the form of the posterior, continuous codes, the data's density."""

import functools
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from course_utils import distributions, evaluation, metrics, networks
from course_utils.datasets import Splits
from course_utils.methods import GAN, VAE, CategoricalVAE, FullCovarianceVAE, Method
from course_utils.methods.base import adam
from course_utils.recipes import toy
from course_utils.recipes.base import IMAGE, Recipe, by_mode
from course_utils.recipes.toy import ring_gan, ring_generator

# ---- the form of the posterior ----------------------------------------------------------------------------------

HIDDEN = (200, 200)
LATENT_DIM = 20
LEARNING = {"binarise": True, "lr": 2e-3}
BOTH_POSTERIORS = {"diagonal": (VAE, networks.GaussianEncoder), "full": (FullCovarianceVAE, networks.CholeskyEncoder)}


def image_vae(posterior: str, latent_dim: int = LATENT_DIM) -> Callable[[], VAE]:
    """A function that builds a VAE of images whose posterior is ``"diagonal"`` or ``"full"``, all else equal."""
    method, encoder = BOTH_POSTERIORS[posterior]

    def build() -> VAE:
        decoder = networks.MLPDecoder(latent_dim, IMAGE, HIDDEN, "tanh")
        trunk = networks.mlp(IMAGE, HIDDEN, "tanh")
        return method(encoder(trunk, latent_dim), decoder, distributions.Gaussian(latent_dim), **LEARNING)

    return build


def categorical_vae(n_variables: int = LATENT_DIM, n_classes: int = 10) -> CategoricalVAE:
    """A VAE of images with one-hot codes, the networks otherwise those of `image_vae`."""
    width = n_variables * n_classes
    encoder = networks.DeterministicEncoder(networks.mlp(IMAGE, HIDDEN, "tanh"), width)
    return CategoricalVAE(encoder, networks.MLPDecoder(width, IMAGE, HIDDEN, "tanh"), n_classes, **LEARNING)


def bounds_and_size(method: Method, data: Splits) -> dict[str, float]:
    """ELBO and IWAE bound (50 draws) of 1,000 test images, each pixel drawn once as 0 or 1; number of parameters."""
    x = torch.bernoulli(evaluation.random_subset(evaluation.test_images(method, data).x, evaluation.N_IMAGES))
    bounds = {f"{name}_binarised": value for name, value in evaluation.bounds(method, x).items()}
    return {**bounds, "parameters": networks.count_parameters(method)}


# ---- a density in the plane ---------------------------------------------------------------------------------------

STD = 0.5  # of the data around the circle, and of the likelihood
N_MANY = 200_000  # points for histograms
N_DRAWS = 500  # of the importance-weighted bound: so many that it is log p(x) for codes in the plane
WAIT = 1_000
GAN_OPTIONS = {"lr": 1e-4, "discriminator_lr": 1e-3}


def circle() -> distributions.Circle:
    """The data of all recipes on the circle."""
    return distributions.Circle(radius=2.0, std=STD)


def circle_vae(posterior: str, decoder: Callable[[], nn.Module] = ring_generator) -> Callable[[], VAE]:
    """A function that builds a VAE of points in the plane whose posterior is ``"diagonal"`` or ``"full"``."""
    method, encoder = BOTH_POSTERIORS[posterior]

    def build() -> VAE:
        trunk = networks.mlp((2,), toy.HIDDEN)
        prior = distributions.Gaussian(2)
        return method(encoder(trunk, 2), decoder(), prior, likelihood="gaussian", std=STD)

    return build


class Corrected(nn.Module):
    """A known function of z plus a network that starts at zero: training starts at the known function."""

    def __init__(self, known: Callable[[Tensor], Tensor]):
        super().__init__()
        self.known = known
        self.correction = ring_generator()
        nn.init.zeros_(self.correction.head.weight)
        nn.init.zeros_(self.correction.head.bias)

    def forward(self, z: Tensor) -> Tensor:
        return self.known(z) + self.correction(z)


def true_decoder(z: Tensor) -> Tensor:
    """The decoder under which a VAE with a likelihood of std `STD` has exactly the data's density: radius z / |z|."""
    return circle().radius * nn.functional.normalize(z, dim=1)


def true_generator(z: Tensor) -> Tensor:
    """Noise z ~ N(0, I) to the data's distribution: the angle stays, |z| becomes the radius of equal quantile.

    |z| has the distribution of Rayleigh, the radius of the data that of Rice (a circle of equal angle has both).
    """
    r = z.norm(dim=1).clamp(max=5)  # quantiles beyond are 1 in float64
    table = torch.linspace(0, 5, 501, dtype=z.dtype, device=z.device)
    wanted = _rice_quantiles(circle().radius, STD).to(z)
    cell = torch.searchsorted(table, r.detach(), right=True).clamp(1, 500)
    share = (r - table[cell - 1]) / (table[cell] - table[cell - 1])
    return nn.functional.normalize(z, dim=1) * torch.lerp(wanted[cell - 1], wanted[cell], share)[:, None]


@functools.cache
def _rice_quantiles(radius: float, std: float) -> Tensor:
    """The radius of the data at the quantile of |z| = 0, 0.01, ..., 5, (501,)."""
    from scipy import stats  # slow to import

    r = np.linspace(0, 5, 501)
    return torch.tensor(stats.rice.isf(stats.rayleigh.sf(r), radius / std, scale=std))


class FromTheTruth(Method):
    """A VAE whose decoder waits for `wait` steps, until the encoder fits it. Roles: `encoder`, `decoder`.

    Both then descend the negative ELBO, estimated from one draw of z an example, or with more `draws` the negative
    importance-weighted bound (Burda et al. 2016, equation 8), which is the ELBO of a richer posterior (Cremer, Morris
    and Duvenaud 2017). Everything is measured on `vae`.
    """

    def __init__(self, vae: VAE, draws: int = 1, wait: int = WAIT, lr: float = 1e-3):
        super().__init__()
        self.vae = vae
        self.draws = draws
        self.wait = wait
        self.lr = lr
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def configure_optimizers(self):
        parts = {"encoder": self.vae.encoder, "decoder": self.vae.decoder}
        return {role: adam(part.parameters(), self.lr) for role, part in parts.items()}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        log_weights = self.vae.log_weight(batch["x"].repeat(self.draws, 1)).view(self.draws, -1)
        loss = -(log_weights.logsumexp(0) - math.log(self.draws)).mean()
        roles = ["encoder"] if self.step < self.wait else ["encoder", "decoder"]
        self.minimize(**dict.fromkeys(roles, loss))
        self.step += 1
        return {"negative_bound": loss}


def vae_from_truth(posterior: str, draws: int = 1) -> Callable[[], FromTheTruth]:
    """A function that builds the VAE of the circle with its decoder at the truth."""
    return lambda: FromTheTruth(circle_vae(posterior, decoder=lambda: Corrected(true_decoder))(), draws)


def gan_from_truth() -> GAN:
    """The GAN of the circle, its generator at the truth, its discriminator at random."""
    discriminator = networks.Discriminator(networks.mlp((2,), toy.HIDDEN))
    return GAN(Corrected(true_generator), discriminator, distributions.Gaussian(2), **GAN_OPTIONS)


def density(method: Method, data: distributions.Distribution) -> dict[str, float]:
    """How far the model's distribution is from the data's, on fresh points.

    misplaced_percent: `metrics.misplaced_mass` of 200,000 samples of each, and misplaced_percent_of_data the same
    between data and data. energy_distance: of 2,000 samples of each. Of a VAE also kl_to_model = KL(p_data || p_model),
    with log p_model(x) by the importance-weighted bound with 500 draws, and bound_gap, the mean of
    log p_model(x) - ELBO, in nats: what the form of the posterior costs.
    """
    method = method.vae if isinstance(method, FromTheTruth) else method
    reference, n = data.sample(N_MANY), evaluation.N_POINTS
    numbers = {
        "misplaced_percent": 100 * metrics.misplaced_mass(evaluation.points(method, N_MANY), reference),
        "misplaced_percent_of_data": 100 * metrics.misplaced_mass(data.sample(N_MANY), reference),
        "energy_distance": metrics.energy_distance(evaluation.points(method, n), data.sample(n)),
    }
    if not isinstance(method, VAE):
        return numbers
    x = data.sample(n)
    log_p = metrics.iwae_bound(method, x, k=N_DRAWS)
    elbo = torch.stack([metrics.iwae_bound(method, x, k=1) for _ in range(20)]).mean(0)
    kl = (data.log_prob(x) - log_p).mean().item()
    return {**numbers, "kl_to_model": kl, "bound_gap": (log_p - elbo).mean().item()}


# ---- the recipes ------------------------------------------------------------------------------------------------

_IMAGES = "200-200 tanh units, 20-D code, pixels drawn anew as 0 or 1 in each step, Adam 2e-3 (as vae_50d, smaller)"
_EPOCHS = by_mode(4, 8, 100)


def _circle(name: str, what: str, build: Callable[[], Method], steps: int = 4_000, full: int = 50_000) -> Recipe:
    return Recipe(
        name,
        f"ours: {what}; points of a blurred circle, new ones in each step; networks of 128-128 ReLU units, Adam 1e-3",
        build,
        density,
        data=circle,
        steps=by_mode(60, steps, full),
        batch_size=128,
        decay_at=(0.7,),
    )


_TRUTH = "its decoder starts at the function that gives the data's density, and waits 1,000 steps for the encoder"

RECIPES = [
    Recipe(
        "vae_diagonal",
        f"Kingma and Welling 2014, section 3; {_IMAGES}",
        image_vae("diagonal"),
        bounds_and_size,
        epochs=_EPOCHS,
    ),
    Recipe(
        "vae_full_covariance",
        f"Kingma and Welling 2019, section 2.5.1; {_IMAGES}",
        image_vae("full"),
        bounds_and_size,
        epochs=_EPOCHS,
    ),
    Recipe(
        "vae_categorical",
        f"Jang et al. 2017, section 2.2, temperature 1; 20 variables of 10 classes; otherwise {_IMAGES}",
        categorical_vae,
        bounds_and_size,
        epochs=_EPOCHS,
    ),
    _circle("vae_circle", "mean-field VAE, likelihood of the data's own std 0.5", circle_vae("diagonal")),
    _circle("vae_circle_long", "as vae_circle, three times as long", circle_vae("diagonal"), 12_000),
    _circle("vae_circle_from_truth", f"as vae_circle, but {_TRUTH}", vae_from_truth("diagonal"), 3_000),
    _circle(
        "vae_circle_full_covariance_from_truth",
        "as vae_circle_from_truth, full-covariance posterior",
        vae_from_truth("full"),
        3_000,
    ),
    _circle(
        "iwae_circle_from_truth",
        "as vae_circle_from_truth, trained on the importance-weighted bound with 20 draws (Burda et al. 2016)",
        vae_from_truth("diagonal", draws=20),
        3_000,
    ),
    _circle("gan_circle", "non-saturating GAN, generator at a tenth of the rate", ring_gan(**GAN_OPTIONS)),
    _circle("gan_circle_from_truth", "as gan_circle, but its generator starts at the truth", gan_from_truth, 3_000),
]
