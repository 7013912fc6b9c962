"""Batches of images kept in uint8 or with attributes, and which images `Images` accepts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import datasets
from course_utils.batches import ImageBatches, make_batches
from course_utils.datasets import Images

N, CPU = 40, torch.device("cpu")


def numbered(dtype: torch.dtype = torch.uint8, attributes: bool = True) -> Images:
    """Image i of one grey value i, label i, attributes (i, -i, 1/2)."""
    i = torch.arange(N)
    x = i.view(N, 1, 1, 1).expand(N, 3, 2, 4)
    x = x.to(torch.uint8) if dtype == torch.uint8 else (x / 255).to(dtype)
    rows = torch.stack([i, -i, torch.full((N,), 0.5)], 1).float()
    return Images(x, i, rows if attributes else None)


def batches(images, n: int = 7, seed: int = 3) -> list[dict[str, torch.Tensor]]:
    made = make_batches(images, 8, seed, CPU)
    return [made.at(step) for step in range(n)]


def test_bytes_and_floats_of_the_same_images_give_the_same_batches():
    for whole, floating in zip(batches(numbered()), batches(numbered(torch.float32)), strict=True):
        assert whole.keys() == floating.keys() == {"x", "y", "attributes"}
        for name in whole:
            assert whole[name].dtype == floating[name].dtype
            assert torch.equal(whole[name], floating[name])
        assert whole["x"].dtype == torch.float32


def test_a_byte_means_a_255th():
    every = Images(torch.arange(256).to(torch.uint8).view(1, 1, 16, 16), torch.zeros(1, dtype=torch.int64))
    np.testing.assert_array_equal(
        every.floats().flatten().numpy(), (np.arange(256) / np.float32(255)).astype(np.float32)
    )
    assert torch.equal(numbered().floats(torch.tensor([7, 5])), numbered(torch.float32).x[[7, 5]])
    assert numbered(torch.float64).floats(slice(2)).dtype == torch.float64


def test_labels_and_attributes_stay_with_their_image():
    seen = batches(numbered(), n=10)
    for batch in seen:
        i = (batch["x"][:, 0, 0, 0] * 255).round()
        assert torch.equal(i, batch["y"].float())
        assert torch.equal(batch["attributes"], torch.stack([i, -i, torch.full((8,), 0.5)], 1))
    order = torch.cat([batch["y"] for batch in seen[:5]])
    assert order.tolist() != sorted(order.tolist()) and sorted(order.tolist()) == list(range(N))


def test_images_without_attributes_have_none_in_their_batches():
    assert batches(numbered(attributes=False))[0].keys() == {"x", "y"}


def test_parts_of_images_keep_their_attributes():
    images = numbered()
    assert torch.equal(images.first(3).attributes, images.attributes[:3])
    assert torch.equal(images.to("cpu").attributes, images.attributes)
    some = images.chosen(torch.tensor([9, 4]))
    assert (some.y.tolist(), some.attributes[:, 0].tolist(), some.x[:, 0, 0, 0].tolist()) == ([9, 4], [9, 4], [9, 4])
    assert numbered(attributes=False).chosen(torch.tensor([9])).attributes is None


def test_few_labels_and_attributes():
    images = numbered()
    images = replace(images, y=images.y % 4)
    few = datasets.partly_labelled(images, 12)
    assert torch.equal(few.labelled.attributes[:, 0], few.labelled.x[:, 0, 0, 0].float())
    batch = batches(few)[0]
    assert batch.keys() == {"x", "y", "attributes", "x_labelled", "y_labelled", "attributes_labelled"}
    assert torch.equal(batch["attributes_labelled"][:, 0] % 4, batch["y_labelled"].float())
    without = batches(datasets.partly_labelled(replace(images, attributes=None), 12))[0]
    assert without.keys() == {"x", "y", "x_labelled", "y_labelled"}


def test_images_in_a_file_stay_there_on_the_cpu(tmp_path: Path):
    np.save(tmp_path / "x.npy", numbered().x.numpy())
    x = torch.from_numpy(np.load(tmp_path / "x.npy", mmap_mode="c"))
    in_file = Images(x, numbered().y, numbered().attributes)
    assert ImageBatches(in_file, 8, 0, CPU).data.x.data_ptr() == x.data_ptr()
    assert in_file.first(5).x.data_ptr() == x.data_ptr()
    for a, b in zip(batches(in_file), batches(numbered()), strict=True):
        assert all(torch.equal(a[name], b[name]) for name in b)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (torch.zeros(N - 1, 3), r"one row for each of 40 images, got \(39, 3\)"),
        (torch.zeros(N), r"got \(40,\) in torch.float32"),
        (torch.zeros(N, 3, dtype=torch.int64), r"got \(40, 3\) in torch.int64"),
    ],
)
def test_attributes_that_do_not_fit_are_refused(attributes, message):
    with pytest.raises(ValueError, match=message):
        Images(numbered().x, numbered().y, attributes)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.int8])
def test_other_whole_numbers_are_refused(dtype):
    with pytest.raises(ValueError, match=f"floating-point numbers or uint8, got {dtype}"):
        Images(torch.zeros(2, 1, 4, 4, dtype=dtype), torch.zeros(2, dtype=torch.int64))
