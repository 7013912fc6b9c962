"""A website of a few lessons, built, checked, and opened in a real browser from the disk."""

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from browser import DESKTOP, PHONE, opened

from course_utils.publish import site
from course_utils.publish.site.check import Website

LESSONS = ["08_imposed_priors", "09_style_and_content"]
LESSON = f"notebooks/{LESSONS[0]}.html"
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the website."""
    return site.build(tmp_path_factory.mktemp("website") / "site", LESSONS, package=False).folder


@pytest.fixture(scope="module", params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def window(request, built):
    """A window of either size; at the end nothing may have gone wrong in any page it showed."""
    with opened(request.param) as (page, complaints):
        yield page
        # whoever leaves a page early gives up what was still on its way
        assert [complaint for complaint in complaints if "ERR_ABORTED" not in complaint] == []


def visit(page, built, name: str) -> None:
    page.goto(f"{built.as_uri()}/{name}")
    page.wait_for_load_state("load")


def test_every_link_leads_somewhere(built):
    website = Website(built)
    assert len(website.pages) == len(LESSONS) + 4 and website.broken() == []


def test_pages_are_small_enough_for_a_phone(built):
    size, name = next(Website(built).heaviest())
    assert size < MAX_BYTES, name


def test_no_page_needs_a_widget_or_its_scripts(built):
    for name in LESSONS:
        text = (built / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        assert "widget-view" not in text and "requirejs" not in text.lower()


def test_the_front_page_leads_to_the_lessons(window, built):
    visit(window, built, "index.html")
    assert window.inner_text("h1").startswith("Generative models, tested")
    assert window.locator(".card").count() == len(LESSONS)
    window.click(".card >> text=08 Imposed")
    window.wait_for_url(f"**/{LESSON}")


@pytest.mark.parametrize("name", ["index.html", "try_it.html", "results.html", "search.html", LESSON])
def test_no_page_scrolls_sideways(window, built, name):
    visit(window, built, name)
    window.eval_on_selector_all("details", "all => all.forEach(fold => { fold.open = true })")
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wide_output_scrolls_in_its_own_box(window, built):
    visit(window, built, LESSON)
    wide = """box => {
        box.innerHTML = '<table class="dataframe"><tr><td style="min-width: 3000px">wide</td></tr></table>';
        return box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX;
    }"""
    assert window.eval_on_selector("article .cell_output", wide) == "auto"
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_lesson_shows_formulas_and_figures(window, built):
    visit(window, built, LESSON)
    window.wait_for_function("document.querySelectorAll('mjx-container svg').length > 10")
    assert window.locator("mjx-merror").count() == 0
    figures = "all => all.map(image => [image.alt, image.getBoundingClientRect().width])"
    shown = window.eval_on_selector_all("img.figure", figures)
    assert len(shown) >= 10
    assert all(len(alt) > 20 and 0 < width <= window.viewport_size["width"] for alt, width in shown if width)
    first = window.locator("img.figure").first
    first.scroll_into_view_if_needed()
    window.wait_for_function("document.querySelector('img.figure').naturalWidth > 0")


def test_tables_among_the_outputs_are_tables(window, built):
    visit(window, built, LESSON)
    assert window.locator(".cell_output table").count() > 0


def test_a_solution_is_folded_and_opens_by_the_keyboard(window, built):
    visit(window, built, LESSON)
    answer = window.locator("#solution-1 .cell_output")
    assert window.locator("details.solution").count() == 7 and not answer.is_visible()
    window.focus("#solution-1 summary")
    window.keyboard.press("Enter")
    assert answer.is_visible() and answer.inner_text()
    assert not window.locator("#solution-2 .cell_output").first.is_visible()


def test_an_address_with_a_solution_opens_it(window, built):
    visit(window, built, f"{LESSON}#solution-5")
    window.wait_for_selector("#solution-5 .cell_output", state="visible")


def test_solutions_open_without_scripts(window, built):
    page = window.context.browser.new_page(java_script_enabled=False)
    visit(page, built, LESSON)
    page.click("#solution-1 summary")
    assert page.locator("#solution-1 .cell_output").is_visible()
    page.close()


def test_the_search_finds_a_word(window, built):
    visit(window, built, "search.html?q=keypad")  # it stands in a solution
    found = window.locator("#search-results li a")
    found.first.wait_for()
    assert found.all_inner_texts() == ["08 · Imposed priors: labels decide where codes go"]
    found.first.click()
    window.wait_for_url(re.compile(LESSON))


def test_the_search_quotes_pages_that_a_server_sends(window, built):
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=built)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        window.goto(f"http://127.0.0.1:{server.server_port}/search.html?q=keypad")
        window.wait_for_selector("#search-results .context")
        assert "keypad" in window.inner_text("#search-results .context").lower()
        server.shutdown()


def test_dark_and_light(window, built):
    visit(window, built, LESSON)
    colour = "getComputedStyle(document.body).backgroundColor"
    seen = set()
    for _ in range(3):  # automatic, light, dark
        seen.add(window.evaluate(colour))
        window.locator(".theme-toggle >> visible=true").first.click()
    assert len(seen) == 2


@pytest.mark.parametrize(("lesson", "figure"), [(LESSONS[0], "roll"), (LESSONS[1], "mixer")])
def test_a_lesson_has_its_live_figure(window, built, lesson, figure):
    visit(window, built, f"notebooks/{lesson}.html")
    words = window.locator(f"#{figure}-words")
    before = words.inner_text()
    window.locator(f"#{figure} input[type=range]").first.focus()
    window.keyboard.press("ArrowRight")
    window.keyboard.press("ArrowRight")
    assert before and words.inner_text() != before
