"""The outlines of digits, and images of both side by side: what pix2pix and CycleGAN translate (notebook 17).

An outline goes around a digit and never into it. So from a digit to its outline there is one right answer, and from an
outline to a digit there are several: it does not say whether a loop is open or filled, nor how thick its stroke is. A
dotted outline leaves more open.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from course_utils.attributes import THRESHOLD
from course_utils.datasets import Images, Splits

CHUNK = 10_000  # images that are filled at once
ERASED = 0.85  # share of the pixels of an outline that are missing in a dotted one
BY_SIDES = ndimage.generate_binary_structure(2, 1)[None]  # within an image, never from one to the next


def outline(x: Tensor) -> Tensor:
    """The outlines (N, 1, H, W) of digits x (N, 1, H, W): 1 on the pixels that surround a digit, 0 on all others.

    A digit is its ink, the pixels above `attributes.THRESHOLD`, with all that the ink encloses: background from which
    no path over sides of pixels leads out of the image. The outline are the pixels outside that touch it, if only by a
    corner. Raises ValueError for another shape.
    """
    if x.ndim != 4 or x.shape[1] != 1:
        raise ValueError(f"outlines are drawn of images (N, 1, H, W), got shape {tuple(x.shape)}")
    ink = x[:, 0].cpu().numpy() > THRESHOLD
    parts = [ndimage.binary_fill_holes(ink[i : i + CHUNK], BY_SIDES) for i in range(0, len(ink), CHUNK)]
    filled = torch.cat([torch.from_numpy(part) for part in parts])[:, None].to(x)
    return F.max_pool2d(filled, 3, stride=1, padding=1) - filled


def dotted(lines: Tensor, erased: float = ERASED, seed: int = 0) -> Tensor:
    """Outlines with a random share of their pixels erased, drawn with `seed`; any shape, the same comes back.

    With the same seed, a larger share erases what a smaller one does, and more.
    """
    luck = torch.rand(lines.shape, generator=torch.Generator().manual_seed(seed))
    return lines * (luck >= erased).to(lines)


def pairs(data: Splits) -> Splits:
    """Each digit with its outline: images (N, 1, H, 2W), the outline to the left of the digit, labels as before."""
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    return replace(data, **{name: _side_by_side(part.floats(), part) for name, part in parts.items()})


def dotted_pairs(data: Splits) -> Splits:
    """`pairs` with `dotted` outlines."""
    whole, parts = pairs(data), {}
    for name in ("train", "validation", "test"):
        lines, digits = getattr(whole, name).x.chunk(2, dim=3)
        parts[name] = Images(torch.cat([dotted(lines), digits], dim=3), getattr(whole, name).y)
    return replace(whole, **parts)


def unpaired(data: Splits) -> Splits:
    """`pairs`, but the training images show the outline of one digit beside another digit, and no digit is in both.

    The outlines are those of every second training image, the digits are the others: half as many images. The labels
    are those of the digits.
    """
    n = len(data.train) // 2
    outlined, drawn = (data.train.chosen(torch.arange(start, 2 * n, 2)) for start in (0, 1))
    return replace(pairs(data), train=_side_by_side(outlined.floats(), drawn))


def _side_by_side(outlined: Tensor, digits: Images) -> Images:
    """The outlines of images `outlined` to the left of digits, with the labels of the latter."""
    return Images(torch.cat([outline(outlined), digits.floats()], dim=3), digits.y)
