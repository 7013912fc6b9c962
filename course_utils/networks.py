"""Networks: trunks (MLP, convolutional), encoders, decoders/generators, discriminators.

Images are (B, C, H, W) in [0, 1]; codes z are (B, latent_dim). Every network returns its input's number format
(float32 in, float32 out), whatever autocast computes inside: so losses, ``exp`` and ``log`` never see bfloat16.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Below this many parameters, casting weights to bfloat16 costs more than the faster products save.
BFLOAT16_MIN_PARAMETERS = 500_000

ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh}


def activation(name: str) -> nn.Module:
    """A fresh activation module by name. Raises ValueError for an unknown name."""
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}: use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


class Trunk(nn.Module):
    """A network body: inputs of `in_shape` to features (B, `out_features`). Checks the shape of its input."""

    def __init__(self, in_shape: Sequence[int], layers: nn.Module, out_features: int):
        super().__init__()
        self.in_shape = tuple(in_shape)
        self.layers = layers
        self.out_features = out_features

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != self.in_shape:
            expected = ", ".join(map(str, self.in_shape))
            raise ValueError(f"this network takes inputs of shape (B, {expected}), got {tuple(x.shape)}")
        return self.layers(x)


def mlp(
    in_shape: Sequence[int],
    hidden: Sequence[int] = (512, 512),
    act: str = "relu",
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> Trunk:
    """Fully connected trunk: flatten, then Linear (+ BatchNorm) + activation for each width in `hidden`.

    Of the inputs and of the values after each activation a share `dropout` in [0, 1) is left out at random in training.
    """
    width = torch.Size(in_shape).numel()
    drop = [nn.Dropout(dropout)] if dropout else []
    layers: list[nn.Module] = [nn.Flatten(), *drop]
    for n in hidden:
        layers += [nn.Linear(width, n), *([nn.BatchNorm1d(n)] if batch_norm else []), activation(act), *drop]
        width = n
    return Trunk(in_shape, nn.Sequential(*layers), width)


def conv(
    in_shape: Sequence[int],
    width: int = 32,
    act: str = "leaky_relu",
    batch_norm: bool = True,
    features: int | None = None,
) -> Trunk:
    """Convolutional trunk for (C, H, W) with H and W divisible by 4: two stride-2 convolutions of width, 2 width.

    As in DCGAN (Radford et al. 2016, section 3) there is no pooling, and no batch norm on the first layer. Its
    features are the 2 width (H/4) (W/4) values after the second convolution, or, with ``features=n``, n values of
    one more fully connected layer.
    """
    channels, height, side = in_shape
    if height % 4 or side % 4:
        raise ValueError(
            "the convolutional trunk halves the image twice: "
            f"height and width must be divisible by 4, got {height}x{side}"
        )
    norm = [nn.BatchNorm2d(2 * width)] if batch_norm else []
    layers = nn.Sequential(
        nn.Conv2d(channels, width, 4, stride=2, padding=1),
        activation(act),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=not batch_norm),
        *norm,
        activation(act),
        nn.Flatten(),
    )
    n = 2 * width * (height // 4) * (side // 4)
    if features:
        layers.extend([nn.Linear(n, features), activation(act)])
    return Trunk(in_shape, layers, features or n)


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


class MLPDecoder(nn.Module):
    """Decoder of an autoencoder, generator of a GAN: z (B, latent_dim) to (B, *out_shape).

    ``out="sigmoid"`` gives pixels in (0, 1), ``out="identity"`` gives unbounded values (points in the plane).
    """

    def __init__(
        self,
        latent_dim: int,
        out_shape: Sequence[int],
        hidden: Sequence[int] = (512, 512),
        act: str = "relu",
        batch_norm: bool = False,
        out: str = "sigmoid",
    ):
        super().__init__()
        self.latent_dim = latent_dim
        self.out_shape = tuple(out_shape)
        self.squash = _output(out)
        self.trunk = mlp((latent_dim,), hidden, act, batch_norm)
        self.head = nn.Linear(self.trunk.out_features, torch.Size(out_shape).numel())

    def logits(self, z: Tensor) -> Tensor:
        """The values before the output function, (B, *out_shape)."""
        return self.head(self.trunk(z)).to(z.dtype).unflatten(1, self.out_shape)

    def forward(self, z: Tensor) -> Tensor:
        return self.squash(self.logits(z))


class ConvDecoder(nn.Module):
    """z (B, latent_dim) to images (B, C, H, W) by two stride-2 up-convolutions (mirror of `conv`), as in DCGAN."""

    def __init__(
        self,
        latent_dim: int,
        out_shape: Sequence[int],
        width: int = 32,
        act: str = "relu",
        batch_norm: bool = True,
        out: str = "sigmoid",
    ):
        super().__init__()
        channels, height, side = out_shape
        if height % 4 or side % 4:
            raise ValueError(
                "the convolutional decoder doubles the image twice: "
                f"height and width must be divisible by 4, got {height}x{side}"
            )
        self.latent_dim = latent_dim
        self.out_shape = tuple(out_shape)
        self.squash = _output(out)
        start = (2 * width, height // 4, side // 4)
        self.project = mlp((latent_dim,), (torch.Size(start).numel(),), act, batch_norm)
        self.layers = nn.Sequential(
            nn.Unflatten(1, start),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=not batch_norm),
            *([nn.BatchNorm2d(width)] if batch_norm else []),
            activation(act),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )

    def logits(self, z: Tensor) -> Tensor:
        """The values before the output function, (B, C, H, W)."""
        return self.layers(self.project(z)).to(z.dtype)

    def forward(self, z: Tensor) -> Tensor:
        return self.squash(self.logits(z))


class Discriminator(nn.Module):
    """D: anything a trunk accepts to one logit each, (B,). sigmoid(logit) is the probability of "real"."""

    def __init__(self, trunk: Trunk):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(x)).squeeze(1).to(x.dtype)


def _output(name: str) -> nn.Module:
    functions = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}
    if name not in functions:
        raise ValueError(f"unknown output {name!r}: use one of {', '.join(functions)}")
    return functions[name]()


def normal_init(module: nn.Module, std: float) -> nn.Module:
    """Draw all weights from N(0, std^2), and the scales of batch norm from N(1, std^2). Biases become zero.

    Returns the module.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, std)
        elif isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, std)
        else:
            continue
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    return module


def dcgan_init(module: nn.Module) -> nn.Module:
    """`normal_init` with the standard deviation of DCGAN, 0.02 (Radford et al. 2016, section 4)."""
    return normal_init(module, 0.02)


def count_parameters(module: nn.Module) -> int:
    """The number of trainable numbers in a module."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def is_large(module: nn.Module) -> bool:
    """Whether its products cost so much more than a cast of its weights that bfloat16 pays, where that is fast.

    So it is with many parameters, and with any convolution: it uses each weight at every place of the image.
    """
    convolves = any(isinstance(part, nn.Conv2d | nn.ConvTranspose2d) for part in module.modules())
    return convolves or count_parameters(module) >= BFLOAT16_MIN_PARAMETERS
