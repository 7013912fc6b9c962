"""The look of all figures: large type for projectors, colours that colour-blind eyes and greyscale print tell apart."""

import matplotlib.pyplot as plt
import seaborn as sns

# Ten classes; figures with classes also write the digit, so that no reader depends on colour alone.
CLASS_COLORS = sns.color_palette("colorblind", 10)
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "figure.constrained_layout.use": True,
}
# line styles to cycle with the colours, for greyscale print
DASHES = ["-", "--", ":", "-."]


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] = (4.5, 3.6), **options):
    """(Figure, axes) in the course's style; `size` is that of one panel, in inches."""
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(rows, columns, figsize=(size[0] * columns, size[1] * rows), **options)
    return fig, axes
