"""Every experiment of the paper on adversarial autoencoders (Makhzani et al. 2015), its number beside ours."""

import statistics
from dataclasses import dataclass

from course_utils import recipes, results
from course_utils.tables.common import distinct, grid

KINDS = {"published": "full", "compressed": "default", "improved": "default"}  # kind of row -> mode it is stored in
LEFT_OUT = (
    "the likelihood with ten million samples (427), a hundred billion distances; Toronto Faces (2252 ± 16; with ten "
    "million samples 2522), for want of the data"
)


@dataclass(frozen=True)
class Experiment:
    """One experiment of the paper and our recipes for it.

    paper: what the paper prints, "" where it has pictures only. number: the key of the number that is stored.
    recipe: the compressed one; the other kinds are RECIPE_published and RECIPE_improved (or another word, in
    `improved`), where they exist. Where it is of another kind itself, `only` names that, and there are no others.
    """

    section: str
    what: str
    measured: str
    paper: str
    recipe: str
    number: str = "test_error_percent"
    digits: int = 3
    improved: str = "improved"
    only: str = ""

    def name(self, kind: str) -> str:
        """The recipe of that kind of row."""
        if self.only:
            return self.recipe if kind == self.only else ""
        return self.recipe if kind == "compressed" else f"{self.recipe}_{self.improved if kind == 'improved' else kind}"

    def cell(self, kind: str) -> str:
        """Our number, how many seeds it is the mean of, and how far it is from the paper's; empty without a recipe."""
        name, mode = self.name(kind), KINDS[kind]
        if name not in recipes.ALL:
            return ""
        if not results.load(name, mode):
            return "not run yet"
        ours = results.summary(name, self.number, mode, self.digits)
        if not self.paper:
            return ours
        gap = statistics.fmean(results.values(name, self.number, mode)) - float(self.paper.split(" ± ")[0])
        return f"{ours} [{gap:+.{self.digits}g}]"


_ERROR = "test error, %"
_PLACED = ("codes in their part, %", "")  # what is measured, and the paper's number: pictures only
_TRANSFER = ("drawn in another class and read as it, %", "")
_PARZEN = ("Parzen window, nats", "340 ± 2")

EXPERIMENTS = (
    Experiment("2, fig. 2", "2-D Gaussian prior", "energy distance", "", "aae_gaussian_2d", "energy_distance"),
    Experiment("2, fig. 2", "mixture of ten Gaussians", "energy distance", "", "aae_ten_gaussians", "energy_distance"),
    Experiment("2.3, fig. 4", "the same, 10,000 labels", *_PLACED, "labelled_ten_gaussians", "own_part_percent"),
    Experiment("2.3, fig. 4", "swiss roll, 10,000 labels", *_PLACED, "labelled_swiss_roll", "own_part_percent"),
    Experiment("3", "likelihood, 10,000 samples", *_PARZEN, "aae_parzen", "parzen_log_likelihood", 4),
    Experiment("4, fig. 6", "style and content", *_TRANSFER, "supervised_aae", "transferred_class_percent"),
    Experiment("5", "100 labels", _ERROR, "1.90 ± 0.10", "semi_supervised_aae_100", improved="agreement"),
    Experiment("5", "1,000 labels", _ERROR, "1.60 ± 0.08", "semi_supervised_aae_1000"),
    Experiment("5", "all labels", _ERROR, "0.85 ± 0.02", "semi_supervised_aae_all"),
    Experiment("5", "SVHN, 1,000 labels", _ERROR, "17.70 ± 0.30", "semi_supervised_aae_svhn_1000", only="improved"),
    Experiment("6", "16 clusters, no labels", _ERROR, "9.55 ± 2.05", "clustering_aae_16"),
    Experiment("6", "30 clusters, no labels", _ERROR, "4.10 ± 1.13", "clustering_aae_30"),
    Experiment("7", "2-D code, 1,000 labels", _ERROR, "4.20", "reduction_aae_2d_1000"),
    Experiment("7", "2-D code, 100 labels", _ERROR, "6.08", "reduction_aae_2d_100"),
    Experiment("7", "2-D code, no labels, 20 clusters", _ERROR, "13.5", "reduction_aae_2d_0"),
    Experiment("7", "10-D code, 100 labels", _ERROR, "3.90", "reduction_aae_10d_100"),
)


def aae_paper() -> str:
    """The whole table, and how to run each row again."""
    lines = [
        [e.section, e.what, e.measured, e.paper or "pictures only", *(e.cell(kind) for kind in KINDS), f"`{e.recipe}`"]
        for e in EXPERIMENTS
    ]
    headings = ["section", "experiment", "measured by", "paper", *(f"ours, {kind}" for kind in KINDS), "recipe"]
    names = [(e.name(kind), mode) for e in EXPERIMENTS for kind, mode in KINDS.items()]
    stored = [result for name, mode in names for result in results.load(name, mode)]
    hardware = f" Hardware of ours: {distinct(stored, 'hardware')}." if stored else ""
    footnote = (
        "Ours: mean ± standard deviation over n seeds, in brackets the distance to the paper. *Published*: the paper's "
        "networks and schedule; *compressed*: its losses in minutes; *improved*: with knowledge about images, another "
        f"experiment.{hardware} A row again: `python -m course_utils train RECIPE --seeds 0 1 2` (delete "
        "`data/results/RECIPE` before); the improved one: `RECIPE_improved`, with 100 labels in section 5 "
        "`RECIPE_agreement`; the published one: `RECIPE_published --mode full`. Then `python -m course_utils tables` "
        "draws all tables anew."
    )
    return "\n".join([*grid(headings, lines), "", footnote, "", f"Not run: {LEFT_OUT}."])
