"""How notebooks speak: figures with captions and alt text, sentences with measured numbers, verdicts on claims."""

import io

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_utils import runtime


def show(figure: Figure, caption: str, alt: str) -> None:
    """Show a figure with a caption below; `alt` says what is to be seen, for readers who cannot see it."""
    from IPython.display import Image, Markdown, display

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=100)
    plt.close(figure)
    display(Image(buffer.getvalue(), format="png", alt=alt))
    display(Markdown(f"*{caption}*"))


def say(text: str) -> None:
    """Show a paragraph of Markdown: the way to put a measured number into a sentence."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def verdict(claim: str, holds: bool, if_so: str, if_not: str) -> None:
    """State what the run above says about a claim: `if_so` or `if_not`, whichever was measured.

    In the fast mode trainings are too short to measure anything, and it says so instead.
    """
    if runtime.mode() == "fast":
        say(f"**Claim {claim}: not a measurement** (fast mode trains for seconds, on little data).")
        return
    say(f"**Claim {claim} {'holds here' if holds else 'does not hold here'}.** {if_so if holds else if_not}")
