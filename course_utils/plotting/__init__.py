"""Figures. Every function returns a matplotlib Figure with labelled axes; `notebook.show` adds caption and alt text."""

from course_utils.plotting.codes import code_scatter, decoded_grid
from course_utils.plotting.images import image_grid, image_rows
from course_utils.plotting.style import CLASS_COLORS, figure
from course_utils.plotting.training import loss_curves

__all__ = [
    "CLASS_COLORS",
    "code_scatter",
    "decoded_grid",
    "figure",
    "image_grid",
    "image_rows",
    "loss_curves",
]
