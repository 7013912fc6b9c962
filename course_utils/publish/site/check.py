"""What a finished website promises: every link in it leads somewhere, and nothing of a page is far away."""

from collections.abc import Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_REFERS = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src", "iframe": "src"}
_LOADED = {"link", "img", "script", "source", "iframe"}  # fetched without a click


class Page(HTMLParser):
    """An HTML file: where it points to, and the anchors that others can point to."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.targets: list[tuple[str, str]] = []  # tag, address as written
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.anchors.update(filter(None, (attributes.get("id"), attributes.get("name") if tag == "a" else None)))
        address = attributes.get(_REFERS.get(tag, ""))
        if address and not address.startswith("data:"):  # what the address holds itself is there
            self.targets.append((tag, address))


class Website:
    """A folder of HTML files."""

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def pages(self) -> dict[Path, Page]:
        return {path.resolve(): Page(path) for path in sorted(self.folder.rglob("*.html"))}

    def broken(self) -> list[str]:
        """A line for each link, picture, script or style that leads nowhere, and for each that is fetched from afar."""
        return [
            f"{page.path.relative_to(self.folder)}: {address} ({problem})"
            for page in self.pages.values()
            for tag, address in page.targets
            if (problem := self._problem(page, tag, address))
        ]

    def external(self) -> list[str]:
        """The addresses outside of the website that its pages link to, sorted."""
        addresses = {address for page in self.pages.values() for _, address in page.targets}
        return sorted(address for address in addresses if _is_external(address))

    def bytes_of(self, page: Path) -> int:
        """What a browser loads to show a page: its HTML, and each picture, script and style once."""
        addresses = (address for tag, address in self.pages[page.resolve()].targets if tag in _LOADED)
        files = {self._file(page, address) for address in addresses if not _is_external(address)}
        return page.stat().st_size + sum(file.stat().st_size for file in files if file.is_file())

    def heaviest(self) -> Iterator[tuple[int, str]]:
        """(bytes, name) of all pages, the heaviest first."""
        sizes = ((self.bytes_of(path), path.relative_to(self.folder.resolve()).as_posix()) for path in self.pages)
        yield from sorted(sizes, reverse=True)

    def _problem(self, page: Page, tag: str, address: str) -> str:
        if _is_external(address):
            return "fetched from another machine" if tag in _LOADED else ""
        file, anchor = self._file(page.path, address), unquote(urlsplit(address).fragment)
        if not file.is_file():
            return "no such file"
        if anchor and file in self.pages and anchor not in self.pages[file].anchors:
            return "no such place in that page"
        return ""

    def _file(self, page: Path, address: str) -> Path:
        path = unquote(urlsplit(address).path)
        return ((page.parent / path) if path else page).resolve()


def _is_external(address: str) -> bool:
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)
