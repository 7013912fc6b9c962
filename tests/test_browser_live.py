"""The live figures in a real browser: opened from the disk, checked against PyTorch, and used."""

import base64
import re

import pytest
import torch
from browser import DESKTOP, PHONE, opened

from course_utils import experiments, pretrained
from course_utils.publish import live
from course_utils.publish.live import figures, models


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A bare page with all figures, without the website around it."""
    folder = tmp_path_factory.mktemp("live")
    live.write(folder / live.FOLDER)
    style = "<style>:root { --color-brand-primary: #0a58ca; --color-background-border: #ccc } body { max-width: 46rem }"
    parts = "\n".join(map(figures.html, models.FIGURES))
    head = f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">{style}</style>'
    file = folder / "index.html"
    file.write_text(f"{head}\n{parts}\n{figures.scripts(list(models.FIGURES), '')}", encoding="utf-8")
    return file


@pytest.fixture(scope="module", params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def figure_page(request, page_file):
    """The page in a window of either size."""
    with opened(request.param) as (page, complaints):
        page.goto(page_file.as_uri())
        yield page
        assert complaints == []


def pixels(page, name: str) -> torch.Tensor:
    """The image that a figure shows, (28, 28) whole numbers from 0 to 255, from the red channel of its canvas."""
    get = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    return torch.tensor(page.eval_on_selector(f"#{name} .live-digit", get)).view(28, 28)


def words(page, name: str) -> str:
    return page.inner_text(f"#{name}-words")


# ---- the same numbers as PyTorch ---------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("name", models.FIGURES)
def test_the_page_computes_what_pytorch_computes(figure_page, name):
    """The page has the shipped weights to the last bit; what is left is the order of float32 sums."""
    recipe, _ = models.FIGURES[name]
    method = experiments.get(recipe).method(0)
    pretrained.load(recipe, method)
    z = torch.randn(8, method.decoder.latent_dim, generator=torch.Generator().manual_seed(3))
    expected = method.decoder(z).flatten(1)
    got = figure_page.evaluate(f"codes => codes.map(z => [...Live.models.{name}.decode(z)])", z.tolist())
    assert expected.std() > 0.1
    assert (torch.tensor(got) - expected).abs().max() < 1e-5


@torch.no_grad()
def test_weights_in_8_bits_are_read_as_well(figure_page, tmp_path, monkeypatch):
    """As `pretrained` writes them now: whole numbers, and a scale for each row."""
    recipe, method = models.ROLL, experiments.get(models.ROLL).method(0)
    card = pretrained.load(recipe, method)
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    pretrained.save(recipe, method, card)
    pretrained.load(recipe, method)  # with its weights rounded
    content = models.exported(recipe, lambda method: {})
    assert b'"I8"' in content
    z = [0.7, 1.6]
    get = "([file, z]) => [...new Live.Decoder(file).decode(z)]"
    got = figure_page.evaluate(get, [base64.b64encode(content).decode(), z])
    assert (torch.tensor(got) - method.decoder(torch.tensor([z])).flatten()).abs().max() < 1e-5


@torch.no_grad()
def test_what_is_on_the_canvas_is_the_decoded_image(figure_page):
    method = experiments.get(models.PLANE).method(0)
    pretrained.load(models.PLANE, method)
    z = [float(figure_page.input_value(f"#plane [name={axis}]")) for axis in ("z1", "z2")]
    expected = 14 + (255 - 14) * method.decoder(torch.tensor([z]))[0, 0]  # between paper and ink
    assert (pixels(figure_page, "plane") - expected).abs().max() <= 1


# ---- by hand -----------------------------------------------------------------------------------------------------


def test_a_click_and_a_drag_move_the_point(figure_page):
    front = figure_page.locator("#plane .live-front")
    front.scroll_into_view_if_needed()
    box = front.bounding_box()
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    figure_page.mouse.click(*at(0.75, 0.25))
    assert words(figure_page, "plane").startswith("z = (+1.50, +1.50)")
    before = pixels(figure_page, "plane")
    figure_page.mouse.move(*at(0.75, 0.25))
    figure_page.mouse.down()
    figure_page.mouse.move(*at(0.5, 0.5), steps=4)
    figure_page.mouse.move(*at(0.25, 1.5), steps=4)  # beyond the edge: it stays at it
    figure_page.mouse.up()
    assert re.match(r"z = \(−1\.5\d, −3\.00\), outside", words(figure_page, "plane"))
    assert not torch.equal(pixels(figure_page, "plane"), before)
    figure_page.mouse.move(*at(0.6, 0.6))
    assert "−3.00" in words(figure_page, "plane"), "a pointer that is not pressed moves nothing"


def test_arrow_keys_move_the_point(figure_page):
    figure_page.focus("#plane [name=z1]")
    figure_page.eval_on_selector("#plane [name=z1]", "s => { s.value = 0; s.dispatchEvent(new Event('input')) }")
    figure_page.eval_on_selector("#plane [name=z2]", "s => { s.value = 0; s.dispatchEvent(new Event('input')) }")
    figure_page.focus("#plane .live-front")
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp"):
        figure_page.keyboard.press(key)
    assert words(figure_page, "plane").startswith("z = (+0.10, +0.60), inside")
    figure_page.keyboard.press("Tab")
    figure_page.keyboard.press("ArrowRight")
    assert words(figure_page, "plane").startswith("z = (+0.11, +0.60)"), "the next stop is the slider of z1"


def test_one_style_in_ten_digits(figure_page):
    figure_page.click("#mixer [name=middle]")
    figure_page.locator("#mixer .live-tiles label").nth(3).click()
    assert words(figure_page, "mixer") == "This is a 3 in the average handwriting."
    upright = pixels(figure_page, "mixer")
    figure_page.keyboard.press("ArrowRight")  # the tiles are radio buttons
    assert words(figure_page, "mixer").startswith("This is a 4 ")
    figure_page.keyboard.press("ArrowLeft")
    figure_page.focus("#mixer [name=slant]")
    figure_page.keyboard.press("End")
    assert words(figure_page, "mixer") == "This is a 3 in the average handwriting, slant +2.5 standard deviations."
    assert not torch.equal(pixels(figure_page, "mixer"), upright)
    figure_page.click("#mixer [name=draw]")
    assert words(figure_page, "mixer") == "This is a 3 in a handwriting drawn from the prior."
    assert figure_page.input_value("#mixer [name=slant]") == "0"


def test_a_walk_along_the_roll(figure_page):
    slider = figure_page.locator("#roll [name=step]")
    slider.focus()
    figure_page.keyboard.press("Home")
    assert words(figure_page, "roll").startswith("Part of class 0, z = (+0.00, +0.00).")
    first = pixels(figure_page, "roll")
    figure_page.keyboard.press("End")
    assert words(figure_page, "roll").startswith("Part of class 9, ")
    assert not torch.equal(pixels(figure_page, "roll"), first)
    figure_page.focus("#roll .live-front")
    figure_page.keyboard.press("Shift+ArrowLeft")
    assert slider.input_value() == "180"
    front = figure_page.locator("#roll .live-front")
    box = front.bounding_box()
    front.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert slider.input_value() == "0", "the middle of the roll is its inner end"
    figure_page.click("#roll [name=walk]")
    figure_page.wait_for_function("document.querySelector('#roll [name=step]').value > 3")
    figure_page.click("#roll [name=walk]")
    assert figure_page.get_attribute("#roll [name=walk]", "aria-pressed") == "false"


# ---- fit to be used ----------------------------------------------------------------------------------------------


def test_the_page_never_scrolls_sideways(figure_page):
    assert figure_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_control_has_a_name(figure_page):
    unnamed = "els => els.filter(e => !(e.labels?.length || e.ariaLabel || e.textContent.trim())).map(e => e.outerHTML)"
    assert figure_page.eval_on_selector_all(".live input, .live button, .live [tabindex]", unnamed) == []


@pytest.mark.parametrize("name", models.FIGURES)
def test_a_move_is_answered_within_a_tenth_of_a_second(figure_page, name):
    """From the event to the image on the canvas."""
    moved = """name => {
        const slider = document.querySelector(`#${name} input[type=range]`);
        const times = Array.from({ length: 20 }, (_, i) => {
            const start = performance.now();
            slider.value = Number(slider.min) + (i / 20) * (slider.max - slider.min);
            slider.dispatchEvent(new Event("input"));
            return performance.now() - start;
        });
        return times.sort((a, b) => a - b)[10];
    }"""
    assert figure_page.evaluate(moved, name) < 100


def test_the_first_picture_comes_within_two_seconds(figure_page):
    figure_page.reload()
    figure_page.wait_for_function("document.querySelector('#roll-words').textContent")
    assert figure_page.evaluate("performance.now()") < 2000


def test_who_prefers_less_motion_is_offered_no_walk(figure_page):
    assert figure_page.is_visible("#roll [name=walk]")
    figure_page.emulate_media(reduced_motion="reduce")
    figure_page.reload()
    assert figure_page.is_hidden("#roll [name=walk]")
