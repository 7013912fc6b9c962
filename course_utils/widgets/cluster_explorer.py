"""The cluster explorer: a cluster decoded in any style, beside its images of which the model is most and least sure."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.images import tile
from course_utils.plotting.style import STYLE
from course_utils.widgets.pictures import Stage

_PLACES = ((0.01, 0.06, 0.21, 0.76), (0.25, 0.54, 0.74, 0.32), (0.25, 0.04, 0.74, 0.32))


class ClusterExplorer:
    """Draws frames of a model that sorted images x (N, C, H, W) in [0, 1], of the true classes y (N,), into clusters.

    model: anything with ``probabilities(x)`` (B, K) and ``decode(y, z)`` to images. latent_dim: the length of z.
    n: how many images of each end of a cluster are shown.
    """

    def __init__(self, model, x: Tensor, y: Tensor, latent_dim: int, n: int = 12):
        if len(x) != len(y) or not len(x):
            raise ValueError(
                f"each image needs its class, and there must be one: got {len(x)} images, {len(y)} classes"
            )
        self.model = model
        self.x = x
        self.y = y
        self.latent_dim = latent_dim
        self.n = n
        with torch.no_grad():
            q = torch.cat([model.probabilities(part) for part in x.split(1_000)])
        self.n_clusters = q.shape[1]
        self.confidence, self.cluster = q.max(1)
        self._panel: _Panel | None = None

    def members(self, k: int) -> Tensor:
        """The numbers of the images of cluster k, surest first, (n_k,)."""
        mine = (self.cluster == k).nonzero()[:, 0]
        return mine[self.confidence[mine].argsort(descending=True, stable=True)]

    @torch.no_grad()
    def head(self, k: int, style: list[float] | None = None) -> Tensor:
        """Cluster k decoded with this style, z = 0 if none is given, (C, H, W)."""
        z = torch.tensor([style or [0.0] * self.latent_dim], device=self.x.device)
        y = torch.eye(self.n_clusters, device=self.x.device)[k : k + 1]
        return self.model.decode(y, z)[0]

    def frame(self, k: int, style: list[float] | None = None) -> Figure:
        """Left: the decoded cluster. Right: its images, above the surest and below the least sure ones.

        There is one figure, which every call changes: making a new one would take too long for a slider.
        """
        mine = self.members(k)
        shown = [(self.head(k, style)[None], 1)]
        shown += [(self._shown(end), self.n) for end in (mine[: self.n], mine[-self.n :].flip(0))]
        sheets = [tile(images, columns).numpy() for images, columns in shown]
        if self._panel is None:
            self._panel = _Panel(sheets)
        self._panel.update(k, sheets)
        return self._panel.figure

    def png(self, k: int, *style: float) -> bytes:
        """The frame as a PNG."""
        self.frame(k, list(style))
        return self._panel.stage.png()

    def _shown(self, numbers: Tensor) -> Tensor:
        """These images, and white ones up to n, (n, C, H, W): a small cluster has fewer."""
        white = self.x.new_ones(self.n - len(numbers), *self.x.shape[1:])
        return torch.cat([self.x[numbers], white])

    def sentence(self, k: int) -> str:
        """How many images are in cluster k, and which classes they are, in words."""
        mine = self.members(k)
        if not len(mine):
            return f"Cluster {k} is empty: it is the first choice of no image."
        counts = self.y[mine].bincount()
        order = counts.argsort(descending=True, stable=True)[:3]
        said = [f"{100 * counts[c] / len(mine):.0f} % are {int(c)}s" for c in order if counts[c]]
        return (
            f"Cluster {k} holds {len(mine):,} of {len(self.x):,} images: {', '.join(said)}. "
            f"The surest: {int(self.y[mine[0]])}."
        )


class _Panel:
    """The figure of a frame, with three sheets of images like the first ones."""

    def __init__(self, sheets: list[np.ndarray]):
        with plt.rc_context(STYLE | {"figure.constrained_layout.use": False}):  # places by hand
            self.figure = plt.figure(figsize=(9, 2.5))
            axes = [self.figure.add_axes(place) for place in _PLACES]
        self.sheets = [ax.imshow(sheet, cmap="gray", vmin=0, vmax=1) for ax, sheet in zip(axes, sheets, strict=True)]
        head, above, below = axes
        self.head = head.set_title("cluster 0, decoded")
        above.set_title("surest images of it")
        below.set_title("least sure images of it")
        for ax in axes:
            ax.set_axis_off()
        self.stage = Stage(self.figure, [*self.sheets, self.head])

    def update(self, k: int, sheets: list[np.ndarray]) -> None:
        """Show cluster k and other sheets of the same sizes."""
        self.head.set_text(f"cluster {k}, decoded")
        for picture, sheet in zip(self.sheets, sheets, strict=True):
            picture.set_data(sheet)


def cluster_explorer(model, x: Tensor, y: Tensor, latent_dim: int):
    """A slider for the cluster and one for each number of the style (mouse, or Tab and arrow keys). An ipywidgets box.

    Arguments as for `ClusterExplorer`.
    """
    from course_utils.widgets.live import Live, float_slider, int_slider  # slow to import

    explorer = ClusterExplorer(model, x, y, latent_dim)
    cluster = int_slider("cluster", 0, 0, explorer.n_clusters - 1)
    styles = [float_slider(f"z{i + 1}", 0.0, -3.0, 3.0, 0.25) for i in range(latent_dim)]
    return Live(
        [cluster, *styles],
        explorer.png,
        lambda k, *style: f"{explorer.sentence(k)} Decoded with z = ({', '.join(f'{z:.2f}' for z in style)}).",
    )
