"""How fast the interactive figures answer: each is built as its notebook builds it, and its controls are moved.

Measured is the time from a new value of a control to the new picture and sentence, in the kernel, without the way to
the browser and back. The weights are the shipped ones; a model that its notebook trains by itself is left untrained
here, which costs the same time a picture.
"""

import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch

from course_utils import comparison, datasets, distributions, experiments, pretrained, results, runtime, training
from course_utils.attribute_vectors import scale
from course_utils.datasets import Splits
from course_utils.recipes.vae_gan import GAMMAS

MOVES = 100  # of each figure that are timed
WARM_UP = 10


def run() -> Path:
    """Build and move all of `SCENES`, print and store their times; returns the file."""
    where = runtime.device()
    data = datasets.load("auto")
    data = replace(data, validation=data.validation.to(where), test=data.test.to(where))
    rows = []
    for name, (notebook, build) in SCENES.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            milliseconds = sorted(answers(build(data), MOVES))
        row = {"widget": name, "notebook": notebook, "median": statistics.median(milliseconds)}
        rows.append(row | {"p95": milliseconds[int(0.95 * len(milliseconds))]})
        print(f"{name:34} median {row['median']:5.1f} ms, 95 % within {rows[-1]['p95']:5.1f} ms", flush=True)
    file = results.ROOT / "benchmark" / "widgets.json"
    result = {
        "what": f"milliseconds from a new value of a control to the new picture, {MOVES} moves a figure",
        "rows": [{k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()} for row in rows],
        "data": data.name,
        "hardware": runtime.hardware(where),
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "date": datetime.now(UTC).date().isoformat(),
    }
    results.save(file, result)
    return file


def answers(figure, moves: int) -> list[float]:
    """The milliseconds that each of so many moves takes, after some to warm up: all controls in turn, at random."""
    rng = random.Random(0)
    actions = list(_actions(figure, rng))
    times = []
    for i in range(WARM_UP + moves):
        began = time.perf_counter()
        actions[i % len(actions)]()
        times.append(1e3 * (time.perf_counter() - began))
    return times[WARM_UP:]


def _actions(figure, rng: random.Random) -> Iterator[Callable[[], None]]:
    """What a user can do to a figure: turn its controls, point at its canvas, let it play."""
    import ipywidgets  # slow to import, and only this benchmark needs it

    for control in figure.controls:
        yield partial(_turn, control, rng)
    if hasattr(figure, "touch"):
        yield lambda: figure.touch(rng.uniform(0, figure.canvas.width), rng.uniform(0, figure.canvas.height))
    for part in _inside(figure):
        if isinstance(part, ipywidgets.Play):
            yield partial(_tick, part)


def _turn(control, rng: random.Random) -> None:
    """Give a control another value, at random."""
    if hasattr(control, "options"):
        control.index = rng.choice([i for i in range(len(control.options)) if i != control.index] or [0])
    elif isinstance(control.value, bool):
        control.value = not control.value
    elif hasattr(control, "base"):  # a logarithmic slider counts in exponents
        control.value = control.base ** rng.uniform(control.min, control.max)
    else:
        steps = round((control.max - control.min) / control.step)
        control.value = control.min + control.step * rng.randint(0, steps)


def _tick(play) -> None:
    play.value = play.value + 1 if play.value < play.max else play.min


def _inside(widget) -> Iterator:
    """A widget and all widgets in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _inside(child)


# ---- the figures, as their notebooks build them -----------------------------------------------------------------


def _latent_explorer(data: Splits):
    from course_utils.widgets.latent_explorer import latent_explorer

    model = experiments.trained("reduction_aae_2d_1000_improved", data).eval()
    with torch.no_grad():
        points = model.points(data.validation.x)
    return latent_explorer(model.decoder, points, data.validation.y, limit=points.abs().max().item() + 1)


def _denoising_slider(data: Splits):
    from scipy import ndimage

    from course_utils.widgets.denoising_slider import denoising_slider

    plain, denoiser = (
        experiments.get(name).method(seed=0).to(data.test.x.device).eval()
        for name in ("autoencoder_32d", "denoising_autoencoder")
    )

    def blur(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(ndimage.gaussian_filter(x.cpu().numpy(), (0, 0, 1, 1))).to(x)

    removers = {"blur": blur, "plain": plain.reconstruct, "denoising": denoiser.restore}
    return denoising_slider(data.test.x[:10], removers)


def _training_player(_data: Splits):
    from course_utils.widgets.training_player import observe, training_player

    ring = distributions.ring_of_gaussians()
    gan = experiments.get("gan_ring").method(seed=0)
    watch = {"snapshot": observe, "n_snapshots": 41}
    return training_player(training.fit(gan, ring, steps=400, batch_size=128, progress=False, **watch), ring)


def _gan_player(_data: Splits):
    from course_utils.widgets.gan_player import gan_player

    return gan_player()


def _style_mixer(data: Splits):
    from course_utils.widgets.style_mixer import style_mixer

    cgan = experiments.trained("conditional_dcgan", data).eval()
    return style_mixer(cgan.decode, cgan.prior.sample(20))


def _attribute_slider(data: Splits):
    from course_utils.widgets.attribute_slider import attribute_slider

    vae = experiments.get("vae_50d").method(seed=0).to(data.test.x.device).eval()
    with torch.no_grad():
        z = vae.encode(data.test.x[:10])
    return attribute_slider(vae.decoder, z, torch.randn_like(z[0]), name="slant")


def _distortion_slider(data: Splits):
    from course_utils.widgets.distortion_slider import distortion_slider

    photo = datasets.photograph("china", side=256, grey=False)
    return distortion_slider({"photograph": photo, "digit": data.test.x[:1].cpu()}, mses=(0.004,))


def _posterior_explorer(data: Splits):
    from course_utils.widgets.posterior_explorer import posterior_explorer

    names = ("deterministic", "gaussian", "universal")
    models = {name: experiments.trained(f"aae_posterior_{name}", data).eval() for name in names}
    networks = {name: (model.encoder, model.decoder) for name, model in models.items()}
    return posterior_explorer(networks, data.test.x[:300], data.test.y[:300], start=8)


def _part_walker(recipe: str, data: Splits):
    from course_utils.widgets.part_walker import part_walker

    model = experiments.trained(recipe, data).eval()
    with torch.no_grad():
        return part_walker(model.decoder, model.prior, model.encode(data.test.x), data.test.y)


def _style_knobs(data: Splits):
    from course_utils.widgets.style_knobs import style_knobs

    saae = experiments.trained("supervised_aae", data).eval()
    with torch.no_grad():
        z = saae.encode(data.test.x[:40])
    directions = {name: torch.randn_like(z[0]) for name in ("slant", "thickness", "width")}
    return style_knobs(saae.decode, data.test.x[:40], z, directions)


def _class_explorer(data: Splits):
    from course_utils.widgets.class_explorer import class_explorer

    model = experiments.trained("semi_supervised_aae_100_improved", data).eval()
    return class_explorer(model, data.validation.x[:30], data.validation.y[:30])


def _cluster_explorer(data: Splits):
    from course_utils.widgets.cluster_explorer import cluster_explorer

    model = experiments.trained("clustering_aae_16", data).eval()
    return cluster_explorer(model, data.validation.x[:2000], data.validation.y[:2000], latent_dim=5)


def _turntable(data: Splits):
    from course_utils.widgets.turntable import turntable

    model = experiments.trained("reduction_aae_3d_100_improved", data).eval()
    with torch.no_grad():
        return turntable(model.points(data.validation.x[:1000]), data.validation.y[:1000], model.heads.clone())


def _gamma_slider(data: Splits):
    from course_utils.widgets.gamma_slider import gamma_slider

    shipped = {gamma: f"vae_gan_gamma_{gamma:g}" for gamma in GAMMAS}
    shipped = {gamma: recipe for gamma, recipe in shipped.items() if recipe in pretrained.names()}
    swept = {gamma: experiments.trained(recipe, data).eval() for gamma, recipe in shipped.items()}
    return gamma_slider(swept, data.validation.x[:10], torch.randn(20, 32, device=data.validation.x.device))


def _attribute_knobs(data: Splits):
    from course_utils.widgets.attribute_knobs import attribute_knobs

    model = experiments.trained("attribute_vae_gan", data).eval()
    return attribute_knobs(model.decode, model.prior.sample(60), scale(data.train.x[:5000]))


def _anomaly_painter(data: Splits):
    from course_utils.widgets.anomaly_painter import anomaly_painter

    names = ("autoencoder", "vae", "aae", "ganomaly", "skip_ganomaly", "attention_vae")  # AnoGAN searches: too long
    finders = {name: experiments.trained(f"defects_{name}", data).eval() for name in names}
    return anomaly_painter(finders, data.validation.x[:12])


def _model_chooser(_data: Splits):
    from course_utils.widgets.model_chooser import model_chooser

    return model_chooser(comparison.read())


def _style_mixing(data: Splits):
    from course_utils.widgets.style_mixing import style_mixing

    gan = experiments.trained("style_gan", data).eval()
    with torch.no_grad():
        styles, mean = gan.styles(20), gan.mean_style()
    return style_mixing(gan, styles, mean, gan.synthesis.noise(1), scale(data.train.x[:5000]))


# name -> the number of its notebook, and what builds it from the data
SCENES: dict[str, tuple[str, Callable]] = {
    "latent explorer": ("12", _latent_explorer),
    "denoising slider": ("01", _denoising_slider),
    "training player": ("02", _training_player),
    "GAN player": ("02", _gan_player),
    "style mixer": ("03", _style_mixer),
    "attribute slider": ("04", _attribute_slider),
    "distortion slider": ("05", _distortion_slider),
    "posterior explorer": ("07", _posterior_explorer),
    "part walker, swiss roll": ("08", partial(_part_walker, "labelled_swiss_roll")),
    "part walker, ten Gaussians": ("08", partial(_part_walker, "labelled_ten_gaussians")),
    "style knobs": ("09", _style_knobs),
    "class explorer": ("10", _class_explorer),
    "cluster explorer": ("11", _cluster_explorer),
    "turntable": ("12", _turntable),
    "gamma slider": ("13", _gamma_slider),
    "attribute knobs": ("14", _attribute_knobs),
    "anomaly painter": ("15", _anomaly_painter),
    "model chooser": ("16", _model_chooser),
    "style mixing": ("17", _style_mixing),
}
