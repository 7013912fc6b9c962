"""The rules that every interactive figure keeps: labelled, moved by all its controls, said in words, with a still."""

import base64
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import ipycanvas
import ipywidgets
import matplotlib.pyplot as plt
import notebook_rules
import pytest
import tiny
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_utils import attribute_vectors, distributions, networks
from course_utils.methods import StyleGAN
from course_utils.recipes.toy import ring_gan
from course_utils.training import fit
from course_utils.widgets.anomaly_painter import anomaly_painter
from course_utils.widgets.attribute_knobs import attribute_knobs
from course_utils.widgets.attribute_slider import attribute_slider
from course_utils.widgets.class_explorer import class_explorer
from course_utils.widgets.cluster_explorer import cluster_explorer
from course_utils.widgets.denoising_slider import denoising_slider
from course_utils.widgets.distortion_slider import distortion_slider
from course_utils.widgets.gamma_slider import gamma_slider
from course_utils.widgets.gan_player import gan_player
from course_utils.widgets.latent_explorer import latent_explorer
from course_utils.widgets.live import Live
from course_utils.widgets.model_chooser import model_chooser
from course_utils.widgets.part_walker import part_walker
from course_utils.widgets.posterior_explorer import posterior_explorer
from course_utils.widgets.style_knobs import style_knobs
from course_utils.widgets.style_mixer import style_mixer
from course_utils.widgets.style_mixing import style_mixing
from course_utils.widgets.training_player import observe, training_player
from course_utils.widgets.turntable import turntable

SHARED = {"live", "pictures", "plane", "pointing", "easel"}  # no figures of their own
LARGEST = 60_000  # bytes of a still
N = 20
Y = torch.arange(N) % 10


def pen(*codes: torch.Tensor) -> torch.Tensor:
    """Images (B, 1, 28, 28): a stroke whose place, slant and width depend on every number of the codes (B, .)."""
    z = torch.cat([code.reshape(len(code), -1).float() for code in codes], 1)
    weights = torch.linspace(0.5, 1.5, z.shape[1])
    middle, slant = 14 + 3 * torch.tanh(z @ weights), torch.tanh(z @ weights.flip(0))
    rows, columns = torch.arange(28.0)[:, None], torch.arange(28.0)
    away = columns - middle[:, None, None] - slant[:, None, None] * (rows - 14) / 4
    return (torch.exp(-away.square() / 4) * ((rows > 4) & (rows < 24)))[:, None]


class Pen(torch.nn.Module):
    """Draws with `pen`, and reads codes, classes and reconstructions off images in a way that differs for each."""

    def __init__(self, shift: float = 0.0):
        super().__init__()
        self.shift = shift

    def forward(self, z):
        return pen(z + self.shift)

    def decode(self, y, z):
        return pen(y, z)

    decoder = forward

    def encode(self, x):
        return x.mean((1, 2, 3))[:, None] * torch.linspace(-9, 9, 2) + self.shift

    def sample(self, x):
        return self.encode(x) + 0.1 * torch.randn(len(x), 2)

    def probabilities(self, x):
        return torch.softmax(9 * x.mean((1, 2, 3))[:, None] * torch.linspace(-9, 9, 10).cos(), 1)

    def reconstruct(self, x):
        return (x + self.shift).clamp(0, 1)


class Finder(tiny.Method):
    """Detects anomalies by a reconstruction of one grey."""

    def __init__(self, grey: float):
        super().__init__()
        self.grey = grey

    def reconstruct(self, x):
        return torch.full_like(x, self.grey)


def images() -> torch.Tensor:
    return (pen(torch.linspace(-2, 2, N)[:, None]) * torch.linspace(0.3, 1, N)[:, None, None, None]).clamp(0, 1)


def played_training():
    ring = distributions.ring_of_gaussians()
    history = fit(ring_gan()(), ring, steps=4, batch_size=8, snapshot=observe, n_snapshots=3, progress=False)
    return training_player(history, ring)


def chooser():
    def numbers(cost: float, classifies: bool = False, **can: float) -> dict[str, list[float]]:
        able = {f"can_{what}": [can.get(what, 0.0)] for what in ("sample", "encode", "log_likelihood", "bound")}
        found = {**able, "training_megaflops": [cost], "encode_megaflops": [cost], "fid": [cost]}
        return found | ({"class_error_percent": [3.0]} if classifies else {})

    runs = {"gan": numbers(3.0, sample=1.0), "conditional_gan": numbers(9.0, sample=1.0)}
    runs |= {"vae": numbers(50.0, classifies=True, sample=1.0, encode=1.0), "autoencoder": numbers(7.0, encode=1.0)}
    return model_chooser(runs)


def mixing():
    synthesis = networks.SynthesisNetwork((1, 28, 28), style_dim=3, width=2)
    gan = StyleGAN(networks.MappingNetwork(4, 3), synthesis, torch.nn.Identity(), distributions.Gaussian(4)).eval()
    scale = attribute_vectors.scale(images())
    return style_mixing(gan, torch.randn(4, 3), torch.zeros(3), synthesis.noise(1), scale)


FLOWER, ROLL = distributions.ten_gaussians(), distributions.SwissRoll()
FIGURES: dict[str, Callable[[], Live]] = {
    "anomaly_painter": lambda: anomaly_painter({"dark": Finder(0.0).eval(), "grey": Finder(0.4).eval()}, images()),
    "attribute_knobs": lambda: attribute_knobs(pen, torch.randn(4, 3), attribute_vectors.scale(images())),
    "attribute_slider": lambda: attribute_slider(Pen(), torch.randn(5, 2), torch.ones(2), name="slant"),
    "class_explorer": lambda: class_explorer(Pen(), images(), Y),
    "cluster_explorer": lambda: cluster_explorer(Pen(), images(), Y, latent_dim=2),
    "denoising_slider": lambda: denoising_slider(images()[:4], {"nothing": lambda x: x}),
    "distortion_slider": lambda: distortion_slider({"a": images()[:1], "b": images()[-1:]}, mses=(0.002, 0.004)),
    "gamma_slider": lambda: gamma_slider({g: Pen(g) for g in (0.01, 0.1, 0.5)}, images()[:4], torch.randn(4, 2)),
    "gan_player": gan_player,
    "latent_explorer": lambda: latent_explorer(Pen(), torch.randn(N, 2), Y, start=(0.3, 0.2)),
    "model_chooser": chooser,
    "part_walker": lambda: part_walker(Pen(), ROLL, ROLL.at((Y + 0.5) / 10), Y),
    "part_walker, mixture": lambda: part_walker(Pen(), FLOWER, FLOWER.means[Y], Y),
    "posterior_explorer": lambda: posterior_explorer({"a": (Pen(), Pen()), "b": (Pen(0.2), Pen())}, images(), Y),
    "style_knobs": lambda: style_knobs(lambda z, y: pen(z, y), images(), torch.randn(N, 2), {"slant": torch.ones(2)}),
    "style_mixer": lambda: style_mixer(lambda z, y: pen(z, y), torch.randn(4, 2)),
    "style_mixing": mixing,
    "training_player": played_training,
    "turntable": lambda: turntable(torch.randn(N, 3), Y),
}


@pytest.fixture(params=FIGURES)
def figure(request) -> Iterator[Live]:
    torch.manual_seed(0)
    yield FIGURES[request.param]()
    assert plt.get_fignums() == [], "a figure is left open: it would be shown below the cell once more"


def inside(widget) -> Iterator:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def controls(figure) -> list:
    """All that can be operated."""
    kinds = ipywidgets.ValueWidget, ipywidgets.Button, ipycanvas.Canvas, ipycanvas.MultiCanvas
    shown = ipywidgets.HTML, ipywidgets.Image
    return [part for part in inside(figure) if isinstance(part, kinds) and not isinstance(part, shown)]


def other(control):
    """A value that the control has not got now."""
    if hasattr(control, "options"):
        values = [option[1] if isinstance(option, tuple) else option for option in control.options]
        return next(value for value in reversed(values) if value != control.value)
    if isinstance(control.value, bool):
        return not control.value
    if isinstance(control, ipywidgets.FloatLogSlider):
        return control.value * 10
    return control.max if control.value != control.max else control.min


def test_every_widget_of_the_course_is_held_to_the_rules():
    package = importlib.import_module("course_utils.widgets")
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)} - SHARED
    assert modules == {name.split(",")[0] for name in FIGURES}


def test_every_control_is_labelled(figure):
    assert controls(figure)
    for control in controls(figure):
        assert control.tooltip or control.description, f"{control} has no name for a screen reader"
        if not isinstance(control, ipycanvas.Canvas | ipycanvas.MultiCanvas):
            assert control.description.strip(), f"{control} has no label to be seen"


def test_everything_is_done_by_controls_that_a_keyboard_reaches(figure):
    """JupyterLab takes the arrow keys of menus and radio buttons, and goes to another cell: there may be none.

    A canvas takes all keys itself, and stands between two buttons, which can be given the focus from there.
    """
    taken = ipywidgets.Dropdown, ipywidgets.Select, ipywidgets.RadioButtons, ipywidgets.ToggleButtons
    flat = controls(figure)
    assert not [part for part in flat if isinstance(part, taken)]
    for i, part in enumerate(flat):
        if isinstance(part, ipycanvas.Canvas | ipycanvas.MultiCanvas):
            assert isinstance(flat[i - 1], ipywidgets.Button) and isinstance(flat[i + 1], ipywidgets.Button)


def test_a_change_of_any_control_changes_what_is_seen_and_said(figure):
    for control in figure.controls:
        if control.description in ("seed", "brush", "D learning rate", "G learning rate"):
            continue  # these change what happens next
        before, value = figure.stored(), control.value
        control.value = other(control)
        assert figure.stored() != before, f"nothing happened at {control.description!r}"
        control.value = value


def test_the_random_numbers_of_the_notebook_stay_as_they_are(figure):
    """Otherwise what a notebook says below a figure would depend on how often its sliders were moved."""
    state = torch.get_rng_state()
    for control in figure.controls:
        control.value = other(control)
    figure.stored()
    assert torch.equal(torch.get_rng_state(), state)


def test_words_are_there_and_are_the_alt_text_of_a_small_still(figure):
    data, metadata = figure._repr_mimebundle_()
    assert len(figure.words.value) > 20 and figure.words.value.rstrip().endswith(".")
    assert "application/vnd.jupyter.widget-view+json" in data
    if "image/png" in data:
        assert metadata["image/png"]["alt"].endswith(figure.alt()) and figure.alt()
        assert 200 < len(base64.b64decode(data["image/png"])) < LARGEST
    else:
        assert figure.alt() in data["text/markdown"] and "| --- |" in data["text/markdown"]


def test_a_canvas_has_something_to_show_before_anything_runs(figure):
    for part in inside(figure):
        for canvas in part._canvases if isinstance(part, ipycanvas.MultiCanvas) else [part]:
            if isinstance(canvas, ipycanvas.Canvas):
                assert canvas.image_data.startswith(b"\x89PNG") and len(canvas.image_data) < LARGEST


def test_a_notebook_that_stores_it_keeps_the_rules(figure):
    data, metadata = figure._repr_mimebundle_()
    output = new_output("execute_result", data=data, metadata=metadata, execution_count=1)
    page = new_notebook(cells=[new_code_cell("figure", outputs=[output], execution_count=1)])
    page.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for rule in (notebook_rules.images_described, notebook_rules.clean_outputs, notebook_rules.valid):
        assert list(rule(page)) == []


def test_modules_are_imported_without_notebook_packages():
    names = [f"course_utils.widgets.{name.split(',')[0]}" for name in FIGURES]
    code = f"import sys; sys.modules['ipycanvas'] = sys.modules['ipywidgets'] = None; import {', '.join(names)}"
    subprocess.run([sys.executable, "-c", code], check=True)
