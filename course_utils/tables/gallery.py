"""The gallery of GANs: each idea by a number or two, beside the same number without the idea (notebook 17)."""

from typing import NamedTuple

from course_utils import results
from course_utils.tables.common import distinct, grid, summary


class Row(NamedTuple):
    """One number of one idea: what it is, whose, which; and what it is compared with."""

    idea: str
    what: str
    recipe: str
    number: str
    without: str
    other_recipe: str
    other_number: str


ROWS = (
    Row("pix2pix", "FID of drawings (small is good)", "pix2pix", "fid", "L1 alone", "pix2pix_l1", "fid"),
    Row("pix2pix", "L1 error of drawings (small)", "pix2pix", "l1_error", "L1 alone", "pix2pix_l1", "l1_error"),
    Row("pix2pix", "class kept, % (large)", "pix2pix", "class_percent", "L1 alone", "pix2pix_l1", "class_percent"),
    Row(
        "CycleGAN",
        "class kept, % (large)",
        "cycle_gan",
        "class_percent",
        "no cycle loss",
        "cycle_gan_without_cycle",
        "class_percent",
    ),
    Row("StackGAN", "FID of stage II (small)", "stack_gan_2", "fid", "one stage", "stack_gan_one_stage", "fid"),
    Row(
        "StackGAN",
        "caption shown, % (large)",
        "stack_gan_2",
        "caption_percent",
        "one stage",
        "stack_gan_one_stage",
        "caption_percent",
    ),
    Row(
        "StyleGAN",
        "FID of mixed styles (small)",
        "style_gan",
        "mixed_fid",
        "no mixing",
        "style_gan_without_mixing",
        "mixed_fid",
    ),
    Row(
        "BigGAN",
        "precision, z cut off at 0.5, % (large)",
        "big_gan",
        "precision_percent_at_0.5",
        "all of z",
        "big_gan",
        "precision_percent_at_whole",
    ),
    Row(
        "BigGAN",
        "variety, z cut off at 0.5, % (large)",
        "big_gan",
        "variety_percent_at_0.5",
        "all of z",
        "big_gan",
        "variety_percent_at_whole",
    ),
    Row(
        "Age-cGAN",
        "digit kept (regressor), % (large)",
        "age_cgan",
        "identity_other_class_kept_percent",
        "z of nearest pixels",
        "age_cgan",
        "pixels_other_class_kept_percent",
    ),
)
HEADINGS = ("idea", "number", "with it", "recipe", "without", "", "recipe")


def gallery(mode: str = "default") -> str:
    """One row a number: with the idea, and without it."""
    lines = [
        [
            row.idea,
            row.what,
            _number(row.recipe, row.number, mode),
            f"`{row.recipe}`",
            row.without,
            _number(row.other_recipe, row.other_number, mode),
            f"`{row.other_recipe}`",
        ]
        for row in ROWS
    ]
    return "\n".join([*grid(HEADINGS, lines), "", _footnote(mode)])


def _number(recipe: str, number: str, mode: str) -> str:
    return summary(recipe, number, mode, 3) if results.load(recipe, mode) else "not run yet"


def _footnote(mode: str) -> str:
    recipes = dict.fromkeys(name for row in ROWS for name in (row.recipe, row.other_recipe))
    stored = [result for recipe in recipes for result in results.load(recipe, mode)]
    where = f" Hardware: {distinct(stored, 'hardware')}." if stored else ""
    return (
        f"Mean ± standard deviation over n seeds, mode `{mode}`; measured with test images.{where} A row again: delete "
        f"`data/results/RECIPE`, then `python -m course_utils train RECIPE --seeds 0 --mode {mode}`."
    )
