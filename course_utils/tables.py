"""The tables of README.md, drawn from the stored results. A new table is a few lines in `TABLES`."""

import json
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils import recipes, results


@dataclass(frozen=True)
class Comparison:
    """Recipes below each other, numbers beside each other.

    rows: (what it is, name of the recipe). columns: (heading, name of the number, significant digits).
    """

    rows: Sequence[tuple[str, str]]
    columns: Sequence[tuple[str, str, int]]
    mode: str = "default"

    def markdown(self) -> str:
        """The table, and below it what it was measured on and how to measure it again."""
        headings = [heading for heading, _, _ in self.columns]
        lines = [[what, f"`{recipe}`", *self._numbers(recipe)] for what, recipe in self.rows]
        return "\n".join([*grid(["", "recipe", *headings], lines), "", self._footnote()])

    def _numbers(self, recipe: str) -> list[str]:
        stored = results.load(recipe, self.mode)
        if not stored:
            return ["not run yet"] + ["" for _ in self.columns[1:]]
        measured = set.intersection(*(set(result["numbers"]) for result in stored))
        return [
            _summary(recipe, number, self.mode, digits) if number in measured else "–"
            for _, number, digits in self.columns
        ]

    def _footnote(self) -> str:
        stored = [result for _, recipe in self.rows for result in results.load(recipe, self.mode)]
        seeds = sorted({result["seed"] for result in stored}) or [0, 1, 2]
        again = f"python -m course_utils train RECIPE --seeds {' '.join(map(str, seeds))} --mode {self.mode}"
        known = [f"{kind}: {_distinct(stored, key)}" for kind, key in (("data", "data"), ("hardware", "hardware"))]
        return (
            f"Mean ± standard deviation over n seeds, mode `{self.mode}`{', ' if stored else ''}"
            f"{', '.join(known) if stored else ''}. A row again: delete `data/results/RECIPE`, then `{again}`."
        )


def benchmark() -> str:
    """How long our loop takes beside a plain one, for every machine that was timed."""
    files = sorted((results.ROOT / "benchmark").glob("*.json"))
    if not files:
        return "Not run yet: `python -m course_utils benchmark`."
    lines = []
    for stored in (json.loads(file.read_text()) for file in files):
        ratio = f"{stored['ratio_of_medians']:.2f}"
        lines.append([stored["hardware"], f"{stored['images']:,}", stored["our_number_format"], ratio])
    headings = ["hardware", "images", "our number format", "our time / plain time"]
    return "\n".join([*grid(headings, lines), "", "Again: `python -m course_utils benchmark`."])


SEMI_SUPERVISED = {  # what it is -> (recipe, with its labels to be filled in; mode); the first two rows are of others
    "the paper's networks, rates and 5,000 epochs": ("semi_supervised_aae_{}_published", "full"),
    "compressed: the same phases and losses, in minutes": ("semi_supervised_aae_{}", "default"),
    "improved: affine noise, convolutional encoder": ("semi_supervised_aae_{}_improved", "default"),
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
    hardware = f" Hardware: {_distinct(stored, 'hardware')}." if stored else ""
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


TABLES: dict[str, Callable[[], str]] = {
    "aae-against-vae": Comparison(
        rows=[
            ("AAE, 2-D Gaussian", "aae_gaussian_2d"),
            ("VAE, 2-D Gaussian", "vae_gaussian_2d"),
            ("AAE, ten Gaussians", "aae_ten_gaussians"),
            ("VAE, ten Gaussians", "vae_ten_gaussians"),
        ],
        columns=[
            ("energy distance of codes to prior", "energy_distance", 3),
            ("holes, %", "holes_percent", 3),
            ("holes of a perfect match, %", "holes_percent_if_perfect", 2),
            ("half squared error an image", "reconstruction_squared_error", 3),
        ],
    ).markdown,
    "parzen": Comparison(
        rows=[
            ("AAE", "aae_parzen"),
            ("VAE, Bernoulli likelihood", "vae_parzen"),
            ("VAE, Gaussian likelihood, tuned for this number", "vae_parzen_tuned"),
        ],
        columns=[("Parzen log-likelihood, nats", "parzen_log_likelihood", 4)],
    ).markdown,
    "bounds": Comparison(
        rows=[("VAE, 50-D code", "vae_50d")],
        columns=[
            ("ELBO, nats", "elbo_binarised", 4),
            ("IWAE bound, 50 draws, nats", "iwae_50_binarised", 4),
        ],
    ).markdown,
    "reconstruction": Comparison(
        rows=[("linear, 8-D code", "linear_autoencoder"), ("512-512 ReLU units, 8-D code", "autoencoder_8d")],
        columns=[
            ("half squared error an image", "reconstruction_squared_error", 4),
            ("that of PCA", "pca_squared_error", 4),
            ("largest angle to PCA, degrees", "largest_angle", 2),
        ],
    ).markdown,
    "restoration": Comparison(
        rows=[
            ("noise of standard deviation 0.5 removed", "denoising_autoencoder"),
            ("7x7 pixels enlarged to 28x28", "super_resolution_7x7"),
        ],
        columns=[
            ("noisy, dB", "psnr_noisy_0.5", 4),
            ("denoised, dB", "psnr_restored_0.5", 4),
            ("bicubic interpolation, dB", "psnr_bicubic", 4),
            ("enlarged, dB", "psnr_restored", 4),
        ],
    ).markdown,
    "retrieval": Comparison(
        rows=[("semantic hashing, 32 bits", "semantic_hashing")],
        columns=[
            ("its bits", "precision_at_100_bits", 3),
            ("signs of 32 principal components", "precision_at_100_pca_bits", 3),
            ("32 principal components as real numbers", "precision_at_100_pca_reals", 3),
        ],
    ).markdown,
    "posteriors": Comparison(
        rows=[
            ("diagonal Gaussian, 20-D", "vae_diagonal"),
            ("full-covariance Gaussian, 20-D", "vae_full_covariance"),
            ("20 variables of 10 classes", "vae_categorical"),
        ],
        columns=[
            ("ELBO, nats", "elbo_binarised", 4),
            ("IWAE bound, 50 draws, nats", "iwae_50_binarised", 4),
            ("parameters", "parameters", 6),
        ],
    ).markdown,
    "circle": Comparison(
        rows=[
            ("VAE", "vae_circle"),
            ("VAE, three times as long", "vae_circle_long"),
            ("VAE, started at the truth", "vae_circle_from_truth"),
            ("VAE, full covariance, started at the truth", "vae_circle_full_covariance_from_truth"),
            ("importance-weighted, 20 draws, started at the truth", "iwae_circle_from_truth"),
            ("GAN", "gan_circle"),
            ("GAN, started at the truth", "gan_circle_from_truth"),
        ],
        columns=[
            ("mass misplaced, %", "misplaced_percent", 3),
            ("of as much data, %", "misplaced_percent_of_data", 2),
            ("KL(data, model), nats", "kl_to_model", 3),
            ("gap of the bound, nats", "bound_gap", 3),
        ],
    ).markdown,
    "images": Comparison(
        rows=[
            ("GAN, fully connected, no batch norm", "gan_mlp_plain"),
            ("GAN, fully connected", "gan_mlp"),
            ("DCGAN", "dcgan"),
            ("DCGAN, discriminator learns a hundred times slower", "dcgan_slow_discriminator"),
            ("DCGAN, told the class", "conditional_dcgan"),
            ("moment matching (MMD), fully connected", "gmmn"),
            ("VAE, fully connected", "vae_mlp_images"),
            ("VAE, convolutional", "vae_conv_images"),
        ],
        columns=[
            ("FID", "fid", 3),
            ("FID of training images", "fid_of_training_images", 3),
            ("KID", "kid", 3),
            ("precision, %", "precision_percent", 3),
            ("recall, %", "recall_percent", 3),
            ("sharpness", "sharpness", 3),
            ("class as asked, %", "requested_class_percent", 3),
            ("discriminator loss", "discriminator_loss", 3),
        ],
    ).markdown,
    "ring": Comparison(
        rows=[
            ("GAN", "gan_ring"),
            ("GAN, discriminator learns a hundred times slower", "gan_ring_slow_discriminator"),
            ("moment matching (MMD)", "mmd_ring"),
            ("VAE", "vae_ring"),
        ],
        columns=[
            ("modes covered, of 8", "modes_covered", 2),
            ("samples on a mode, %", "high_quality_percent", 3),
            ("energy distance", "energy_distance", 3),
            ("discriminator loss", "discriminator_loss", 3),
        ],
    ).markdown,
    "aae-posteriors": Comparison(
        rows=[
            ("deterministic", "aae_posterior_deterministic"),
            ("Gaussian", "aae_posterior_gaussian"),
            ("universal approximator", "aae_posterior_universal"),
        ],
        columns=[
            ("width of q(z\\|x), % of that of all codes", "posterior_width_percent", 3),
            ("images whose q(z\\|x) is not Gaussian, %", "non_gaussian_percent", 3),
            ("energy distance of codes to prior", "energy_distance", 3),
            ("holes, %", "holes_percent", 3),
            ("half squared error an image", "reconstruction_squared_error", 3),
            ("parameters of the encoder", "encoder_parameters", 6),
        ],
    ).markdown,
    "imposed-priors": Comparison(
        rows=[
            ("ten Gaussians, no labels", "unlabelled_ten_gaussians"),
            ("ten Gaussians, a fifth of the labels", "labelled_ten_gaussians"),
            ("ten Gaussians, all labels", "labelled_ten_gaussians_all"),
            ("swiss roll, a fifth of the labels", "labelled_swiss_roll"),
            ("swiss roll, all labels", "labelled_swiss_roll_all"),
        ],
        columns=[
            ("codes in the part of their class, %", "own_part_percent", 3),
            ("the same after the best matching, %", "matched_part_percent", 3),
            ("drawn from a part and read as its class, %", "part_read_percent", 3),
            ("energy distance of codes to prior", "energy_distance", 3),
            ("half squared error an image", "reconstruction_squared_error", 3),
        ],
    ).markdown,
    "style-and-content": Comparison(
        rows=[
            ("AAE, no labels", "aae_15d"),
            ("supervised AAE", "supervised_aae"),
            ("supervised AAE whose discriminator sees the class", "supervised_aae_class_seen"),
        ],
        columns=[
            ("class read from z linearly, %", "read_linearly_percent", 3),
            ("by a network, %", "read_by_network_percent", 3),
            ("by chance, %", "chance_percent", 3),
            ("R² of slant from z within classes", "slant_r2_within_classes", 3),
            ("R² of thickness", "thickness_r2_within_classes", 3),
            ("drawn again in another class and read as it, %", "transferred_class_percent", 3),
            ("slant kept", "slant_kept", 3),
        ],
    ).markdown,
    "semi-supervised": semi_supervised,
    "benchmark": benchmark,
}


def grid(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (headings, ["---"] * len(headings), *lines)]


def rewritten(text: str) -> str:
    """`text` with each table renewed between ``<!-- table:NAME -->`` and ``<!-- end -->``.

    Raises ValueError for a name that is not in `TABLES`.
    """

    def renew(match: re.Match) -> str:
        if match["name"] not in TABLES:
            raise ValueError(f"there is no table {match['name']!r}; the tables are: {', '.join(TABLES)}")
        return f"<!-- table:{match['name']} -->\n\n{TABLES[match['name']]()}\n\n<!-- end -->"

    return re.sub(r"<!-- table:(?P<name>[\w-]+) -->.*?<!-- end -->", renew, text, flags=re.DOTALL)


def rewrite(path: Path) -> None:
    """Renew the tables of a Markdown file."""
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


def _summary(recipe: str, number: str, mode: str, digits: int) -> str:
    found = results.values(recipe, number, mode)
    if len(found) > 1 and len(set(found)) == 1:  # a constant, or a count: a standard deviation would say nothing
        return f"{found[0]:.{digits}g} (all {len(found)})"
    return results.summary(recipe, number, mode, digits)


def _distinct(stored: Sequence[dict], key: str) -> str:
    return " and ".join(sorted({str(result[key]) for result in stored}))
