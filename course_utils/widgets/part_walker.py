"""The part walker: move along a swiss roll, or inside a component of a mixture, and see what is decoded there."""

import torch
from torch import Tensor, nn

from course_utils import attributes
from course_utils.distributions import Distribution, GaussianMixture, SwissRoll
from course_utils.widgets.latent_explorer import SIDE, LatentMap

REACH = 2.0  # standard deviations to each side of the middle of a component


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

    def part(self, *place: float) -> int:
        """The class to whose part the place belongs."""
        if isinstance(self.prior, SwissRoll):
            return min(int(place[0] * self.prior.n_classes), self.prior.n_classes - 1)
        return int(place[0])

    def point(self, *place: float) -> tuple[float, float]:
        """The code at a place."""
        where = self.map.z.device
        if isinstance(self.prior, SwissRoll):
            z = self.prior.at(torch.tensor(place, device=where))
        else:
            k, *w = place
            z = self.prior.at(torch.tensor([w], device=where), torch.tensor([int(k)], device=where))
        return tuple(z[0].tolist())

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
    """Sliders (mouse, or Tab and the arrow keys) that move through the parts of a prior: an ipywidgets box.

    decoder: codes (B, 2) to images (B, 1, H, W). prior: a `SwissRoll` (one slider, along it) or a 2-D
    `GaussianMixture` (component, and both axes). z (N, 2), y (N,): codes to draw on the map, and their classes.
    """
    import ipywidgets  # slow to import

    walk = PartWalk(decoder, prior, z, y, limit)
    sliders = _sliders(ipywidgets, prior)
    picture = ipywidgets.Image(format="png", width=2 * SIDE, height=SIDE)
    words = ipywidgets.HTML()

    def update(_change=None) -> None:
        place = [slider.value for slider in sliders]
        picture.value = walk.frame(*place)
        words.value = walk.sentence(*place)

    for slider in sliders:
        slider.observe(update, names="value")
    update()
    return ipywidgets.VBox([*sliders, picture, words])


def _sliders(ipywidgets, prior: Distribution) -> list:
    look = {"layout": ipywidgets.Layout(width="500px"), "style": {"description_width": "110px"}}
    if isinstance(prior, SwissRoll):
        return [ipywidgets.FloatSlider(0.05, min=0, max=1, step=0.005, description="along the roll", **look)]
    axes = {"min": -REACH, "max": REACH, "step": REACH / 40, **look}
    return [
        ipywidgets.IntSlider(0, min=0, max=prior.n_classes - 1, description="component", **look),
        ipywidgets.FloatSlider(0, description="long axis", **axes),
        ipywidgets.FloatSlider(0, description="short axis", **axes),
    ]
