"""How much faster is the course's `fit` than a training loop as tutorials write it?

Both train the same adversarial autoencoder (784-1000-1000-8, Adam, batches of 100) on MNIST on the same device:

- the plain loop: torchvision's data set with a transform for every image, a `DataLoader`, float32, Adam as it comes,
  ``zero_grad`` / ``backward`` / ``step``;
- ours: `training.fit` as the notebooks call it (data in memory, fused Adam, bfloat16 where the hardware is fast at it).

They take turns, so that a machine that slows down meanwhile slows both, and each run has a process of its own, so that
nothing the one sets helps the other. Imports, reading MNIST from disk and the first steps are timed for neither.
"""

import argparse
import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset

from course_utils import datasets, distributions, networks, results, runtime, training
from course_utils.methods import AAE

IMAGE = (1, 28, 28)
HIDDEN = (1000, 1000)
LATENT_DIM = 8
BATCH_SIZE = 100
EPOCH = 500
WARM_UP_STEPS = 5
TARGET = 1 / 3
LR = 1e-3
BETA1 = 0.9
ADVERSARIAL_BETA1 = 0.5


def build() -> AAE:
    """The AAE both loops train, its weights drawn with seed 0."""
    runtime.seed_everything(0)
    return AAE(
        networks.DeterministicEncoder(networks.mlp(IMAGE, HIDDEN), LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM, IMAGE, HIDDEN),
        networks.Discriminator(networks.mlp((LATENT_DIM,), HIDDEN)),
        prior=distributions.Gaussian(LATENT_DIM),
        optimizer="adam",
        lr=LR,
        momentum=BETA1,
        adversarial_lr=LR,
        adversarial_momentum=ADVERSARIAL_BETA1,
    )


def plain_training(images, model: AAE, steps: int, where: torch.device) -> None:
    """The AAE's algorithm as tutorials write it, for `steps` batches of a torchvision data set."""
    encoder, decoder, discriminator, prior = model.encoder, model.decoder, model.discriminator, model.prior
    autoencoder_adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=LR)
    discriminator_adam = torch.optim.Adam(discriminator.parameters(), lr=LR, betas=(ADVERSARIAL_BETA1, 0.999))
    generator_adam = torch.optim.Adam(encoder.parameters(), lr=LR, betas=(ADVERSARIAL_BETA1, 0.999))
    loader = DataLoader(Subset(images, range(steps * BATCH_SIZE)), batch_size=BATCH_SIZE, shuffle=True)
    real, fake = torch.ones(BATCH_SIZE, device=where), torch.zeros(BATCH_SIZE, device=where)
    for x, _ in loader:
        x = x.to(where)
        autoencoder_adam.zero_grad()
        reconstruction = 0.5 * F.mse_loss(decoder(encoder(x)), x, reduction="sum") / BATCH_SIZE
        reconstruction.backward()
        autoencoder_adam.step()

        z = encoder(x)
        discriminator_adam.zero_grad()
        real_loss = F.binary_cross_entropy_with_logits(discriminator(prior.sample(BATCH_SIZE)), real)
        fake_loss = F.binary_cross_entropy_with_logits(discriminator(z.detach()), fake)
        (real_loss + fake_loss).backward()
        discriminator_adam.step()

        generator_adam.zero_grad()
        generator_loss = F.binary_cross_entropy_with_logits(discriminator(z), real)
        generator_loss.backward()
        generator_adam.step()


def time_plain_loop(steps: int, device: str) -> float:
    """Seconds for `steps` steps of the plain loop."""
    from torchvision import transforms  # slow to import
    from torchvision.datasets import MNIST

    images, where = MNIST(str(datasets.root()), train=True, transform=transforms.ToTensor()), runtime.device(device)
    model = build().to(where).train()
    return _seconds(lambda n: plain_training(images, model, n, where), steps, where)


def time_our_fit(steps: int, device: str) -> float:
    """Seconds for `steps` steps of `training.fit`."""
    images, where = datasets.load("mnist").train, runtime.device(device)
    model = build()
    return _seconds(
        lambda n: training.fit(model, images, steps=n, batch_size=BATCH_SIZE, device=device, progress=False),
        steps,
        where,
    )


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


def _in_a_fresh_process(function: Callable[..., float], *arguments) -> float:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def in_turn(plain: Callable[[], float], ours: Callable[[], float], pairs: int) -> dict[str, list[float]]:
    """The seconds that `plain` and `ours` return, called alternately, `pairs` times each."""
    plain_seconds, our_seconds = [], []
    for pair in range(1, pairs + 1):
        plain_seconds.append(plain())
        our_seconds.append(ours())
        ratio = our_seconds[-1] / plain_seconds[-1]
        print(
            f"pair {pair} of {pairs}: plain loop {plain_seconds[-1]:.1f} s, ours {our_seconds[-1]:.1f} s: {ratio:.3f}"
        )
    return {"plain_seconds": plain_seconds, "our_seconds": our_seconds}


def ratios(plain_seconds: list[float], our_seconds: list[float]) -> dict[str, float]:
    """Our time / plain time: of the medians, and the median over the pairs."""
    of_pairs = [ours / plain for ours, plain in zip(our_seconds, plain_seconds, strict=True)]
    return {
        "ratio_of_medians": statistics.median(our_seconds) / statistics.median(plain_seconds),
        "median_ratio": statistics.median(of_pairs),
    }


def run(steps: int = EPOCH, pairs: int = 3, device: str = "auto") -> Path:
    """Time both loops, print and store the times and their ratio; returns the file.

    Raises ValueError for numbers out of range, DatasetError when MNIST is not there and cannot be downloaded.
    """
    if not 1 <= steps <= EPOCH:
        raise ValueError(f"--steps must lie in 1..{EPOCH} (one epoch), got {steps}")
    if pairs < 1:
        raise ValueError(f"--pairs must be at least 1, got {pairs}")
    where = runtime.device(device)
    datasets.load("mnist")  # downloads it, if need be, before anything is timed
    seconds = in_turn(
        lambda: _in_a_fresh_process(time_plain_loop, steps, device),
        lambda: _in_a_fresh_process(time_our_fit, steps, device),
        pairs,
    )
    number_format = str(runtime.precision("auto", where, networks.is_large(build()))).removeprefix("torch.")
    result = {
        "what": "seconds to train an AAE (784-1000-1000-8, Adam) on MNIST: a plain loop and ours, in turn",
        "steps": steps,
        "batch_size": BATCH_SIZE,
        "images": steps * BATCH_SIZE,
        "hardware": runtime.hardware(where),
        "threads": torch.get_num_threads(),
        "our_number_format": number_format,
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "date": datetime.now(UTC).date().isoformat(),
        **seconds,
        **ratios(**seconds),
    }
    path = results.ROOT / "benchmark" / f"{where.type}-{torch.get_num_threads()}threads-{steps}steps.json"
    results.save(path, result)
    print(_verdict(result))
    return path


def _verdict(result: dict) -> str:
    reached = "reached" if result["ratio_of_medians"] <= TARGET else "NOT reached"
    return (
        f"{result['images']:,} images on {result['hardware']}, ours in {result['our_number_format']}: "
        f"our time / plain time = {result['ratio_of_medians']:.3f} (of the medians), "
        f"{result['median_ratio']:.3f} (median of the pairs). Target: at most {TARGET:.3f}, {reached}."
    )


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns 0, or 1 if MNIST cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m course_utils benchmark", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--steps", type=int, default=EPOCH, help=f"steps of {BATCH_SIZE} images a run (default: an epoch)"
    )
    parser.add_argument("--pairs", type=int, default=3, help="how often both loops are timed, in turn")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    options = parser.parse_args(arguments)
    try:
        run(options.steps, options.pairs, options.device)
    except (ValueError, datasets.DatasetError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
