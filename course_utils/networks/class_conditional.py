"""Networks that are told the class: batch norm with a condition, a generator of it, and a projection discriminator."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.networks.trunks import Trunk, after_strides

N_PARTS = 3  # of z: one for each layer of the generator


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scale and shift depend on a condition c (De Vries et al. 2017).

    h (B, C, H, W), normalised, times 1 + gain(c), plus shift(c); both are linear in c (B, condition_dim).
    """

    def __init__(self, channels: int, condition_dim: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.affine = nn.Linear(condition_dim, 2 * channels, bias=False)

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        gain, shift = self.affine(condition)[:, :, None, None].chunk(2, dim=1)
        return (1 + gain) * self.norm(h) + shift


class ClassConditionalGenerator(nn.Module):
    """BigGAN's generator at digit scale: z (B, latent_dim) and classes y (B,) to images (B, C, H, W) in (0, 1).

    A dense layer and two up-convolutions, with `ConditionalBatchNorm` and ReLU before each up-convolution (Brock et al.
    2019, section 3 and appendix B). z is cut in three: the dense layer gets the first part alone, each batch norm one
    of the others beside the class. So the class enters by scales and shifts only, and each part of z at its own size.
    Ours: one-hot classes (the paper embeds its 1,000), and no residual blocks. H and W divisible by 4, latent_dim by 3.
    """

    def __init__(self, latent_dim: int, out_shape: Sequence[int], n_classes: int = 10, width: int = 48):
        super().__init__()
        channels, rows, columns = after_strides(out_shape, 2)
        if latent_dim % N_PARTS:
            raise ValueError(
                f"z is cut in {N_PARTS} equal parts: latent_dim must be divisible by that, got {latent_dim}"
            )
        self.latent_dim = latent_dim
        self.out_shape = tuple(out_shape)
        self.n_classes = n_classes
        part = latent_dim // N_PARTS
        self.project = nn.Linear(part, 2 * width * rows * columns)
        self.start = nn.Unflatten(1, (2 * width, rows, columns))
        self.norms = nn.ModuleList(ConditionalBatchNorm(n, n_classes + part) for n in (2 * width, width))
        up = nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False)
        self.ups = nn.ModuleList([up, nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1)])

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        check_classes(z, y)
        first, *parts = z.chunk(N_PARTS, dim=1)
        label = F.one_hot(y, self.n_classes).to(z.dtype)
        h = self.start(self.project(first))
        for part, norm, up in zip(parts, self.norms, self.ups, strict=True):
            h = up(norm(h, torch.cat([label, part], dim=1)).relu())
        return h.to(z.dtype).sigmoid()

    def patterns(self) -> list[Tensor]:
        """What each input of the dense layer and of the first up-convolution draws, as rows: (n, d) each."""
        return [self.project.weight.T, self.ups[0].weight.flatten(1)]


class ProjectionDiscriminator(nn.Module):
    """D(x, y) = v_y . f(x) + g(f(x)): images x (B, C, H, W) of classes y (B,) to one logit each, (B,).

    f is the trunk, g linear, v_y a learned vector for each class (Miyato and Koyama 2018, section 3). The features do
    not depend on the class: it only says in which direction of them the real images lie.
    """

    def __init__(self, trunk: Trunk, n_classes: int = 10):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.out_features, 1)
        self.classes = nn.Embedding(n_classes, trunk.out_features)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        check_classes(x, y)
        features = self.trunk(x)
        return (self.head(features).squeeze(1) + (self.classes(y) * features).sum(1)).to(x.dtype)


def check_classes(v: Tensor, y: Tensor) -> None:
    """Raises ValueError unless y holds one class for each row of v, as whole numbers."""
    if y.shape != v.shape[:1]:
        raise ValueError(f"y must hold one class an example, shape ({len(v)},), got {tuple(y.shape)}")
    if y.is_floating_point():
        raise ValueError(f"y must hold classes as whole numbers, got {y.dtype}")
