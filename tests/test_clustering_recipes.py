"""The recipes of notebooks 11 and 12: the paper's settings where they say so, and what tells the kinds apart."""

import pytest
from torch import nn

from course_utils import recipes
from course_utils.corruptions import GaussianNoise, RandomAffine


def layers(module: nn.Module, kind: type) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, kind)]


@pytest.mark.parametrize("k", [16, 30])
def test_the_published_clustering_is_that_of_the_paper(k, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "full")
    recipe = recipes.ALL[f"clustering_aae_{k}_published"]
    method = recipe.method()
    widths = [layer.out_features for layer in layers(method.encoder, nn.Linear)]
    assert widths == [3_000, 3_000, k, 5]
    assert len(layers(method.encoder, nn.BatchNorm1d)) == 2, "batch norm in the encoder ..."
    assert not any(layers(part, nn.BatchNorm1d) for part in (method.decoder, method.discriminator_y)), "... alone"
    assert [layer.p for layer in layers(method, nn.Dropout)] == [0.2], "a fifth of the inputs, and of nothing else"
    assert method.optimizer == "sgd" and method.weight_agreement == 0
    assert method.rates["autoencoder"] == (0.01, 0.9) and method.rates["generator"] == (0.1, 0.1)
    assert recipe.budget["epochs"] == 1_500 and recipe.budget["decay_at"][0] * 1_500 == pytest.approx(50)


@pytest.mark.parametrize("latent_dim, labels, k", [(2, 1_000, 10), (2, 100, 10), (2, 0, 20), (3, 0, 20), (10, 100, 10)])
def test_the_published_reduction_is_that_of_the_paper(latent_dim, labels, k, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "full")
    recipe = recipes.ALL[f"reduction_aae_{latent_dim}d_{labels}_published"]
    method = recipe.method()
    assert [layer.out_features for layer in layers(method.encoder, nn.Linear)] == [1_000, 1_000, k, latent_dim]
    assert method.heads.shape == (k, latent_dim) and method.decoder.latent_dim == latent_dim
    assert recipe.labels == (labels or None)
    assert method.optimizer == "sgd" and method.weight_agreement == 0
    epochs = [fraction * recipe.budget["epochs"] for fraction in recipe.budget["decay_at"]]
    assert epochs == pytest.approx([50, 1_000])


@pytest.mark.parametrize(
    "name", ["clustering_aae_16", "clustering_aae_30", "reduction_aae_2d_100", "reduction_aae_2d_0"]
)
def test_compressed_rows_keep_the_losses_of_the_paper_and_know_nothing_of_images(name):
    method = recipes.ALL[name].method()
    assert method.weight_agreement == 0 and method.weight_y == method.weight_z == 1
    assert not layers(method, nn.Conv2d) and not layers(method, RandomAffine)


@pytest.mark.parametrize(
    "name", ["clustering_aae_16", "clustering_aae_30", "reduction_aae_2d_100", "reduction_aae_2d_0"]
)
def test_improved_rows_know_something_of_images_and_say_so(name):
    recipe = recipes.ALL[f"{name}_improved"]
    method = recipe.method()
    assert method.weight_agreement > 0
    assert (method.weight_y > method.weight_z) == (not recipe.labels), "without labels the adversary of y is stronger"
    assert ("times as strong" in recipe.source) == (not recipe.labels)
    assert layers(method.encoder, nn.Conv2d) and layers(method.encoder, nn.BatchNorm2d)
    assert layers(method.corruption, RandomAffine) and layers(method.corruption, GaussianNoise)
    for word in ("affine", "convolutional", "batch norm", "one cluster"):
        assert word in recipe.source


def test_each_row_without_something_lacks_that_alone():
    def build(name: str) -> nn.Module:
        return recipes.ALL[f"clustering_aae_16{name}"].method()

    assert not layers(build("_no_batch_norm"), nn.BatchNorm1d) and layers(build(""), nn.BatchNorm1d)
    assert not layers(build("_improved_no_batch_norm"), nn.BatchNorm2d)
    assert build("_improved_no_batch_norm").weight_agreement == build("_improved").weight_agreement
    assert build("_improved_no_agreement").weight_agreement == 0
    assert build("_improved_no_agreement").weight_y == build("_improved").weight_y
    assert layers(build("_improved_no_agreement"), nn.BatchNorm2d)
