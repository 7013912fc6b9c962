"""Figures of points in the plane and of the game that is played over them (notebook 02)."""

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting.style import CLASS_COLORS, DASHES, figure

EXTENT = 3.0
Lines = dict[str, tuple[Tensor, Tensor]]


def gan_diagram() -> Figure:
    """Noise through the generator, data and samples through the discriminator, and the two losses."""
    fig, ax = figure(size=(10.5, 3.2))
    box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": "black"}
    network = {**box, "fc": "0.88"}
    stations = [
        (0.3, 1, "$z$\nnoise", box),
        (2.3, 1, "generator\n$G$", network),
        (4.7, 1, "$x_{fake} = G(z)$\nsamples", box),
        (4.7, 2.5, "$x$\ndata", box),
        (7.2, 1.75, "discriminator\n$D$", network),
        (9.7, 1.75, "$D(x)$: probability\nof “real”", box),
    ]
    for x, y, text, style in stations:
        ax.text(x, y, text, ha="center", va="center", bbox=style, zorder=3)
    forward = {"arrowstyle": "-|>", "lw": 1.8, "color": "black"}
    for start, end in [
        ((0.75, 1), (1.6, 1)),
        ((2.95, 1), (3.8, 1)),
        ((5.6, 1), (6.4, 1.6)),
        ((5.05, 2.5), (6.4, 1.9)),
        ((7.95, 1.75), (8.6, 1.75)),
    ]:
        ax.annotate("", end, start, arrowprops=forward)
    back = {**forward, "ls": "--", "color": CLASS_COLORS[3], "connectionstyle": "arc3,rad=-0.25"}
    ax.annotate("", (2.3, 0.55), (7.2, 1.3), arrowprops=back)
    ax.text(5.2, -0.35, "what the generator learns from: gradients through $D$", ha="center", style="italic")
    ax.set(xlim=(-0.6, 10.9), ylim=(-0.6, 3.1))
    ax.set_axis_off()
    return fig


def point_panels(panels: dict[str, Tensor], data: Tensor | None = None, extent: float = EXTENT) -> Figure:
    """One panel for each title: points (N, 2), over the data (M, 2) as grey crosses where given."""
    fig, axes = figure(1, len(panels), size=(3.6, 3.8), squeeze=False)
    for ax, (title, x) in zip(axes[0], panels.items(), strict=True):
        if data is not None:
            _draw_data(ax, data)
        ax.scatter(*x.detach().cpu().T, s=6, alpha=0.5, color=CLASS_COLORS[0], linewidths=0, rasterized=True)
        _plane(ax, extent, title)
    return fig


def coloured_points(panels: dict[str, Tensor], values: Tensor, label: str, extent: float = EXTENT) -> Figure:
    """One panel for each title: points (N, 2), the i-th shaded by ``values[i]`` in all panels alike."""
    fig, axes = figure(1, len(panels), size=(3.7, 3.8), squeeze=False)
    for ax, (title, x) in zip(axes[0], panels.items(), strict=True):
        drawn = ax.scatter(*x.detach().cpu().T, s=8, c=values.cpu(), cmap="viridis", linewidths=0, rasterized=True)
        _plane(ax, extent, title)
    fig.colorbar(drawn, ax=axes[0].tolist(), label=label)
    return fig


def line_panels(
    panels: dict[str, Lines],
    xlabel: str,
    ylabel: str,
    unsure: dict[str, tuple[Tensor, Tensor]] | None = None,
    log: str = "",
    **limits,
) -> Figure:
    """One panel for each title, with lines {name: (x (N,), y (N,))} told apart by dashes as well as colour.

    unsure: title to (x, mask): where the mask is true the panel is shaded. log: axes with a logarithmic scale, any of
    ``"x"``, ``"y"``, ``"xy"``. limits: `xlim`, `ylim` for all panels.
    """
    fig, axes = figure(1, len(panels), size=(4.0, 3.6), squeeze=False, sharey=True)
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for i, (name, (x, y)) in enumerate(lines.items()):
            ax.plot(x, y, DASHES[i % 4], color=CLASS_COLORS[i], lw=2.2, label=name)
        if unsure:
            x, mask = unsure[title]
            ax.fill_between(x, 0, 1, where=mask, transform=ax.get_xaxis_transform(), color="0.9", linewidth=0)
        ax.set(xlabel=xlabel, title=title, **limits)
        ax.set(**{f"{axis}scale": "log" for axis in log})
    axes[0, 0].set_ylabel(ylabel)
    axes[0, -1].legend(frameon=False, fontsize=10)
    return fig


def measured_against(points: Lines, xlabel: str, ylabel: str, log: str = "") -> Figure:
    """Named sets of points (x (N,), y (N,)), each with a marker of its own; `log` as in `line_panels`."""
    fig, ax = figure(size=(5.2, 4))
    for i, (name, (x, y)) in enumerate(points.items()):
        ax.scatter(x, y, s=36, marker="o^sDvP"[i % 6], color=CLASS_COLORS[i], edgecolor="black", lw=0.4, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, **{f"{axis}scale": "log" for axis in log})
    ax.legend(frameon=False, fontsize=10)
    return fig


class GamePanel:
    """One moment of a GAN in the plane, drawn into a panel: `update` changes what is drawn, and is fast.

    D as shades (white: fake, dark: real), data as grey crosses, samples as dots, and for some samples the way in which
    a small step would lower the generator's loss, as arrows. The moments are those of `training_player.observe`.
    """

    def __init__(self, ax: Axes, moment: dict[str, Tensor], data: Tensor, extent: float = EXTENT):
        moment = {name: value.numpy() for name, value in moment.items()}
        corners = (-extent, extent, -extent, extent)
        self.surface = ax.imshow(
            moment["probability"], cmap="Oranges", vmin=0, vmax=1.3, extent=corners, origin="lower", aspect="equal"
        )
        crosses = _draw_data(ax, data)
        self.dots = ax.scatter(*moment["samples"].T, s=9, color=CLASS_COLORS[0], edgecolor="white", linewidths=0.2)
        arrows = {"angles": "xy", "scale_units": "xy", "scale": 2, "width": 0.008, "color": "black"}
        self.arrows = ax.quiver(*moment["arrow_from"].T, *moment["arrow"].T, **arrows)
        self.artists = [self.surface, crosses, self.dots, self.arrows]  # from back to front
        _plane(ax, extent)

    def update(self, moment: dict[str, Tensor]) -> None:
        """Show another moment."""
        moment = {name: value.numpy() for name, value in moment.items()}
        self.surface.set_data(moment["probability"])
        self.dots.set_offsets(moment["samples"])
        self.arrows.set_offsets(moment["arrow_from"])
        self.arrows.set_UVC(*moment["arrow"].T)


def game_strip(moments: list[tuple[int, dict[str, Tensor]]], data: Tensor, columns: int = 3) -> Figure:
    """(step, moment) pairs side by side, each drawn as in `GamePanel`."""
    rows = -(-len(moments) // columns)
    fig, axes = figure(rows, columns, size=(3.5, 3.7), squeeze=False)
    for ax in axes.flat[len(moments) :]:
        ax.set_axis_off()
    for ax, (step, moment) in zip(axes.flat, moments, strict=False):
        GamePanel(ax, moment, data)
        ax.set_title(f"step {step:,}")
    return fig


def _draw_data(ax: Axes, data: Tensor) -> PathCollection:
    return ax.scatter(*data.cpu().T, s=12, marker="x", color="0.45", linewidths=0.8, rasterized=True)


def _plane(ax: Axes, extent: float, title: str = "") -> None:
    limits = (-extent, extent)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=limits, ylim=limits, aspect="equal", title=title)
