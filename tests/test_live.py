"""The live figures' models: what the page is given computes what the package computes."""

import json
import re
import struct

import numpy as np
import pytest
import torch

from course_utils import attributes, experiments, judge, pretrained, set_up
from course_utils.networks import ConvDecoder
from course_utils.plotting.style import CLASS_COLORS
from course_utils.publish import live
from course_utils.publish.live import figures, models

# ---- an independent reader of the file, after the description of the format ---------------------------------------


def unpacked(content: bytes) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and metadata of a safetensors file, read by hand."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = {key: json.loads(value) for key, value in header.pop("__metadata__").items()}
    kinds, body = {"I8": np.int8, "F16": np.float16, "F32": np.float32}, content[8 + length :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }, metadata


def decoded(content: bytes, z: np.ndarray) -> np.ndarray:
    """Images (N, 784) at codes z (N, latent_dim), by NumPy."""
    arrays, metadata = unpacked(content)
    for layer in metadata["layers"]:
        weight = arrays[layer["weight"]].astype(np.float32)
        if layer["weight"] + ".scale" in arrays:
            weight = weight * arrays[layer["weight"] + ".scale"]
        z = z @ weight.T + arrays[layer["bias"]].astype(np.float32)
        z = {"relu": lambda v: np.maximum(v, 0), "sigmoid": lambda v: 1 / (1 + np.exp(-v))}[layer["activation"]](z)
    return z


@pytest.fixture(scope="module")
def exported():
    """Figure -> its exported model."""
    return {name: models.exported(*figure) for name, figure in models.FIGURES.items()}


def method(recipe: str):
    made = experiments.get(recipe).method(0)
    pretrained.load(recipe, made)
    return made


@pytest.mark.parametrize("name", models.FIGURES)
def test_a_model_computes_what_the_shipped_decoder_computes(exported, name):
    decoder = method(models.FIGURES[name][0]).decoder
    z = torch.randn(50, decoder.latent_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = decoder(z).flatten(1).numpy()
    assert expected.std() > 0.1, "the images must not be empty"
    difference = np.abs(decoded(exported[name], z.numpy()) - expected).max()
    assert difference < 1e-5  # the same weights: float32 rounding is left


@pytest.mark.parametrize("name", models.FIGURES)
def test_a_model_is_small_and_says_where_it_comes_from(exported, name):
    assert len(exported[name]) < 600_000
    assert unpacked(exported[name])[1]["card"]["recipe"] == models.FIGURES[name][0]


def test_a_convolutional_decoder_is_refused():
    with pytest.raises(TypeError, match="not a ConvDecoder"):
        list(models._layers(ConvDecoder(2, (1, 28, 28))))


def test_missing_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    with pytest.raises(pretrained.CheckpointError, match="no weights of 'labelled_swiss_roll' are shipped"):
        models.script("roll")


# ---- what the figures say ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def about(exported):
    """Figure -> what its model's header says beside the weights."""
    return {name: unpacked(content)[1]["about"] for name, content in exported.items()}


@torch.no_grad()
def test_the_plane_says_what_the_judge_reads(about):
    n, limit, reads = (about["plane"][key] for key in ("n", "limit", "reads"))
    assert len(reads) == n * n
    z = torch.tensor([[-limit, -limit], [limit, -limit], [-1.5, 2.0]])  # corners, and a point found by its place
    index = [0, n - 1, round((2.0 + limit) / (2 * limit) * (n - 1)) * n + round((-1.5 + limit) / (2 * limit) * (n - 1))]
    expected = judge.probabilities(method(models.PLANE).decoder(z)).argmax(1)
    assert [int(reads[i]) for i in index] == expected.tolist()
    assert set(reads) == set("0123456789"), "all digits live in the plane"


def test_the_roll_goes_from_class_to_class(about):
    roll = about["roll"]
    part = [min(9, i * 10 // (len(roll["points"]) - 1)) for i in range(len(roll["points"]))]
    agree = sum(int(read) == k for read, k in zip(roll["reads"], part, strict=True)) / len(part)
    assert agree > 0.85, "the card says that 93 % of what is drawn from a part is read as its class"
    assert np.hypot(*roll["points"][-1]) == pytest.approx(3.0, abs=1e-3)
    assert max(map(max, roll["points"])) < roll["limit"]


@torch.no_grad()
@pytest.mark.parametrize("name", models.KNOBS)
def test_a_knob_turns_its_attribute(about, name):
    """Two steps of the direction change the attribute by about two standard deviations, in all digits but the 1."""
    saae = method(models.MIXER)
    z = torch.randn(500, saae.prior.dim, generator=torch.Generator().manual_seed(2))
    move = torch.tensor(about["mixer"]["directions"][name])
    for digit in (0, 3, 8):
        y = torch.full((500,), digit)
        before, after = (attributes.ATTRIBUTES[name](saae.decode(z + a * move, y)) for a in (-1, 1))
        change = (after - before).nanmean() / before[before.isfinite()].std()
        assert 1.0 < change < 3.5, digit


def test_the_colours_are_those_of_the_course():
    script = (figures.HERE / "picture.js").read_text(encoding="utf-8")
    listed = re.search(r"Live.COLORS = \[(.*?)\n\]", script, re.DOTALL)[1]
    ours = [f"#{''.join(f'{round(255 * value):02x}' for value in color)}" for color in CLASS_COLORS]
    assert re.findall(r"#\w{6}", listed) == ours


@pytest.mark.parametrize("name", figures.IN_LESSONS)
def test_a_lesson_has_the_cell_that_its_live_figure_follows(name):
    cells = json.loads((set_up.ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    after, _ = live.in_lesson(name)
    assert sum(cell["cell_type"] == "code" and after in "".join(cell["source"]) for cell in cells) == 1


@torch.no_grad()
def test_the_preview_shows_what_the_decoder_draws():
    band = models.band(rows=3, columns=5)  # steps of 0.92
    assert band.shape == (84, 140)
    right_above = method(models.PLANE).decoder(torch.tensor([[1.84, 0.92]]))[0, 0].numpy()
    assert np.abs(band[:28, -28:] - right_above).max() < 1e-5


def test_every_figure_has_a_place_and_all_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "script", lambda figure: f"// {figure}")
    live.write(tmp_path / "live")
    page = live.page()
    for name in models.FIGURES:
        assert f'id="{name}"' in page and f"live/{name}_model.js" in page
    wanted = {part.split('"')[0].removeprefix("live/") for part in page.split('src="')[1:]}
    assert wanted <= {path.name for path in (tmp_path / "live").iterdir()}
    assert {place.figure for place in figures.IN_LESSONS.values()} == set(models.FIGURES)
