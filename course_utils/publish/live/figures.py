"""The live figures: their place in the lessons, and the page of the website that has all of them."""

import io
from collections.abc import Sequence
from pathlib import Path
from shutil import copy
from typing import NamedTuple

import numpy as np
from PIL import Image

from course_utils import pretrained
from course_utils.publish.live import models

HERE = Path(__file__).resolve().parent
FOLDER = "live"  # of the website
PAGE = "try_it.md"
COMMON = ("decoder.js", "picture.js")
STYLE = "live.css"
PREVIEW = "preview.png"
PREVIEW_ALT = (
    "Rows of digits drawn by a decoder: from left to right and from row to row each changes a little into the next."
)
PAPER = np.array([14, 23, 38])  # behind white ink, as in picture.js
LESSONS = {
    "plane": ("07_three_posteriors", "07 · Three posteriors"),
    "mixer": ("09_style_and_content", "09 · Style and content"),
    "roll": ("08_imposed_priors", "08 · Imposed priors"),
}


class Place(NamedTuple):
    """A live figure's place in a lesson: below the first code cell that holds the words `after`."""

    figure: str
    after: str
    introduction: str


IN_LESSONS = {
    "06_aae": Place(
        "plane", "latent_explorer(", "**Live, in this page:** the plane of another AAE with the same prior and method."
    ),
    "08_imposed_priors": Place("roll", "part_walker(roll", "**Live, in this page:** the same model, along its roll."),
    "09_style_and_content": Place(
        "mixer", "style_knobs(", "**Live, in this page:** the same model; its styles are drawn from the prior."
    ),
}
_PARTS = {
    "plane": (
        "A plane of digits",
        "Two numbers are all that the decoder gets. Every point of the plane is such a pair, and an image: the map "
        "shows 441 of them, drawn by the decoder. Drag over it, and go where the digits change.",
    ),
    "mixer": (
        "One handwriting, ten digits",
        "This decoder is told *which* digit to draw, and gets fifteen numbers for *how*. All ten digits below share "
        "the same fifteen numbers.",
    ),
    "roll": (
        "Along the swiss roll",
        "Here labels decided where each digit has to live: the 0s at the inner end of a spiral, the 9s at the outer "
        "one.",
    ),
}


def page() -> str:
    """The page with all live figures, as MyST Markdown; its links are those of a file at the top of the repository."""
    parts = [f"## {title}\n\n{text}\n\n{_figure(name)}" for name, (title, text) in _PARTS.items()]
    return "\n\n".join(
        [
            "# Try it",
            "Three trained decoders of this course, running in your browser: each image is computed here, at the "
            "moment you ask for it. Nothing is sent anywhere, and nothing was drawn beforehand.",
            *parts,
            _raw(scripts(list(_PARTS), "")),
        ]
    )


def in_lesson(name: str) -> tuple[str, str] | None:
    """For a lesson with a live figure: words of the cell that it follows, and its Markdown (links as for `page`)."""
    if name not in IN_LESSONS:
        return None
    figure, after, introduction = IN_LESSONS[name]
    return after, "\n\n".join([introduction, _figure(figure), _raw(scripts([figure], "../"))])


def write(folder: Path) -> None:
    """Write all that the figures load. Raises CheckpointError if shipped weights are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*COMMON, STYLE, *(f"{figure}.js" for figure in models.FIGURES)):
        copy(HERE / name, folder)
    for figure in models.FIGURES:
        (folder / f"{figure}_model.js").write_text(models.script(figure), encoding="utf-8")


def html(figure: str) -> str:
    """The controls and canvases of a figure."""
    return (HERE / f"{figure}.html").read_text(encoding="utf-8")


def scripts(figures: Sequence[str], root: str) -> str:
    """The tags that load what these figures need; root: the way to the top of the website, "" or such as "../"."""
    files = [*COMMON, *(f"{figure}{kind}.js" for figure in figures for kind in ("_model", ""))]
    tags = [f'<script src="{root}{FOLDER}/{file}" defer></script>' for file in files]
    return "\n".join([f'<link rel="stylesheet" href="{root}{FOLDER}/{STYLE}">', *tags])


def preview() -> bytes:
    """A picture that leads to the page: a band from the plane of digits, as a PNG."""
    pixels = models.band(rows=7, columns=24)
    content = io.BytesIO()
    Image.fromarray((PAPER + pixels[..., None] * (255 - PAPER)).astype(np.uint8)).save(content, "png", optimize=True)
    return content.getvalue()


def _figure(name: str) -> str:
    return f"{_raw(html(name))}\n\n{_caption(name)}"


def _caption(figure: str) -> str:
    """Which model this is, from its card."""
    recipe, _ = models.FIGURES[figure]
    card, (lesson, title) = pretrained.card(recipe), LESSONS[figure]
    data = {"mnist": "MNIST"}.get(card["data"], card["data"])
    trained = f"{card['epochs']} epochs of {data}, {card['training_seconds']:.0f} seconds ({card['hardware']})"
    return (
        ":::{container} live-caption\n"
        f"The decoder of `{recipe}`, from lesson [{title}](notebooks/{lesson}.ipynb), trained for {trained}. "
        "The page computes with the weights that the course ships, unrounded.\n:::"
    )


def _raw(text: str) -> str:
    """HTML as MyST passes it on unread."""
    return f"````{{raw}} html\n{text}\n````"
