"""The trained weights that the course ships: ``data/pretrained/NAME.safetensors``, each with a card, ``NAME.json``.

Weights are in half precision, to be small; the statistics of batch norm stay in float32. Networks that only training
needs (`Method.training_only`) are left out. There is no pickle.
"""

import hashlib
import json
from pathlib import Path

import safetensors.torch
from torch import Tensor, nn

from course_utils.checkpoints import CheckpointError
from course_utils.files import write_whole

ROOT = Path(__file__).resolve().parent.parent / "data" / "pretrained"


def names() -> list[str]:
    """The recipes whose weights are shipped."""
    return sorted(file.stem for file in ROOT.glob("*.json"))


def card(name: str) -> dict:
    """Where shipped weights come from, and the numbers measured with them. Raises CheckpointError if there are none."""
    file = ROOT / f"{name}.json"
    if not file.exists():
        raise CheckpointError(
            f"no weights of {name!r} are shipped; shipped are: {', '.join(names()) or 'none'}. "
            f"To make some: python -m course_utils train {name} --ship 0"
        )
    return json.loads(file.read_text(encoding="utf-8"))


def save(name: str, method: nn.Module, facts: dict) -> None:
    """Write the weights of a method, and its card: `facts`, and size and checksum of the weights.

    Raises ValueError for weights that half precision cannot hold.
    """
    parameters = dict(method.named_parameters())
    state = {
        key: _halved(key, value) if key in parameters else value
        for key, value in method.state_dict().items()
        if not _only_for_training(method, key)
    }
    content = safetensors.torch.save({key: value.detach().cpu().contiguous() for key, value in state.items()})
    checked = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    write_whole(ROOT / f"{name}.safetensors", content)
    write_whole(ROOT / f"{name}.json", (json.dumps({**facts, **checked}, indent=2, allow_nan=False) + "\n").encode())


def load(name: str, method: nn.Module) -> dict:
    """Put shipped weights into a method just built by the recipe of that name, set it to eval mode; returns the card.

    Its `training_only` networks stay as they were built: untrained.

    Raises CheckpointError for weights that are missing, damaged, or of other networks.
    """
    facts = card(name)
    file = ROOT / f"{name}.safetensors"
    content = file.read_bytes() if file.exists() else b""
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise CheckpointError(f"{file.name} is damaged or missing: fetch it again (git checkout -- data/pretrained)")
    state = safetensors.torch.load(content)
    try:
        left_out = {key: value for key, value in method.state_dict().items() if _only_for_training(method, key)}
        method.load_state_dict(left_out | state)  # copies into the method's own number formats
    except RuntimeError as error:
        raise CheckpointError(
            f"{file.name} belongs to other networks than {name!r} builds now: "
            f"python -m course_utils train {name} --ship 0 makes it anew. {error}"
        ) from error
    method.eval()
    return facts


def _only_for_training(method: nn.Module, key: str) -> bool:
    return key.split(".")[0] in getattr(method, "training_only", ())


def _halved(key: str, weights: Tensor) -> Tensor:
    half = weights.half()
    if not half.isfinite().all():
        raise ValueError(f"{key} holds numbers beyond half precision (65,504) or NaN: these weights cannot be shipped")
    return half
