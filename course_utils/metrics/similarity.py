"""How much one image is like another: pixel by pixel, and by its structure."""

import torch
from torch import Tensor

STANDARD_SIDE = 176  # pixels: the shortest side for five scales of the standard window
SMALL_WINDOW = 7  # pixels, of Gaussian weights with SMALL_SIGMA, on smaller images
SMALL_SIGMA = 0.8
# how much each scale counts, the finest first (Wang, Simoncelli and Bovik 2003, section 3.2)
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def mse(x: Tensor, y: Tensor) -> Tensor:
    """The mean squared error of each pair of images x, y (B, C, H, W), (B,): the mean is over their C H W values."""
    _check(x, y)
    return (x - y).square().mean((1, 2, 3))


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of images x, y (B, C, H, W) in [0, 1], in decibels, (B,): -10 log10 mse.

    The mean squared error in another unit, no other measure. Infinite if the images are equal.
    """
    return -10 * mse(x, y).log10()


def ssim(x: Tensor, y: Tensor, sigma: float = 1.5) -> Tensor:
    """The structural similarity of images x, y (B, C, H, W) in [0, 1], (B,) (Wang et al. 2004, equation 13).

    1 for equal images, about 0 for unrelated ones, negative where light and dark are exchanged. In a window around
    each pixel with Gaussian weights (standard deviation `sigma` pixels; the image is mirrored at its edge), means,
    variances and covariance are compared; the result is the mean over all windows and channels. The constants are
    those of the paper: K1 = 0.01, K2 = 0.03. They are small: where x is exactly black, y has to be nearly black, too.
    Raises ValueError unless x and y have one shape with sides longer than the half-width of the window, 3.5 sigma.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure  # slow to import

    _check(x, y)
    reach = int(3.5 * sigma + 0.5)
    if min(x.shape[2:]) <= reach:
        raise ValueError(
            f"with sigma = {sigma} a window reaches {reach} pixels to each side: "
            f"images of {x.shape[2]}x{x.shape[3]} are too small; take a smaller sigma"
        )
    return structural_similarity_index_measure(x, y, sigma=sigma, data_range=1.0, reduction="none").view(-1)


def ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    """The multi-scale structural similarity of images x, y (B, C, H, W) in [0, 1], (B,), in [0, 1].

    Variances and covariances are compared as in `ssim` at several scales, each half as fine as the one before, the
    means at the coarsest only; the scales are multiplied with exponents that add up to 1 (Wang, Simoncelli and
    Bovik 2003, equation 7). Negative factors count as 0.

    Sides of at least 176 pixels: as in the paper, five scales and windows of 11 pixels (sigma 1.5). Smaller images:
    windows of 7 pixels (sigma 0.8) and as many scales as have room for them, with the paper's exponents made to add
    up to 1: three for 28 x 28 pixels. So compare values of images of one size only.
    Raises ValueError unless x and y have one shape with sides of at least 7 pixels.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure  # slow to import

    _check(x, y)
    side = min(x.shape[2:])
    if side < SMALL_WINDOW:
        raise ValueError(f"ms_ssim needs sides of at least {SMALL_WINDOW} pixels, got {x.shape[2]}x{x.shape[3]}")
    sigma, window = (1.5, 11) if side >= STANDARD_SIDE else (SMALL_SIGMA, SMALL_WINDOW)
    weights = SCALE_WEIGHTS[: n_scales(side)]
    return multiscale_structural_similarity_index_measure(
        x,
        y,
        sigma=sigma,
        kernel_size=window,
        data_range=1.0,
        betas=tuple(weight / sum(weights) for weight in weights),
        reduction="none",
    ).view(-1)


def n_scales(side: int) -> int:
    """How many scales `ms_ssim` takes for images whose shorter side has this many pixels.

    torchmetrics asks for a window's room after division by (scales - 1)^2, the coarsest scale for it after halving.
    """
    window = 11 if side >= STANDARD_SIDE else SMALL_WINDOW
    room = [n for n in range(1, 6) if side // max(1, n - 1) ** 2 >= window and side // 2 ** (n - 1) >= window]
    return max(room)


def _check(x: Tensor, y: Tensor) -> None:
    if x.ndim != 4 or x.shape != y.shape:
        raise ValueError(
            f"two batches of images (B, C, H, W) of one shape are compared, got {_shape(x)} and {_shape(y)}"
        )
    if not (torch.is_floating_point(x) and x.dtype == y.dtype):
        raise ValueError(f"images of one floating-point type are compared, got {x.dtype} and {y.dtype}")


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)
