"""A discriminator that judges an image patch by patch."""

from collections.abc import Sequence

from torch import Tensor, nn

from course_utils.networks.trunks import after_strides, check_input


class PatchDiscriminator(nn.Module):
    """One logit for each of many patches of an image: (B, C, H, W) to (B, rows, columns).

    The PatchGAN of Isola et al. 2017, section 3.2.2: convolutions only, so that each logit depends on a patch and the
    same question, is this patch real?, is asked everywhere. `strides` convolutions of stride 2, with width, 2 width, 4
    width ... channels, and one of 1x1. With 2 of them the patches have 10x10 pixels and lie 4 apart, with 3 they have
    22x22 and lie 8 apart. The paper's have 70x70 pixels of images of 256x256. Height and width divisible by 4.
    """

    def __init__(self, in_shape: Sequence[int], width: int = 32, strides: int = 2):
        super().__init__()
        channels, _, _ = after_strides(in_shape, 2)
        self.in_shape = tuple(in_shape)
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for _ in range(strides - 1):
            layers += [nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(2 * width)]
            layers += [nn.LeakyReLU(0.2)]
            width *= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.in_shape)
        return self.layers(x).squeeze(1).to(x.dtype)
