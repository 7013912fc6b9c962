"""Recipes beside each other, by what is stored of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils import results
from course_utils.tables.common import distinct, grid, summary


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
            summary(recipe, number, self.mode, digits) if number in measured else "–"
            for _, number, digits in self.columns
        ]

    def _footnote(self) -> str:
        stored = [result for _, recipe in self.rows for result in results.load(recipe, self.mode)]
        seeds = sorted({result["seed"] for result in stored}) or [0, 1, 2]
        again = f"python -m course_utils train RECIPE --seeds {' '.join(map(str, seeds))} --mode {self.mode}"
        known = [f"{kind}: {distinct(stored, key)}" for kind, key in (("data", "data"), ("hardware", "hardware"))]
        return (
            f"Mean ± standard deviation over n seeds, mode `{self.mode}`{', ' if stored else ''}"
            f"{', '.join(known) if stored else ''}. A row again: delete `data/results/RECIPE`, then `{again}`."
        )
