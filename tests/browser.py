"""A real browser for tests: Chromium, driven by Playwright, and what it complained about.

Where there is no Chromium, tests are skipped with a message; with COURSE_BROWSER=required they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PHONE, DESKTOP, PROJECTOR = (390, 844), (1440, 900), (1280, 720)  # CSS pixels
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium complains of these whatever a page does
HARMLESS = ("favicon.ico",)


def find() -> str:
    """The path of a Chromium. Skips the test if there is none, and fails it where one must be there."""
    wanted = os.environ.get("COURSE_CHROMIUM")
    found = wanted or next(filter(None, map(shutil.which, NAMES)), None)
    if found and Path(found).is_file():
        return found
    message = "no Chromium found: install chromium (Debian, Ubuntu: apt install chromium) or name it in COURSE_CHROMIUM"
    if os.environ.get("COURSE_BROWSER") == "required":
        pytest.fail(message)
    pytest.skip(message)


class Complaints(list):
    """What went wrong in a page: errors in its console, exceptions, and requests that failed or left this machine."""

    def watch(self, page) -> None:
        """Collect what this page complains about from now on."""
        page.on("console", lambda message: self._say(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._say(str(error)))
        page.on("requestfailed", lambda request: self._say(f"{request.url}: {request.failure}"))
        page.on("request", lambda request: self._left(request.url))

    def _say(self, text: str) -> None:
        if not any(word in text for word in HARMLESS):
            self.append(text)

    def _left(self, url: str) -> None:
        local = ("file:", "data:", "blob:", "http://localhost", "http://127.0.0.1", "ws://localhost", "ws://127.0.0.1")
        if not url.startswith((*local, "about:")):
            self.append(f"asked the network for {url}")


@contextmanager
def opened(size: tuple[int, int] = DESKTOP, **options) -> Iterator[tuple]:
    """A page of a browser window of this size and the list of its complaints; options: Playwright's of `new_page`."""
    executable = find()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # a container's root may not use Chromium's own sandbox; the pages opened here are our own
        arguments = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            width, height = size
            page = browser.new_page(viewport={"width": width, "height": height}, **options)
            complaints = Complaints()
            complaints.watch(page)
            yield page, complaints
        finally:
            browser.close()
