"""Figures of a training."""

import numpy as np
from matplotlib.figure import Figure

from course_utils.plotting.style import CLASS_COLORS, DASHES, figure
from course_utils.training import History


def loss_curves(history: History, reference: dict[str, float] | None = None, window: int = 50) -> Figure:
    """One panel for each logged loss against the step, averaged over `window` steps.

    reference: name of a loss to a value to mark with a dashed line (such as 2 log 2 for a discriminator).
    """
    fig, axes = figure(1, len(history.losses), squeeze=False)
    for i, (ax, (name, values)) in enumerate(zip(axes[0], history.losses.items(), strict=True)):
        k = max(1, min(window, len(values)))
        smooth = np.convolve(values, np.ones(k) / k, mode="valid")
        ax.plot(np.arange(len(smooth)) + k, smooth, DASHES[0], color=CLASS_COLORS[i], lw=2)
        if reference and name in reference:
            ax.axhline(reference[name], ls=DASHES[1], color="0.3", lw=1.5)
            ax.annotate(
                f"{reference[name]:.3f}",
                (1, reference[name]),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
            )
        ax.set(xlabel="step", ylabel=f"{name} loss")
        ax.locator_params(axis="x", nbins=4)  # five-digit steps must not touch each other
    return fig
