"""What a recipe is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from course_utils import datasets, runtime
from course_utils.datasets import Images, PartlyLabelled
from course_utils.distributions import Distribution
from course_utils.methods import Method

IMAGE = (1, 28, 28)


@dataclass(frozen=True)
class Recipe:
    """A named training: how to build the method, what to train it on, how long in each mode, how to measure it.

    source: where the settings come from, and what was changed.
    data: the name of an image data set for `datasets.load`, or a function that makes a `Distribution`.
    epochs or steps: the budget, by course mode; epochs for images, steps for a distribution.
    labels: how many of the training images the method may know the label of, drawn with the seed of the run
        (`datasets.partly_labelled`): an int is a number, a float a share. None: it gets plain `Images`, all labelled.
    decay_at: fractions of the training at which all rates are divided by 10 (the same in every mode).
    evaluate: (method, data) to the numbers to store, by name; called without gradients in eval mode. It scores the
        test images; nothing may be chosen by these numbers.
    prepare: what is done to a data set before it is used, `Splits` to `Splits`; notebooks do it in a cell of their own.
    codes: what is shipped where the weights are too large: (method, data) to tensors by name, and (those tensors, data)
        to the numbers that can be redone with them.
    track: (method, data) to numbers measured on the validation images after every epoch of a stored run: its curve.
    """

    name: str
    source: str
    build: Callable[[], Method]
    evaluate: Callable[[Method, Any], dict[str, float]]
    data: str | Callable[[], Distribution] = "auto"
    epochs: dict[str, int] | None = None
    steps: dict[str, int] | None = None
    labels: int | float | None = None
    batch_size: int = 100
    decay_at: tuple[float, ...] = ()
    track: Callable[[Method, Any], dict[str, float]] | None = None
    prepare: Callable[[datasets.Splits], datasets.Splits] | None = None
    codes: tuple[Callable[[Method, Any], dict[str, Tensor]], Callable[[dict[str, Tensor], Any], dict]] | None = None

    def method(self, seed: int = 0) -> Method:
        """The untrained method, its weights drawn with `seed`."""
        runtime.seed_everything(seed)
        return self.build()

    def training_data(self, data, seed: int = 0) -> Images | PartlyLabelled | Distribution:
        """The part of `data` (`Splits` or a `Distribution`) that `fit` gets, with the labels that it may see."""
        if not isinstance(data, datasets.Splits):
            return data
        if self.labels is None:
            return data.train
        n = self.labels if isinstance(self.labels, int) else round(self.labels * len(data.train))
        return datasets.partly_labelled(data.train, n, seed)

    @property
    def budget(self) -> dict[str, Any]:
        """How long to train in the current mode, as arguments for `fit`: epochs or steps, and decay_at if any."""
        kind = "epochs" if self.epochs else "steps"
        decay = {"decay_at": self.decay_at} if self.decay_at else {}
        return {kind: getattr(self, kind)[runtime.mode()], **decay}


def by_mode(fast: int, default: int, full: int) -> dict[str, int]:
    """A budget for each course mode."""
    return {"fast": fast, "default": default, "full": full}
