"""The pages that come from README.md: the front page, and the results. Nothing is written twice."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from course_utils.publish.site.errors import SiteError

FRONT, RESULTS = "index.md", "results.md"
_ROW = re.compile(r"^\| \[(\d\d [^\]]+)\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \| ([^|]+) \|$", re.MULTILINE)


class Lesson(NamedTuple):
    """A row of README's table of notebooks."""

    title: str  # "06 Adversarial autoencoders"
    name: str  # "06_aae"
    question: str
    claims: str
    time: str


def lessons(readme: str) -> list[Lesson]:
    """The rows of the table of notebooks. Raises SiteError if there is none."""
    found = []
    for title, name, asks, time in _ROW.findall(readme):
        question, _, claims = asks.partition(" Claims: ")
        found.append(Lesson(title, name, question, claims, time.strip()))
    if not found:
        raise SiteError(
            "README.md has no table of notebooks with rows such as | [00 ...](notebooks/00_x.ipynb) | ... |"
        )
    return found


def front_page(readme: str, shown: Iterable[str], others: Mapping[str, str], picture: str) -> str:
    """The front page, as MyST Markdown: the README's first words, a card for each lesson in `shown`, how to start.

    others: the other pages of the menu, title and file. picture: Markdown of the picture below the first words.
    """
    shown = set(shown)
    title, _, rest = _section(readme, "# ").partition("\n\n")
    about, _, start = rest.strip().partition("\n\n")
    chosen = [lesson for lesson in lessons(readme) if lesson.name in shown]
    return "\n\n".join(
        [
            title,
            f":::{{container}} lead\n{about}\n:::",
            f":::{{container}} ways\n[Start with the first lesson](notebooks/{chosen[0].name}.ipynb) "
            "[Try it: three models, live in the page](try_it.md)\n:::",
            f":::{{container}} preview\n{picture}\n:::",
            "## The lessons",
            "::::{container} cards\n" + "\n".join(map(_card, chosen)) + "\n::::",
            f"## On your own machine\n\n{start.strip()}",
            _menu("The lessons", [f"notebooks/{lesson.name}" for lesson in chosen]),
            _menu("More", [f"{title} <{page}>" for title, page in others.items()]),
        ]
    )


def results_page(readme: str) -> str:
    """The README's section of results, as a page of its own."""
    return "# Results\n" + re.sub(r"\A## Results", "", _section(readme, "## Results"))


def _section(readme: str, heading: str) -> str:
    """The text from the first line that begins so to the next heading of level 2."""
    match = re.search(rf"^{re.escape(heading)}.*?(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if not match:
        raise SiteError(f"README.md has no part that begins with {heading!r}")
    return match.group().strip()


def _card(lesson: Lesson) -> str:
    claims = f"\n\n{lesson.claims[0].upper()}{lesson.claims[1:]}" if lesson.claims else ""
    return (
        ":::{container} card\n"
        f"[{lesson.title}](notebooks/{lesson.name}.ipynb)\n\n{lesson.question}{claims}\n\n{lesson.time}\n"
        ":::"
    )


def _menu(title: str, pages: Iterable[str]) -> str:
    return f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n:caption: {title}\n\n" + "\n".join(pages) + "\n```"
