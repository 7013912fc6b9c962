"""Everything that turns a model into a number: codes against the prior, likelihoods and bounds, modes covered.

Points are (n, d) tensors, one row a sample. Nothing here is differentiable and nothing moves the global random
state: what is random takes a `seed`, except `iwae_bound`, which draws its codes from the state it finds.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from course_utils.distributions import Distribution, Gaussian, GaussianMixture
from course_utils.losses import gaussian_log_prob, kl_to_standard_normal

BANDWIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0)  # those of losses.mmd2, for codes of about unit scale


class TwoSampleTest(NamedTuple):
    """A discrepancy between two samples, and how often chance alone would make one as large."""

    statistic: float
    p_value: float


class KLDecomposition(NamedTuple):
    """E_x KL(q(z|x) || p) = I(x; z) + KL(q(z) || p), each estimated, in nats."""

    kl: float
    mutual_information: float
    marginal_kl: float


class ModeCount(NamedTuple):
    """How many modes were found, and the share of samples, in [0, 1], that lie on one."""

    covered: int
    high_quality: float


# --- two samples ------------------------------------------------------------------------------------------------


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of samples x (n, d) and y (m, d) (Szekely and Rizzo 2013).

    |.| is the Euclidean distance, and so is the unit of the result. Zero exactly when the distributions are equal.
    This is the unbiased estimate (no point is compared with itself): on equal distributions its mean is zero, so it
    is then often slightly negative.
    (``scipy.stats.energy_distance`` is the square root of the biased estimate, in one dimension only.)
    """
    x, y = _pair(x, y)
    return _discrepancy(_kernel("energy", torch.cat([x, y])), _first(len(x), len(y))).item()


def two_sample_test(
    x: Tensor, y: Tensor, statistic: str = "energy", n_permutations: int = 200, seed: int = 0
) -> TwoSampleTest:
    """Do samples x (n, d) and y (m, d) come from one distribution? A permutation test.

    If they do, it makes no difference which points are called x: the statistic is computed again for
    `n_permutations` random relabellings of the pooled points, and p = (1 + number of relabellings at least as
    large as observed) / (1 + n_permutations) (Phipson and Smyth 2010). Reject equality at significance level
    alpha when p <= alpha: on equal distributions this happens with probability at most alpha, whatever they are.
    The smallest p there can be is 1 / (1 + n_permutations). A large p does not prove equality: the power grows
    with the number of points.

    statistic: ``"energy"`` (`energy_distance`) or ``"mmd"`` (`losses.mmd2`, its sum of Gaussian kernels with
    bandwidths `BANDWIDTHS`: sensitive to fine structure in codes of about unit scale, blind far from it).
    Memory grows with (n + m)^2: 4,000 points in all take about half a gigabyte.
    Raises ValueError for bad shapes or an unknown statistic.
    """
    x, y = _pair(x, y)
    kernel = _kernel(statistic, torch.cat([x, y]))
    with _seeded(seed):
        order = torch.rand(len(x) + len(y), n_permutations).argsort(0)
    observed = _first(len(x), len(y))
    found, *permuted = _discrepancy(kernel, torch.cat([observed, observed[order].squeeze(2)], 1)).tolist()
    # a relabelling that changes nothing must count as "at least as large" in spite of rounding
    tolerance = 1e-12 * kernel.abs().mean().item()
    as_large = sum(value >= found - tolerance for value in permuted)
    return TwoSampleTest(found, (1 + as_large) / (1 + n_permutations))


def _kernel(statistic: str, points: Tensor) -> Tensor:
    """k(a, b) of all pairs of points (N, d), (N, N), with zeros on the diagonal: no point is compared with itself.

    The energy distance is the MMD of the kernel -|a - b| (Sejdinovic et al. 2013): one formula serves both.
    """
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    if statistic == "energy":
        return -distances
    if statistic == "mmd":
        squares = distances.square_()
        return sum(torch.exp(squares / (-2 * s**2)) for s in BANDWIDTHS).fill_diagonal_(0)
    raise ValueError(f"unknown statistic {statistic!r}: use 'energy' or 'mmd'")


def _discrepancy(kernel: Tensor, is_x: Tensor) -> Tensor:
    """mean k(x, x') + mean k(y, y') - 2 mean k(x, y) for each column of `is_x` (N, P), 1 for x and 0 for y; (P,)."""
    n = int(is_x[:, 0].sum())
    m = len(is_x) - n
    with_all = kernel.sum(1) @ is_x  # sum k(x, x') + sum k(x, y)
    xx = (is_x * (kernel @ is_x)).sum(0)
    xy = with_all - xx
    yy = kernel.sum() - with_all - xy
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


def _first(n: int, m: int) -> Tensor:
    """The observed labelling: the first n points are x, the other m are y; (n + m, 1)."""
    return torch.cat([torch.ones(n, 1), torch.zeros(m, 1)]).double()


# --- codes against the prior ------------------------------------------------------------------------------------


def holes(z: Tensor, prior: Distribution, k: int = 7, n_probe: int = 2000, seed: int = 0) -> float:
    """The share, in [0, 1], of the prior's mass with no code z (n, dim) nearby. 2^-k is perfect, 1 is the worst.

    "Nearby" adapts to the density: n reference points (as many as codes) and `n_probe` probes are drawn from the
    prior, and a probe lies in a hole if no code is as close to it as its k-th nearest reference point.

    Why 2^-k: pool the codes and the reference points. A probe is in a hole exactly if its k nearest points of the
    pool are all reference points. If q(z) = p(z), the pool is 2n equal draws of which n are called "reference" at
    random, so this happens with probability n/(2n) * (n-1)/(2n-1) * ... * (n-k+1)/(2n-k+1), that is 2^-k for n much
    larger than k (0.8 % for k = 7). If half of the prior's mass has no codes, about half of the probes are in holes.

    Raises ValueError if the shape of z does not fit the prior, or with fewer than k codes.
    """
    z = _points(z, "z")
    if z.shape[1] != prior.dim:
        raise ValueError(f"codes z must be (n, {prior.dim}) for this prior, got {tuple(z.shape)}")
    if not 1 <= k <= len(z):
        raise ValueError(f"k must lie between 1 and the number of codes, {len(z)}, got {k}")
    with _seeded(seed):
        reference, probes = _points(prior.sample(len(z)), "prior"), _points(prior.sample(n_probe), "prior")
    radius = cKDTree(reference.numpy()).query(probes.numpy(), k=[k])[0][:, 0]
    nearest_code = cKDTree(z.numpy()).query(probes.numpy())[0]
    return float((nearest_code > radius).mean())


@torch.no_grad()
def kl_decomposition(
    mu: Tensor, logvar: Tensor, prior: Distribution, n_samples: int = 1, seed: int = 0
) -> KLDecomposition:
    """E_x KL(q(z|x) || p) = I(x; z) + KL(q(z) || p) over a data set of N images, in nats (Hoffman and Johnson 2016).

    mu and logvar (N, d) are the Gaussian posteriors of all N images; q(z) is their average, so that
    I(x; z) <= log N. The right-hand terms are means over `n_samples` draws z ~ q(z|x) an image; all N posteriors
    are evaluated at each draw (time grows with N^2 n_samples). The left-hand side is computed independently:
    in closed form for a `Gaussian` prior, else from draws of its own. So the two sides agree only up to
    Monte Carlo error, and comparing them is a check.
    """
    if mu.ndim != 2 or mu.shape != logvar.shape:
        raise ValueError(f"mu and logvar must both be (N, d), got {tuple(mu.shape)} and {tuple(logvar.shape)}")
    mu, logvar = _points(mu, "mu"), _points(logvar, "logvar")
    prior = copy.deepcopy(prior).cpu().double()
    information, marginal, kl = [], [], []
    with _seeded(seed):
        for _ in range(n_samples):
            z = _draw(mu, logvar)
            log_q = _log_mixture(z, mu, logvar)
            information.append(gaussian_log_prob(z, mu, logvar) - log_q)
            marginal.append(log_q - prior.log_prob(z))
            kl.append(_kl(mu, logvar, prior))
    return KLDecomposition(*(torch.stack(terms).mean().item() for terms in (kl, information, marginal)))


def _kl(mu: Tensor, logvar: Tensor, prior: Distribution) -> Tensor:
    """E_x KL(q(z|x) || p): in closed form, or from one draw an image."""
    if isinstance(prior, Gaussian):  # the KL does not change when both sides are divided by the prior's std
        return kl_to_standard_normal(mu / prior.std, logvar - 2 * math.log(prior.std))
    z = _draw(mu, logvar)
    return (gaussian_log_prob(z, mu, logvar) - prior.log_prob(z)).mean()


def _draw(mu: Tensor, logvar: Tensor) -> Tensor:
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def _log_mixture(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log 1/N sum_j N(z; mu_j, diag exp(logvar_j)) of each row of z (S, d), in pieces of about 4 million numbers."""
    n, d = mu.shape
    constant = logvar.sum(1) + d * math.log(2 * math.pi) + 2 * math.log(n)

    def piece(part: Tensor) -> Tensor:
        squares = ((part[:, None] - mu).square() * torch.exp(-logvar)).sum(2)  # (part, N)
        return torch.logsumexp(-0.5 * (squares + constant), dim=1)

    return torch.cat([piece(part) for part in z.split(max(1, 4_000_000 // (n * d)))])


# --- likelihoods and bounds -------------------------------------------------------------------------------------


@torch.no_grad()
def iwae_bound(vae, x: Tensor, k: int, chunk: int = 5_000) -> Tensor:
    """The importance-weighted lower bound of log p(x) with k draws (Burda et al. 2016, equation 8), in nats, (B,).

    log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x), from ``vae.log_weight``. k = 1 is the ELBO; in expectation
    the bound never falls with k and tends to log p(x). `chunk`: (image, draw) pairs in one forward pass.
    """
    if k < 1 or chunk < 1:
        raise ValueError(f"k and chunk must be at least 1, got k={k}, chunk={chunk}")
    return torch.cat([_iwae(vae, part, k, max(1, chunk // len(part))) for part in x.split(chunk)])


def _iwae(vae, x: Tensor, k: int, at_once: int) -> Tensor:
    draws = [at_once] * (k // at_once) + [k % at_once] * (k % at_once > 0)
    log_weights = [vae.log_weight(x.expand(n, *x.shape).flatten(0, 1)).unflatten(0, (n, -1)) for n in draws]
    return torch.cat(log_weights).logsumexp(0) - math.log(k)


@torch.no_grad()
def parzen_log_likelihood(samples: Tensor, x: Tensor, width: float, chunk: int = 500) -> Tensor:
    """log density of each x (B, ...) under a Gaussian bump on each of the samples (n, ...), in nats, (B,).

    log 1/n sum_i N(x; sample_i, width^2 I): the Parzen window of Goodfellow et al. 2014, section 5. Images are
    taken as vectors. `chunk`: how many x at once.
    """
    if width <= 0:
        raise ValueError(f"the width of the window must be positive, got {width}")
    if samples.shape[1:] != x.shape[1:]:
        raise ValueError(f"samples and x must be of one shape, got {tuple(samples.shape)} and {tuple(x.shape)}")
    samples, x = samples.flatten(1), x.flatten(1)
    constant = math.log(len(samples)) + samples.shape[1] / 2 * math.log(2 * math.pi * width**2)
    pieces = [torch.cdist(part, samples).square_().div_(-2 * width**2).logsumexp(1) for part in x.split(chunk)]
    return torch.cat(pieces) - constant


def choose_parzen_width(samples: Tensor, validation: Tensor, widths: Sequence[float]) -> float:
    """The one of `widths` under which `validation`, not the test images, has the highest mean log density."""
    return max(widths, key=lambda width: parzen_log_likelihood(samples, validation, width).mean().item())


# --- samples against a known distribution -----------------------------------------------------------------------


def modes_covered(samples: Tensor, mixture: GaussianMixture, n_std: float = 3.0, min_share: float = 0.01) -> ModeCount:
    """Which components of a known mixture samples (n, dim) reach.

    A sample is of high quality if it lies within `n_std` standard deviations of the nearest mean (measured along
    each direction by the component's own spread); a component is covered if at least `min_share` of all samples are
    of high quality and nearest to it (as in Srivastava et al. 2017, section 4.1). In 2-D, perfect samples of separate
    components have a high-quality share of 1 - exp(-n_std^2 / 2), 98.9 % for 3.
    """
    if samples.ndim != 2 or samples.shape[1] != mixture.dim:
        raise ValueError(f"samples must be (n, {mixture.dim}) for this mixture, got {tuple(samples.shape)}")
    offset = samples[:, None].to(mixture.means) - mixture.means  # (n, K, dim)
    deviations = torch.linalg.solve(mixture.scale, offset[..., None]).squeeze(3).norm(dim=2)  # (n, K)
    distance, nearest = deviations.min(1)
    good = distance <= n_std
    share = torch.bincount(nearest[good], minlength=mixture.n_classes) / len(samples)
    return ModeCount(int((share >= min_share).sum()), good.double().mean().item())


# --- helpers ----------------------------------------------------------------------------------------------------


def _points(x: Tensor, name: str) -> Tensor:
    """Points (n, d) as float64 on the CPU. Raises ValueError for another shape, or if any is NaN or infinite."""
    if x.ndim != 2:
        raise ValueError(f"{name} must be (n, d), one row a point, got shape {tuple(x.shape)}")
    if not x.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinite numbers: did the training diverge?")
    return x.detach().cpu().double()


def _pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = _points(x, "x"), _points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must have the same dimension, got {tuple(x.shape)} and {tuple(y.shape)}")
    if min(len(x), len(y)) < 2:
        raise ValueError(f"at least two points on each side are needed, got {len(x)} and {len(y)}")
    return x, y


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw from `seed` inside, and leave the global random state as it was.

    The seed is scrambled: codes drawn right after ``torch.manual_seed(seed)`` must not be drawn here once more,
    as the very points that they are compared with.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed ^ 0x5EED5EED)
        yield
