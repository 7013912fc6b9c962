"""Semi-supervised classification of MNIST (notebook 10): all of our rows below the paper's."""

import statistics

from course_utils import recipes, results
from course_utils.tables.common import distinct, grid

SEMI_SUPERVISED = {  # what it is -> (recipe, with its labels to be filled in; mode); the first two rows are of others
    "the paper's networks, rates and 5,000 epochs": ("semi_supervised_aae_{}_published", "full"),
    "compressed: the same phases and losses, in minutes": ("semi_supervised_aae_{}", "default"),
    "improved: affine noise, convolutional encoder": ("semi_supervised_aae_{}_improved", "default"),
    "improved, with batch norm, and agreement of two noisy views": ("semi_supervised_aae_{}_agreement", "default"),
    "compressed, and affine noise": ("semi_supervised_aae_{}_affine", "default"),
    "compressed, and a convolutional encoder": ("semi_supervised_aae_{}_conv", "default"),
    "improved, without the adversary of y": ("semi_supervised_aae_{}_no_y_adversary", "default"),
    "improved, without the adversary of z": ("semi_supervised_aae_{}_no_z_adversary", "default"),
    "labels alone, compressed encoder": ("supervised_mlp_{}", "default"),
    "labels alone, improved encoder, affine noise": ("supervised_conv_{}", "default"),
    "VAE, M2 (Kingma et al. 2014: 11.97 ± 1.71, 3.60 ± 0.56)": ("m2_vae_{}", "default"),
    "VAE, M1+M2 (Kingma et al. 2014: 3.33 ± 0.14, 2.40 ± 0.02)": ("m1_m2_{}", "default"),
}
# test error in percent, and the numbers themselves: Makhzani et al. 2015, table 2
PAPER_ERRORS = {"100": (1.90, 0.10), "1000": (1.60, 0.08), "all": (0.85, 0.02)}
# the best public reimplementations found
PUBLIC_ERRORS = {"100": "about 4", "1000": "about 5 (2.9 with 1,280)", "all": "–"}


def semi_supervised() -> str:
    """Test errors by number of labels, the paper's above ours, and how far each of ours is from it."""
    lines = [
        ["Makhzani et al. 2015", "", *(f"{mean:.2f} ± {std:.2f}" for mean, std in PAPER_ERRORS.values())],
        ["best public reimplementation found", "", *PUBLIC_ERRORS.values()],
    ]
    stored = []
    for what, (recipe, mode) in SEMI_SUPERVISED.items():
        lines.append([what, f"`{recipe.format('N')}`", *(_error(recipe.format(n), mode, n) for n in PAPER_ERRORS)])
        stored += [result for n in PAPER_ERRORS for result in results.load(recipe.format(n), mode)]
    headings = ["test error, %", "recipe", "100 labels", "1,000 labels", "all 50,000"]
    hardware = f" Hardware: {distinct(stored, 'hardware')}." if stored else ""
    footnote = (
        "Mean ± standard deviation over n seeds, each with its own draw of labels; in brackets the distance to the "
        f"paper.{hardware} A row again: delete `data/results/RECIPE`, then "
        "`python -m course_utils train RECIPE --seeds 0 1 2 --mode default` (the paper's schedule: `--mode full`)."
    )
    return "\n".join([*grid(headings, lines), "", footnote, "", _svhn()])


def _svhn() -> str:
    recipe = "semi_supervised_aae_svhn_1000"
    again = f"not measured here; `python -m course_utils train {recipe} --seeds 0 1 2` does it"
    ours = results.summary(recipe, "test_error_percent") if results.load(recipe) else again
    return (
        f"Street-view house numbers (SVHN), 1,000 labels, test error in percent: the paper 17.70 ± 0.30, ours: {ours}."
    )


def _error(recipe: str, mode: str, labels: str) -> str:
    """A test error and its distance to the paper's, or that there is none."""
    if recipe not in recipes.ALL:
        return ""
    if not results.load(recipe, mode):
        return "not run yet"
    mean = statistics.fmean(results.values(recipe, "test_error_percent", mode))
    return f"{results.summary(recipe, 'test_error_percent', mode)} [{mean - PAPER_ERRORS[labels][0]:+.2f}]"
