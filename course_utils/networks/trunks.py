"""Trunks: network bodies, from images or points to features (B, out_features)."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh}


def activation(name: str) -> nn.Module:
    """A fresh activation module by name. Raises ValueError for an unknown name."""
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}: use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


class Trunk(nn.Module):
    """A network body: inputs of `in_shape` to features (B, `out_features`). Checks the shape of its input.

    With `n_attributes`, attribute vectors (B, n_attributes) come beside the input: `dense` gets them beside what
    `layers` make of it.
    """

    def __init__(
        self,
        in_shape: Sequence[int],
        layers: nn.Module,
        out_features: int,
        dense: nn.Module | None = None,
        n_attributes: int = 0,
    ):
        super().__init__()
        self.in_shape = tuple(in_shape)
        self.layers = layers
        self.out_features = out_features
        self.n_attributes = n_attributes
        self.dense = dense

    def forward(self, x: Tensor, attributes: Tensor | None = None) -> Tensor:
        check_input(x, self.in_shape)
        h = self.layers(x)
        return self.dense(beside(h, attributes, self.n_attributes)) if self.dense else h


def check_input(x: Tensor, in_shape: Sequence[int]) -> None:
    """Raises ValueError unless x is (B, *in_shape)."""
    if x.shape[1:] != tuple(in_shape):
        expected = ", ".join(map(str, in_shape))
        raise ValueError(f"this network takes inputs of shape (B, {expected}), got {tuple(x.shape)}")


def beside(h: Tensor, attributes: Tensor | None, n_attributes: int) -> Tensor:
    """h (B, n) with the attribute vectors (B, n_attributes) beside it; h itself if n_attributes is 0.

    Raises ValueError for attributes of another shape, none where some are needed, or some where none are.
    """
    got = None if attributes is None else tuple(attributes.shape)
    wanted = (len(h), n_attributes) if n_attributes else None
    if got != wanted:
        raise ValueError(f"this network takes attributes of shape {wanted}, got {got}")
    return h if attributes is None else torch.cat([h, attributes.to(h.dtype)], dim=1)


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


def strided_conv(
    in_shape: Sequence[int], widths: Sequence[int] = (16, 32), features: int = 128, n_attributes: int = 0
) -> Trunk:
    """The body of the VAE/GAN's encoder: 5x5 convolutions of stride 2, one for each width, and a dense layer.

    Batch norm and ReLU after each. For (C, H, W) with H and W divisible by 2^n for n widths. The paper's, for 64x64
    images, are 64, 128, 256 and 1,024 features (Larsen et al. 2016, table of architectures). The default, for 28x28 on
    a CPU, has a quarter of its width (dense: an eighth), one convolution less. `n_attributes` entries join before the
    dense layer.
    """
    channels, rows, columns = after_strides(in_shape, len(widths))
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise((channels, *widths)):
        layers += [nn.Conv2d(n_in, n_out, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
    n = widths[-1] * rows * columns
    return Trunk(
        in_shape, nn.Sequential(*layers, nn.Flatten()), features, dense(n + n_attributes, features), n_attributes
    )


def dense(n_in: int, n_out: int) -> nn.Sequential:
    """A fully connected layer with batch norm and ReLU."""
    return nn.Sequential(nn.Linear(n_in, n_out, bias=False), nn.BatchNorm1d(n_out), nn.ReLU())


def after_strides(shape: Sequence[int], n: int) -> tuple[int, int, int]:
    """Channels of (C, H, W), and height and width after n halvings. Raises ValueError if they do not come out even."""
    channels, rows, columns = shape
    if rows % 2**n or columns % 2**n:
        raise ValueError(
            f"these layers halve the image {n} times: height and width must be divisible by {2**n}, "
            f"got {rows}x{columns}"
        )
    return channels, rows // 2**n, columns // 2**n
