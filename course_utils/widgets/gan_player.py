"""The GAN player: a GAN in the plane that is trained while one watches, and whose learning rates can be turned."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import distributions
from course_utils.distributions import Distribution, GaussianMixture
from course_utils.metrics import modes_covered
from course_utils.plotting.style import CLASS_COLORS, DASHES
from course_utils.plotting.toy import GamePanel
from course_utils.recipes.toy import ring_gan
from course_utils.widgets.pictures import DPI, Stage
from course_utils.widgets.training_player import observe

BATCH_SIZE = 128
LR = 1e-3  # of both networks, at first: that of the recipe gan_ring
N_SHOWN = 300  # points of the data
NEAR = 0.25  # a sample this far from a point of the data is near it
SLICE = 0.04  # seconds of training between two pictures: with the drawing, a picture takes less than 0.1
TICK = 120  # milliseconds from one picture to the next
N_DRAWN = 1000  # points of a curve of losses


def grid_of_gaussians(side: int = 5, width: float = 2.0, std: float = 0.08) -> GaussianMixture:
    """side x side round Gaussians on a square grid from -width to width."""
    axis = torch.linspace(-width, width, side)
    return GaussianMixture(torch.cartesian_prod(axis, axis), (std * torch.eye(2)).expand(side**2, 2, 2).clone())


class TwoMoons(Distribution):
    """Two half circles of radius 1.5 that reach into each other, blurred by `std`; the class is the half circle."""

    def __init__(self, std: float = 0.08):
        super().__init__(2)
        self.std = std
        self.n_classes = 2

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        upper = 1 - 2 * self._labels(n, labels)  # +1 or -1: the lower one is the upper one turned by half a circle
        angle = math.pi * torch.rand(n)
        points = 1.5 * torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1)
        return upper[:, None] * points + self.std * torch.randn(n, 2)


DATA: dict[str, Callable[[], Distribution]] = {
    "ring": distributions.ring_of_gaussians,
    "grid": grid_of_gaussians,
    "ten Gaussians": distributions.ten_gaussians,
    "swiss roll": lambda: distributions.SwissRoll(size=2.6),
    "two moons": TwoMoons,
    "circle": distributions.Circle,
}


class Game:
    """A GAN in the plane that is trained a few steps at a time, and its picture: D, data and samples, and the losses.

    It has noise of its own: a seed gives the same game whatever else the notebook draws. It stays on the CPU, which is
    faster for networks as small as these.
    """

    def __init__(self, data: str = "ring", seed: int = 0):
        figure = Figure(figsize=(8.4, 4.2), dpi=DPI, layout="constrained")
        self.left, self.right = figure.subplots(1, 2)
        self.panel: GamePanel | None = None
        self.arranged: tuple = ()
        self.arrange(data, seed, LR, LR)
        self.panel = GamePanel(self.left, self.moment, self.points)
        self.lines = _axes_for_losses(self.right)
        self.stage = Stage(figure, [*self.panel.artists, *self.lines.values()])

    def arrange(self, data: str, seed: int, discriminator_lr: float, generator_lr: float) -> None:
        """Begin anew if data (a key of `DATA`) or seed have changed, and set the learning rates from here on."""
        if self.arranged != (data, seed):
            self.arranged = data, seed
            self.reset()
        self.rates = {"discriminator": discriminator_lr, "generator": generator_lr}

    def reset(self) -> None:
        """Begin anew, with networks that have learnt nothing."""
        data, seed = self.arranged
        self.noise = torch.Generator().manual_seed(seed).get_state()
        with self._own_noise():
            self.data = DATA[data]()
            self.points = self.data.sample(N_SHOWN)
            self.gan = ring_gan()()
            self.optimizers = self.gan.optimizers  # made here: the first ones of a session take seconds
        self.losses: dict[str, list[float]] = {"discriminator": [], "generator": []}
        self.broken = False
        self.moment = observe(self.gan)

    @property
    def steps(self) -> int:
        """The number of steps made."""
        return len(self.losses["generator"])

    def train(self, steps: int = 10**9, seconds: float = math.inf) -> None:
        """Make so many steps, or as many as fit into the time, at least one. A game that has broken down stays so."""
        for role, rate in self.rates.items():
            for group in self.optimizers[role].param_groups:
                group["lr"] = rate
        until, done = time.perf_counter() + seconds, 0
        with self._own_noise():
            while not self.broken and done < steps and (not done or time.perf_counter() < until):
                self._step()
                done += 1
        if not self.broken:
            self.moment = observe(self.gan)

    def _step(self) -> None:
        losses = self.gan.training_step({"x": self.data.sample(BATCH_SIZE)})
        self.broken = not all(map(torch.isfinite, losses.values()))
        if not self.broken:
            for name, loss in losses.items():
                self.losses[name].append(loss.item())

    def frame(self) -> bytes:
        """D, data, samples and arrows as in the training player, beside the losses of all steps so far, as a PNG."""
        self.panel.update(self.moment)
        self.panel.artists[1].set_offsets(self.points)
        every = max(1, -(-self.steps // N_DRAWN))
        for name, line in self.lines.items():
            line.set_data(range(0, self.steps, every), self.losses[name][::every])
        end = 500 * 2 ** max(0, math.ceil(math.log2(max(self.steps, 1) / 500)))
        if self.right.get_xlim()[1] != end:  # the axis is drawn anew only when the steps have doubled
            self.right.set_xlim(0, end)
            self.stage.set()
        return self.stage.png()

    def sentence(self) -> str:
        """Where the game stands, in words."""
        if self.broken:
            return (
                f"The training broke down after step {self.steps:,}: a loss is infinite or not a number. The picture "
                "is the last one before. Turn the learning rates down and press Reset."
            )
        said = f"Step {self.steps:,}: {self._covered()}."
        if self.steps:
            said += " Losses: " + ", ".join(f"{name} {values[-1]:.2f}" for name, values in self.losses.items()) + "."
        return f"{said} Data: {self.arranged[0]}, seed {self.arranged[1]}."

    def _covered(self) -> str:
        """How well the samples match the data, in words."""
        samples = self.moment["samples"]
        if isinstance(self.data, GaussianMixture):
            modes = modes_covered(samples, self.data)
            near, of = modes.high_quality, f"{modes.covered} of {self.data.n_classes} modes covered"
        else:
            distance = torch.cdist(samples, self.points)
            near = (distance.min(1).values < NEAR).float().mean().item()
            of = f"samples near {100 * (distance.min(0).values < NEAR).float().mean():.0f} % of the data"
        return f"{of}, {100 * near:.0f} % of the samples near the data"

    @contextmanager
    def _own_noise(self) -> Iterator[None]:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(self.noise)
            yield
            self.noise = torch.get_rng_state()


def gan_player(data: str = "ring", seed: int = 0):
    """A GAN in the plane that trains while it plays: an ipywidgets box. data: a key of `DATA`.

    Play, pause, one step, reset; data, seed, and the learning rates of both networks, which may be turned while it
    plays. All by mouse, or by Tab, space and the arrow keys. Raises ValueError for other data.
    """
    import ipywidgets  # slow to import

    from course_utils.widgets.live import Live, choice_slider, int_slider, log_slider

    if data not in DATA:
        raise ValueError(f"unknown data {data!r}: use one of {', '.join(DATA)}")
    game = Game(data, seed)
    controls = [
        choice_slider("data", list(DATA), value=data),
        int_slider("seed", seed, 0, max(9, seed)),
        log_slider("D learning rate", LR, -5, 0),
        log_slider("G learning rate", LR, -5, 0),
    ]

    def frame(*chosen) -> bytes:
        game.arrange(*chosen)
        return game.frame()

    live = Live(controls, frame, lambda *_: game.sentence())
    play = ipywidgets.Play(max=10**6, interval=TICK, show_repeat=False, description="Play", tooltip="Play or pause")
    one = ipywidgets.Button(description="One step", tooltip="One step of both networks")
    again = ipywidgets.Button(description="Reset", tooltip="Begin anew")

    def go_on(steps: int = 10**9) -> None:
        game.train(steps, SLICE)
        live.update()
        play.playing = play.playing and not game.broken

    def reset(_button=None) -> None:
        play.playing = False
        game.reset()
        live.update()

    # its button for "stop" takes it back to zero
    play.observe(lambda tick: go_on() if tick.new > tick.old else reset(), names="value")
    one.on_click(lambda _button: go_on(1))
    again.on_click(reset)
    live.children = [ipywidgets.HBox([play, one, again]), *live.children]
    return live


def _axes_for_losses(ax) -> dict:
    """Axes for both losses, with the values of a discriminator that cannot tell; returns their lines, still empty."""
    lines = {}
    for i, (name, even) in enumerate({"discriminator": 2 * math.log(2), "generator": math.log(2)}.items()):
        ax.axhline(even, ls=":", color="0.5", lw=1)
        [lines[name]] = ax.plot([], [], DASHES[i], color=CLASS_COLORS[i], lw=0.9, label=name)
    place = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "bottom", "fontsize": 9}
    ax.text(0.99, 2 * math.log(2), "dotted: D cannot tell", **place)
    ax.set(xlabel="step", ylabel="loss", xlim=(0, 500), ylim=(0, 3))
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    return lines
