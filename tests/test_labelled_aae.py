"""The labelled AAE: what its discriminator is told, and that labels put classes in their place."""

import pytest
import tiny
import torch
from torch import nn

from course_utils import datasets, distributions, losses, networks, runtime
from course_utils.datasets import UNLABELLED
from course_utils.methods import LabelledAAE
from course_utils.training import fit

# ten components far apart, none wider than 0.01: where a sample lies tells its component
STARS = 10 * torch.arange(10.0)
PRIOR = distributions.GaussianMixture(torch.stack([STARS, STARS], 1), (0.01 * torch.eye(2)).expand(10, 2, 2).clone())


def small(prior=PRIOR, **options) -> LabelledAAE:
    discriminator = networks.Discriminator(networks.mlp((prior.dim + prior.n_classes + 1,), (16,)))
    encoder = networks.DeterministicEncoder(tiny.trunk("mlp"), prior.dim)
    return LabelledAAE(encoder, tiny.decoder("mlp"), discriminator, prior, **options)


class Recorder(nn.Module):
    """A discriminator that writes down what it is given and answers 0."""

    def __init__(self):
        super().__init__()
        self.trunk = networks.mlp((13,), (2,))
        self.weight = nn.Parameter(torch.zeros(13))
        self.seen = []

    def forward(self, v):
        self.seen.append(v.detach().clone())
        return v @ self.weight


def recorded(y: torch.Tensor, **options) -> list[torch.Tensor]:
    """What the discriminator is given in one step: real samples, codes, codes again."""
    torch.manual_seed(0)
    method = small(**options)
    method.discriminator = Recorder()
    method.training_step({"x": tiny.images(len(y)).x, "y": y})
    return method.discriminator.seen


def test_real_fake_and_generator_passes_get_the_same_label_vector():
    y = torch.tensor([3, 0, 9, UNLABELLED, 7, UNLABELLED])
    real, fake, again = recorded(y)
    expected = torch.zeros(6, 11)
    for row, column in enumerate([3, 0, 9, 10, 7, 10]):
        expected[row, column] = 1
    for seen in (real, fake, again):
        assert torch.equal(seen[:, 2:], expected)
    assert torch.equal(fake, again)


def test_real_samples_come_from_the_component_of_the_label():
    y = torch.arange(200) % 10
    real = recorded(y)[0][:, :2]
    assert torch.equal(PRIOR.component(real), y)
    assert (real - PRIOR.means[y]).abs().max() < 0.1


def test_real_samples_of_hidden_labels_come_from_the_whole_prior():
    n = 4000
    real = recorded(torch.full((n,), UNLABELLED))[0][:, :2]
    counts = torch.bincount(PRIOR.component(real), minlength=10)
    # binomial with p = 1/10: six standard deviations are 114
    assert (counts - n / 10).abs().max() < 114


def test_codes_are_those_of_the_encoder_after_the_reconstruction_phase():
    torch.manual_seed(0)
    method, batch = small(), tiny.batch()
    twin = small()
    twin.load_state_dict(method.state_dict())
    method.discriminator = Recorder()
    twin.minimize(autoencoder=losses.squared_error(twin.reconstruct(batch["x"]), batch["x"]))
    method.training_step(batch)
    torch.testing.assert_close(method.discriminator.seen[1][:, :2], twin.encode(batch["x"]).detach())


def test_where_all_labels_are_hidden_the_label_says_nothing():
    """Then the step is the AAE's: the discriminator compares codes with the whole prior, beside a constant."""
    real, fake, _ = recorded(torch.full((50,), UNLABELLED))
    assert torch.equal(real[:, 2:], fake[:, 2:])
    assert torch.equal(real[:, 2:].unique(dim=0), torch.eye(11)[10:])


def test_logged_losses_of_a_discriminator_that_answers_nothing():
    torch.manual_seed(0)
    method = small(adversarial_lr=0.0)
    nn.init.zeros_(method.discriminator.head.weight)
    nn.init.zeros_(method.discriminator.head.bias)
    logged = method.training_step(tiny.batch())
    assert logged["discriminator"].item() == pytest.approx(2 * 0.693147, rel=1e-5)
    assert logged["generator"].item() == pytest.approx(0.693147, rel=1e-5)


def bars(n: int) -> datasets.Images:
    """Images of ten classes: a bright row or column each, with a little noise."""
    y = torch.arange(n) % 10
    x = 0.1 * torch.rand(n, *tiny.IMAGE, generator=torch.Generator().manual_seed(0))
    for image, k in zip(x, y.tolist(), strict=True):
        (image[0] if k < 5 else image[0].T)[k % 5 + 1] = 1
    return datasets.Images(x, y)


def test_training_puts_classes_into_their_parts():
    runtime.seed_everything(0)
    method = small(distributions.ten_gaussians(), optimizer="adam", lr=2e-3, adversarial_lr=2e-3)
    data = bars(400)
    fit(method, data, steps=600, batch_size=50, device="cpu", progress=False)
    with torch.no_grad():
        share = (method.prior.component(method.encode(data.x)) == data.y).float().mean()
    assert share > 0.4, "chance is 0.1"


def test_samples_of_a_class_are_decoded_from_its_part():
    method = small().eval()
    y = torch.tensor([2, 2, 8])
    torch.manual_seed(1)
    images = method.sample_class(y)
    torch.manual_seed(1)
    assert torch.equal(images, method.decoder(PRIOR.sample(3, y)))
    assert method.sample(4).shape == (4, *tiny.IMAGE)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: small(distributions.Gaussian(2)), "Gaussian has only one part"),
        (lambda: small(optimizer="adagrad"), "unknown optimizer 'adagrad'"),
        (
            lambda: LabelledAAE(None, None, networks.Discriminator(networks.mlp((12,))), PRIOR),
            r"must take 13 numbers .* takes inputs of shape \(12,\)",
        ),
    ],
    ids=["prior", "optimizer", "discriminator"],
)
def test_what_does_not_fit_together_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("wrong", [10, -2])
def test_labels_that_are_no_class_are_refused(wrong):
    batch = tiny.batch()
    batch["y"][3] = wrong
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.9"):
        small().training_step(batch)


def test_a_prior_with_fewer_parts_than_the_data_has_classes_is_refused():
    four = distributions.ring_of_gaussians(4)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.3"):
        small(four).training_step(tiny.batch())
