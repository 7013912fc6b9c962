"""Where the copied files are: see README.md beside this file."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MATHJAX = FOLDER / "mathjax" / "tex-svg.js"
