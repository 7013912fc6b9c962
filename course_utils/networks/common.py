"""What is asked of, or done to, networks of every kind."""

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

# Below this many parameters, casting weights to bfloat16 costs more than the faster products save.
BFLOAT16_MIN_PARAMETERS = 500_000


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


def orthogonal_init(module: nn.Module) -> nn.Module:
    """Weight matrices that begin orthogonal (Saxe et al. 2014; Brock et al. 2019, section 3). Biases become zero.

    Returns the module.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
            nn.init.orthogonal_(part.weight)
            if getattr(part, "bias", None) is not None:
                nn.init.zeros_(part.bias)
    return module


def spectrally_normalised(module: nn.Module) -> nn.Module:
    """The module, every weight matrix of it divided by its largest singular value from now on (Miyato et al. 2018).

    The kernels of a convolution are read as a matrix with one row for each output channel. In training every pass makes
    a step of the power iteration that estimates the singular value.
    """
    for part in list(module.modules()):
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
            spectral_norm(part)
    return module


def count_parameters(module: nn.Module) -> int:
    """The number of trainable numbers in a module."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def is_large(module: nn.Module) -> bool:
    """Whether its products cost so much more than a cast of its weights that bfloat16 pays, where that is fast.

    So it is with many parameters, and with any convolution: it uses each weight at every place of the image.
    """
    convolves = any(isinstance(part, nn.Conv2d | nn.ConvTranspose2d) for part in module.modules())
    return convolves or count_parameters(module) >= BFLOAT16_MIN_PARAMETERS
