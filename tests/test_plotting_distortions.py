"""The equal-error figure shows the images it is given, and numbers that are theirs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import datasets, distortions, metrics, plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(ax) -> np.ndarray:
    return np.asarray(ax.images[0].get_array())


@pytest.mark.parametrize("grey", [True, False])
def test_every_distortion_stands_over_its_own_numbers(grey):
    x = datasets.photograph(side=32, grey=grey)
    found = {name: distortions.at_mse(name, x, 0.002) for name in ("contrast", "noise", "jpeg", "shift", "zoom")}
    axes = plotting.distortion_grid(x, found).axes
    assert len(axes) == 10  # two rows of five; the last four are empty
    assert [ax.get_title().split("\n")[0] for ax in axes[:6]] == [
        "as it was",
        "contrast",
        "noise",
        "JPEG",
        "shift",
        "zoom",
    ]
    assert "MSE 0.0000\nSSIM 1.00\nMS-SSIM 1.00" in axes[0].get_xlabel()
    for ax, d in zip(axes[1:6], found.values(), strict=True):
        pixels = d.x[0].permute(1, 2, 0).squeeze(2).numpy()
        assert np.allclose(shown(ax), pixels)
        ssim, ms_ssim = metrics.ssim(d.x, x).item(), metrics.ms_ssim(d.x, x).item()
        assert ax.get_xlabel() == f"MSE {metrics.mse(d.x, x).item():.4f}\nSSIM {ssim:.2f}\nMS-SSIM {ms_ssim:.2f}"
    assert not any(ax.axison for ax in axes[6:])


def test_grey_values_are_not_stretched():
    x = torch.full((1, 1, 16, 16), 0.5)
    assert plotting.distortion_grid(x, {}).axes[0].images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("shape", [(2, 1, 16, 16), (1, 2, 16, 16), (1, 16, 16)])
def test_one_grey_or_colour_image_is_needed(shape):
    with pytest.raises(ValueError, match="the figure shows one image"):
        plotting.distortion_grid(torch.zeros(shape), {})
