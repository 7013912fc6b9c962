"""The slides in a real browser, at the size of a projector: they open, advance, and nothing overflows."""

import sys
from pathlib import Path

import pytest
from browser import PROJECTOR, opened
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_browser_lab import PATIENCE, click, serving

from course_utils.publish import slides

LESSONS = sorted(slides.NOTEBOOKS.glob("*.ipynb"))
FAULTS = (Path(__file__).parent / "slide_faults.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The decks of all lessons."""
    folder = tmp_path_factory.mktemp("slides")
    slides.build([], folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    """One page for all tests, and what it complains about."""
    with opened(PROJECTOR) as (page, complaints):
        yield page, complaints


def open_deck(page, path: Path) -> None:
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_nothing_overflows_a_slide_and_all_of_it_can_be_read(folder, browser, path):
    page, complaints = browser
    complaints.clear()
    open_deck(page, folder / f"{path.stem}.html")
    assert page.evaluate("Reveal.getTotalSlides()") > 10
    assert page.evaluate(FAULTS) == []
    assert complaints == []


def test_a_deck_opens_from_its_index_and_advances_by_the_arrow_keys(folder, browser):
    page, complaints = browser
    complaints.clear()
    page.goto((folder / "index.html").as_uri())
    page.click("text=06 · Adversarial autoencoders")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    total = page.evaluate("Reveal.getTotalSlides()")
    assert page.inner_text(".slide-number") == f"1 / {total}"
    for _ in range(500):
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            break
        page.keyboard.press("ArrowRight")
    assert page.inner_text(".slide-number") == f"{total} / {total}"  # also the slides that lie below others
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("Reveal.getProgress()") < 1
    assert complaints == []


def test_formulas_are_typeset_and_figures_loaded(folder, browser):
    page, _ = browser
    open_deck(page, folder / "06_aae.html")
    assert page.locator("mjx-container svg").count() > 20
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_speaker_notes_open_in_a_window_of_their_own(folder, browser):
    page, complaints = browser
    complaints.clear()
    open_deck(page, folder / "06_aae.html")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value
    page.evaluate(
        "() => { const noted = Reveal.getSlides().find(s => s.querySelector('aside')); "
        "const { h, v } = Reveal.getIndices(noted); Reveal.slide(h, v); }"
    )
    notes.wait_for_function("document.querySelector('.speaker-controls-notes .value').innerText.length > 20")
    notes.close()
    assert complaints == []


SPOILT = {
    "high": ("slide.insertAdjacentHTML('beforeend', '<p>a line</p>'.repeat(40))", "px high"),
    "wide": ("slide.insertAdjacentHTML('beforeend', '<p style=\"width: 1500px\">wide</p>')", "px wide"),
    "small": ("slide.insertAdjacentHTML('beforeend', '<p style=\"font-size: 12px\">small</p>')", "'small' is 12 px"),
    "formula": ("slide.insertAdjacentHTML('beforeend', '<p>$x$</p>')", "not typeset"),
    "empty": ("slide.innerHTML = '<h2>A heading</h2>'", "nothing but a heading"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_check_finds_what_is_wrong(folder, browser, name):
    page, _ = browser
    change, words = SPOILT[name]
    open_deck(page, folder / "00_start_here.html")
    page.evaluate(f"() => {{ const slide = Reveal.getSlides()[3].querySelector('.slide'); {change} }}")
    assert any(fault.startswith("slide 4 ") and words in fault for fault in page.evaluate(FAULTS))


# ---- live, in JupyterLab ----------------------------------------------------------------------------------------


def test_jupyterlab_shows_the_slides_live(browser, tmp_path):
    cells = [
        new_markdown_cell("# A lesson", metadata={"slideshow": {"slide_type": "slide"}}),
        new_code_cell("6 * 7", metadata={"slideshow": {"slide_type": "slide"}}),
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "lesson.ipynb")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={tmp_path}"]
    # RISE does complain: of fonts on the network, and of widgets, which it cannot show
    page, _ = browser
    with serving(command, tmp_path) as address:
        page.goto(f"{address}/lab/tree/lesson.ipynb?reset")
        click(page, "[title^='Render the current notebook as Reveal Slideshow']")
        slides_in_lab = page.frame_locator("iframe")
        slides_in_lab.locator("h1:visible").wait_for(timeout=PATIENCE)
        slides_in_lab.locator("h1:visible").click()
        page.keyboard.press("Space")
        code = slides_in_lab.locator(".cm-content:visible", has_text="6 * 7")
        code.wait_for(timeout=PATIENCE)
        code.click()
        page.keyboard.press("Shift+Enter")
        slides_in_lab.locator(".jp-OutputArea-output:visible", has_text="42").wait_for(timeout=PATIENCE)
