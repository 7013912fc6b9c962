"""Pictures inside the wheel of scikit-learn: they need no network."""

import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.datasets.core import Images, Splits


def digits() -> Splits:
    """The digits of scikit-learn, resized to 28x28."""
    table = _table_of_digits()
    small = torch.tensor(table[:, :-1] / 16, dtype=torch.float32).view(-1, 1, 8, 8)  # values 0..16 / 16
    x = F.interpolate(small, size=(28, 28), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
    y = torch.tensor(table[:, -1], dtype=torch.int64)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(y)))
    parts = [Images(x[index], y[index]) for index in order.split([len(y) - 600, 300, 300])]
    return Splits("digits", *parts)


def _table_of_digits() -> np.ndarray:
    """(1797, 65): 64 pixels and the class. To import scikit-learn would take thirty times as long as its file does."""
    folder = importlib.util.find_spec("sklearn").submodule_search_locations[0]
    return np.loadtxt(Path(folder, "datasets", "data", "digits.csv.gz"), delimiter=",")


def photograph(name: str = "china", side: int = 192, grey: bool = True) -> Tensor:
    """A photograph inside scikit-learn, ``"china"`` (a pavilion) or ``"flower"``: (1, 1, side, side) in [0, 1].

    The largest square in the middle, 427 pixels wide, scaled down. Not `grey`: (1, 3, side, side); grey values are the
    luma of ITU-R BT.601. Raises ValueError for another name, or a side that is not between 1 and 427.
    """
    from sklearn.datasets import load_sample_image  # slow to import

    if name not in ("china", "flower"):
        raise ValueError(f"unknown photograph {name!r}: use 'china' or 'flower'")
    x = torch.tensor(load_sample_image(f"{name}.jpg")).permute(2, 0, 1)[None].float() / 255  # (1, 3, 427, 640)
    height, width = x.shape[2:]
    if not 1 <= side <= height:
        raise ValueError(f"the photograph can be scaled down to a side from 1 to {height} pixels, got {side}")
    x = x[..., (width - height) // 2 :][..., :height]
    if grey:
        x = (x * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    return F.interpolate(x, size=(side, side), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
