"""CelebA and LFW, from small made-up data sets in the layout that they have on disk."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from course_utils import datasets, distributions, networks
from course_utils.batches import make_batches
from course_utils.datasets import DatasetError, lfw, scaled
from course_utils.methods import VAE
from course_utils.training import fit


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch) -> Path:
    """A data root of the test's own, and no network."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    network(monkeypatch, RuntimeError("Too many users have viewed or downloaded this file recently"))
    return tmp_path / "data"


def network(monkeypatch, answer) -> list[str]:
    """What a download from Google Drive does: raise `answer`, or write its files; returns the list of downloads."""
    asked = []

    def download(file_id, folder, filename, md5):
        asked.append(filename)
        if isinstance(answer, BaseException):
            raise answer
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, filename).write_bytes(answer[filename])

    monkeypatch.setattr(torchvision.datasets.celeba, "download_file_from_google_drive", download)
    return asked


def decoded(monkeypatch) -> list[str]:
    """The names of the photographs that are decoded from now on."""
    names, load = [], torchvision.datasets.folder.default_loader

    def loader(path):
        names.append(Path(path).name)
        return load(path)

    monkeypatch.setattr(torchvision.datasets.folder, "default_loader", loader)
    return names


def photograph(i: int, width: int, height: int, left: int, top: int, side: int) -> bytes:
    """A jpg with a square of grey value 5 i + 40, in it a red upper left corner, and green all around the square."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:] = (0, 255, 0)
    square = pixels[top : top + side, left : left + side]
    square[:] = 5 * i + 40
    square[: side // 2, : side // 2] = (255, 0, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=98, subsampling=0)
    return buffer.getvalue()


def number(image: torch.Tensor) -> int:
    """The i of a `photograph`, from the image (3, 64, 64)."""
    return round((image[:, 44:52, 44:52].float().mean().item() - 40) / 5)


def assert_is_the_square(image: torch.Tensor) -> None:
    """The whole square and nothing else: no green, not even at the border, and the red corner half as wide."""
    red, green, blue = image.int()
    assert (green - blue).max() < 60, "green from outside of the square"
    assert (red - green > 200).nonzero().tolist() == [[row, column] for row in range(32) for column in range(32)]


# ---- CelebA -----------------------------------------------------------------------------------------------------

# The part of each photograph: out of order, which the real ones are not
PARTS = [0, 2, 0, 1, 0, 0, 1, 2, 0, 0, 2, 0]
NAMES = ["5_o_Clock_Shadow", "Bald", "Smiling", "Young"]
SIGNS = np.where(np.random.default_rng(0).random((len(PARTS), len(NAMES))) < 0.5, -1, 1)
POINTS = ["lefteye", "righteye", "nose", "leftmouth", "rightmouth"]
JPGS = {f"{i + 1:06d}.jpg": photograph(i, 178, 218, 15, 40, 148) for i in range(len(PARTS))}


def lists(signs: np.ndarray = SIGNS) -> dict[str, bytes]:
    """The text files, with the white space of the published ones: signs right-aligned after the first one of a row."""
    files = list(JPGS)
    columns = {
        "list_attr_celeba.txt": (
            " ".join(NAMES) + " ",
            [" ".join([str(row[0]), *(f"{sign:2d}" for sign in row[1:])]) for row in signs],
        ),
        "list_bbox_celeba.txt": ("image_id x_1 y_1 width height", ["   95   71  226  313"] * len(files)),
        "list_landmarks_align_celeba.txt": (
            " ".join(f"{each}_{axis}" for each in POINTS for axis in "xy") + " ",
            ["  69 109  106 113   77 142   73 152  108 154"] * len(files),
        ),
    }
    texts = {
        name: "\n".join([str(len(files)), heading, *(f"{a} {b}" for a, b in zip(files, rows, strict=True)), ""])
        for name, (heading, rows) in columns.items()
    }
    texts["list_eval_partition.txt"] = "".join(f"{a} {part}\n" for a, part in zip(files, PARTS, strict=True))
    texts["identity_CelebA.txt"] = "".join(f"{a} {2880 + i}\n" for i, a in enumerate(files))
    return {name: text.encode() for name, text in texts.items()}


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in JPGS.items():
            file.writestr(f"img_align_celeba/{name}", content)
    return buffer.getvalue()


ARCHIVE = {"img_align_celeba.zip": archive()}


def publish(monkeypatch, files: dict[str, bytes]) -> None:
    """Have torchvision take these files for the published ones."""
    entries = [("id", hashlib.md5(content).hexdigest(), name) for name, content in files.items()]
    monkeypatch.setattr(torchvision.datasets.CelebA, "file_list", entries)


def put(root: Path, files: dict[str, bytes], jpgs: dict[str, bytes] | None = None) -> Path:
    """Files into root/celeba, and photographs, unpacked, if any."""
    place = root / "celeba"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    for name, content in (jpgs or {}).items():
        (place / "img_align_celeba").mkdir(exist_ok=True)
        (place / "img_align_celeba" / name).write_bytes(content)
    return place


@pytest.fixture
def celeba(root, monkeypatch) -> Path:
    publish(monkeypatch, ARCHIVE | lists())
    return put(root, lists(), JPGS)


def assert_is_made_up(splits: datasets.Splits, signs: np.ndarray = SIGNS) -> None:
    """Each photograph is in its part, cropped, beside its own attributes."""
    for part, images in enumerate((splits.train, splits.validation, splits.test)):
        rows = [i for i, each in enumerate(PARTS) if each == part]
        assert [number(image) for image in images.x] == rows
        for image in images.x:
            assert_is_the_square(image)
        np.testing.assert_array_equal(images.attributes.numpy(), signs[rows])
        assert (images.x.dtype, images.attributes.dtype, images.y.dtype) == (torch.uint8, torch.float32, torch.int64)
        assert images.y.tolist() == [0] * len(rows)


def test_celeba(celeba, capsys):
    splits = datasets.load("celeba")
    assert_is_made_up(splits)
    assert (splits.name, splits.image_shape, splits.n_classes) == ("celeba", (3, 64, 64), 1)
    assert splits.attribute_names == tuple(NAMES)
    out, err = capsys.readouterr()
    assert "12/12" in err and "photograph/s" in err
    assert "12 photographs are cropped and scaled once, to .../data/celeba/celeba-64.npy" in out
    assert out.endswith(
        "Data: celeba, 7 training / 2 validation / 3 test images of 3x64x64 (as asked; memory-mapped)\n"
    )


def test_the_crop_is_that_of_the_paper_s_code_and_scaled_with_antialiasing(root, monkeypatch):
    """Noise, decoded, cut and scaled by PIL in numbers: rows 40 to 188, columns 15 to 163."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (218, 178, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", quality=95)
    publish(monkeypatch, ARCHIVE | lists())
    put(root, lists(), JPGS | {"000003.jpg": buffer.getvalue()})
    pixels = np.asarray(Image.open(io.BytesIO(buffer.getvalue())))[40:188, 15:163]
    expected = np.stack(
        [np.asarray(Image.fromarray(pixels[:, :, c]).resize((64, 64), Image.BICUBIC)) for c in range(3)]
    )
    image = datasets.load("celeba").train.x[1].numpy()
    np.testing.assert_allclose(image.astype(int), expected.astype(int), atol=1)
    nearest = np.stack([np.asarray(Image.fromarray(pixels[:, :, c]).resize((64, 64), Image.NEAREST)) for c in range(3)])
    assert image.std() < 0.8 * nearest.std(), "without antialiasing, noise stays as loud as it was"


def test_the_scaled_photographs_are_opened_and_not_decoded_again(celeba, monkeypatch, capsys):
    names = decoded(monkeypatch)
    datasets.load("celeba")
    assert sorted(names) == sorted(JPGS)
    capsys.readouterr()
    splits = datasets.load("celeba")
    assert_is_made_up(splits)
    assert len(names) == len(JPGS)
    assert capsys.readouterr().out.count("\n") == 1
    for file in (celeba / "img_align_celeba").iterdir():
        file.unlink()
    assert_is_made_up(datasets.load("celeba"))  # the photographs may be deleted then


def test_the_images_are_mapped_from_the_file_and_never_written_to_it(celeba):
    splits = datasets.load("celeba")
    stored = np.load(celeba / "celeba-64.npy")
    np.testing.assert_array_equal(torch.cat([splits.train.x, splits.validation.x, splits.test.x]).numpy(), stored)
    assert splits.train.x.untyped_storage().data_ptr() == splits.test.x.untyped_storage().data_ptr()
    with open(celeba / "celeba-64.npy", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([77]))
    assert splits.test.x[-1, -1, -1, -1] == 77, "what is in the file is what is in the tensor"
    splits.train.x[:] = 0
    np.testing.assert_array_equal(np.load(celeba / "celeba-64.npy")[:7], stored[:7])


def test_batches_of_faces(celeba):
    batches = make_batches(datasets.load("celeba").train, 7, 0, torch.device("cpu"))
    batch = batches.at(0)
    assert (batch["x"].shape, batch["x"].dtype) == ((7, 3, 64, 64), torch.float32)
    rows = [number(image * 255) for image in batch["x"]]
    assert sorted(rows) == [i for i, part in enumerate(PARTS) if part == 0]
    np.testing.assert_array_equal(batch["attributes"].numpy(), SIGNS[rows])


def test_faces_are_trained_on_as_they_are(celeba):
    faces, shape = datasets.load("celeba"), (3, 64, 64)
    encoder = networks.GaussianEncoder(networks.mlp(shape, (8,)), 2)
    vae = VAE(encoder, networks.MLPDecoder(2, shape, (8,)), distributions.Gaussian(2))
    history = fit(vae, faces.train, epochs=2, batch_size=3, progress=False, device="cpu")
    assert history.steps == 4
    x = faces.test.floats()
    assert vae.reconstruct(x).shape == x.shape


def test_other_lists_are_noticed(celeba, monkeypatch, capsys):
    datasets.load("celeba")
    changed = lists(-SIGNS)
    publish(monkeypatch, ARCHIVE | changed)
    put(celeba.parent, changed)
    capsys.readouterr()
    assert_is_made_up(datasets.load("celeba"), -SIGNS)
    assert "celeba-64.npy was made from other lists of images: making it again" in capsys.readouterr().out


DAMAGE = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"\0",
    "a web page": lambda content: b"<!DOCTYPE html>".ljust(len(content)),
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [("celeba-64.npy", damage) for damage in DAMAGE]
    + [("celeba-64.npz", damage) for damage in DAMAGE if damage != "longer"],  # a zip file with a byte more is whole
)
def test_a_damaged_file_of_scaled_photographs_is_made_again(celeba, capsys, name, damage):
    datasets.load("celeba")
    content = (celeba / name).read_bytes()
    (celeba / name).write_bytes(DAMAGE[damage](content))
    capsys.readouterr()
    assert_is_made_up(datasets.load("celeba"))
    assert "celeba-64.npy is damaged: making it again" in capsys.readouterr().out
    assert (celeba / "celeba-64.npy").stat().st_size == 128 + len(JPGS) * 3 * 64 * 64


def test_images_of_another_number_or_shape_are_made_again(celeba, capsys):
    datasets.load("celeba")
    np.save(celeba / "celeba-64.npy", np.zeros((len(JPGS) - 1, 3, 64, 64), dtype=np.uint8))
    assert_is_made_up(datasets.load("celeba"))
    np.save(celeba / "celeba-64.npy", np.zeros((len(JPGS), 3, 64, 64), dtype=np.float32))
    assert_is_made_up(datasets.load("celeba"))
    assert capsys.readouterr().out.count("is damaged: making it again") == 2


def test_an_interrupted_scaling_leaves_nothing_behind(celeba, monkeypatch):
    load = torchvision.datasets.folder.default_loader

    def interrupted(path):
        if Path(path).name == "000009.jpg":
            raise KeyboardInterrupt
        return load(path)

    with monkeypatch.context() as patch:
        patch.setattr(torchvision.datasets.folder, "default_loader", interrupted)
        patch.setattr(scaled, "CHUNK", 4)
        with pytest.raises(KeyboardInterrupt):
            datasets.load("celeba")
    assert not list(celeba.glob("*64*")) and not list(celeba.glob(".*"))
    assert_is_made_up(datasets.load("celeba"))


def test_interrupted_between_the_two_files_the_old_card_is_gone(celeba, monkeypatch):
    """Else it would vouch for new images, if the lists became the old ones again."""

    def interrupt(*arguments, **arrays):
        raise KeyboardInterrupt

    datasets.load("celeba")
    changed = lists(-SIGNS)
    with monkeypatch.context() as patch:
        publish(patch, ARCHIVE | changed)
        put(celeba.parent, changed)
        patch.setattr(np, "savez", interrupt)
        with pytest.raises(KeyboardInterrupt):
            datasets.load("celeba")
    assert (celeba / "celeba-64.npy").exists() and not (celeba / "celeba-64.npz").exists()


@pytest.mark.parametrize("chunk", [1, 5, 100])
def test_the_order_does_not_depend_on_how_many_are_decoded_at_a_time(celeba, monkeypatch, chunk):
    monkeypatch.setattr(scaled, "CHUNK", chunk)
    assert_is_made_up(datasets.load("celeba"))


@pytest.mark.parametrize("damage", [d for d in DAMAGE if d != "longer"])
def test_a_damaged_photograph_is_named(celeba, damage):
    file = celeba / "img_align_celeba" / "000005.jpg"
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    with pytest.raises(DatasetError, match=r"img_align_celeba/000005.jpg is missing or damaged \(.*unpack its archive"):
        datasets.load("celeba")
    assert not (celeba / "celeba-64.npy").exists()


def test_photographs_that_are_missing_are_counted_before_any_is_decoded(celeba, monkeypatch):
    names = decoded(monkeypatch)
    for name in ("000004.jpg", "000011.jpg"):
        (celeba / "img_align_celeba" / name).unlink()
    with pytest.raises(DatasetError, match=r"2 of 12 photographs are missing in .*, for one 000004.jpg: delete this"):
        datasets.load("celeba")
    assert not names


def test_photographs_of_another_size_are_refused(celeba):
    (celeba / "img_align_celeba" / "000005.jpg").write_bytes(photograph(4, 64, 64, 0, 0, 64))
    with pytest.raises(DatasetError, match=r"000005.jpg has 64 x 64 pixels, not 178 x 218: these are not the aligned"):
        datasets.load("celeba")


def test_what_is_not_there_is_downloaded_once(root, monkeypatch):
    publish(monkeypatch, ARCHIVE | lists())
    asked = network(monkeypatch, ARCHIVE | lists())
    assert_is_made_up(datasets.load("celeba"))
    assert sorted(asked) == sorted(ARCHIVE | lists())
    assert_is_made_up(datasets.load("celeba"))
    assert len(asked) == 6


def test_files_put_there_by_hand_need_no_network(root, monkeypatch):
    publish(monkeypatch, ARCHIVE | lists())
    asked = network(monkeypatch, RuntimeError("no network"))
    put(root, ARCHIVE | lists())
    assert_is_made_up(datasets.load("celeba"))
    assert not asked


def test_when_google_drive_refuses_the_reader_is_told_what_to_put_where(root, monkeypatch):
    publish(monkeypatch, ARCHIVE | lists())
    with pytest.raises(DatasetError, match=r"(?s)Too many users.*pip install gdown.*over its quota") as caught:
        datasets.load("celeba")
    assert all(name in str(caught.value) for name in ARCHIVE | lists())
    assert "mmlab.ie.cuhk.edu.hk" in str(caught.value) and "data/celeba" in str(caught.value)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", [*lists(), *ARCHIVE])
def test_only_what_is_missing_or_damaged_is_asked_for(root, monkeypatch, name, damage):
    publish(monkeypatch, ARCHIVE | lists())
    files = ARCHIVE | lists()
    put(root, files | {name: DAMAGE[damage](files[name])})
    with pytest.raises(DatasetError, match=f"Put {name} there by hand"):
        datasets.load("celeba")


def test_a_folder_that_may_not_be_written(celeba, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scaled, "_write_images", refuse)
    with pytest.raises(DatasetError, match=r"celeba-64.npy cannot be written \(No space left on device\): it needs"):
        datasets.load("celeba")


def test_a_file_where_the_folder_should_be(root):
    root.mkdir()
    for name in ("celeba", "lfw"):
        (root / name).write_text("not a folder")
        with pytest.raises(DatasetError, match="is a file, but the data sets need a folder there"):
            datasets.load(name)


# ---- LFW --------------------------------------------------------------------------------------------------------

# name -> how many photographs; the last one of Bo Li has no attributes
PEOPLE = {"Aaron Eckhart": 1, "Bo Li": 3, "Cate O'Neil": 2, "Jo-Ann Wu": 1, "Xi Xu": 4} | {
    f"Person {letter}": 1 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY"
}
PHOTOGRAPHS = [(person, i) for person, n in PEOPLE.items() for i in range(1, n + 1)]
REAL = np.random.default_rng(2).normal(3, 2, (len(PHOTOGRAPHS), 3)).round(6)
ATTRIBUTES = ("Male", "Middle Aged", "No Beard")


def attribute_file(rows: list[int] | None = None) -> str:
    """As published: a line of comment, a line of names, and tabs. The rows are not in the order of the photographs."""
    rows = [i for i, key in enumerate(PHOTOGRAPHS) if key != ("Bo Li", 3)][::-1] if rows is None else rows
    lines = ["# Attribute values for the images of LFW", "\t".join(["#", "person", "imagenum", *ATTRIBUTES])]
    lines += ["\t".join([PHOTOGRAPHS[i][0], str(PHOTOGRAPHS[i][1]), *map(str, REAL[i])]) for i in rows]
    return "\n".join(lines) + "\n"


def put_lfw(root: Path, folder: str = "lfw-deepfunneled") -> Path:
    for i, (person, n) in enumerate(PHOTOGRAPHS):
        name = person.replace(" ", "_")
        file = root / "lfw" / folder / name / f"{name}_{n:04d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(photograph(i, 250, 250, 50, 50, 150))
    (root / "lfw" / "lfw_attributes.txt").write_text(attribute_file())
    return root / "lfw"


def parts_of(splits: datasets.Splits) -> list[list[int]]:
    """The numbers of the photographs of each part."""
    return [[number(image) for image in part.x] for part in (splits.train, splits.validation, splits.test)]


@pytest.mark.parametrize("folder", ["lfw-deepfunneled", "lfw_funneled", "lfw-deepfunneled/lfw-deepfunneled"])
def test_lfw(root, capsys, folder):
    put_lfw(root, folder)
    splits = datasets.load("lfw")
    rows = parts_of(splits)
    with_attributes = [i for i, key in enumerate(PHOTOGRAPHS) if key != ("Bo Li", 3)]
    assert sorted(i for part in rows for i in part) == with_attributes
    train = REAL[rows[0]]
    for part, images in zip(rows, (splits.train, splits.validation, splits.test), strict=True):
        for image in images.x:
            assert_is_the_square(image)
        expected = (REAL[part] - train.mean(0)) / train.std(0)
        np.testing.assert_allclose(images.attributes.numpy(), expected, atol=1e-5)
        assert (images.x.dtype, images.attributes.dtype) == (torch.uint8, torch.float32)
    assert (splits.attribute_names, splits.image_shape, splits.n_classes) == (ATTRIBUTES, (3, 64, 64), 1)
    assert (
        "LFW: 35 photographs with attributes; without, and left out: 1; named, but missing: 0"
        in capsys.readouterr().out
    )


def test_nobody_is_in_two_parts_of_lfw(root):
    put_lfw(root)
    people = [{PHOTOGRAPHS[i][0] for i in part} for part in parts_of(datasets.load("lfw"))]
    assert sum(len(part) for part in people) == len(set.union(*people)) == len(PEOPLE)


@pytest.mark.parametrize("n", [6, 7, 8])
def test_nobody_is_in_two_parts_where_the_shares_end_within_a_person(n):
    keys, sizes = lfw._by_person([(f"Person {i}", j) for i in range(11) for j in range(1, n + 1)])
    ends = np.cumsum(sizes)
    parts = [{person for person, _ in keys[end - size : end]} for size, end in zip(sizes, ends, strict=True)]
    assert sum(len(part) for part in parts) == 11
    assert [len(part) for part in parts] == [9, 1, 1]


def test_the_parts_of_lfw_have_their_shares():
    """With 5,749 people of whom a few have very many photographs, as the real one."""
    counts = np.random.default_rng(0).zipf(2.2, 5_749).clip(max=530)
    keys = [(f"Person {i}", j) for i, n in enumerate(counts) for j in range(1, n + 1)]
    ordered, sizes = lfw._by_person(keys)
    assert sorted(ordered) == sorted(keys)
    np.testing.assert_allclose(np.array(sizes) / len(keys), [0.8, 0.1, 0.1], atol=0.03)
    assert lfw._by_person(keys[::-1]) == (ordered, sizes), "the split hangs on the people, not on their order"


def test_lfw_is_opened_the_second_time(root, monkeypatch, capsys):
    place = put_lfw(root)
    first = parts_of(datasets.load("lfw"))
    names = decoded(monkeypatch)
    assert parts_of(datasets.load("lfw")) == first
    assert not names
    (place / "lfw_attributes.txt").write_text(attribute_file()[:-1])  # the same rows, another file
    capsys.readouterr()
    assert parts_of(datasets.load("lfw")) == first
    assert len(names) == len(PHOTOGRAPHS) - 1
    assert "was made from other lists" in capsys.readouterr().out


def test_without_lfw_the_reader_is_told_what_to_put_where(root):
    with pytest.raises(DatasetError, match=r"data/lfw.*lfw-deepfunneled or lfw_funneled.*kaggle.*figshare"):
        datasets.load("lfw")
    (put_lfw(root) / "lfw_attributes.txt").unlink()
    with pytest.raises(DatasetError, match=r"put lfw_attributes.txt there, from https://www.cs.columbia.edu"):
        datasets.load("lfw")


def test_a_damaged_photograph_of_lfw_is_named(root):
    file = put_lfw(root) / "lfw-deepfunneled" / "Xi_Xu" / "Xi_Xu_0003.jpg"
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(DatasetError, match=r"Xi_Xu/Xi_Xu_0003.jpg is missing or damaged"):
        datasets.load("lfw")


@pytest.mark.parametrize(
    ("line", "damage", "message"),
    [
        (
            3,
            lambda fields: fields[:-1],
            r"line 3 of .*lfw_attributes.txt cannot be read: it has 4 fields, not a person",
        ),
        (5, lambda fields: [*fields, "1.0"], "line 5 of .* cannot be read: it has 6 fields"),
        (
            6,
            lambda fields: [*fields[:-1], "one"],
            "line 6 of .* cannot be read: could not convert string to float: 'one'",
        ),
        (7, lambda fields: [fields[0], "first", *fields[2:]], "line 7 of .* cannot be read: invalid literal for int"),
        (8, lambda fields: [*fields[:-1], "nan"], "line 8 of .* cannot be read: an attribute is not finite"),
        (2, lambda fields: fields[1:], "has no line of names, beginning with #, person, imagenum"),
    ],
)
def test_a_line_of_attributes_that_cannot_be_read(root, line, damage, message):
    file = put_lfw(root) / "lfw_attributes.txt"
    lines = file.read_text().splitlines()
    lines[line - 1] = "\t".join(damage(lines[line - 1].split("\t")))
    file.write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=message):
        datasets.load("lfw")


def test_an_incomplete_folder_of_lfw(root):
    place = put_lfw(root)
    for number in (1, 2, 3, 4):
        (place / "lfw-deepfunneled" / "Xi_Xu" / f"Xi_Xu_000{number}.jpg").unlink()
    with pytest.raises(DatasetError, match=r"4 of the 35 photographs .* are missing, for one Xi_Xu/Xi_Xu_0004.jpg"):
        datasets.load("lfw")


def test_too_few_people(root):
    place = put_lfw(root)
    (place / "lfw_attributes.txt").write_text(attribute_file([0, 1, 2]))
    with pytest.raises(DatasetError, match="2 people with attributes here: too few for three parts"):
        datasets.load("lfw")
