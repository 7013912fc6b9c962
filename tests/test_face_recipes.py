"""The recipes for faces: what a step of them costs is what the README says, and they train on attributes."""

import re
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import recipes

README = Path(__file__).resolve().parent.parent / "README.md"
FEW = 2  # images: a step is linear in their number


@pytest.mark.parametrize("name", ["vae_gan_celeba", "attribute_vae_gan_lfw"])
def test_a_step_takes_as_many_operations_as_the_readme_says(name):
    recipe = recipes.ALL[name]
    batch = {"x": torch.rand(FEW, 3, 64, 64), "attributes": torch.zeros(FEW, 73)}
    with FlopCounterMode(display=False) as counter:
        recipe.build().train().training_step(batch)
    counted = counter.get_total_flops() * recipe.batch_size / FEW / 1e12
    said = float(re.search(r"([\d.]+) TFLOP \(counted", README.read_text(encoding="utf-8"))[1])
    assert counted == pytest.approx(said, rel=0.01)


def test_settings_are_those_of_the_authors():
    """gamma 1e-6 on the sum of squares, features as they are, from the last of four convolutions."""
    method = recipes.ALL["vae_gan_celeba"].build()
    assert (method.gamma, method.relative_features, method.layer) == (1e-6, False, 4)
    assert {type(o).__name__ for o in method.optimizers.values()} == {"RMSprop"}
    assert {group["lr"] for o in method.optimizers.values() for group in o.param_groups} == {3e-4}
    assert recipes.ALL["vae_gan_celeba"].batch_size == 64
