"""How well each method finds the digit that its training left out, digit by digit (notebook 15)."""

import statistics

from course_utils import results
from course_utils.recipes.anomalies import DIGITS
from course_utils.tables.common import distinct, grid

NAMES = {
    "autoencoder": "autoencoder",
    "autoencoder_batch_norm": "autoencoder, batch norm",
    "vae": "VAE",
    "aae": "AAE",
    "anogan": "AnoGAN",
    "ganomaly": "GANomaly",
    "skip_ganomaly": "Skip-GANomaly",
}
NUMBERS = {
    "auroc_subset": "",
    "reconstruction_auroc_subset": ", by the error of its reconstruction",
}


def anomalies(mode: str = "default") -> str:
    """One row a method and score: the AUROC of each digit, and the mean over all ten."""
    lines = [
        [f"{NAMES[method]}{what}", f"`anomaly_{method}_DIGIT`", *_row(method, number, mode)]
        for method in NAMES
        for number, what in NUMBERS.items()
        if number == "auroc_subset" or method in ("ganomaly", "skip_ganomaly")
    ]
    headings = ["the digit left out", "recipe", *map(str, DIGITS), "mean", "seeds"]
    return "\n".join([*grid(headings, lines), "", _footnote(mode)])


def _row(method: str, number: str, mode: str) -> list[str]:
    by_digit = [[r["numbers"][number] for r in results.load(f"anomaly_{method}_{digit}", mode)] for digit in DIGITS]
    if not any(by_digit):
        return ["not run yet", *[""] * (len(DIGITS) + 1)]
    means = [statistics.fmean(found) if found else None for found in by_digit]
    whole = f"{statistics.fmean(means):.3f}" if None not in means else ""
    seeds = sorted({len(found) for found in by_digit})
    shown = ["" if mean is None else f"{mean:.3f}" for mean in means]
    return [*shown, whole, str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"]


def _footnote(mode: str) -> str:
    stored = [r for method in NAMES for digit in DIGITS for r in results.load(f"anomaly_{method}_{digit}", mode)]
    n = f" ({distinct([r['numbers'] for r in stored], 'n_subset')} test images)" if stored else ""
    where = f" Hardware: {distinct(stored, 'hardware')}." if stored else ""
    return (
        f"AUROC, mean over the seeds, of the same 100 test images of each class for all{n}; 0.5 is chance, below it "
        f"the strange digit gets the lower scores.{where} A row again: delete `data/results/anomaly_METHOD_*`, then "
        f"for each digit `python -m course_utils train anomaly_METHOD_DIGIT --seeds 0 --mode {mode}`."
    )
