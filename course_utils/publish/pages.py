"""A notebook as it can be shown on a page that has no kernel."""

import copy

from nbformat import NotebookNode
from nbformat.v4 import new_output

WIDGET = "application/vnd.jupyter.widget-view+json"
NO_STILL = "*Here is an interactive figure: open the notebook to move it.*"


def still(notebook: NotebookNode) -> NotebookNode:
    """A copy in which every widget has given way to the picture stored with it, or else to a line that says so."""
    page = copy.deepcopy(notebook)
    page.metadata.pop("widgets", None)
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.outputs = [_still_output(output) for output in cell.outputs]
    return page


def _still_output(output: NotebookNode) -> NotebookNode:
    data = output.get("data", {})
    if WIDGET not in data:
        return output
    if "image/png" in data:
        kept = {"image/png": data["image/png"]}
        return new_output("display_data", data=kept, metadata={"image/png": output.metadata.get("image/png", {})})
    return new_output("display_data", data={"text/markdown": data.get("text/markdown", NO_STILL)})
