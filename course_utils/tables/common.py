"""What several tables need."""

from collections.abc import Sequence

from course_utils import results


def grid(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (headings, ["---"] * len(headings), *lines)]


def summary(recipe: str, number: str, mode: str, digits: int) -> str:
    found = results.values(recipe, number, mode)
    if len(found) > 1 and len(set(found)) == 1:  # a constant, or a count: a standard deviation would say nothing
        return f"{found[0]:.{digits}g} (all {len(found)})"
    return results.summary(recipe, number, mode, digits)


def distinct(stored: Sequence[dict], key: str) -> str:
    return " and ".join(sorted({str(result[key]) for result in stored}))
