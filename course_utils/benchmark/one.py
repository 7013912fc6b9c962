"""One measurement, in a process of its own: ``python -m course_utils.benchmark.one CONTENDER MODEL STEPS DEVICE``.

Prints one line of JSON: the seconds, and the most memory that the process held, in megabytes.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from course_utils import datasets, networks, runtime, training
from course_utils.benchmark import floor, plain
from course_utils.benchmark.models import BATCH_SIZE, build

WARM_UP_STEPS = 5


def ours(name: str, steps: int, where: torch.device) -> float:
    """Seconds for `steps` steps of `training.fit`."""
    model, images = build(name), datasets.load("mnist").train
    return _seconds(
        lambda n: training.fit(model, images, steps=n, batch_size=BATCH_SIZE, device=where.type, progress=False),
        steps,
        where,
    )


def plain_loop(name: str, steps: int, where: torch.device) -> float:
    """Seconds for `steps` steps of the plain loop."""
    from torchvision import transforms  # slow to import
    from torchvision.datasets import MNIST

    images = MNIST(str(datasets.root()), train=True, transform=transforms.ToTensor())
    model = build(name).to(where).train()
    return _seconds(lambda n: plain.train(name, images, model, n, where), steps, where)


def pythae(name: str, steps: int, where: torch.device) -> float:
    """Seconds for an epoch of `steps` batches in pythae."""
    from course_utils.benchmark import pythae_users  # pythae is there only for this

    images = datasets.load("mnist").train

    def train(n: int) -> float:
        return pythae_users.seconds_of(name, images.floats(torch.arange(n * BATCH_SIZE)), where)

    train(WARM_UP_STEPS)
    return train(steps)


def floor_of_ours(name: str, steps: int, where: torch.device) -> float:
    """Seconds for the products and optimisers of `steps` of our steps."""
    images, model = datasets.load("mnist").train.to(where), build(name)
    number_format = runtime.precision("auto", where, networks.is_large(model))
    # some steps before: the optimisers have their states, and freed memory is kept as in a training
    training.fit(model, images, steps=2, batch_size=BATCH_SIZE, device=where.type, progress=False)
    index = torch.arange(BATCH_SIZE, device=where)
    recording = floor.record(model.train(), {"x": images.floats(index), "y": images.y[index]}, number_format)
    return _seconds(recording.replay, steps, where)


CONTENDERS = {"ours": ours, "plain": plain_loop, "pythae": pythae, "floor": floor_of_ours}


def _seconds(train: Callable[[int], object], steps: int, where: torch.device) -> float:
    train(WARM_UP_STEPS)
    _wait_for(where)
    started = time.perf_counter()
    train(steps)
    _wait_for(where)
    return time.perf_counter() - started


def _wait_for(where: torch.device) -> None:
    if where.type != "cpu":
        torch.get_device_module(where).synchronize()


def megabytes() -> float:
    """The most memory that this process has held so far, 0 where the system does not say (Windows)."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, whose getrusage begins with what the parent held
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)[1]) * 1024 / 1e6
    try:
        import resource
    except ModuleNotFoundError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


if __name__ == "__main__":
    contender, model, steps, device = sys.argv[1:]
    seconds = CONTENDERS[contender](model, int(steps), runtime.device(device))
    print(json.dumps({"seconds": seconds, "megabytes": round(megabytes(), 1)}))
