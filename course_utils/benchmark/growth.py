"""How the time and the memory of a training grow with the number of images, their size, the codes and the batch.

An AAE (fully connected, 512-512) on random images, one size changed at a time, each training in a process of its own.
"""

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from course_utils import datasets, distributions, networks, results, runtime, set_up, training
from course_utils.benchmark.one import megabytes
from course_utils.methods import AAE

USUAL = {"images": 60_000, "side": 28, "latent_dim": 8, "batch_size": 100}
GROWTH = {
    "images": (1_000, 10_000, 60_000, 240_000, 960_000),
    "side": (16, 28, 56, 112),
    "latent_dim": (2, 8, 64, 512),
    "batch_size": (10, 100, 1_000, 10_000),
}
IMAGES_TIMED = 20_000


def train_once(sizes: dict[str, int], device: str) -> dict[str, float]:
    """{"milliseconds" a step, "microseconds" an image, peak "megabytes"} of a training of these `sizes`."""
    where = runtime.device(device)
    image = (1, sizes["side"], sizes["side"])
    x = torch.randint(0, 256, (sizes["images"], *image), dtype=torch.uint8)
    images = datasets.Images(x, torch.zeros(len(x), dtype=torch.long))
    model = AAE(
        networks.DeterministicEncoder(networks.mlp(image), sizes["latent_dim"]),
        networks.MLPDecoder(sizes["latent_dim"], image),
        networks.Discriminator(networks.mlp((sizes["latent_dim"],))),
        prior=distributions.Gaussian(sizes["latent_dim"]),
        optimizer="adam",
        lr=1e-3,
        adversarial_lr=1e-3,
    )
    options = {"batch_size": min(sizes["batch_size"], len(x)), "device": device, "progress": False}
    training.fit(model, images, steps=5, **options)
    steps = max(10, min(200, IMAGES_TIMED // options["batch_size"]))
    seconds = training.fit(model, images, steps=steps, **options).seconds
    memory = torch.cuda.max_memory_allocated(where) / 1e6 if where.type == "cuda" else megabytes()
    return {
        "milliseconds": round(1e3 * seconds / steps, 2),
        "microseconds_an_image": round(1e6 * seconds / steps / options["batch_size"], 1),
        "megabytes": round(memory),
    }


def run(device: str = "auto") -> Path:
    """Measure all of `GROWTH`, store and print it; returns the file. Raises RuntimeError if a training fails."""
    where = runtime.device(device)
    rows = [_in_a_fresh_process(name, size, where.type) for name, sizes in GROWTH.items() for size in sizes]
    file = results.ROOT / "benchmark" / f"growth-{where.type}-{torch.get_num_threads()}threads.json"
    result = {
        "what": "an AAE (512-512) on random images: time a step and peak memory, one size changed at a time",
        "usual": USUAL,
        "hardware": runtime.hardware(where),
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "date": datetime.now(UTC).date().isoformat(),
        "rows": rows,
    }
    results.save(file, result)
    return file


def _in_a_fresh_process(name: str, size: int, device: str) -> dict:
    sizes = {**USUAL, name: size}
    command = [sys.executable, "-m", "course_utils.benchmark.growth", json.dumps(sizes), device]
    done = subprocess.run(command, cwd=set_up.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the training with {name} = {size} failed:\n{done.stderr.strip()[-2000:]}")
    row = {"changed": name, "size": size, **json.loads(done.stdout.splitlines()[-1])}
    print(f"{name:10} {size:7,}: {row['milliseconds']:8.2f} ms a step, {row['megabytes']:,} MB", flush=True)
    return row


if __name__ == "__main__":
    print(json.dumps(train_once(json.loads(sys.argv[1]), sys.argv[2])))
