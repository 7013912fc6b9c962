"""The part walker: move along a swiss roll, or inside a component of a mixture, and see what is decoded there."""

import torch
from torch import Tensor, nn

from course_utils import attributes
from course_utils.distributions import Distribution, GaussianMixture, SwissRoll
from course_utils.widgets.latent_explorer import LatentMap

REACH = 2.0  # standard deviations to each side of the middle of a component
STEPS = {"roll": 200, "component": 40}  # of a slider: along the whole roll, and from the middle of a component outwards


class PartWalk:
    """A decoder, a prior with parts in the plane, and a map of the codes z (N, 2) of images of classes y (N,).

    A place is (u,) on a `SwissRoll`, 0 at its inner end and 1 at the outer one; in a 2-D `GaussianMixture` it is
    (component, a, b), a and b standard deviations along the axes of the component.
    Raises ValueError for another prior, and for what `LatentMap` refuses.
    """

    def __init__(self, decoder: nn.Module, prior: Distribution, z: Tensor, y: Tensor, limit: float = 3.4):
        if not isinstance(prior, SwissRoll | GaussianMixture) or prior.dim != 2:
            raise ValueError(f"the walker moves on a SwissRoll or in a 2-D GaussianMixture, not in {prior}")
        self.prior = prior
        self.map = LatentMap(decoder, z, y, limit)

    @property
    def on_roll(self) -> bool:
        """Whether places are on a swiss roll."""
        return isinstance(self.prior, SwissRoll)

    def part(self, *place: float) -> int:
        """The class to whose part the place belongs."""
        if self.on_roll:
            return min(int(place[0] * self.prior.n_classes), self.prior.n_classes - 1)
        return int(place[0])

    def point(self, *place: float) -> tuple[float, float]:
        """The code at a place."""
        where = self.map.z.device
        if self.on_roll:
            z = self.prior.at(torch.tensor(place, device=where))
        else:
            k, *w = place
            z = self.prior.at(torch.tensor([w], device=where), torch.tensor([int(k)], device=where))
        return tuple(z[0].tolist())

    def place(self, z1: float, z2: float) -> tuple[float, ...]:
        """The place nearest to a point of the plane: on the roll, or in the most probable component."""
        z = self.map.z.new_tensor([[z1, z2]])
        if self.on_roll:
            return (self.prior.position(z).item(),)
        return self._within(self.prior.component(z), z)

    def step(self, place: tuple[float, ...], right: int, up: int) -> tuple[float, ...]:
        """The place after an arrow key: right and up lead outwards on the roll; a component is never left."""
        if self.on_roll:
            return (min(max(place[0] + (right + up) / STEPS["roll"], 0.0), 1.0),)
        z = self.map.z.new_tensor([self.map.step(self.point(*place), right, up)])
        return self._within(torch.tensor([int(place[0])], device=z.device), z)

    def _within(self, k: Tensor, z: Tensor) -> tuple[float, float, float]:
        """The place of a code z (1, 2) in component k (1,), or the nearest within reach of its middle."""
        return (k.item(), *self.prior.whitened(z, k)[0].clamp(-REACH, REACH).tolist())

    def frame(self, *place: float) -> bytes:
        """The map with a cross at the place beside the image decoded there, a PNG of 2 SIDE x SIDE pixels."""
        return self.map.frame(*self.point(*place))

    def sentence(self, *place: float) -> str:
        """What the frame shows, in words and numbers."""
        z = self.point(*place)
        x = self.map.decode(*z)[None]
        slant, thickness = attributes.slant(x).item(), attributes.thickness(x).item()
        digit, distance = self.map.nearest(*z)
        return (
            f"Part of class {self.part(*place)}, z = ({z[0]:.2f}, {z[1]:.2f}). The image leans {slant:.2f}, its stroke "
            f"is {thickness:.1f} pixels. The nearest code is of class {digit}, {distance:.2f} away."
        )


def part_walker(decoder: nn.Module, prior: Distribution, z: Tensor, y: Tensor, limit: float = 3.4):
    """A walk through the parts of a prior, and the image decoded there: an ipywidgets box.

    Click or drag on the map, by mouse or finger, to go to the nearest place of the prior; or reach map and sliders by
    Tab and use the arrow keys. decoder: codes (B, 2) to images (B, 1, H, W). prior: a `SwissRoll` (one slider, along
    it) or a 2-D `GaussianMixture` (component, and both axes). z (N, 2), y (N,): codes to draw, and their classes.
    """
    from course_utils.widgets.live import float_slider, int_slider  # slow to import
    from course_utils.widgets.plane import PlaneExplorer

    walk = PartWalk(decoder, prior, z, y, limit)
    if walk.on_roll:
        sliders = [float_slider("along the roll", 0.05, 0, 1, 1 / STEPS["roll"], readout_format=".3f")]
    else:
        sliders = [
            int_slider("component", 0, 0, prior.n_classes - 1),
            *(float_slider(name, 0, -REACH, REACH, REACH / STEPS["component"]) for name in ("long axis", "short axis")),
        ]
    return PlaneExplorer(walk.map, walk, sliders)
