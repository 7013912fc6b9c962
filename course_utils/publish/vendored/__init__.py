"""Where the copied files are: see README.md beside this file."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MATHJAX = FOLDER / "mathjax" / "tex-svg.js"
REVEAL = FOLDER / "reveal" / "reveal.js"
REVEAL_STYLE = FOLDER / "reveal" / "reveal.css"
REVEAL_NOTES = FOLDER / "reveal" / "notes.js"
