"""How fast the training loop is."""

import json

from course_utils import results
from course_utils.tables.common import grid


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
