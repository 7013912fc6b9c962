"""The progress bar of all that takes long: tqdm in a terminal, one line that is rewritten in place in a notebook."""

import io
import sys

from tqdm.std import tqdm


class _NotebookBar(tqdm):
    """tqdm's counting and estimates in one notebook output, which ends as a sentence saying what was done.

    tqdm's own notebook bar is a widget: in a saved notebook it stands at 0 % for ever.
    """

    def __init__(self, *args, **kwargs):
        from IPython.display import display

        self._show = display
        self._handle = None
        super().__init__(*args, **kwargs, file=io.StringIO())

    def display(self, msg=None, pos=None):
        self._write(str(self) if msg is None else msg)

    def close(self):
        if self.disable:
            return
        numbers = self.format_dict
        losses = f": {numbers['postfix']}" if numbers["postfix"] else ""
        done = numbers["n"] - numbers["initial"]
        super().close()  # draws the bar once more, so the sentence comes after it
        self._write(f"{done:,} {self.unit}s in {numbers['elapsed']:.0f} s{losses}")

    def _write(self, text: str) -> None:
        content = {"text/plain": text}
        if self._handle is None:
            self._handle = self._show(content, raw=True, display_id=True)
        elif self._handle:
            self._handle.update(content, raw=True)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code; asked without importing anything of Jupyter's."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def progress_bar(first: int, total: int, enabled: bool = True, unit: str = "step") -> tqdm:
    """A bar from step `first` to `total`, with rate, time left and what `set_postfix` is given; `unit` is one step."""
    kind = _NotebookBar if _in_notebook() else tqdm
    return kind(total=total, initial=first, disable=not enabled, unit=unit, mininterval=0.5, leave=True)
