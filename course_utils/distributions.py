"""Distributions to imitate or to impose: the priors of the latent codes, and mixtures to play with in 2-D.

Each is an ``nn.Module`` that holds its numbers as buffers, so that ``method.to(device)`` moves its prior too.
Common interface: ``sample(n)`` gives (n, dim); ``sample(n, labels)``, where there are classes, gives for each
label a sample of its own part of the distribution; ``log_prob(z)`` gives the log density (B,) where there is one.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Distribution(nn.Module):
    """What every distribution promises. `dim` is the dimension, `n_classes` the number of labelled parts."""

    dim: int
    n_classes: int = 1

    def __init__(self, dim: int):
        super().__init__()
        if dim < 1:
            raise ValueError(f"a distribution needs at least one dimension, got dim={dim}")
        self.dim = dim
        # follows .to(device) and tells sample() where to draw
        self.register_buffer("_origin", torch.zeros(dim), persistent=False)

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        raise NotImplementedError

    def log_prob(self, z: Tensor) -> Tensor:
        raise NotImplementedError(
            f"{type(self).__name__} has no density that could be evaluated, only samples. "
            "Adversarial matching works with samples alone; a KL term does not."
        )

    def _check(self, z: Tensor) -> None:
        """Raise ValueError unless z is (B, dim): another shape could be broadcast in silence."""
        if z.ndim != 2 or z.shape[1] != self.dim:
            raise ValueError(f"z must be (B, {self.dim}) for this distribution, got {tuple(z.shape)}")

    def _labels(self, n: int, labels: Tensor | None) -> Tensor:
        """Check the labels (n,) of `sample`, or draw uniform ones."""
        where = self._origin.device
        if labels is None:
            return torch.randint(self.n_classes, (n,), device=where)
        if labels.shape != (n,):
            raise ValueError(f"labels must have shape ({n},), one a sample, got {tuple(labels.shape)}")
        if labels.is_floating_point():
            raise ValueError(f"labels must be integers, got {labels.dtype}")
        if n and (labels.min() < 0 or labels.max() >= self.n_classes):
            raise ValueError(f"labels must lie in 0..{self.n_classes - 1}")
        return labels.to(where)


class Gaussian(Distribution):
    """N(0, std^2 I) in `dim` dimensions."""

    def __init__(self, dim: int, std: float = 1.0):
        super().__init__(dim)
        if std <= 0:
            raise ValueError(f"std must be positive, got {std}")
        self.std = std

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        if labels is not None:
            self._labels(n, labels)  # there is only class 0, but a wrong label must not pass in silence
        return self.std * torch.randn(n, self.dim, device=self._origin.device, dtype=self._origin.dtype)

    def log_prob(self, z: Tensor) -> Tensor:
        self._check(z)
        squares = (z / self.std).square().sum(1)
        return -0.5 * (squares + self.dim * math.log(2 * math.pi * self.std**2))


class TruncatedGaussian(Distribution):
    """N(0, I) in `dim` dimensions without its tails: every entry lies in [-threshold, threshold].

    The "truncation trick" draws z from it, from a generator that was trained on the whole N(0, I): entries outside are
    drawn again (Brock et al. 2019, section 3.1). Here the same at once, by the inverse of the distribution function.
    """

    def __init__(self, dim: int, threshold: float):
        super().__init__(dim)
        if threshold <= 0:
            raise ValueError(f"the threshold must be positive, got {threshold}")
        self.threshold = threshold
        self.inside = math.erf(threshold / math.sqrt(2))  # the probability that an entry of N(0, I) has

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        if labels is not None:
            self._labels(n, labels)
        u = 2 * torch.rand(n, self.dim, device=self._origin.device, dtype=self._origin.dtype) - 1
        # where inside rounds to 1, u = -1 would be infinitely far out
        return (math.sqrt(2) * torch.erfinv(self.inside * u)).clamp(-self.threshold, self.threshold)

    def log_prob(self, z: Tensor) -> Tensor:
        self._check(z)
        log_p = -0.5 * z.square().sum(1) - self.dim * math.log(math.sqrt(2 * math.pi) * self.inside)
        return log_p.masked_fill((z.abs() > self.threshold).any(1), -math.inf)


class GaussianMixture(Distribution):
    """Equal-weight mixture of K Gaussians: means (K, dim), scale (K, dim, dim) with covariance scale @ scale^T.

    The class of a sample is the component it was drawn from.
    """

    def __init__(self, means: Tensor, scale: Tensor):
        if means.ndim != 2:
            raise ValueError(f"means must be (K, dim), one row a component, got {tuple(means.shape)}")
        super().__init__(means.shape[1])
        if scale.shape != (*means.shape, means.shape[1]):
            raise ValueError(
                f"scale must be (K, dim, dim) for means (K, dim) = {tuple(means.shape)}, got {tuple(scale.shape)}"
            )
        self.n_classes = len(means)
        self.register_buffer("means", means, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        k = self._labels(n, labels)
        return self.at(torch.randn(n, self.dim, device=self.means.device, dtype=self.means.dtype), k)

    def at(self, w: Tensor, labels: Tensor) -> Tensor:
        """The points at w (n, dim) in the components `labels` (n,): mean_k + scale_k w, (n, dim).

        w counts standard deviations along the axes of the component: a standard normal w gives samples of it.
        """
        self._check(w)
        k = self._labels(len(w), labels)
        # sums of products instead of @, here and below: autocast would round a matrix product to bfloat16
        return self.means[k] + (self.scale[k] * w[:, None, :]).sum(2)

    def whitened(self, z: Tensor, labels: Tensor) -> Tensor:
        """Where points z (n, dim) lie in the components `labels` (n,), in standard deviations: the inverse of `at`."""
        self._check(z)
        k = self._labels(len(z), labels)
        return (torch.linalg.inv(self.scale)[k] * (z - self.means[k])[:, None, :]).sum(2)

    def log_prob_by_component(self, z: Tensor) -> Tensor:
        """log N(z; mean_k, scale_k scale_k^T) for every component, (B, K)."""
        self._check(z)
        offset = z[:, None, :] - self.means  # (B, K, dim)
        whitened = (torch.linalg.inv(self.scale) * offset[:, :, None, :]).sum(3)
        log_det = torch.linalg.slogdet(self.scale).logabsdet  # (K,)
        return -0.5 * (whitened.square().sum(2) + self.dim * math.log(2 * math.pi)) - log_det

    def log_prob(self, z: Tensor) -> Tensor:
        return torch.logsumexp(self.log_prob_by_component(z), dim=1) - math.log(self.n_classes)

    def component(self, z: Tensor) -> Tensor:
        """The most probable component of each point, (B,) integers."""
        return self.log_prob_by_component(z).argmax(1)


def ring_of_gaussians(n_modes: int = 8, radius: float = 2.0, std: float = 0.1) -> GaussianMixture:
    """Round 2-D Gaussians on a circle: the usual test for mode collapse."""
    angle = 2 * math.pi * torch.arange(n_modes) / n_modes
    means = radius * torch.stack([angle.cos(), angle.sin()], 1)
    return GaussianMixture(means, (std * torch.eye(2)).expand(n_modes, 2, 2).clone())


def ten_gaussians(n_modes: int = 10, radius: float = 1.4, long: float = 0.5, short: float = 0.05) -> GaussianMixture:
    """The flower of 2-D Gaussians of the AAE paper (section 2.1, figure 2): long axes point outwards.

    The paper prints no numbers: radius and standard deviations are those of common public reimplementations.
    """
    angle = 2 * math.pi * torch.arange(n_modes) / n_modes
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)  # (K, 2, 2)
    means = radius * torch.stack([cos, sin], 1)
    return GaussianMixture(means, rotation @ torch.diag(torch.tensor([long, short])))


class SwissRoll(Distribution):
    """A 2-D swiss roll: radius `size` sqrt(u), angle 4 pi sqrt(u), u uniform on (0, 1); class k has u in (k, k+1)/K.

    A curve: it has no density in the plane, so there is no `log_prob` (and no KL): the point of AAE section 2.1.
    Parametrisation as in common public reimplementations; the paper prints none.
    """

    def __init__(self, size: float = 3.0, n_classes: int = 10):
        super().__init__(2)
        self.size = size
        self.n_classes = n_classes

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        k = self._labels(n, labels)
        u = (k + torch.rand(n, device=k.device, dtype=self._origin.dtype)) / self.n_classes
        return self.at(u)

    def at(self, u: Tensor) -> Tensor:
        """The point of the roll at each u (n,) in [0, 1], (n, 2)."""
        if u.ndim != 1:
            raise ValueError(f"u must be (n,), got {tuple(u.shape)}")
        root = u.sqrt()
        angle = 4 * math.pi * root
        return self.size * root[:, None] * torch.stack([angle.cos(), angle.sin()], 1)

    def position(self, z: Tensor) -> Tensor:
        """The u of the point of the roll nearest to each z (n, 2), (n,), in steps of 1/4000."""
        self._check(z)
        u = torch.linspace(0, 1, 4001, device=z.device, dtype=z.dtype)
        curve = self.at(u)
        how = "donot_use_mm_for_euclid_dist"  # the other way is faster, and rounds small distances off
        return torch.cat([u[torch.cdist(part, curve, compute_mode=how).argmin(1)] for part in z.split(2000)])

    def component(self, z: Tensor) -> Tensor:
        """The class on whose part of the roll the nearest point to each z (n, 2) lies, (n,) integers."""
        return (self.position(z) * self.n_classes).long().clamp(max=self.n_classes - 1)


class Categorical(Distribution):
    """Uniform one-hot vectors of `n_classes` entries (AAE section 5): every class equally likely."""

    def __init__(self, n_classes: int):
        super().__init__(n_classes)
        self.n_classes = n_classes

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        return F.one_hot(self._labels(n, labels), self.n_classes).to(self._origin.dtype)


class Circle(Distribution):
    """A circle in the plane with a Gaussian blur: radius (cos t, sin t) + std noise, t uniform. It has a density."""

    def __init__(self, radius: float = 2.0, std: float = 0.1):
        super().__init__(2)
        if radius <= 0 or std <= 0:
            raise ValueError(f"radius and std must be positive, got radius={radius} and std={std}")
        self.radius = radius
        self.std = std

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        if labels is not None:
            self._labels(n, labels)
        angle = 2 * math.pi * torch.rand(n, device=self._origin.device, dtype=self._origin.dtype)
        points = self.radius * torch.stack([angle.cos(), angle.sin()], 1)
        return points + self.std * torch.randn_like(points)

    def log_prob(self, z: Tensor) -> Tensor:
        # the mean of N(z; point, std^2 I) over the circle is an exponential times a Bessel function, I0(r |z| / std^2);
        # i0e(t) = exp(-t) I0(t) does not overflow
        self._check(z)
        r, variance = z.norm(dim=1), self.std**2
        bessel = torch.special.i0e(self.radius * r / variance).log()
        return bessel - (r - self.radius).square() / (2 * variance) - math.log(2 * math.pi * variance)
