"""Figures of BigGAN (notebook 17): samples class by class, and what truncation trades."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import CLASS_COLORS, DASHES, figure


def class_sheets(sheets: dict[str, Tensor]) -> Figure:
    """Side by side, for each title images (K, S, C, H, W): a class a row, S samples of it in the row."""
    n_rows, n_columns = next(iter(sheets.values())).shape[:2]
    fig, axes = figure(1, len(sheets), size=(0.47 * n_columns + 0.4, 0.47 * n_rows + 0.4), squeeze=False)
    for ax, (title, images) in zip(axes[0], sheets.items(), strict=True):
        height = images.shape[3] + 1
        ax.imshow(tile(images.flatten(0, 1), n_columns), cmap="gray", vmin=0, vmax=1)
        ax.set(title=title, xticks=[], yticks=[height * (k + 0.5) for k in range(n_rows)])
        ax.set_yticklabels(range(n_rows))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("class asked for")
    return fig


def trade_off_curves(
    panels: dict[str, dict[str, Sequence[tuple[str, float, float]]]], xlabel: str, named: str
) -> Figure:
    """Panels over one x, {y label: {model: its points (name, x, y), in order}}: a line through the points of each.

    named: the model beside whose points their names are written. A model has the same look in all panels.
    """
    fig, axes = figure(1, len(panels), size=(5.4, 4.2), squeeze=False)
    for ax, (ylabel, curves) in zip(axes[0], panels.items(), strict=True):
        for i, (model, points) in enumerate(curves.items()):
            names, x, y = zip(*points, strict=True)
            look = {"color": CLASS_COLORS[i], "ls": DASHES[i % 4], "marker": "os^D"[i % 4]}
            ax.plot(x, y, lw=2, ms=9, mec="black", mew=0.6, label=model, **look)
            for name, *place in zip(names, x, y, strict=True) if model == named else ():
                ax.annotate(name, place, xytext=(0, -18), textcoords="offset points", ha="center", fontsize=12)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.margins(0.16)
    axes[0, 0].legend(frameon=False)
    return fig
