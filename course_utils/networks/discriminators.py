"""Discriminators: a trunk, and one logit."""

import itertools
from collections.abc import Sequence

from torch import Tensor, nn

from course_utils.networks.trunks import Trunk, after_strides, beside, check_input, dense


class Discriminator(nn.Module):
    """D: anything a trunk accepts to one logit each, (B,). sigmoid(logit) is the probability of "real"."""

    def __init__(self, trunk: Trunk):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(x)).squeeze(1).to(x.dtype)


class FeatureDiscriminator(nn.Module):
    """The VAE/GAN's discriminator, which also shows what it makes of an image on the way: the features Dis_l(x).

    5x5 convolutions, one for each width, with batch norm (not after the first) and ReLU; a dense layer; one logit.
    The first has stride `first_stride`, the others 2. Layer 0 is the image itself, layers 1 to n what the convolutions
    give, before batch norm and ReLU (as the authors' code takes them), the last layer what the dense one gives. The
    paper's, for 64x64 images: widths 32, 128, 256, 256, first stride 1, 512 features, layer 4 (Larsen et al. 2016,
    table of architectures). The default is for 28x28 on a CPU. `n_attributes` entries join before the dense layer.
    """

    def __init__(
        self,
        in_shape: Sequence[int],
        widths: Sequence[int] = (16, 32),
        features: int = 128,
        first_stride: int = 2,
        n_attributes: int = 0,
    ):
        super().__init__()
        channels, rows, columns = after_strides(in_shape, len(widths) - (first_stride == 1))
        self.in_shape = tuple(in_shape)
        self.n_attributes = n_attributes
        self.convolutions = nn.ModuleList([nn.Conv2d(channels, widths[0], 5, stride=first_stride, padding=2)])
        self.after = nn.ModuleList([nn.ReLU()])
        for n_in, n_out in itertools.pairwise(widths):
            self.convolutions.append(nn.Conv2d(n_in, n_out, 5, stride=2, padding=2, bias=False))
            self.after.append(nn.Sequential(nn.BatchNorm2d(n_out), nn.ReLU()))
        self.dense = dense(widths[-1] * rows * columns + n_attributes, features)
        self.head = nn.Linear(features, 1)
        self.n_layers = len(widths) + 1

    def look(self, x: Tensor, layer: int, attributes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The logits (B,) of x (B, C, H, W), and its features at that layer, (B, n) flat, from one pass.

        Raises ValueError for inputs of other shapes, or a layer that does not exist.
        """
        check_input(x, self.in_shape)
        if not 0 <= layer <= self.n_layers:
            raise ValueError(f"the layers are 0 (the image) to {self.n_layers} (the dense one), got {layer}")
        h, hidden = x, [x]
        for convolution, after in zip(self.convolutions, self.after, strict=True):
            hidden.append(convolution(h))
            h = after(hidden[-1])
        hidden.append(self.dense(beside(h.flatten(1), attributes, self.n_attributes)))
        return self.head(hidden[-1]).squeeze(1).to(x.dtype), hidden[layer].flatten(1).to(x.dtype)

    def forward(self, x: Tensor, attributes: Tensor | None = None) -> Tensor:
        """The logits (B,): sigmoid(logit) is the probability of "real"."""
        return self.look(x, 0, attributes)[0]
