"""Images made for attribute vectors: the paper's table with our numbers beside it (notebook 14)."""

from course_utils import results
from course_utils.tables.common import distinct, grid, summary

# Larsen et al. 2016, section 4.2, on faces: cosine similarity and mean squared error of the attributes
PAPER = {
    "test images": (0.9193, 14.2),
    "VAE": (0.9030, 27.6),
    "GAN": (0.8892, 27.9),
    "VAE/GAN": (0.9114, 22.4),
}
RECIPES = {"VAE": "attribute_vae", "GAN": "attribute_gan", "VAE/GAN": "attribute_vae_gan"}
COLUMNS = (("cosine", 3), ("squared_error", 3), ("measured_cosine", 3), ("measured_squared_error", 3))
HEADINGS = (
    "",
    "recipe",
    "paper, faces: cosine",
    "squared error",
    "ours, digits, by the regressor: cosine",
    "squared error",
    "by the ruler: cosine",
    "squared error",
    "class as asked, %",
    "FID",
)


def attributes(mode: str = "default") -> str:
    """One row a kind of image: do they show the attributes that were asked for?"""
    lines = [["other test images", "", "", "", *_of_test_images("chance_", mode), "", ""]]
    lines += [["test images", "", *_paper("test images"), *_of_test_images("test_", mode), "", ""]]
    lines += [[name, f"`{recipe}`", *_paper(name), *_of_model(recipe, mode)] for name, recipe in RECIPES.items()]
    return "\n".join([*grid(HEADINGS, lines), "", _footnote(mode)])


def _paper(name: str) -> list[str]:
    cosine, error = PAPER[name]
    return [f"{cosine:.4f}", f"{error:.1f}"]


def _of_test_images(prefix: str, mode: str) -> list[str]:
    """What every run measures of the test images themselves; one of them is enough."""
    recipe = RECIPES["VAE/GAN"]
    if not results.load(recipe, mode):
        return ["not run yet", "", "", ""]
    known = results.load(recipe, mode)[0]["numbers"]
    names = [f"{prefix}{name}" for name, _ in COLUMNS]
    return [summary(recipe, name, mode, 3) if name in known else "" for name in names]


def _of_model(recipe: str, mode: str) -> list[str]:
    if not results.load(recipe, mode):
        return ["not run yet", *[""] * 5]
    columns = (*COLUMNS, ("requested_class_percent", 3), ("fid", 3))
    return [summary(recipe, name, mode, digits) for name, digits in columns]


def _footnote(mode: str) -> str:
    stored = [result for recipe in RECIPES.values() for result in results.load(recipe, mode)]
    where = f" Hardware: {distinct(stored, 'hardware')}." if stored else ""
    return (
        "Mean ± standard deviation over n seeds; cosines should be large, squared errors small. Their attributes are "
        "not ours: compare the order of the rows, not the numbers. Their squared error has a unit of its own, ours "
        "is the sum over 15 attributes. *Other test images* show what comes of ignoring the attributes asked for."
        f"{where} A row again: delete `data/results/RECIPE`, then "
        f"`python -m course_utils train RECIPE --seeds 0 1 2 --mode {mode}`."
    )
