"""The tables of README.md, drawn from the stored results, one file a kind."""

import re
from collections.abc import Callable
from pathlib import Path

from course_utils.tables.aae_paper import aae_paper
from course_utils.tables.anomalies import anomalies
from course_utils.tables.attributes import attributes
from course_utils.tables.benchmark import benchmark, growth, widgets
from course_utils.tables.common import grid
from course_utils.tables.comparison import Comparison
from course_utils.tables.comparisons import COMPARISONS
from course_utils.tables.gallery import gallery
from course_utils.tables.semi_supervised import PAPER_ERRORS, semi_supervised

__all__ = [
    "PAPER_ERRORS",
    "TABLES",
    "Comparison",
    "aae_paper",
    "anomalies",
    "attributes",
    "benchmark",
    "gallery",
    "grid",
    "growth",
    "rewrite",
    "rewritten",
    "semi_supervised",
    "widgets",
]

TABLES: dict[str, Callable[[], str]] = {
    "aae-paper": aae_paper,
    **{name: comparison.markdown for name, comparison in COMPARISONS.items()},
    "semi-supervised": semi_supervised,
    "attributes": attributes,
    "anomalies": anomalies,
    "gallery": gallery,
    "benchmark": benchmark,
    "growth": growth,
    "widgets": widgets,
}


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
