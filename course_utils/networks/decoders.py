"""Decoders of autoencoders, which are the generators of GANs."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.networks.trunks import activation, after_strides, dense, mlp


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


class StridedDecoder(nn.Module):
    """The VAE/GAN's decoder: z (B, latent_dim) through a dense layer and 5x5 up-convolutions of stride 2 to images.

    Batch norm and ReLU after all layers but the last. The dense layer makes `start` channels, each up-convolution
    doubles the sides. `widths` are the channels after each; the channels of the image are made by one more
    convolution (`ends_in_convolution`) or by one more up-convolution. The paper's, for 64x64 images: start 256, widths
    256, 128, 32 and a convolution (Larsen et al. 2016, table of architectures). The default is for 28x28 on a CPU.
    """

    def __init__(
        self,
        latent_dim: int,
        out_shape: Sequence[int],
        start: int = 32,
        widths: Sequence[int] = (16,),
        ends_in_convolution: bool = False,
        out: str = "sigmoid",
    ):
        super().__init__()
        channels, rows, columns = after_strides(out_shape, len(widths) + (not ends_in_convolution))
        self.latent_dim = latent_dim
        self.out_shape = tuple(out_shape)
        self.squash = _output(out)
        self.project = dense(latent_dim, start * rows * columns)
        layers: list[nn.Module] = [nn.Unflatten(1, (start, rows, columns))]
        for n_in, n_out in itertools.pairwise((start, *widths)):
            layers += [_up_convolution(n_in, n_out, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
        if ends_in_convolution:
            layers.append(nn.Conv2d(widths[-1], channels, 5, padding=2))
        else:
            layers.append(_up_convolution(widths[-1], channels))
        self.layers = nn.Sequential(*layers)

    def logits(self, z: Tensor) -> Tensor:
        """The values before the output function, (B, C, H, W)."""
        return self.layers(self.project(z)).to(z.dtype)

    def forward(self, z: Tensor) -> Tensor:
        return self.squash(self.logits(z))


def _up_convolution(n_in: int, n_out: int, bias: bool = True) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(n_in, n_out, 5, stride=2, padding=2, output_padding=1, bias=bias)


def _output(name: str) -> nn.Module:
    functions = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}
    if name not in functions:
        raise ValueError(f"unknown output {name!r}: use one of {', '.join(functions)}")
    return functions[name]()
