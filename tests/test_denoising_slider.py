"""The denoising slider, without a browser: its noise, its words, its slider."""

import pytest
import torch

from course_utils.widgets.denoising_slider import NoiseBench, denoising_slider

X = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
REMOVERS = {"nothing": lambda x: x, "all of it": lambda x: X}


def test_noise_changes_its_strength_and_not_its_pattern():
    bench = NoiseBench(X, REMOVERS)
    weak, strong = (bench.images(std)["noisy"] - X for std in (0.1, 0.4))
    assert torch.allclose(4 * weak, strong, atol=1e-5)
    assert 0.2 < strong.std() < 0.6
    assert torch.equal(bench.images(0.3)["nothing"], bench.images(0.3)["noisy"])
    assert torch.equal(bench.images(0.3)["all of it"], X)


def test_words_give_the_psnr():
    bench = NoiseBench(X, {"off by a tenth": lambda x: X + 0.1})
    assert "standard deviation 0.50" in bench.sentence(0.5)
    assert "off by a tenth 20.0 dB" in bench.sentence(0.5)


def test_the_slider_redraws_and_leaves_the_random_state_alone():
    state = torch.get_rng_state()
    handle, picture, words = denoising_slider(X, REMOVERS, limit=1.0).children
    before = bytes(picture.value)
    handle.value = 0.9
    assert before.startswith(b"\x89PNG")
    assert picture.value != before
    assert "deviation 0.90" in words.value
    assert torch.equal(torch.get_rng_state(), state)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="limit must be positive"):
        denoising_slider(X, REMOVERS, limit=0.0)
