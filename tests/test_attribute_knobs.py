"""The attribute knobs, without a browser: what they ask for, what they measure, what they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import attribute_vectors
from course_utils.attribute_vectors import MEASURED, N_CLASSES, Scale
from course_utils.widgets.attribute_knobs import LIMIT, AttributeKnobs, attribute_knobs

SCALE = Scale(torch.tensor([0.0, 3.0, 10.0, 12.0, 60.0]), torch.tensor([0.5, 1.0, 2.0, 4.0, 20.0]))
Z = torch.arange(6.0).view(3, 2)


def box(z, attributes):
    """A filled box for each query: as many rows as the class plus 6, 8 columns, as bright as the code says."""
    images = torch.zeros(len(z), 1, 28, 28)
    for image, code, a in zip(images, z, attributes, strict=True):
        rows = 6 + int(a[:N_CLASSES].argmax())
        image[0, 4 : 4 + rows, 10:18] = 0.6 + 0.1 * code[0] / 2
    return images


@pytest.fixture
def knobs():
    yield AttributeKnobs(box, Z, SCALE)
    plt.close("all")


def test_a_query_is_the_class_one_hot_and_the_amounts(knobs):
    query = knobs.query(4, (1.0, -2.0, 0.0, 3.0, 0.5))
    assert query.tolist() == [[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1.0, -2.0, 0.0, 3.0, 0.5]]


def test_the_code_and_the_query_reach_the_decoder(knobs):
    seen = []

    def decode(z, attributes):
        seen.append((z, attributes))
        return box(z, attributes)

    AttributeKnobs(decode, Z, SCALE).draw(2, 7, (0.0, 1.0, 0.0, 0.0, 0.0))
    [(z, attributes)] = seen
    assert torch.equal(z, Z[2:]) and torch.equal(attributes, knobs.query(7, (0.0, 1.0, 0.0, 0.0, 0.0)))


def test_the_ruler_measures_the_drawing_in_standard_deviations(knobs):
    x = knobs.draw(0, 4, [0.0] * 5)  # 10 rows of 8 pixels at 0.6
    found = dict(zip(MEASURED, knobs.measure(x), strict=True))
    assert found["slant"] == pytest.approx(0, abs=1e-4)
    assert found["width"] == pytest.approx((np.sqrt(8**2 - 1) - 10) / 2, abs=1e-3)
    assert found["height"] == pytest.approx((np.sqrt(10**2 - 1) - 12) / 4, abs=1e-3)
    assert found["ink"] == pytest.approx((0.6 * 80 - 60) / 20, abs=1e-3)


def test_a_frame_shows_the_drawing_rings_where_asked_and_bars_where_measured(knobs):
    amounts = (1.0, -2.0, 0.5, 3.0, 0.0)
    x = knobs.draw(1, 2, amounts)
    left, right = knobs.frame(1, 2, amounts).axes
    assert np.allclose(left.images[0].get_array(), x[0, 0])
    assert np.allclose(right.lines[0].get_xdata(), amounts)
    assert [bar.get_width() for bar in right.patches] == pytest.approx(knobs.measure(x))
    assert [t.get_text() for t in right.get_yticklabels()] == list(MEASURED)
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["asked for", "measured"]
    again = knobs.frame(1, 9, amounts).axes[1]  # one figure, and nothing of the last frame stays in it
    assert [bar.get_width() for bar in again.patches] == pytest.approx(knobs.measure(knobs.draw(1, 9, amounts)))


def test_an_empty_drawing_is_shown_without_bars_where_nothing_is_measured():
    empty = AttributeKnobs(lambda z, a: torch.zeros(1, 1, 28, 28), Z, SCALE)
    widths = [bar.get_width() for bar in empty.frame(0, 0, [0.0] * 5).axes[1].patches]
    assert widths[0] == 0 and np.isfinite(widths).all()
    assert widths[-1] == pytest.approx(-60 / 20)  # no ink at all is a measurement


def test_the_sentence_says_asked_and_measured(knobs):
    sentence = knobs.sentence(1, 4, (1.5, 0.0, 0.0, 0.0, 0.0))
    assert sentence.startswith("A 4 of code 1: slant asked +1.5, measured ")
    assert all(name in sentence for name in MEASURED)


def test_the_widget_follows_its_controls():
    whole = attribute_knobs(box, Z, SCALE)
    y, code, *turns, picture, words = whole.children
    assert [turn.description for turn in turns] == list(MEASURED) and y.description == "class"
    assert {(turn.min, turn.max) for turn in turns} == {(-LIMIT, LIMIT)}
    assert code.max == len(Z) - 1
    first = picture.value
    y.value = 8
    assert picture.value != first and words.value.startswith("A 8 of code 0")
    second = picture.value
    turns[0].value = 2.0
    assert picture.value != second and "slant asked +2.0" in words.value
    code.value = 2
    assert "of code 2" in words.value
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("y", "amounts"), [(10, [0.0] * 5), (-1, [0.0] * 5), (3, [0.0] * 4)])
def test_queries_that_do_not_exist_are_refused(knobs, y, amounts):
    with pytest.raises(ValueError, match="a class from 0 to 9"):
        knobs.query(y, amounts)


def test_codes_must_be_rows():
    with pytest.raises(ValueError, match="codes z"):
        AttributeKnobs(box, Z[0], SCALE)


def test_units_are_those_of_the_attribute_vectors(knobs):
    x = knobs.draw(0, 4, [0.0] * 5)
    vector = SCALE.vectors(x, torch.tensor([4]))[0, N_CLASSES:]
    assert knobs.measure(x) == pytest.approx(vector.tolist())
    assert len(attribute_vectors.MEASURED) == len(vector)
