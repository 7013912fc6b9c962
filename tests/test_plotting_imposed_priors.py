"""Figures of priors with parts: what is drawn where, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import distributions, plotting

ROLL, FLOWER = distributions.SwissRoll(), distributions.ten_gaussians()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_class_has_its_marker_and_its_number_at_its_part():
    y = torch.arange(200) % 10
    panels = {name: (prior.sample(200, y), y, prior) for name, prior in (("flower", FLOWER), ("roll", ROLL))}
    fig = plotting.codes_in_parts(panels)
    for ax, prior in zip(fig.axes, (FLOWER, ROLL), strict=True):
        dots = [c for c in ax.collections if len(c.get_offsets()) == 20]
        assert len({tuple(map(tuple, c.get_paths()[0].vertices)) for c in dots}) == 10, "ten different markers"
        places = {text.get_text(): torch.tensor([text.xy], dtype=torch.float32) for text in ax.texts}
        assert {str(prior.component(place).item()) for place in places.values()} == set(places) == set("0123456789")
        assert all(prior.component(place).item() == int(name) for name, place in places.items())


def test_at_most_3000_codes_are_drawn():
    y = torch.arange(5000) % 10
    ax = plotting.codes_in_parts({"": (FLOWER.sample(5000, y), y, FLOWER)}, columns=1).axes[0]
    drawn = [len(c.get_offsets()) for c in ax.collections]
    assert sum(n for n in drawn if n > 1) == 3000  # the outline of the prior counts as one


def test_component_grids_put_the_first_image_top_left_in_each_panel():
    images = torch.zeros(3, 3, 3, 1, 2, 2)
    images[:, 0, 0] = 1
    fig = plotting.component_grids(images, torch.tensor([10.0, 50.0, 90.0]), ["0", "1", "2"])
    assert [ax.get_title() for ax in fig.axes] == ["0", "1", "2"]
    for ax in fig.axes:
        sheet = ax.images[0].get_array()
        assert sheet[:2, :2].min() == 1 and sheet[3:5, 3:5].max() == 0
        assert [t.get_text() for t in ax.get_yticklabels()] == ["10", "90"] and list(ax.get_yticks()) == [0.5, 2.5]


def test_field_panels_write_each_value_where_its_image_stands():
    field = torch.arange(9.0).view(1, 3, 3)
    ax = plotting.field_panels(field, torch.tensor([10.0, 50.0, 90.0]), ["0"], "slant").axes[0]
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[(0.5, 2.5)] == "0.0" and written[(2.5, 2.5)] == "2.0" and written[(2.5, 0.5)] == "8.0"
    assert np.array_equal(ax.images[0].get_array(), field[0])


def test_field_panels_share_one_scale_and_allow_missing_values():
    fields = torch.stack([torch.zeros(2, 2), torch.tensor([[4.0, float("nan")], [1.0, 2.0]])])
    fig = plotting.field_panels(fields, torch.tensor([10.0, 90.0]), ["0", "1"], "thickness")
    assert [ax.images[0].get_clim() for ax in fig.axes[:2]] == [(0, 4), (0, 4)]


def test_walk_sheet_has_a_row_a_class():
    images = torch.zeros(10, 4, 1, 2, 2)
    images[3, 1] = 1
    ax = plotting.walk_sheet(images).axes[0]
    sheet = ax.images[0].get_array()
    assert sheet[3 * 3 : 3 * 3 + 2, 3:5].min() == 1 and sheet[:2, :2].max() == 0
    assert dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks(), strict=True))["3"] == 10.0


def test_along_parts_draws_a_curve_and_dots_for_each_class():
    place = torch.linspace(0, 1, 20)
    curves = torch.arange(10.0)[:, None] * place
    dots = (torch.tensor([0.25, 0.75]), torch.stack([torch.arange(10.0), -torch.arange(10.0)], 1))
    fig = plotting.along_parts(place, curves, dots, ["decoded", "test images"], "slant")
    for k, ax in enumerate(fig.axes):
        zero, curve, points = ax.lines
        assert ax.get_title() == str(k) and list(zero.get_ydata()) == [0, 0]
        assert curve.get_ydata() == pytest.approx((k * place).tolist(), abs=1e-6)
        assert points.get_ydata() == pytest.approx([k, -k]) and points.get_xdata() == pytest.approx([0.25, 0.75])


def test_shares_by_class_marks_every_share_in_the_column_of_its_class():
    shares = {"a": torch.linspace(0, 0.9, 10), "b": torch.full((10,), 0.5)}
    fig = plotting.shares_by_class(shares)
    a, b = (line for line in fig.axes[0].lines if line.get_marker() not in ("", "None"))
    assert a.get_ydata() == pytest.approx(100 * shares["a"].numpy()) and set(b.get_ydata()) == {50}
    assert a.get_xdata().round().tolist() == b.get_xdata().round().tolist() == list(range(10))
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a (mean 45.0)", "b (mean 50.0)"]


def test_the_diagram_leads_the_label_to_the_discriminator_and_nowhere_else():
    ax = plotting.labelled_aae_diagram().axes[0]
    texts = " ".join(text.get_text() for text in ax.texts)
    for part in ("encoder", "decoder", "discriminator", "prior", "label", "hidden", "reconstruction", "regularisation"):
        assert part in texts
    label, discriminator = (6.9, 0.5), (4.2, 0.5)
    arrows = [(text.xyann, text.xy) for text in ax.texts if getattr(text, "arrowprops", None)]
    from_label = [end for start, end in arrows if abs(start[0] - label[0]) < 1.2 and start[1] == label[1]]
    assert len(from_label) == 1
    assert abs(from_label[0][0] - discriminator[0]) < 1 and from_label[0][1] == discriminator[1]
