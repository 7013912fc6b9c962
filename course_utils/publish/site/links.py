"""Links of the repository's notebooks and texts, as the pages of the website need them."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

# Code, which stays as it is; or [text](target), where the text may hold code or a pair of brackets, but no other link.
_CODE_OR_LINK = re.compile(
    r"(?P<ticks>`+).*?(?P=ticks)|(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])+)\]\((?P<target>[^()\s]+)\)", re.DOTALL
)


def rewritten(markdown: str, source: str, page: str, pages: Mapping[str, str]) -> str:
    """Markdown of the file `source` of the repository with its links as the page `page` needs them.

    pages: for each file or folder of the repository that has a page, the path of that page among the website's own
    sources. A link to any other file of the repository becomes its text alone. All paths are relative, with slashes.
    """

    def leads(match: re.Match) -> str:
        text, target = match["text"], match["target"]
        if match["ticks"] or re.match(r"[a-z]+:|#", target):
            return match.group()
        path, _, anchor = target.partition("#")
        place = posixpath.normpath(PurePosixPath(source).parent / path)
        if place not in pages:
            return text
        relative = posixpath.relpath(pages[place], PurePosixPath(page).parent)
        return f"[{text}]({relative}{'#' + anchor if anchor else ''})"

    return _CODE_OR_LINK.sub(leads, markdown)
