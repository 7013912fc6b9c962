"""The trained weights that the course ships: ``data/pretrained/NAME.safetensors``, each with a card, ``NAME.json``.

Weights are rounded, to be small. A large parameter (a matrix, the kernels of a convolution) is kept in 8 bits: whole
numbers q from -127 to 127, and one float32 number, the scale, for each slice w of its first dimension (in `nn.Linear`
the weights of one unit, in `nn.ConvTranspose2d` the kernels of one input channel):

    scale = max|w| / 127,    q = round(w / scale),    read as q * scale

so a weight moves by at most half a step, max|w| / 254. The scales of KEY lie beside it in the file, as ``KEY.scale``.
"Large" means: this saves at least `LEAST_SAVED` bytes. Other parameters are in half precision; the statistics of batch
norm stay in float32. Files written before, with all parameters in half precision, are read as well.

Networks that only training needs (`Method.training_only`) are left out. There is no pickle.

Of a network too wide for that (`MAX_BYTES`) the course ships what it made of the images instead, its codes, in the same
two files under ``data/pretrained/codes``: figures and scores can be redone with them.
"""

import hashlib
import json
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from course_utils.checkpoints import CheckpointError
from course_utils.files import write_whole

ROOT = Path(__file__).resolve().parent.parent / "data" / "pretrained"
MAX_BYTES = 3_000_000
LEAST_SAVED = 4_000  # bytes, by 8 bits instead of half precision; below, a parameter is not worth the rounding
SCALE = ".scale"  # after the name of a parameter, which in PyTorch has no names below it


def names() -> list[str]:
    """The recipes whose weights are shipped."""
    return sorted(file.stem for file in ROOT.glob("*.json"))


def names_of_codes() -> list[str]:
    """The recipes whose codes are shipped."""
    return sorted(file.stem for file in (ROOT / "codes").glob("*.json"))


def card(name: str) -> dict:
    """Where shipped weights come from, and the numbers measured with them. Raises CheckpointError if there are none."""
    file = ROOT / f"{name}.json"
    if not file.exists():
        raise CheckpointError(
            f"no weights of {name!r} are shipped; shipped are: {', '.join(names()) or 'none'}. "
            f"To make some: python -m course_utils train {name} --ship 0"
        )
    return json.loads(file.read_text(encoding="utf-8"))


def too_large(method: nn.Module) -> bool:
    """Whether the weights of a method would take more than `MAX_BYTES`."""
    return len(_content(_state(method))) > MAX_BYTES


def save(name: str, method: nn.Module, facts: dict) -> None:
    """Write the weights of a method, and its card: `facts`, and size and checksum of the weights.

    Large parameters are rounded to 8 bits: a weight moves by at most max|w| / 254, w its slice of the first dimension.
    Weights read from a file and saved again give the same file.

    Raises ValueError for weights that are infinite or NaN, or beyond half precision where that is used; for names that
    scales need; and for networks that are `too_large`.
    """
    content = _content(_state(method))
    if len(content) > MAX_BYTES:
        raise ValueError(
            f"the weights of {name!r} take {len(content):,} bytes, more than {MAX_BYTES:,}: ship its codes"
        )
    _write(ROOT, name, content, facts)


def load(name: str, method: nn.Module) -> dict:
    """Put shipped weights into a method just built by the recipe of that name, set it to eval mode; returns the card.

    Its `training_only` networks stay as they were built: untrained.

    Raises CheckpointError for weights that are missing, damaged, or of other networks.
    """
    facts = card(name)
    state = _restored(_read(ROOT, name, facts))
    try:
        left_out = {key: value for key, value in method.state_dict().items() if _only_for_training(method, key)}
        method.load_state_dict(left_out | state)  # copies into the method's own number formats
    except RuntimeError as error:
        raise CheckpointError(
            f"{name}.safetensors belongs to other networks than {name!r} builds now: "
            f"python -m course_utils train {name} --ship 0 makes it anew. {error}"
        ) from error
    method.eval()
    return facts


def save_codes(name: str, codes: dict[str, Tensor], facts: dict) -> None:
    """Write codes, in half precision, and their card. Raises ValueError for numbers that half precision cannot hold."""
    _write(ROOT / "codes", name, _content({key: _halved(key, value) for key, value in codes.items()}), facts)


def load_codes(name: str) -> tuple[dict[str, Tensor], dict]:
    """Shipped codes, as float32, and their card. Raises CheckpointError if they are missing or damaged."""
    file = ROOT / "codes" / f"{name}.json"
    if not file.exists():
        raise CheckpointError(
            f"no codes of {name!r} are shipped; shipped are: {', '.join(names_of_codes()) or 'none'}. "
            f"To make some: python -m course_utils train {name} --ship 0"
        )
    facts = json.loads(file.read_text(encoding="utf-8"))
    codes = _read(ROOT / "codes", name, facts)  # in an order of their own
    return {key: codes[key].float() for key in sorted(codes)}, facts


def _state(method: nn.Module) -> dict[str, Tensor]:
    """What is shipped of a method: parameters in 8 bits or in half precision, statistics as they are."""
    parameters = dict(method.named_parameters())
    state = {key: value for key, value in method.state_dict().items() if not _only_for_training(method, key)}
    if taken := [key for key in state if key + SCALE in state]:
        raise ValueError(f"{taken[0] + SCALE!r} is the name for the scales of {taken[0]!r}, not of other weights")
    stored = {}
    for key, value in state.items():
        if key not in parameters:
            stored[key] = value
        elif value.dim() >= 2 and value.numel() - 4 * len(value) >= LEAST_SAVED:  # a byte a weight, less 4 a scale
            stored[key], stored[key + SCALE] = _in_8_bits(key, value)
        else:
            stored[key] = _halved(key, value)
    return stored


def _restored(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights that `_state` stored: those with scales multiplied by them, the others as they are."""
    scales = {key + SCALE for key in stored} & stored.keys()
    return {
        key: value.float() * stored[key + SCALE] if key + SCALE in scales else value
        for key, value in stored.items()
        if key not in scales
    }


def _content(state: dict[str, Tensor]) -> bytes:
    return safetensors.torch.save({key: value.detach().cpu().contiguous() for key, value in state.items()})


def _write(folder: Path, name: str, content: bytes, facts: dict) -> None:
    checked = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    write_whole(folder / f"{name}.safetensors", content)
    write_whole(folder / f"{name}.json", (json.dumps({**facts, **checked}, indent=2, allow_nan=False) + "\n").encode())


def _read(folder: Path, name: str, facts: dict) -> dict[str, Tensor]:
    file = folder / f"{name}.safetensors"
    content = file.read_bytes() if file.exists() else b""
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise CheckpointError(f"{file.name} is damaged or missing: fetch it again (git checkout -- data/pretrained)")
    return safetensors.torch.load(content)


def _only_for_training(method: nn.Module, key: str) -> bool:
    return key.split(".")[0] in getattr(method, "training_only", ())


def _in_8_bits(key: str, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers (int8) of the shape of the weights, and their scales (float32) of shape (n, 1, ..., 1)."""
    largest = weights.detach().float().abs().amax(dim=tuple(range(1, weights.dim())), keepdim=True)
    scale = _finite(key, largest / 127)
    steps = weights.detach().float() / torch.where(scale > 0, scale, 1)  # a slice of zeros has no steps
    return steps.round().clamp(-127, 127).to(torch.int8), scale


def _halved(key: str, weights: Tensor) -> Tensor:
    return _finite(key, weights.half())


def _finite(key: str, rounded: Tensor) -> Tensor:
    if not rounded.isfinite().all():
        raise ValueError(f"{key} holds numbers beyond half precision (65,504) or NaN: they cannot be shipped")
    return rounded
