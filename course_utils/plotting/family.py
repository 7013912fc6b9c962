"""Figures of the whole family (notebook 16): what can be computed of each model, and where its numbers put it."""

import textwrap
from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from torch import Tensor

from course_utils.plotting.gans import HATCHES
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

MARK = 19  # points, of a mark with a number in it
# by the word that a model's name holds, the first that fits: marker, colour
LOOKS = {
    "VAE/GAN": ("D", CLASS_COLORS[4]),
    "AAE": ("^", CLASS_COLORS[2]),
    "VAE": ("o", CLASS_COLORS[0]),
    "GAN": ("s", CLASS_COLORS[1]),
    "": ("h", CLASS_COLORS[7]),
}
_TREE = {
    "all": (0.5, 3.0, "models of the course"),
    "generative": (0.42, 2.0, "draws samples"),
    "explicit": (0.26, 1.0, "has a density\nthat can be reached"),
    "explicit density, tractable": (0.1, 0.0, "explicit, tractable:\nlog p(x) itself"),
    "explicit density, approximate": (0.36, 0.0, "explicit, approximate:\na bound of log p(x)"),
    "implicit density": (0.64, 0.0, "implicit:\nsamples, no density"),
    "no generative model": (0.9, 0.0, "no generative\nmodel"),
}
_BRANCHES = [
    ("all", "generative"),
    ("all", "no generative model"),
    ("generative", "explicit"),
    ("generative", "implicit density"),
    ("explicit", "explicit density, tractable"),
    ("explicit", "explicit density, approximate"),
]


def _look(name: str) -> tuple[str, tuple]:
    return next(look for word, look in LOOKS.items() if word in name)


def taxonomy_tree(leaves: dict[str, Sequence[str]]) -> Figure:
    """The tree of Goodfellow's taxonomy; below each of its four ends the models that are there.

    leaves: place, as `taxonomy.kind` names it, to names. Raises ValueError for a place that the tree does not have.
    """
    if unknown := set(leaves) - {name for name, (_, y, _) in _TREE.items() if y == 0}:
        raise ValueError(f"the tree has no place {sorted(unknown)}")
    longest = max(map(len, leaves.values()), default=0)
    fig, ax = figure(size=(12, 3.6 + 0.25 * longest))
    for start, end in _BRANCHES:
        ax.plot(*zip(_TREE[start][:2], _TREE[end][:2], strict=True), color="0.4", lw=1.6, zorder=1)
    for name, (x, y, text) in _TREE.items():
        box = {"boxstyle": "round,pad=0.4", "ec": "black", "fc": "0.88" if y == 0 else "white"}
        ax.text(x, y, text, ha="center", va="center", fontsize=13, bbox=box, zorder=2)
        if y == 0:
            below = "\n".join(leaves.get(name, ())) or "none"
            ax.text(x, -0.55, below, ha="center", va="top", fontsize=11, linespacing=1.35)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.75 - 0.245 * longest, 3.4))
    ax.set_axis_off()
    return fig


def image_sheet(panels: dict[str, Tensor], across: int = 6, columns: int = 4) -> Figure:
    """Small grids of images (N, C, H, W), `across` images wide, each with its name above, `columns` of them a row."""
    rows = -(-len(panels) // columns)
    down = max(-(-len(images) // across) for images in panels.values())
    fig, axes = figure(rows, columns, size=(0.52 * across, 0.52 * down + 0.45), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, images) in zip(axes.flat, panels.items(), strict=False):
        ax.imshow(tile(images, across), cmap="gray", vmin=0, vmax=1)
        ax.set_title(name)
    return fig


def rank_table(columns: dict[str, dict[str, tuple[str, float]]], rows: Sequence[str]) -> Figure:
    """Models as rows, criteria as columns; a cell shows its text, the darker the better its rank in the column.

    columns: heading to {model: (text, rank from 1)}. The first rank is framed. A model that is absent from a column
    has a hatched cell: it has no such number.
    """
    fig, ax = figure(size=(1.18 * len(columns) + 2.6, 0.42 * len(rows) + 1.4))
    for i, cells in enumerate(columns.values()):
        worst = max((rank for _, rank in cells.values()), default=1.0)
        for j, name in enumerate(rows):
            text, rank = cells.get(name, ("", worst))
            dark = 0.75 * (worst - rank) / max(worst - 1, 1)
            look = {"fc": str(1 - dark)} if name in cells else {"fc": "white", "hatch": "///"}
            ax.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, ec="0.75", lw=0.8, **look))
            ax.text(i, j, text, ha="center", va="center", fontsize=10, color="w" if dark > 0.55 else "k")
        for j, name in enumerate(rows):
            if name in cells and cells[name][1] == 1:
                ax.add_patch(Rectangle((i - 0.47, j - 0.45), 0.94, 0.9, fill=False, ec="black", lw=2.4, zorder=3))
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.set_xticks(range(len(columns)), [textwrap.fill(heading, 13) for heading in columns])
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    return fig


def numbers_against(
    points: dict[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
    marked: Sequence[str] = (),
    log: str = "",
) -> Figure:
    """Each model at the mean of its runs (x, y), with a line from the lowest run to the highest each way.

    Models are numbered; the list beside the axes says which is which. `marked` ones have a thick black edge and a
    star in the list. Kinds of model have markers of their own. Where marks would hide each other, they step aside, and
    a line leads to the place. log: axes with a logarithmic scale, "x", "y" or "xy".
    """
    fig, (ax, key) = figure(1, 2, size=(4.9, 5), width_ratios=[2.4, 1])
    places = {name: (fmean(x), fmean(y)) for name, (x, y) in points.items()}
    for name, (x, y) in points.items():
        _cross(ax, x, y, _look(name)[1])
    ax.set(xlabel=xlabel, ylabel=ylabel, **{f"{axis}scale": "log" for axis in log})
    for i, (name, (place, aside)) in enumerate(_with_room(ax, places).items(), 1):
        marker, color = _look(name)
        edge = {"mec": "black", "mew": 2.6 if name in marked else 0.6}
        pale = [1 - 0.45 * (1 - c) for c in color]
        if aside != place:
            ax.plot(*zip(place, aside, strict=True), color="black", lw=0.8, marker=".", markevery=[0], zorder=2)
        ax.plot(*aside, marker, ms=MARK, color=pale, label=name, zorder=3 + i, **edge)
        ax.text(*aside, str(i), ha="center", va="center", fontsize=10, zorder=3.5 + i)
        height = 1 - (i - 0.5) / max(len(points), 12)
        key.plot(0.04, height, marker, ms=10, color=pale, **edge)
        key.text(0.12, height, f"{i}  {name}{' *' if name in marked else ''}", va="center", fontsize=10.5)
    key.set(xlim=(0, 1), ylim=(0, 1))
    key.set_axis_off()
    for axis in (a for a, name in ((ax.xaxis, "x"), (ax.yaxis, "y")) if name in log):
        axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))  # plain numbers, not powers of ten
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    return fig


Place = tuple[float, float]


def _with_room(ax: Axes, places: dict[str, Place]) -> dict[str, tuple[Place, Place]]:
    """For each name its place, and where its mark has room: there, or aside where marks would hide each other."""
    if not places:
        return {}
    ax.plot(*zip(*places.values(), strict=True), linestyle="none")  # the axes take in all places, and then stay
    ax.figure.draw_without_rendering()
    on_screen = ax.transData.transform(list(places.values()))
    apart = _apart(on_screen, gap=MARK * ax.figure.dpi / 72)
    moved = np.abs(apart - on_screen).max(1) > 1  # pixel
    found = ax.transData.inverted().transform(apart)
    return {
        name: (place, tuple(found[i].tolist()) if moved[i] else place) for i, (name, place) in enumerate(places.items())
    }


def _apart(places: np.ndarray, gap: float, rounds: int = 300) -> np.ndarray:
    """Places (n, 2), pushed apart a little in each round until no two are nearer than `gap`."""
    apart = places + 1e-3 * np.arange(places.size).reshape(-1, 2)  # two at one place must know where to go
    for _ in range(rounds):
        away = apart[:, None] - apart
        distance = np.hypot(*away.T).T + gap * np.eye(len(places))
        if distance.min() >= 0.99 * gap:
            break
        push = (np.clip(gap - distance, 0, None) / distance)[..., None] * away
        apart = apart + 0.3 * push.sum(1)
    return apart


def _cross(ax: Axes, x: Sequence[float], y: Sequence[float], color) -> None:
    """Lines from the lowest to the highest run, each way."""
    ax.plot([min(x), max(x)], [fmean(y)] * 2, color=color, lw=2, zorder=1)
    ax.plot([fmean(x)] * 2, [min(y), max(y)], color=color, lw=2, zorder=1)


def rank_lines(ranks: dict[str, dict[str, float]], ylabel: str = "rank (1 is best)") -> Figure:
    """One column a measure: a line a model, at its rank in each; names at both ends.

    ranks: measure to {model: rank}; all have the same models. Ranks that are equal share a place.
    """
    measures, names = list(ranks), list(next(iter(ranks.values())))
    fig, ax = figure(size=(2.3 * len(measures) + 3.5, 0.36 * len(names) + 1.2))
    for i, name in enumerate(names):
        marker, color = _look(name)
        heights = [ranks[measure][name] for measure in measures]
        ax.plot(heights, DASHES[i % 4], marker=marker, color=color, ms=10, lw=2, mec="black", mew=0.6, label=name)
        ax.text(-0.08, heights[0], name, ha="right", va="center", fontsize=10.5)
        ax.text(len(measures) - 0.92, heights[-1], name, va="center", fontsize=10.5)
    ax.set_xticks(range(len(measures)), measures)
    ax.set_yticks([])
    ax.set(xlim=(-0.9, len(measures) - 0.1), ylim=(len(names) + 0.6, 0.4), ylabel=ylabel)
    ax.spines[:].set_visible(False)
    return fig


def ranked_models(
    ranked: Sequence[tuple[str, Sequence[float], bool]], out: dict[str, str], xlabel: str, called: Callable = str
) -> Figure:
    """The models that remain, the best at the top, each run as a mark and the mean as a bar; below, why others are out.

    ranked: (name, values of the runs, whether clearly worse than the first: then the bar is pale). called: what to
    write for a name.
    """
    fig, ax = figure(size=(10, 0.38 * (len(ranked) + len(out)) + 1))
    for i, (name, values, worse) in enumerate(ranked):
        _, color = _look(called(name))
        ax.barh(
            i, fmean(values), 0.62, color=color, alpha=0.35 if worse else 0.9, ec="black", hatch="" if worse else "//"
        )
        ax.plot(values, [i] * len(values), "o", color="white", mec="black", ms=6)
    names = [called(name) for name, _, _ in ranked] + [called(name) for name in out]
    left = ax.get_xlim()[0] if ranked else 0.0
    for i, reason in enumerate(out.values(), len(ranked)):
        ax.text(left, i, f"  out: {reason}", va="center", ha="left", fontsize=10.5)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel=xlabel, ylim=(len(names) - 0.4, -0.6))
    return fig


def stacked_parts(rows: dict[str, dict[str, float]], parts: Sequence[str], xlabel: str) -> Figure:
    """A bar for each name, made of its `parts`; a part that a name does not have is left out. The first at the top."""
    fig, ax = figure(size=(9.5, 0.33 * len(rows) + 1.3))
    ends = dict.fromkeys(rows, 0.0)
    for i, part in enumerate(parts):
        look = {"color": str(0.4 + 0.55 * i / max(len(parts) - 1, 1)), "hatch": HATCHES[i % 4], "ec": "black"}
        having = {name: row[part] for name, row in rows.items() if row.get(part)}
        places = [list(rows).index(name) for name in having]
        ax.barh(places, list(having.values()), 0.74, left=[ends[n] for n in having], lw=0.7, label=part, **look)
        ends |= {name: ends[name] + size for name, size in having.items()}
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.4, -0.6))
    ax.legend(frameon=False, ncols=len(parts), loc="lower left", bbox_to_anchor=(0, 1))
    return fig
