"""The copied files are those that were published, whole."""

import hashlib

import pytest

from course_utils.publish import vendored

SHA256 = {
    "mathjax/tex-svg.js": "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882",
    "reveal/notes.js": "df1201d19d03241a2897d39c3d38768177df1cbd4bde06327b321cb83461ae89",
    "reveal/reveal.css": "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
    "reveal/reveal.js": "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
}


@pytest.mark.parametrize("name", SHA256)
def test_a_copied_file_is_as_it_was_published(name):
    assert hashlib.sha256((vendored.FOLDER / name).read_bytes()).hexdigest() == SHA256[name]


def test_every_copied_script_and_style_is_listed():
    copied = [path for path in vendored.FOLDER.rglob("*") if path.suffix in (".js", ".css")]
    assert {path.relative_to(vendored.FOLDER).as_posix() for path in copied} == set(SHA256)


def test_every_copy_has_its_licence():
    for folder in {name.split("/")[0] for name in SHA256}:
        assert (vendored.FOLDER / folder / "LICENSE").stat().st_size > 500
