"""Ways to distort an image by a stated amount, and how strongly to do so to move it by a wanted squared error.

Each distortion takes images x (B, C, H, W) with values in [0, 1] and a strength, and returns images of the same shape,
device and dtype, with values in [0, 1]. Five change the values where they are (contrast, luminance, noise, blur, JPEG)
and three move them (shift, rotation, zoom).
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage, optimize
from torch import Tensor

N_TRIED = 60  # strengths that the search for a squared error tries before it closes in on the first that is enough


class Unreachable(ValueError):
    """A distortion cannot move these images by the squared error that was asked for."""


class Distorted(NamedTuple):
    """Images x (B, C, H, W) after a distortion of this strength."""

    strength: float
    x: Tensor


# --- values change where they are -----------------------------------------------------------------------------------


def contrast(x: Tensor, strength: float) -> Tensor:
    """Remove a fraction of the contrast, from 0 (nothing changes) to 1 (all grey): mean + (1 - strength) (x - mean).

    The mean is taken over each whole image, so that a colour image loses its colours, too. Nothing needs clipping.
    The squared error is strength^2 times the variance of the image.
    """
    _check(x, "contrast", strength, 0, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (1 - strength) * (x - mean)


def luminance(x: Tensor, strength: float) -> Tensor:
    """Add the strength to every value, from -1 (all black) over 0 (nothing changes) to 1 (all white); clipped."""
    _check(x, "luminance", strength, -1, 1)
    return (x + strength).clamp(0, 1)


def noise(x: Tensor, strength: float, seed: int = 0) -> Tensor:
    """Add Gaussian noise with this standard deviation (values run from 0 to 1); clipped.

    The same seed gives the same pattern at every strength, on every device.
    """
    _check(x, "noise", strength, 0)
    pattern = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
    return (x + strength * pattern.to(x)).clamp(0, 1)


def blur(x: Tensor, strength: float) -> Tensor:
    """Convolve with a Gaussian whose standard deviation is `strength` pixels; the image is mirrored at its edge."""
    _check(x, "blur", strength, 0)
    blurred = ndimage.gaussian_filter(x.cpu().numpy(), sigma=(0, 0, strength, strength), mode="reflect")
    return torch.from_numpy(blurred).to(x)


def jpeg(x: Tensor, strength: int) -> Tensor:
    """Store and read back as a JPEG file of this quality, from 1 (worst) to 100; one or three channels.

    JPEG keeps 256 levels of each channel and of three channels one colour for four pixels: even quality 100 changes x.
    """
    _check(x, "jpeg", strength, 1, 100)
    if strength != int(strength):
        raise ValueError(f"the quality of a JPEG file is a whole number, got {strength}")
    if x.shape[1] not in (1, 3):
        raise ValueError(f"a JPEG file holds one or three channels, got images of shape {tuple(x.shape)}")
    pixels = (255 * x).round().byte().cpu().permute(0, 2, 3, 1).numpy()  # (B, H, W, C)
    stored = np.stack([_as_jpeg(image, int(strength)) for image in pixels])
    return (torch.from_numpy(stored).view(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2) / 255).to(x)


def _as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, format="jpeg", quality=quality)
    return np.asarray(Image.open(file))


# --- values move ----------------------------------------------------------------------------------------------------


def shift(x: Tensor, strength: float) -> Tensor:
    """Move to the right by `strength` pixels (to the left if negative); what comes in repeats the edge."""
    _check(x, "shift", strength)
    return _resample(x, move=strength)


def rotation(x: Tensor, strength: float) -> Tensor:
    """Turn counter-clockwise by `strength` degrees about the centre; what comes in repeats the edge."""
    _check(x, "rotation", strength)
    return _resample(x, degrees=strength)


def zoom(x: Tensor, strength: float) -> Tensor:
    """Enlarge about the centre by this factor (1: nothing changes; below 1 it shrinks, and the edge is repeated)."""
    _check(x, "zoom", strength)
    if strength <= 0:
        raise ValueError(f"zoom needs a positive factor, got {strength}")
    return _resample(x, factor=strength)


def _resample(x: Tensor, move: float = 0.0, degrees: float = 0.0, factor: float = 1.0) -> Tensor:
    """Bicubic values of x at the points that the pixels come from; clipped, because bicubic curves overshoot."""
    height, width = x.shape[2:]
    turn = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    cos, sin = (turn.cos() / factor).item(), (turn.sin() / factor).item()
    # torch counts from -1 to 1 along each axis, whatever its length; rows count down
    theta = [[cos, -sin * height / width, -2 * move / width], [sin * width / height, cos, 0.0]]
    grid = F.affine_grid(torch.tensor(theta).to(x).expand(len(x), 2, 3), x.shape, align_corners=False)
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp(0, 1)


def _check(x: Tensor, name: str, strength: float, low: float = -float("inf"), high: float = float("inf")) -> None:
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(f"{name} takes images (B, C, H, W) of floating-point values, got {tuple(x.shape)}, {x.dtype}")
    if x.numel() == 0 or not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"{name} takes values between 0 and 1; divide by their maximum, or clip them")
    if not low <= strength <= high:
        raise ValueError(f"the strength of {name} lies between {low:g} and {high:g}, got {strength}")


# --- all of them ----------------------------------------------------------------------------------------------------


class Distortion(NamedTuple):
    """A distortion, its strength with its unit in words, the strength of (almost) no change, the strongest tried."""

    apply: Callable[[Tensor, float], Tensor]
    words: str
    none: float
    strongest: float


DISTORTIONS = {
    "contrast": Distortion(contrast, "{:.0%} of it lost", 0.0, 1.0),
    "luminance": Distortion(luminance, "{:+.3f}", 0.0, 1.0),
    "noise": Distortion(noise, "std {:.3f}", 0.0, 5.0),
    "blur": Distortion(blur, "std {:.2f} pixels", 0.0, 50.0),
    "jpeg": Distortion(jpeg, "quality {:.0f}", 100, 1),
    "shift": Distortion(shift, "{:.2f} pixels", 0.0, 50.0),
    "rotation": Distortion(rotation, "{:.2f} degrees", 0.0, 180.0),
    "zoom": Distortion(zoom, "{:.3f} times", 1.0, 4.0),
}
NAMES = tuple(DISTORTIONS)


def distort(name: str, x: Tensor, strength: float) -> Tensor:
    """The distortion with this name, one of `NAMES`, of images x (B, C, H, W). Raises ValueError for another name."""
    return _named(name).apply(x, strength)


def at_mse(name: str, x: Tensor, mse: float) -> Distorted:
    """The weakest strength at which this distortion moves the images x (B, C, H, W) by the mean squared error `mse`.

    One strength for all images; the mean is over all their values, which lie in [0, 1]. Found to a relative error of
    1e-4 of the mse, except for JPEG, which has a hundred qualities only: the one whose error is nearest.
    Contrast loss and blur never get past the variance of an image, which all grey is away from it.
    Raises Unreachable (a ValueError) if the distortion cannot move these images that far (or, JPEG, that little), and
    ValueError if mse <= 0 or for an unknown name.
    """
    distortion = _named(name)
    if mse <= 0:
        raise ValueError(f"the mean squared error must be positive, got {mse}")
    search = _nearest_quality if name == "jpeg" else _weakest
    strength = search(name, lambda s: (distortion.apply(x, s) - x).square().double().mean().item(), mse)
    return Distorted(strength, distortion.apply(x, strength))


def describe(name: str, strength: float) -> str:
    """A distortion and its strength in words, for the labels of figures."""
    return f"{'JPEG' if name == 'jpeg' else name}, {_named(name).words.format(strength)}"


def _weakest(name: str, error: Callable[[float], float], mse: float) -> float:
    """The first strength with this error. The error of a moved image goes up and down, so steps come first."""
    none, strongest = DISTORTIONS[name].none, DISTORTIONS[name].strongest
    below, most = none, 0.0
    for fraction in torch.logspace(-3, 0, N_TRIED, dtype=torch.float64).tolist():
        strength = none + fraction * (strongest - none)
        found = error(strength)
        if found >= mse:
            return optimize.brentq(lambda s: error(s) / mse - 1, below, strength, xtol=1e-9, rtol=1e-7)
        below, most = strength, max(most, found)
    raise Unreachable(
        f"{name} cannot move these images that far: it reaches a mean squared error of {most:.4f} "
        f"(at up to {describe(name, strongest)}), not {mse:.4f}; ask for less"
    )


def _nearest_quality(_name: str, error: Callable[[float], float], mse: float) -> int:
    errors = {quality: error(quality) for quality in range(1, 101)}
    least, most = min(errors.values()), max(errors.values())
    if not least <= mse <= most:
        raise Unreachable(
            f"JPEG moves these images by a mean squared error between {least:.2g} and {most:.2g}, not by {mse:.2g}"
        )
    return min(errors, key=lambda quality: abs(errors[quality] - mse))


def _named(name: str) -> Distortion:
    if name not in DISTORTIONS:
        raise ValueError(f"unknown distortion {name!r}: use one of {', '.join(NAMES)}")
    return DISTORTIONS[name]
