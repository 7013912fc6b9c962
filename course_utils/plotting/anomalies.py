"""Figures of anomaly detection (notebook 15): who is judged by what, scores of normal and abnormal images, maps."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils.metrics import auroc
from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, figure

NORMAL = {"color": "0.6"}
ABNORMAL = {"color": CLASS_COLORS[1]}
# name -> its chain of boxes, networks in brackets; the places of the two that are compared; what the score is
_DETECTORS = {
    "autoencoder, VAE, AAE": (["$x$", "[encoder]", "$z$", "[decoder]", "$\\hat{x}$"], (0, 4), "image against image"),
    "AnoGAN": (
        ["$x$", "search", "$z$", "[generator]", "$\\hat{x}$"],
        (0, 4),
        "image against image,\nand features of the discriminator",
    ),
    "GANomaly": (
        ["$x$", "[encoder]", "$z$", "[decoder]", "$\\hat{x}$", "[encoder 2]", "$\\hat{z}$"],
        (2, 6),
        "code against code",
    ),
    "Skip-GANomaly": (
        ["$x$", "[encoder]", "$z$, skips", "[decoder]", "$\\hat{x}$"],
        (0, 4),
        "image against image,\nand features of the discriminator",
    ),
}


_STEP = 1.55  # from the middle of a box to that of the next


def detectors_diagram() -> Figure:
    """One row a detector: the way of an image through its networks (grey), and the two things that it compares."""
    fig, ax = figure(size=(14, 5.4))
    for i, (name, (chain, compared, score)) in enumerate(_DETECTORS.items()):
        y = -1.5 * i
        ax.text(-0.6, y, name, ha="right", va="center", fontsize=13, weight="bold")
        for j, text in enumerate(chain):
            _station(ax, _STEP * j, y, text)
            if j:
                ends = _STEP * (j - 1) + _half_width(chain[j - 1]), _STEP * j - _half_width(text)
                ax.annotate("", (ends[1], y), (ends[0], y), arrowprops=_ARROW)
        left, right = (_STEP * j for j in compared)
        ax.plot([left, left, right, right], [y + 0.38, y + 0.68, y + 0.68, y + 0.38], "--", lw=1.8, color=_COMPARED)
        ax.text(_STEP * 6.4, y, f"score: {score}", ha="left", va="center", fontsize=13, color=_COMPARED)
    ax.set(xlim=(-3.6, 13.6), ylim=(-5.1, 0.9))
    ax.set_axis_off()
    return fig


_COMPARED = CLASS_COLORS[3]
_ARROW = {"arrowstyle": "-|>", "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "color": "black"}


def _station(ax: Axes, x: float, y: float, text: str) -> None:
    network = text.startswith("[")
    look = {"fc": "0.87", "ec": "black"} if network else {"fc": "white", "ec": "0.5"}
    box = {"boxstyle": "round,pad=0.32", **look}
    ax.text(x, y, text.strip("[]"), ha="center", va="center", fontsize=12, bbox=box, zorder=3)


def _half_width(text: str) -> float:
    """About half the width of a box, in the units of the axes."""
    return 0.2 + 0.052 * len(text.strip("[]").replace("$", "").replace("\\hat", "").strip("{}"))


def score_histograms(panels: dict[str, tuple[Tensor, Tensor]], xlabel: str = "anomaly score") -> Figure:
    """One panel a title: the scores (N,) of normal images (grey) and of abnormal ones (hatched), each as a density.

    panels: title to (scores, abnormal), abnormal (N,), bool. The AUROC is written above, after the title. The highest
    half percent of the scores is not shown.
    """
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    fig, axes = figure(rows, columns, size=(4.3, 2.9), squeeze=False)
    for ax, (title, (scores, abnormal)) in zip(axes.flat, panels.items(), strict=False):
        values, strange = scores.detach().cpu().numpy(), abnormal.cpu().numpy()
        bins = np.linspace(min(values.min(), 0), np.quantile(values, 0.995), 31 if len(values) > 500 else 16)
        ax.hist(values[~strange], bins, density=True, label="normal", **NORMAL)
        look = {"histtype": "step", "hatch": "///", "lw": 2, "ec": ABNORMAL["color"]}
        ax.hist(values[strange], bins, density=True, label="abnormal", **look)
        ax.locator_params(axis="x", nbins=5)
        ax.set(title=f"{title}: AUROC {auroc(scores, abnormal):.2f}", xlabel=xlabel, ylabel="density", yticks=[])
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    axes[0, 0].legend(frameon=False, fontsize=11)
    return fig


def score_scatter(panels: dict[str, tuple[Tensor, Tensor, Tensor]], xlabel: str, ylabel: str) -> Figure:
    """One panel a title: a point for each image at (x, score); abnormal ones as crosses.

    panels: title to (x (N,), scores (N,), abnormal (N,), bool).
    """
    fig, axes = figure(1, len(panels), size=(5, 4), squeeze=False)
    for ax, (title, (x, scores, abnormal)) in zip(axes[0], panels.items(), strict=True):
        across, up, strange = x.detach().cpu(), scores.detach().cpu(), abnormal.cpu()
        ax.plot(across[~strange], up[~strange], "o", ms=4, alpha=0.5, mew=0, label="normal", **NORMAL)
        ax.plot(across[strange], up[strange], "x", ms=7, mew=1.8, label="abnormal", **ABNORMAL)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        ax.legend(fontsize=11, framealpha=0.9, loc="upper left")
    return fig


def auroc_table(rows: dict[str, Sequence[float]], columns: Sequence[str], below: int = 0) -> Figure:
    """AUROC in a table, a row a detector, a column a class, and the mean of the row at the right end; NaN stays empty.

    Darker: further above 1/2. Hatched: below 1/2, upside down. The last `below` rows stand apart (the baselines).
    """
    values = np.array(list(rows.values()), dtype=float)
    values = np.hstack([values, np.array([[_mean(row)] for row in values])])
    n, width = values.shape
    places = [i + (0.35 if below and i >= n - below else 0) for i in range(n)]
    fig, ax = figure(size=(0.72 * width + 3.2, 0.48 * n + 1.2))
    for place, row in zip(places, values, strict=True):
        for j, value in enumerate(row):
            _auroc_cell(ax, j + (0.35 if j == width - 1 else 0), place, value)
    ax.set(xlim=(-0.55, width - 0.1), ylim=(places[-1] + 0.55, -0.55), xlabel="class that is abnormal")
    ax.set_xticks([*range(width - 1), width - 0.65], [*columns, "mean"])
    ax.set_yticks(places, rows)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return fig


def _mean(row: np.ndarray) -> float:
    return float("nan") if np.isnan(row).any() else float(row.mean())


def _auroc_cell(ax: Axes, x: float, y: float, value: float) -> None:
    if np.isnan(value):
        ax.text(x, y, "-", ha="center", va="center", color="0.5")
        return
    shade = str(round(1 - 0.85 * max(0.0, 2 * value - 1), 3))
    upside_down = {"hatch": "////", "ec": "0.75"} if value < 0.5 else {"ec": "0.85"}
    ax.add_patch(Rectangle((x - 0.48, y - 0.45), 0.96, 0.9, fc=shade, lw=0.8, **upside_down))
    box = {"bbox": {"fc": "white", "ec": "none", "pad": 1}} if value < 0.5 else {}
    ax.text(x, y, f"{value:.2f}", ha="center", va="center", color="w" if value > 0.78 else "k", fontsize=11, **box)


def paired_gains(gains: dict[str, dict[str, float]], xlabel: str) -> Figure:
    """One line a method: its gain over one opponent on every class, the class's name at its place; mean as a bar."""
    fig, ax = figure(size=(8.6, 0.8 * len(gains) + 1.3))
    for i, by_class in enumerate(gains.values()):
        for j, name in enumerate(sorted(by_class, key=by_class.get)):  # neighbours at four heights: they stay legible
            height = i + (-0.3, 0.1, -0.1, 0.3)[j % 4]
            ax.text(by_class[name], height, name, ha="center", va="center", fontsize=12, zorder=3)
        mean = sum(by_class.values()) / len(by_class)
        ax.plot([mean, mean], [i - 0.42, i + 0.42], lw=6, color=CLASS_COLORS[1], alpha=0.6, zorder=2)
    ax.axvline(0, color="0.35", ls="--", lw=1.4)
    reach = max((abs(g) for by_class in gains.values() for g in by_class.values()), default=0.1)
    ax.set(xlabel=xlabel, xlim=(-1.15 * reach, 1.15 * reach), ylim=(len(gains) - 0.45, -0.55))
    ax.set_yticks(range(len(gains)), gains)
    ax.hlines(range(len(gains)), -2 * reach, 2 * reach, color="0.88", lw=1, zorder=0)
    return fig


def titled_rows(rows: dict[str, Tensor], titles: Sequence[str], size: float = 0.85) -> Figure:
    """Rows of images (N, C, H, W), the name of each row to the left, a title above each of the N columns."""
    fig, axes = figure(len(rows), 1, size=(size * len(titles) + 2.2, 1.08 * size), squeeze=False)
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        _strip(ax, images, name)
    top, width = axes[0, 0], next(iter(rows.values())).shape[-1]
    top.xaxis.tick_top()
    top.set_xticks([(width + 1) * i + width / 2 for i in range(len(titles))], titles, fontsize=12)
    top.tick_params(length=0)
    return fig


def _strip(ax: Axes, images: Tensor, name: str) -> None:
    ax.imshow(tile(images, len(images)), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_ylabel(name, rotation=0, ha="right", va="center")


def maps_and_masks(images: Tensor, masks: Tensor, maps: dict[str, Tensor], size: float = 0.8) -> Figure:
    """Images (N, C, H, W), and below them for each name anomaly maps (N, H, W), framed where the masks (N, H, W) are.

    Brighter: stranger. Each map goes from its own smallest value (black) to its largest (white).
    """
    rows = {"image": images, "true defect": masks[:, None].float(), **{n: _stretched(m) for n, m in maps.items()}}
    fig, axes = figure(len(rows), 1, size=(size * len(images) + 2.2, 1.02 * size), squeeze=False)
    outline = _outline(masks)
    for i, (ax, (name, shown)) in enumerate(zip(axes[:, 0], rows.items(), strict=True)):
        _strip(ax, shown, name)
        if i != 1:
            ax.contour(outline, levels=[0.5], colors=[CLASS_COLORS[1]], linewidths=1.4)
    return fig


def _stretched(maps: Tensor) -> Tensor:
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return ((maps - low) / (high - low).clamp(min=1e-12))[:, None]


def _outline(masks: Tensor) -> np.ndarray:
    """The masks side by side as `tile` places images, (H + 1, N (W + 1)), 0 in the gaps."""
    return torch.cat([torch.nn.functional.pad(m.float(), (0, 1, 0, 1)) for m in masks.cpu()], dim=1).numpy()
