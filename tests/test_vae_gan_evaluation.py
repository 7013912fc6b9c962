"""What VAE/GANs are measured by: a model that returns what it was given, a judge that reads the class off a pixel."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import evaluation, judge, metrics, regressor
from course_utils.datasets import Images, Splits
from course_utils.methods import Method

N_CLASSES = 10


@pytest.fixture
def data(monkeypatch) -> Splits:
    """Noise with the class written into its first pixel, and a judge who knows that."""

    def probabilities(x):
        return F.one_hot((10 * x[:, 0, 0, 0]).round().long().clamp(0, 9), N_CLASSES).float()

    monkeypatch.setattr(judge, "probabilities", probabilities)
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1)[:, 1:9].contiguous())
    x = torch.rand(3, 400, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    y = torch.arange(400) % N_CLASSES
    x[:, :, 0, 0, 0] = y / 10
    return Splits("noise", *(Images(part, y) for part in x))


class Copier(Method):
    """A "VAE/GAN" that returns images as they are, or changed; its codes follow the prior."""

    layer = 0

    def __init__(self, x, change=lambda x: x, drawn=lambda x: x):
        super().__init__()
        self.x, self.change, self.drawn = nn.Parameter(x), change, drawn
        self.encoder = lambda x: (torch.zeros(len(x), 2), torch.zeros(len(x), 2))
        self.discriminator = type(
            "D", (nn.Module,), {"look": lambda self, x, layer: (x.sum((1, 2, 3)), x.flatten(1))}
        )()

    def reconstruct(self, x):
        return self.change(x)

    def sample(self, n):
        return self.drawn(self.x[torch.arange(n) % len(self.x)])


def test_a_model_that_returns_its_input_loses_nothing(data):
    numbers = evaluation.samples_and_reconstructions(Copier(data.test.x.clone()), data)
    assert numbers["reconstruction_squared_error"] == numbers["kl"] == 0
    assert numbers["reconstruction_class_percent"] == numbers["test_class_percent"] == 100
    for region, found in metrics.region_sharpness(data.test.x)._asdict().items():
        for name in ("samples", "reconstructions", "test"):
            assert numbers[f"{name}_{region}_sharpness"] == pytest.approx(found.mean().item(), rel=1e-5)
    assert numbers["reconstruction_fid"] < 0.1, "halves of one set differ by chance only"


def test_errors_are_those_of_the_reconstructions_and_not_of_the_samples(data):
    darker = Copier(data.test.x.clone(), change=lambda x: x - 0.1)
    numbers = evaluation.samples_and_reconstructions(darker, data)
    assert numbers["reconstruction_squared_error"] == pytest.approx(0.5 * 784 * 0.01, rel=1e-4)
    assert numbers["reconstruction_class_percent"] == pytest.approx(10), (
        "every class is read one lower, but for the lowest"
    )
    assert numbers["fid"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "drawn", "sane"),
    [
        (lambda x: x, lambda x: x, 1.0),
        (lambda x: x.roll(1, 0), lambda x: x, 0.0),  # each image comes back as its neighbour
        (lambda x: x, lambda x: x[:1].expand_as(x), 0.0),  # one image for all codes
    ],
)
def test_sane_is_who_reconstructs_and_draws_all_classes(data, change, drawn, sane):
    torch.manual_seed(0)
    numbers = evaluation.sanity(Copier(data.test.x.clone(), change, drawn), data)
    assert numbers["sane"] == sane
    assert numbers["feature_size"] == pytest.approx(data.test.x.square().mean().sqrt().item(), rel=1e-5)


def test_faces_are_measured_on_bytes_as_on_numbers():
    x = torch.rand(30, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    as_bytes = Images((255 * x).round().byte(), torch.zeros(30, dtype=torch.int64), torch.randn(30, 4))
    data = Splits("faces", as_bytes, as_bytes, as_bytes)

    class AttributeCopier(Copier):
        def reconstruct(self, x, attributes):
            return 0.5 * x + 0 * attributes.sum()

        def sample(self, attributes):
            return self.x[: len(attributes)]

    plain = evaluation.faces(Copier(x.clone()), data)
    assert plain["reconstruction_squared_error"] == plain["kl"] == 0
    assert plain["reconstruction_ms_ssim"] == pytest.approx(1, abs=1e-5)
    told = AttributeCopier(x.clone())
    told.encoder = lambda x, attributes: (torch.ones(len(x), 2), torch.zeros(len(x), 2))
    numbers = evaluation.attribute_faces(told, data)
    assert numbers["kl"] == pytest.approx(1.0)
    assert numbers["reconstruction_squared_error"] == pytest.approx(
        (as_bytes.floats() / 2).square().flatten(1).sum(1).mean().item() / 2, rel=1e-4
    )
    assert numbers["sample_sharpness"] == pytest.approx(metrics.sharpness(x).mean().item(), rel=1e-5)


@pytest.mark.parametrize("module", [judge, regressor], ids=["judge", "regressor"])
def test_loading_a_judge_does_not_move_the_random_state(module):
    """Else the first evaluation of a process would draw other images than the second."""
    module.load.cache_clear()
    before = torch.random.get_rng_state()
    module.load()
    assert torch.equal(torch.random.get_rng_state(), before)
