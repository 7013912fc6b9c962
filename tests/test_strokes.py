"""Classes of stroke thickness, captions and ages: against numpy, and on strokes drawn with a known width."""

import numpy as np
import pytest
import torch

from course_utils import attributes, datasets, strokes
from course_utils.datasets import Images, Splits


def bars(*widths: int, side: int = 28) -> torch.Tensor:
    """Upright bars, 18 pixels long, of these widths."""
    x = torch.zeros(len(widths), 1, side, side)
    for image, width in zip(x, widths, strict=True):
        image[0, 5:23, 4 : 4 + width] = 1
    return x


@pytest.fixture(scope="module")
def digits() -> Splits:
    data = datasets.load("digits")
    return Splits("digits", data.train.first(90), data.validation.first(20), data.test.first(40))


def test_wider_bars_are_of_higher_classes():
    x = bars(1, 2, 3, 4, 5, 6)
    cuts = strokes.bounds(x, 3)
    assert strokes.classes(x, cuts).tolist() == [0, 0, 1, 1, 2, 2]
    assert strokes.classes(bars(9, 1), cuts).tolist() == [2, 0]
    assert cuts.shape == (2,) and cuts[0] < cuts[1]


@pytest.mark.parametrize("n", [2, 3, 6])
def test_bounds_are_the_quantiles_that_numpy_finds(digits, n):
    measured = attributes.thickness(digits.train.x).double().numpy()
    cuts = strokes.bounds(digits.train.x, n)
    assert np.allclose(cuts, np.quantile(measured, np.arange(1, n) / n), atol=1e-5)
    found = np.bincount(strokes.classes(digits.train.x, cuts), minlength=n)
    assert found.max() - found.min() <= 1, "as many images in each class"
    assert np.array_equal(
        strokes.classes(digits.test.x, cuts),
        np.searchsorted(cuts.numpy(), attributes.thickness(digits.test.x).numpy()),
    )


def test_large_sets_are_measured_in_parts_with_the_same_result(digits, monkeypatch):
    whole = strokes.thickness(digits.train.x)
    monkeypatch.setattr(strokes, "CHUNK", 7)
    assert torch.equal(strokes.thickness(digits.train.x), whole)


def test_an_empty_image_counts_as_the_thinnest(digits):
    assert attributes.thickness(torch.zeros(1, 1, 28, 28)).isnan()
    assert strokes.thickness(torch.zeros(1, 1, 28, 28)).item() == 0
    assert strokes.classes(torch.zeros(1, 1, 28, 28), strokes.bounds(digits.train.x, 3)).item() == 0


def test_one_class_is_none():
    with pytest.raises(ValueError, match="at least two classes of thickness, got 1"):
        strokes.bounds(bars(1, 2), 1)


def test_captions_say_the_digit_and_the_stroke():
    told = strokes.captions(torch.tensor([7, 0]), torch.tensor([2, 0]))
    assert told.dtype == torch.float32
    assert told.tolist() == [
        [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    ]
    assert [strokes.words(caption) for caption in told] == ["a bold 7", "a thin 0"]
    with pytest.raises(ValueError, match=r"a caption has shape \(13,\), got \(2, 13\)"):
        strokes.words(told)


@pytest.mark.parametrize(
    ("attach", "n", "names"),
    [(strokes.attach_captions, 3, strokes.CAPTION_NAMES), (strokes.attach_ages, 6, strokes.AGE_NAMES)],
)
def test_the_training_images_set_the_bounds_of_all_parts(digits, attach, n, names):
    data = attach(digits)
    cuts = np.quantile(attributes.thickness(digits.train.x).double().numpy(), np.arange(1, n) / n)
    for part in ("train", "validation", "test"):
        before, after = getattr(digits, part), getattr(data, part)
        stroke = np.searchsorted(cuts, attributes.thickness(before.x).double().numpy())
        one_hot = np.eye(n)[stroke]
        if n == 3:
            one_hot = np.concatenate([np.eye(10)[before.y], one_hot], axis=1)
        assert np.array_equal(after.attributes, one_hot)
        assert torch.equal(after.x, before.x) and torch.equal(after.y, before.y) and before.attributes is None
    assert data.attribute_names == names and data.train.attributes.shape[1] == len(names)
    assert isinstance(data.train, Images) and data.train.attributes.dtype == torch.float32
