"""What image recipes are measured by, and what they have in common."""

import pytest
import torch

from course_utils import evaluation, judge, metrics, networks, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import Method
from course_utils.recipes import images


def digits(n: int = 60) -> Splits:
    """Strokes of random places and lengths, so that features vary."""
    g = torch.Generator().manual_seed(0)
    x = torch.zeros(3 * n, 1, 28, 28)
    for image, (row, column, length) in zip(x, torch.randint(3, 12, (3 * n, 3), generator=g).tolist(), strict=True):
        image[0, row : row + length, column : column + 3] = 1
    y = torch.arange(3 * n) % 10
    return Splits("strokes", *(Images(x[i::3], y[i::3]) for i in range(3)))


class Repeater(Method):
    """A "model" that returns the images it was given."""

    def __init__(self, x: torch.Tensor):
        super().__init__()
        self.x = torch.nn.Parameter(x)

    def sample(self, n: int) -> torch.Tensor:
        return self.x[:n]


def test_a_model_that_returns_the_test_images_is_perfect():
    data = digits()
    numbers = evaluation.images(Repeater(data.test.x.clone()), data)
    assert numbers["fid"] == pytest.approx(0, abs=1e-4)
    assert (numbers["precision_percent"], numbers["recall_percent"]) == (100, 100)
    assert numbers["sharpness"] == pytest.approx(metrics.sharpness(data.test.x).mean().item())
    assert numbers["parameters"] == data.test.x.numel()


def test_a_model_that_returns_one_image_has_no_recall():
    data = digits()
    one = data.test.x[:1].expand(len(data.test), -1, -1, -1).clone()
    numbers = evaluation.images(Repeater(one), data)
    assert numbers["precision_percent"] == 100 and numbers["recall_percent"] < 10
    assert numbers["fid"] > 1
    assert numbers["inception_score"] == pytest.approx(1, abs=1e-3)


def test_image_quality_uses_the_judges_features_and_first_choices():
    data = digits()
    numbers = evaluation.image_quality(data.train.x, data.test.x)
    real, fake = judge.features(data.train.x), judge.features(data.test.x)
    assert numbers["kid"] == pytest.approx(metrics.kid(real, fake))
    confidence = judge.load().logits(data.test.x).softmax(1).max(1).values.mean().item()
    assert numbers["judge_confidence_percent"] == pytest.approx(100 * confidence, rel=1e-5)


def test_requested_classes_are_compared_with_what_the_judge_sees():
    data = digits()
    seen = judge.probabilities(data.test.x).argmax(1)

    class Obedient(Repeater):
        def sample(self, y):
            """For every class asked for, an image that the judge takes for it; or the first image if there is none."""
            return torch.stack([self.x[(seen == k).nonzero()[0, 0] if (seen == k).any() else 0] for k in y])

    numbers = evaluation.class_images(Obedient(data.test.x.clone()), data)
    possible = torch.isin(data.test.y, seen.unique())
    assert numbers["requested_class_percent"] == pytest.approx(100 * possible.float().mean().item())
    right = (seen == data.test.y).float().mean().item()
    assert numbers["real_class_percent"] == pytest.approx(100 * right)


def test_the_judge_is_loaded_once_and_cannot_be_trained():
    assert judge.load() is judge.load()
    assert not judge.load().training
    assert not any(p.requires_grad for p in judge.load().parameters())
    x = torch.rand(7, 1, 28, 28)
    assert torch.allclose(judge.features(x, chunk=3), judge.features(x), atol=1e-5)
    assert torch.allclose(judge.probabilities(x).sum(1), torch.ones(7), atol=1e-5)


@pytest.mark.parametrize("recipe", images.RECIPES, ids=lambda recipe: recipe.name)
def test_all_make_images_in_the_unit_range(recipe):
    method = recipe.method()
    with torch.no_grad():
        x = method.sample(torch.arange(10) if recipe.name == "conditional_dcgan" else 10)
    assert x.shape == (10, 1, 28, 28) and x.min() >= 0 and x.max() <= 1


def test_pairs_share_their_generators():
    """VAE and GAN are compared with the same network between z and x."""

    def shapes(network):
        return [tuple(p.shape) for p in network.parameters()]

    build = {
        name: recipes.ALL[name].method() for name in ("gan_mlp", "gmmn", "vae_mlp_images", "dcgan", "vae_conv_images")
    }
    assert shapes(build["gan_mlp"].generator) == shapes(build["gmmn"].generator)
    assert shapes(build["gan_mlp"].generator) == shapes(build["vae_mlp_images"].decoder)
    assert shapes(build["dcgan"].generator) == shapes(build["vae_conv_images"].decoder)


def test_dcgan_weights():
    torch.manual_seed(0)
    network = networks.dcgan_init(networks.ConvDecoder(64, (1, 28, 28), width=32))
    for part in network.modules():
        if isinstance(part, torch.nn.ConvTranspose2d | torch.nn.Linear):
            assert part.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert part.bias is None or not part.bias.any()
        elif isinstance(part, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            assert part.weight.mean().item() == pytest.approx(1, abs=0.02) and not part.bias.any()
            assert part.weight.std().item() == pytest.approx(0.02, rel=0.4)


def test_large_networks_are_those_that_convolve_or_have_many_weights():
    assert networks.is_large(networks.conv((1, 8, 8), width=1))
    assert networks.is_large(networks.ConvDecoder(2, (1, 8, 8), width=1))
    assert networks.is_large(networks.mlp((784,), (700,)))
    assert not networks.is_large(networks.mlp((784,), (600,)))


def test_a_convolutional_trunk_with_a_layer_of_features():
    trunk = networks.conv((1, 28, 28), width=4, features=10)
    assert trunk.out_features == 10
    assert trunk(torch.rand(3, 1, 28, 28)).shape == (3, 10)
