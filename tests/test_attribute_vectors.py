"""Attribute vectors, the regressor that reads them, and how likeness is scored: against numpy and by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import attribute_vectors, datasets, evaluation, regressor
from course_utils.attribute_vectors import MEASURED, N_CLASSES, NAMES, Scale
from course_utils.datasets import Images, Splits
from course_utils.evaluation.attributes import followed, likeness

SIDE = 28


def bar(lean: float, thick: int = 3, rows: int = 16) -> np.ndarray:
    """A bar that goes `lean` pixels to the right with every row up, the edges of its rows shared between two pixels."""
    image = np.zeros((SIDE, SIDE))
    for up in range(rows):
        left = 8 + lean * up
        whole, part = int(np.floor(left)), left - np.floor(left)
        image[22 - up, whole] += 1 - part
        image[22 - up, whole + 1 : whole + thick] += 1
        image[22 - up, whole + thick] += part
    return image


def bars(*leans: float, **shape) -> torch.Tensor:
    return torch.tensor(np.stack([bar(lean, **shape) for lean in leans]))[:, None].float()


@pytest.fixture(scope="module")
def digits():
    """A hundred real digits with their classes, in three parts."""
    data = datasets.load("digits")
    return Splits("digits", data.train.first(60), data.validation.first(20), data.test.first(20))


# ---- the vectors ------------------------------------------------------------------------------------------------


def test_names_are_ten_classes_and_five_attributes():
    assert list(NAMES) == [*"0123456789", "slant", "thickness", "width", "height", "ink"]


@pytest.mark.parametrize("lean", [-0.25, 0.0, 0.5])
def test_the_slant_of_a_drawn_bar_is_found(lean):
    found = attribute_vectors.measure(bars(lean))[0]
    assert found[MEASURED.index("slant")] == pytest.approx(lean, abs=0.01)
    assert found[MEASURED.index("height")] == pytest.approx(np.sqrt(16**2 - 1), abs=0.01)  # 16 rows, as points
    assert found[MEASURED.index("ink")] == pytest.approx(3 * 16, abs=1e-3)


def test_columns_of_the_measure_are_in_the_order_of_their_names():
    thin, thick, short = (attribute_vectors.measure(bars(0.0, **s))[0] for s in ({}, {"thick": 5}, {"rows": 10}))
    assert thick[1] > thin[1] + 1 and thick[2] > thin[2] + 1 and abs(thick[0] - thin[0]) < 1e-4
    assert short[3] < thin[3] - 4 and short[4] < thin[4]


def test_large_sets_are_measured_in_parts_with_the_same_result(monkeypatch, digits):
    whole = attribute_vectors.measure(digits.train.x)
    monkeypatch.setattr(attribute_vectors, "CHUNK", 7)
    assert torch.equal(attribute_vectors.measure(digits.train.x), whole)


def test_scale_is_mean_and_standard_deviation_as_numpy_finds_them(digits):
    found = attribute_vectors.measure(digits.train.x).double().numpy()
    by = attribute_vectors.scale(digits.train.x)
    assert np.allclose(by.mean, found.mean(0), rtol=1e-4, atol=1e-5)
    assert np.allclose(by.std, found.std(0, ddof=1), rtol=1e-4)


def test_an_empty_image_does_not_move_the_scale_and_counts_as_the_mean(digits):
    empty = torch.zeros(1, 1, SIDE, SIDE)
    assert attribute_vectors.measure(empty).isnan().any()
    by, with_empty = (attribute_vectors.scale(x) for x in (digits.train.x, torch.cat([empty, digits.train.x])))
    assert torch.allclose(by.mean, with_empty.mean) and torch.allclose(by.std, with_empty.std)
    vector = by.vectors(empty, torch.tensor([7]))[0]
    assert vector.isfinite().all() and vector[7] == 1
    assert vector[N_CLASSES + MEASURED.index("slant")] == 0  # not defined
    ink = N_CLASSES + MEASURED.index("ink")
    assert vector[ink] == pytest.approx((-by.mean[-1] / by.std[-1]).item())  # defined: none


def test_a_vector_is_the_class_one_hot_and_the_standardised_style():
    by = Scale(torch.tensor([0.1, 2.0, 10.0, 12.0, 40.0]), torch.tensor([0.2, 0.5, 2.0, 4.0, 8.0]))
    vector = by.vectors(bars(0.5), torch.tensor([3]))[0]
    assert vector[:N_CLASSES].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert vector[N_CLASSES] == pytest.approx((0.5 - 0.1) / 0.2, abs=0.05)
    assert vector[-1] == pytest.approx((48 - 40) / 8, abs=1e-3)


def test_the_training_images_set_the_scale_of_all_parts(digits):
    data = attribute_vectors.attach(digits)
    style = data.train.attributes[:, N_CLASSES:].double().numpy()
    assert np.allclose(style.mean(0), 0, atol=1e-4) and np.allclose(style.std(0, ddof=1), 1, atol=1e-4)
    found = attribute_vectors.measure(digits.train.x).double().numpy()
    of_test = attribute_vectors.measure(digits.test.x).double().numpy()
    by_hand = (of_test - found.mean(0)) / found.std(0, ddof=1)
    assert np.allclose(data.test.attributes[:, N_CLASSES:], by_hand, atol=1e-3)
    assert torch.equal(data.validation.attributes[:, :N_CLASSES].argmax(1), digits.validation.y)
    assert torch.equal(data.test.x, digits.test.x) and digits.test.attributes is None


# ---- likeness ---------------------------------------------------------------------------------------------------


def test_likeness_by_hand():
    asked = torch.tensor([[1.0, 0.0], [3.0, 4.0]])
    seen = torch.tensor([[1.0, 1.0], [-3.0, -4.0]])
    found = likeness(asked, seen)
    assert found["cosine"] == pytest.approx((1 / np.sqrt(2) - 1) / 2)
    assert found["squared_error"] == pytest.approx((1 + 100) / 2)  # summed over the entries, mean over the images


def test_likeness_as_numpy_finds_it():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 15))
    cosines = [u @ v / (np.linalg.norm(u) * np.linalg.norm(v)) for u, v in zip(a, b, strict=True)]
    found = likeness(torch.tensor(a), torch.tensor(b))
    assert found["cosine"] == pytest.approx(np.mean(cosines))
    assert found["squared_error"] == pytest.approx(np.mean(np.sum((a - b) ** 2, axis=1)))


def test_followed_is_the_correlation_and_the_share_of_equal_classes():
    rng = np.random.default_rng(1)
    asked, found = rng.normal(size=(2, 200, len(NAMES)))
    found[:, N_CLASSES + 1] = 3 * asked[:, N_CLASSES + 1] - 1  # obeyed, in other units
    found[:, N_CLASSES + 2] = -asked[:, N_CLASSES + 2]
    numbers = followed(torch.tensor(asked), torch.tensor(found))
    for i, name in enumerate(MEASURED):
        by_numpy = np.corrcoef(asked[:, N_CLASSES + i], found[:, N_CLASSES + i])[0, 1]
        assert numbers[f"{name}_followed"] == pytest.approx(by_numpy)
    assert numbers["thickness_followed"] == pytest.approx(1) and numbers["width_followed"] == pytest.approx(-1)
    same = asked[:, :N_CLASSES].argmax(1) == found[:, :N_CLASSES].argmax(1)
    assert numbers["requested_class_percent"] == pytest.approx(100 * same.mean())


# ---- the regressor, and the evaluations -------------------------------------------------------------------------


def test_the_regressor_has_an_output_for_each_entry():
    built = regressor.build().eval()
    assert built(torch.zeros(3, 1, SIDE, SIDE)).shape == (3, len(NAMES))


def test_reading_goes_in_parts_and_keeps_the_order(monkeypatch):
    monkeypatch.setattr(regressor, "load", lambda: lambda x: x.mean((1, 2, 3))[:, None].expand(-1, len(NAMES)))
    x = torch.rand(25, 1, SIDE, SIDE)
    assert torch.allclose(regressor.read(x, chunk=10)[:, 4], x.mean((1, 2, 3)))


class Copies(nn.Module):
    """Answers a query with the image that it comes from: nobody can follow better."""

    def __init__(self, images: Images):
        super().__init__()
        self.images = images
        self.weight = nn.Parameter(torch.zeros(1))

    def sample(self, attributes):
        nearest = torch.cdist(attributes.double(), self.images.attributes.double()).argmin(1)
        return self.images.x[nearest]


def ruler_with_errors(x):
    """A regressor's answers that are known: 15 simple numbers of an image."""
    return torch.stack([x[:, 0, i].sum(1) for i in range(5, 5 + len(NAMES))], dim=1)


def test_a_model_that_copies_scores_like_the_test_images(monkeypatch, digits):
    monkeypatch.setattr(regressor, "read", ruler_with_errors)
    monkeypatch.setattr("course_utils.evaluation.attributes.image_quality", lambda real, fake: {})
    data = attribute_vectors.attach(digits)
    torch.manual_seed(0)
    numbers = evaluation.attribute_images(Copies(data.test), data)
    truth, seen = data.test.attributes.numpy(), ruler_with_errors(data.test.x).numpy()
    assert numbers["squared_error"] == numbers["test_squared_error"]
    assert numbers["squared_error"] == pytest.approx(np.mean(np.sum((truth - seen) ** 2, axis=1)), rel=1e-4)
    assert numbers["cosine"] == numbers["test_cosine"] != numbers["chance_cosine"]
    assert all(numbers[f"{name}_followed"] == pytest.approx(1, abs=1e-5) for name in MEASURED)
    wrong = 1 - numbers["requested_class_percent"] / 100  # a wrong class is two entries of one
    assert numbers["measured_squared_error"] == pytest.approx(2 * wrong, abs=1e-4)


def test_data_without_vectors_are_refused(digits):
    with pytest.raises(ValueError, match="attach"):
        evaluation.attribute_images(Copies(digits.test), digits)


def test_r2_of_a_regressor_with_known_errors(digits):
    data = attribute_vectors.attach(digits)
    truth = data.test.attributes.double().numpy()
    wrong = np.linspace(-1, 1, truth.size).reshape(truth.shape)

    class Known(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return data.test.attributes + torch.tensor(wrong)

    with torch.no_grad():
        numbers = evaluation.attribute_regression(Known(), data)
    for i, name in enumerate(MEASURED):
        column = truth[:, N_CLASSES + i]
        r2 = 1 - np.mean(wrong[:, N_CLASSES + i] ** 2) / column.var(ddof=1)
        assert numbers[f"{name}_r2"] == pytest.approx(r2, rel=1e-4)
