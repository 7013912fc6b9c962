"""Where the time of our training step goes, as text."""

from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from course_utils import datasets, results, runtime, training
from course_utils.benchmark.models import BATCH_SIZE, build

STEPS = 50
ROWS = 25


def run(model: str, device: str = "auto") -> Path:
    """Profile `STEPS` steps of a model of the benchmark; returns the text file it is stored in."""
    where = runtime.device(device)
    images, method = datasets.load("mnist").train, build(model)
    options = {"batch_size": BATCH_SIZE, "device": where.type, "progress": False}
    training.fit(method, images, steps=5, **options)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if where.type == "cuda" else [])]
    with profile(activities=activities) as profiled:
        training.fit(method, images, steps=STEPS, **options)
    by = "self_cuda_time_total" if where.type == "cuda" else "self_cpu_time_total"
    table = profiled.key_averages().table(sort_by=by, row_limit=ROWS, max_name_column_width=45)
    threads = torch.get_num_threads()
    file = results.ROOT / "benchmark" / f"profile-{model}-{where.type}-{threads}threads.txt"
    header = (
        f"{STEPS} steps of {model}, batches of {BATCH_SIZE}, on {runtime.hardware(where)}, torch {torch.__version__}"
    )
    lines = [line.rstrip() for line in table.splitlines()]
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    print(file.read_text(encoding="utf-8"))
    return file
