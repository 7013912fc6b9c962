"""The training player: run the film of a GAN's training in the plane back and forth."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.distributions import GaussianMixture
from course_utils.losses import generator_loss
from course_utils.methods import GAN
from course_utils.metrics import modes_covered
from course_utils.plotting.style import CLASS_COLORS, DASHES
from course_utils.plotting.toy import EXTENT, GamePanel
from course_utils.training import History
from course_utils.widgets.pictures import DPI, Stage

N_SAMPLES = 400
N_ARROWS = 40
N_GRID = 48  # points of D's surface along each axis
LONGEST_ARROW = 1.5  # nats a unit of length: longer ones are cut to it


def observe(gan: GAN) -> dict[str, Tensor]:
    """One moment of a GAN in the plane, to be kept by ``fit(..., snapshot=observe)``; always with the same noise.

    samples (400, 2). probability (48, 48): D on a square grid from -3 to 3, row by row from the bottom. arrow_from
    (40, 2) and arrow (40, 2): some of the samples, and minus the gradient of their non-saturating generator loss with
    respect to them (nats a unit of length, cut to length 1.5): the way the discriminator tells them to go.
    """
    with torch.random.fork_rng(), torch.enable_grad():
        torch.manual_seed(0)
        samples = gan.sample(N_SAMPLES).detach()
        moved = samples[:N_ARROWS].clone().requires_grad_()
        loss = N_ARROWS * generator_loss(gan.discriminator(moved))  # a sum: each sample's own gradient
        (gradient,) = torch.autograd.grad(loss, moved)
        axis = torch.linspace(-EXTENT, EXTENT, N_GRID, device=samples.device)
        grid = torch.cartesian_prod(axis, axis).flip(1)  # x changes fastest
        probability = gan.discriminator(grid).sigmoid().view(N_GRID, N_GRID)
    arrow = -gradient * (LONGEST_ARROW / gradient.norm(dim=1, keepdim=True)).clamp(max=1)
    moment = {"samples": samples, "probability": probability, "arrow_from": moved, "arrow": arrow}
    return {name: value.detach().cpu() for name, value in moment.items()}


class Film:
    """The moments of a training and its losses, as pictures: drawn once, then only changed, so that it is fast.

    history: of ``fit(gan, data, snapshot=observe)``. data: the mixture it was trained on.
    Raises ValueError if the history has no snapshots of `observe`.
    """

    def __init__(self, history: History, data: GaussianMixture):
        if not history.snapshots or "probability" not in history.snapshots[0][1]:
            raise ValueError("the player shows what observe has seen: train with fit(..., snapshot=observe)")
        self.history = history
        self.data = data
        self.steps = [step for step, _ in history.snapshots]
        self.moments = [moment for _, moment in history.snapshots]
        figure = Figure(figsize=(8.4, 4.2), dpi=DPI, layout="constrained")
        left, right = figure.subplots(1, 2)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            points = data.sample(200)
        self.panel = GamePanel(left, self.moments[0], points)
        self.cursor = _draw_losses(right, history)
        self.stage = Stage(figure, [*self.panel.artists, self.cursor])

    def frame(self, i: int) -> bytes:
        """The i-th moment beside the losses with the step marked, as a PNG."""
        self.panel.update(self.moments[i])
        self.cursor.set_xdata([self.steps[i]] * 2)
        return self.stage.png()

    def sentence(self, i: int) -> str:
        """What the frame shows, in words."""
        modes = modes_covered(self.moments[i]["samples"], self.data)
        words = [f"Step {self.steps[i]:,}: {modes.covered} of {self.data.n_classes} modes covered"]
        words += [f"{100 * modes.high_quality:.0f} % of the samples near a mode"]
        if self.steps[i] < self.history.steps:
            words += [f"{name} loss {values[self.steps[i]]:.2f}" for name, values in self.history.losses.items()]
        return ", ".join(words) + "."


def training_player(history: History, data: GaussianMixture, interval: int = 250):
    """A play button and a slider over the moments of a training (Tab and the arrow keys work too): an ipywidgets box.

    interval: milliseconds a frame while playing.
    """
    import ipywidgets  # slow to import

    from course_utils.widgets.live import Live, int_slider

    film = Film(history, data)
    last = len(film.steps) - 1
    slider = int_slider("moment", 0, 0, last)
    play = ipywidgets.Play(max=last, interval=interval, description="Play", tooltip="Play, pause, or back to the start")
    ipywidgets.jslink((play, "value"), (slider, "value"))
    live = Live([slider], film.frame, film.sentence)
    live.children = [play, *live.children]
    return live


def _draw_losses(ax, history: History):
    """The losses against the step, and a line at the step shown, which is returned."""
    for i, (name, values) in enumerate(history.losses.items()):
        ax.plot(values, DASHES[i % 4], color=CLASS_COLORS[i], lw=0.8, label=name)
    ax.set(xlabel="step", ylabel="loss", ylim=(0, 3))
    ax.legend(frameon=False, fontsize=9)
    return ax.axvline(0, color="black", lw=1.5)
