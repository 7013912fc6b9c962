"""The figures of StyleGAN show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import networks, plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_diagram_has_the_layers_of_the_network_and_each_takes_a_style_and_noise():
    ax = plotting.style_gan_diagram().axes[0]
    place = {t.get_text(): t.get_position() for t in ax.texts if t.get_text()}
    sizes = networks.SynthesisNetwork((1, 28, 28), width=2).sizes
    layers = [f"layer {i}\n{rows}x{columns}" for i, (rows, columns) in enumerate(sizes, 1)]
    assert set(layers) <= set(place)
    assert [place[layer][0] for layer in layers] == sorted(place[layer][0] for layer in layers)
    arrows = [t for t in ax.texts if getattr(t, "arrow_patch", None)]
    for look, from_above in (("--", True), (":", False)):
        found = [t for t in arrows if t.arrow_patch.get_linestyle() == look]
        assert sorted(t.xy[0] for t in found) == [place[layer][0] for layer in layers]
        assert all((t.xyann[1] > t.xy[1]) == from_above for t in found)
    assert all(any(word in text for text in place) for word in ("mapping", "constant", "style", "noise", "x_{fake}"))


def test_mixtures_stand_in_the_column_of_a_and_the_row_of_b():
    a, b = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.5, 0.6])
    grey = lambda values: values[..., None, None, None].expand(*values.shape, 1, 4, 4)  # noqa: E731
    mixed = grey(torch.tensor([[0.71, 0.72, 0.73], [0.81, 0.82, 0.83]]))
    fig = plotting.mixing_panels(grey(a), grey(b), {"coarse": mixed, "fine": 1 - mixed})
    assert [ax.get_title() for ax in fig.axes] == ["coarse", "fine"]
    for ax, inside in zip(fig.axes, (mixed, 1 - mixed), strict=True):
        sheet = np.asarray(ax.images[0].get_array())
        assert sheet.shape == (3 * 5, 4 * 5)
        corners = sheet[::5, ::5]
        assert corners[0, 0] == 1  # nothing in the corner
        np.testing.assert_allclose(corners[0, 1:], a)
        np.testing.assert_allclose(corners[1:, 0], b)
        np.testing.assert_allclose(corners[1:, 1:], inside[:, :, 0, 0, 0])
    where = {t.get_text(): t.get_position() for t in fig.axes[0].texts}
    assert where["A"][0] > where["B"][0] and where["A"][1] < where["B"][1]  # A names the columns, B the rows
