"""The cluster explorer: a cluster decoded in any style, beside its images of which the model is most and least sure."""

import io

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.images import _tile
from course_utils.plotting.style import STYLE

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
        """Left: the decoded cluster. Right: its images, above the surest and below the least sure ones."""
        mine = self.members(k)
        ends = {"surest": mine[: self.n], "least sure": mine[-self.n :].flip(0)}
        with plt.rc_context(STYLE | {"figure.constrained_layout.use": False}):  # places by hand: much faster
            fig = plt.figure(figsize=(9, 2.5))
            axes = [fig.add_axes(place) for place in _PLACES]
        sheets = {f"cluster {k}, decoded": _tile(self.head(k, style)[None], 1)}
        for name, numbers in ends.items():
            sheets[f"{name} images of it"] = _tile(self._shown(numbers), self.n)
        for ax, (title, sheet) in zip(axes, sheets.items(), strict=True):
            ax.imshow(sheet.numpy(), cmap="gray", vmin=0, vmax=1)
            ax.set_title(title)
            ax.set_axis_off()
        return fig

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


def cluster_explorer(model, x: Tensor, y: Tensor, latent_dim: int):
    """A slider for the cluster and one for each number of the style (mouse, or Tab and arrow keys). An ipywidgets box.

    Arguments as for `ClusterExplorer`.
    """
    import ipywidgets  # slow to import

    explorer = ClusterExplorer(model, x, y, latent_dim)
    wide = ipywidgets.Layout(width="500px")
    cluster = ipywidgets.IntSlider(value=0, min=0, max=explorer.n_clusters - 1, description="cluster", layout=wide)
    styles = [
        ipywidgets.FloatSlider(value=0.0, min=-3.0, max=3.0, step=0.25, description=f"z{i + 1}", layout=wide)
        for i in range(latent_dim)
    ]
    picture = ipywidgets.Image(format="png")
    words = ipywidgets.HTML()

    def update(_change=None) -> None:
        picture.value = _png(explorer.frame(cluster.value, [slider.value for slider in styles]))
        words.value = explorer.sentence(cluster.value)

    for slider in (cluster, *styles):
        slider.observe(update, names="value")
    update()
    return ipywidgets.VBox([cluster, *styles, picture, words])


def _png(fig: Figure) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=80)
    plt.close(fig)
    return buffer.getvalue()
