"""The pictures among a notebook's outputs, as files of the website."""

import base64
import hashlib
import html
import io
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_output
from PIL import Image

FOLDER = "figures"  # of the website
NO_TEXT = "a figure without a description"


def stored(notebook: NotebookNode, folder: Path, root: str) -> NotebookNode:
    """The notebook with each picture among its outputs written to `folder`, and shown from there with its alt text.

    root: the way from the notebook's page to the top of the website, such as "..". The browser is told the size, so
    that a page does not jump while its figures arrive. Changes the notebook, and returns it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_shown(output, folder, root) for output in cell.outputs]
    return notebook


def _shown(output: NotebookNode, folder: Path, root: str) -> NotebookNode:
    encoded = output.get("data", {}).get("image/png")
    if encoded is None:
        return output
    content = base64.b64decode(encoded)
    file = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.webp"
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
        picture.save(file, "webp", lossless=True, method=2, quality=25)  # the same pixels in less than half the bytes
    alt = output.get("metadata", {}).get("image/png", {}).get("alt", NO_TEXT)
    image = (
        f'<img class="figure" src="{root}/{FOLDER}/{file.name}" alt="{html.escape(alt)}" '
        f'width="{width}" height="{height}" loading="lazy">'
    )
    return new_output("display_data", data={"text/html": image})
