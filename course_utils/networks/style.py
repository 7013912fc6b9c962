"""StyleGAN's generator: a mapping from noise to styles, and a synthesis that takes one style for each of its layers."""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.networks.trunks import Trunk, after_strides, mlp


class MappingNetwork(nn.Module):
    """f: noise z (B, latent_dim) to styles w (B, style_dim), by `depth` layers (Karras et al. 2019, section 2).

    z has to be round, since its prior is; w may take whatever shape makes it easy to paint from.
    """

    def __init__(self, latent_dim: int, style_dim: int = 64, depth: int = 4):
        super().__init__()
        self.latent_dim = latent_dim
        self.style_dim = style_dim
        self.trunk = _he_init(mlp((latent_dim,), (style_dim,) * depth, "leaky_relu"))

    def forward(self, z: Tensor) -> Tensor:
        return self.trunk(z).to(z.dtype)


class SynthesisNetwork(nn.Module):
    """g: a style for every layer, (B, n_layers, style_dim), to images (B, C, H, W) in (0, 1) (Karras et al. 2019).

    Every image begins with the same learned constant at a quarter of its sides; two layers at each of three sizes,
    4 width, 2 width and width channels. All that differs from image to image comes in by the styles, and by one map of
    noise a layer. H and W divisible by 4. Ours: the first layer at a new size is an up-convolution of stride 2.
    """

    def __init__(self, out_shape: Sequence[int], style_dim: int = 64, width: int = 16):
        super().__init__()
        channels, rows, columns = after_strides(out_shape, 2)
        widths = (4 * width, 2 * width, width)
        self.out_shape = tuple(out_shape)
        self.style_dim = style_dim
        self.sizes = tuple((scale * rows, scale * columns) for scale in (1, 1, 2, 2, 4, 4))  # of each layer
        self.n_layers = len(self.sizes)
        self.constant = nn.Parameter(torch.randn(widths[0], rows, columns))
        layers = [StyleLayer(nn.Identity(), widths[0], style_dim), _same_size(widths[0], style_dim)]
        for n_in, n_out in itertools.pairwise(widths):
            up = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1)
            layers += [StyleLayer(up, n_out, style_dim), _same_size(n_out, style_dim)]
        self.layers = nn.ModuleList(layers)
        self.to_image = nn.Conv2d(width, channels, 1)

    def forward(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Images of styles (B, n_layers, style_dim); noise as `noise` draws it, or None: fresh noise.

        Raises ValueError for styles of another shape.
        """
        if styles.shape[1:] != (self.n_layers, self.style_dim):
            raise ValueError(
                f"styles must be (B, {self.n_layers}, {self.style_dim}), one for each layer, got {tuple(styles.shape)}"
            )
        h = self.constant.expand(len(styles), -1, -1, -1)
        noise = self.noise(len(styles)) if noise is None else noise
        for layer, w, spots in zip(self.layers, styles.unbind(1), noise, strict=True):
            h = layer(h, w, spots)
        return self.to_image(h).to(styles.dtype).sigmoid()

    def noise(self, n: int) -> list[Tensor]:
        """One map of unit noise for each layer, (n, 1, rows, columns)."""
        where = {"device": self.constant.device, "dtype": self.constant.dtype}
        return [torch.randn(n, 1, *size, **where) for size in self.sizes]


class SpreadDiscriminator(nn.Module):
    """D of images that knows how much they vary: a trunk, a dense layer of `hidden` units, one logit each, (B,).

    Beside the trunk's features stands one number more, the same for the whole batch: the standard deviation of each
    feature over the batch, mean over the features (Karras et al. 2018, section 3: StyleGAN keeps it). A generator that
    repeats itself gives itself away by it. So a logit depends a little on the other images of its batch, too.
    """

    def __init__(self, trunk: Trunk, hidden: int = 128):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Sequential(nn.Linear(trunk.out_features + 1, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1))

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x)
        spread = (features.var(0, correction=0) + 1e-8).sqrt().mean()  # the root of 0 would have no gradient
        features = torch.cat([features, spread.expand(len(x), 1)], dim=1)
        return self.head(features).squeeze(1).to(x.dtype)


class StyleLayer(nn.Module):
    """Convolution, noise, LeakyReLU; then the style w (B, style_dim) sets mean and deviation of every channel.

    Whatever styles came before, w overrides the statistics that they set: so each style rules its own layer alone
    (Karras et al. 2019, section 3). Noise is scaled by a learned number a channel, zero at first.
    """

    def __init__(self, convolution: nn.Module, channels: int, style_dim: int):
        super().__init__()
        self.convolution = _he_init(convolution)
        self.noise_strength = nn.Parameter(torch.zeros(channels, 1, 1))
        self.affine = nn.Linear(style_dim, 2 * channels)
        nn.init.normal_(self.affine.weight, 0.0, style_dim**-0.5)
        nn.init.zeros_(self.affine.bias[channels:])
        nn.init.ones_(self.affine.bias[:channels])  # scales vary around 1, shifts around 0

    def forward(self, h: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        h = F.leaky_relu(self.convolution(h) + self.noise_strength * noise, 0.2)
        scale, shift = self.affine(w).to(h.dtype).chunk(2, dim=1)
        return adaptive_instance_norm(h, scale, shift)


def adaptive_instance_norm(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """AdaIN: h (B, C, H, W) with new means, shift (B, C), and deviations, scale (B, C), of each channel of each image.

    Karras et al. 2019, equation 1, after Huang and Belongie 2017. (StyleGAN2 scales the weights of the convolution
    instead, by the deviation that one would expect: Karras et al. 2020, section 2.2.)
    """
    # scale (h - mean) / std + shift, mean and std over the places of a channel;
    # in one go: batch norm of one "image" that has all channels of all images
    flat = h.reshape(1, -1, *h.shape[2:])
    return F.batch_norm(flat, None, None, scale.flatten(), shift.flatten(), training=True).view_as(h)


def _same_size(channels: int, style_dim: int) -> StyleLayer:
    return StyleLayer(nn.Conv2d(channels, channels, 3, padding=1), channels, style_dim)


def _he_init(module: nn.Module) -> nn.Module:
    """Weights that keep the size of what passes (He et al. 2015), biases zero. Returns the module."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(part.weight, a=0.2)
            nn.init.zeros_(part.bias)
    return module
