"""What was handed in is taken in, and what cannot be is named with its reason."""

import os

import homework_tiny as tiny
import nbformat
import pytest

from course_utils.homework import collecting, commands
from course_utils.homework.collecting import collect


@pytest.fixture
def course(tmp_path):
    return tiny.make_course(tmp_path / "course")


@pytest.fixture
def box(tmp_path):
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


def put(box, name: str, notebook=None) -> None:
    (box / name).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook or tiny.answered(), box / name)


def test_folders_and_names_of_files(course, box):
    put(box, "ada/hw0_tiny.ipynb")
    put(box, "bob.b@uni-x.org/attempt 2/hw0_tiny.ipynb")
    put(box, "eve_1_hw0_tiny.ipynb")
    put(box, "ada/.ipynb_checkpoints/hw0_tiny.ipynb")
    found = collect(box, course)
    assert found.problems == []
    assert sorted(found.new) == [("ada", "hw0"), ("bob.b@uni-x.org", "hw0"), ("eve_1", "hw0")]
    assert (course / "submitted" / "eve_1" / "hw0" / "hw0_tiny.ipynb").is_file()


def test_collecting_again_says_what_is_new(course, box):
    put(box, "ada/hw0_tiny.ipynb")
    put(box, "bob/hw0_tiny.ipynb")
    collect(box, course)
    put(box, "bob/hw0_tiny.ipynb", tiny.answered(double="def double(x): return x + x"))
    put(box, "eve/hw0_tiny.ipynb")
    found = collect(box, course)
    assert (found.new, found.changed, found.same) == ([("eve", "hw0")], [("bob", "hw0")], [("ada", "hw0")])
    assert "x + x" in (course / "submitted" / "bob" / "hw0" / "hw0_tiny.ipynb").read_text()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ada/hw0_tiny (1).ipynb", "no assignment has a notebook of this name; there are hw0_tiny.ipynb"),
        ("hw0_tiny.ipynb", "whose is it?"),
        ("a b/hw0_tiny.ipynb", "cannot be a student's id"),
        ("-rf/hw0_tiny.ipynb", "cannot be a student's id"),
        ("é/hw0_tiny.ipynb", "cannot be a student's id"),
        ("a+b_hw0_tiny.ipynb", "cannot be a student's id"),
    ],
)
def test_bad_names(course, box, name, reason):
    put(box, name)
    put(box, "good/hw0_tiny.ipynb")
    found = collect(box, course)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"{name}: ".replace("/", os.sep))
    assert reason in found.problems[0]
    assert found.new == [("good", "hw0")]
    assert [path.name for path in (course / "submitted").iterdir()] == ["good"]


def test_damaged_and_large_files(course, box, monkeypatch):
    put(box, "ada/hw0_tiny.ipynb")
    (box / "ada" / "hw0_tiny.ipynb").write_text("<html>not found</html>")
    assert "it is not a notebook" in collect(box, course).problems[0]
    monkeypatch.setattr(collecting, "LARGEST", 10)
    assert "larger than" in collect(box, course).problems[0]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_not_followed(course, box, tmp_path):
    put(tmp_path, "secret.ipynb")
    (box / "ada").mkdir()
    (box / "ada" / "hw0_tiny.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert "it is a link" in collect(box, course).problems[0]


def test_handed_in_twice(course, box):
    put(box, "ada/hw0_tiny.ipynb")
    put(box, "ada_hw0_tiny.ipynb")
    found = collect(box, course)
    assert "handed in hw0_tiny.ipynb twice" in found.problems[0]


def test_the_command(course, box, capsys):
    assert commands.main(["collect", str(box), "--course", str(course)]) == 1
    assert "there are no notebooks" in capsys.readouterr().err
    put(box, "ada/hw0_tiny.ipynb")
    assert commands.main(["collect", str(box), "--course", str(course)]) == 0
    assert "1 new, 0 changed, 0 as before" in capsys.readouterr().out
    assert commands.main(["collect", str(box / "nowhere"), "--course", str(course)]) == 1
