"""The decoders of the live figures, as scripts: weights as they are shipped, and what the figure has to know.

A model is a file in the format of safetensors (a JSON header, then the numbers), in base64 inside a script, because a
page that was opened from the disk may load scripts and nothing else. The numbers are those of the shipped file as they
lie there, in half precision or in 8 bits with a scale for each row (see `pretrained`): the page computes with the
weights of the course, to the last bit. The header's metadata say what to do with them:

    layers    [{"weight": name of a matrix (n_out, n_in), "bias": name, "activation": "relu" or "sigmoid"}, ...]
    about     what the figure needs to know: the prior, the classes, directions
    card      the recipe and how it was trained
"""

import base64
import json
from collections.abc import Callable, Iterator

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from course_utils import attributes, experiments, judge, pretrained
from course_utils.distributions import SwissRoll
from course_utils.methods import Method
from course_utils.networks import MLPDecoder

PLANE, MIXER, ROLL = "aae_posterior_deterministic", "supervised_aae", "labelled_swiss_roll"
LIMIT = 3.0  # the plane reaches from -LIMIT to LIMIT
READ_EVERY = 0.1  # distance between the points of the plane at which the judge has looked
ROLL_STEPS = 200
KNOBS = {"slant": attributes.slant, "thickness": attributes.thickness, "width": attributes.width}
N_DRAWN = 4_000  # digits, to find the knobs' directions


def script(figure: str) -> str:
    """The script that gives a page the model of a figure. Raises CheckpointError if its weights are missing."""
    recipe, about = FIGURES[figure]
    content = base64.b64encode(exported(recipe, about)).decode()
    return f'"use strict";\nLive.models.{figure} = new Live.Decoder("{content}");\n'


def exported(recipe: str, about: Callable[[Method], dict]) -> bytes:
    """The decoder of a recipe's shipped weights as a safetensors file (see above)."""
    method = experiments.get(recipe).method(0)
    card = pretrained.load(recipe, method)
    with torch.no_grad():
        metadata = {"layers": list(_layers(method.decoder)), "about": about(method), "card": _facts(card)}
    return safetensors.torch.save(_weights(recipe), {key: json.dumps(value) for key, value in metadata.items()})


@torch.no_grad()
def band(rows: int, columns: int) -> np.ndarray:
    """Images from a band across the middle of the plane, side by side: (28 rows, 28 columns) numbers from 0 to 1."""
    method = experiments.get(PLANE).method(0)
    pretrained.load(PLANE, method)
    step = 4.6 / columns  # the band ends where the prior gets thin
    z1, z2 = ((torch.arange(n) - (n - 1) / 2) * step for n in (columns, rows))
    z = torch.cartesian_prod(-z2, z1).flip(1)  # row by row from the top, z1 runs fastest
    images = method.decoder(z).view(rows, columns, 28, 28)
    return images.transpose(1, 2).reshape(28 * rows, 28 * columns).numpy()


def _layers(decoder: nn.Module) -> Iterator[dict]:
    """The matrix products of an MLP decoder, in order."""
    if not isinstance(decoder, MLPDecoder):
        raise TypeError(f"the page can evaluate an MLPDecoder, not a {type(decoder).__name__}")
    names = {module: name for name, module in decoder.named_modules()}
    _, *parts = decoder.trunk.layers  # without Flatten: codes are flat
    parts += [decoder.head, decoder.squash]
    for linear, activation in zip(parts[::2], parts[1::2], strict=True):
        if not isinstance(linear, nn.Linear) or not isinstance(activation, nn.ReLU | nn.Sigmoid):
            raise TypeError(f"the page cannot evaluate {linear} and {activation}")
        name = f"decoder.{names[linear]}"
        yield {"weight": f"{name}.weight", "bias": f"{name}.bias", "activation": type(activation).__name__.lower()}


def _weights(recipe: str) -> dict[str, Tensor]:
    """The decoder's part of a shipped file."""
    stored = safetensors.torch.load((pretrained.ROOT / f"{recipe}.safetensors").read_bytes())
    return {key: value for key, value in stored.items() if key.startswith("decoder.")}


def _facts(card: dict) -> dict:
    return {key: card[key] for key in ("recipe", "seed", "data", "epochs", "training_seconds", "hardware", "date")}


# ---- what each figure has to know --------------------------------------------------------------------------------


def _plane(method: Method) -> dict:
    """What the judge reads all over the plane: digits, row by row, from the lowest z2 and z1 up."""
    n = round(2 * LIMIT / READ_EVERY) + 1
    side = torch.linspace(-LIMIT, LIMIT, n)
    z = torch.cartesian_prod(side, side).flip(1)  # z1 runs fastest
    return {"limit": LIMIT, "n": n, "reads": _read(method.decoder(z))}


def _roll(method: Method) -> dict:
    """Points of the roll in equal steps of u, and what the judge reads there."""
    if not isinstance(method.prior, SwissRoll):
        raise TypeError(f"the walk follows a swiss roll, not a {type(method.prior).__name__}")
    z = method.prior.at(torch.linspace(0, 1, ROLL_STEPS + 1))
    points = [[round(value, 4) for value in point] for point in z.tolist()]
    return {"limit": 1.15 * method.prior.size, "parts": method.prior.n_classes, "points": points} | {
        "reads": _read(method.decoder(z))
    }


def _mixer(method: Method) -> dict:
    """Directions of the style that change one attribute by one standard deviation, as a line fits them.

    Fitted on digits that the decoder draws itself, each attribute as the deviation from the mean of its class.
    """
    noise = torch.Generator().manual_seed(0)
    z = torch.randn(N_DRAWN, method.prior.dim, generator=noise)
    y = torch.arange(N_DRAWN) % method.n_classes
    x = method.decode(z, y)
    directions = {name: _direction(z, y, measure(x)).tolist() for name, measure in KNOBS.items()}
    return {"classes": method.n_classes, "styles": method.prior.dim, "directions": directions}


def _direction(z: Tensor, y: Tensor, values: Tensor) -> Tensor:
    known = values.isfinite()
    z, y, values = z[known], y[known], values[known]
    means = torch.stack([values[y == k].mean() for k in range(int(y.max()) + 1)])
    deviations = values - means[y]
    w = torch.linalg.lstsq(z, deviations[:, None]).solution[:, 0]
    return w * deviations.std() / w.square().sum()


def _read(x: Tensor) -> str:
    """The class that the judge sees in each image, a digit each."""
    return "".join(map(str, judge.probabilities(x).argmax(1).tolist()))


FIGURES: dict[str, tuple[str, Callable[[Method], dict]]] = {
    "plane": (PLANE, _plane),
    "mixer": (MIXER, _mixer),
    "roll": (ROLL, _roll),
}
