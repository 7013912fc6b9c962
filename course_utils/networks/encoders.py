"""Encoders: a trunk, and heads for the parameters of q(z|x)."""

import torch
from torch import Tensor, nn

from course_utils.networks.trunks import Trunk


class DeterministicEncoder(nn.Module):
    """z = f(x): the posterior q(z|x) is a point (AAE section 2, first choice)."""

    def __init__(self, trunk: Trunk, latent_dim: int):
        super().__init__()
        self.latent_dim = latent_dim
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """z (B, latent_dim)."""
        return self.head(self.trunk(x)).to(x.dtype)

    def sample(self, x: Tensor) -> Tensor:
        """One z ~ q(z|x) for each x: here always the same."""
        return self(x)

    def mean(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self(x)


class GaussianEncoder(nn.Module):
    """q(z|x) = N(mu(x), diag sigma^2(x)) (Kingma and Welling 2014, section 3; AAE section 2, second choice)."""

    def __init__(self, trunk: Trunk, latent_dim: int):
        super().__init__()
        self.latent_dim = latent_dim
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu and logvar = log sigma^2, each (B, latent_dim)."""
        mu, logvar = self.head(self.trunk(x)).to(x.dtype).chunk(2, dim=1)
        return mu, logvar

    def sample(self, x: Tensor) -> Tensor:
        """One z ~ q(z|x) for each x, by the reparametrisation trick: z = mu + sigma * noise."""
        mu, logvar = self(x)
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

    def mean(self, x: Tensor) -> Tensor:
        """The mean mu of q(z|x)."""
        return self(x)[0]


class AttributeEncoder(GaussianEncoder):
    """q(z|x, a): a `GaussianEncoder` whose trunk sees attributes a (B, n_attributes) beside x."""

    def forward(self, x: Tensor, attributes: Tensor) -> tuple[Tensor, Tensor]:
        """mu and logvar = log sigma^2, each (B, latent_dim)."""
        mu, logvar = self.head(self.trunk(x, attributes)).to(x.dtype).chunk(2, dim=1)
        return mu, logvar

    def sample(self, x: Tensor, attributes: Tensor) -> Tensor:
        """One z ~ q(z|x, a) for each x: z = mu + sigma * noise."""
        mu, logvar = self(x, attributes)
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

    def mean(self, x: Tensor, attributes: Tensor) -> Tensor:
        """The mean mu of q(z|x, a)."""
        return self(x, attributes)[0]


class CholeskyEncoder(nn.Module):
    """q(z|x) = N(mu(x), L(x) L(x)^T), L lower triangular: any covariance (Kingma and Welling 2019, section 2.5.1).

    The head returns mu, the logs of the diagonal of L (so that it is positive) and the entries below it:
    latent_dim (latent_dim + 3) / 2 numbers instead of the 2 latent_dim of `GaussianEncoder`.
    """

    def __init__(self, trunk: Trunk, latent_dim: int):
        super().__init__()
        self.latent_dim = latent_dim
        self.trunk = trunk
        self.n_below = latent_dim * (latent_dim - 1) // 2
        self.head = nn.Linear(trunk.out_features, 2 * latent_dim + self.n_below)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu (B, latent_dim) and scale_tril = L (B, latent_dim, latent_dim)."""
        d = self.latent_dim
        mu, log_diagonal, below = self.head(self.trunk(x)).to(x.dtype).split([d, d, self.n_below], dim=1)
        scale_tril = torch.diag_embed(log_diagonal.exp())
        row, column = torch.tril_indices(d, d, offset=-1, device=x.device)
        scale_tril[:, row, column] = below
        return mu, scale_tril

    def sample(self, x: Tensor) -> Tensor:
        """One z ~ q(z|x) for each x, by the reparametrisation trick: z = mu + L noise."""
        mu, scale_tril = self(x)
        # a sum of products instead of @: autocast would round a matrix product to bfloat16
        return mu + (scale_tril * torch.randn_like(mu)[:, None, :]).sum(2)

    def mean(self, x: Tensor) -> Tensor:
        """The mean mu of q(z|x)."""
        return self(x)[0]


class UniversalEncoder(nn.Module):
    """z = f(x, noise) with noise ~ N(0, noise_std^2 I): q(z|x) can take any shape (AAE section 2, third choice).

    `trunk` takes flat vectors of (pixels + noise_dim) entries: build it with `mlp((n_pixels + noise_dim,), ...)`.
    Beside 784 pixels a few entries of unit noise are hardly heard at first: `noise_std` makes them louder.
    """

    def __init__(self, trunk: Trunk, latent_dim: int, noise_dim: int, noise_std: float = 1.0):
        super().__init__()
        if noise_std <= 0:
            raise ValueError(f"noise_std must be positive, got {noise_std}")
        self.latent_dim = latent_dim
        self.noise_dim = noise_dim
        self.noise_std = noise_std
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, latent_dim)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """z (B, latent_dim) from x (B, ...) and noise (B, noise_dim)."""
        return self.head(self.trunk(torch.cat([x.flatten(1), noise], dim=1))).to(x.dtype)

    def sample(self, x: Tensor) -> Tensor:
        """One z ~ q(z|x) for each x."""
        return self(x, self.noise_std * torch.randn(len(x), self.noise_dim, device=x.device, dtype=x.dtype))

    def mean(self, x: Tensor, n: int = 64) -> Tensor:
        """The mean of q(z|x), estimated from n draws."""
        return torch.stack([self.sample(x) for _ in range(n)]).mean(0)


class ClassStyleEncoder(nn.Module):
    """A code of two parts: logits of the class y, and a deterministic style z (AAE sections 5 to 7).

    forward(x) gives logits (B, n_classes) and z (B, latent_dim).
    """

    def __init__(self, trunk: Trunk, n_classes: int, latent_dim: int):
        super().__init__()
        self.n_classes = n_classes
        self.latent_dim = latent_dim
        self.trunk = trunk
        self.head_y = nn.Linear(trunk.out_features, n_classes)
        self.head_z = nn.Linear(trunk.out_features, latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.trunk(x)
        return self.head_y(h).to(x.dtype), self.head_z(h).to(x.dtype)
