"""The conditional GAN: its losses by hand, which parameters each phase moves, and that it obeys the class."""

import pytest
import torch
from torch.distributions import Bernoulli

from course_utils import distributions, networks
from course_utils.datasets import Images
from course_utils.methods import ConditionalGAN
from course_utils.training import fit


@pytest.fixture
def gan() -> ConditionalGAN:
    """Images of 1x4x4 pixels, three classes, 2-D noise; no batch norm."""
    torch.manual_seed(0)
    generator = networks.MLPDecoder(2 + 3, (1, 4, 4), (16,))
    discriminator = networks.Discriminator(networks.conv((1 + 3, 4, 4), width=4, batch_norm=False))
    return ConditionalGAN(generator, discriminator, distributions.Gaussian(2), n_classes=3, lr=1e-2)


def batch(n: int = 6) -> dict[str, torch.Tensor]:
    return {"x": torch.rand(n, 1, 4, 4), "y": torch.arange(n) % 3}


def parameters(module: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def test_the_discriminator_sees_the_class_as_a_plane_of_ones(gan):
    b = batch()
    planes = torch.zeros(6, 3, 4, 4)
    planes[torch.arange(6), b["y"]] = 1
    assert torch.equal(gan.discriminate(**b), gan.discriminator(torch.cat([b["x"], planes], 1)))


def test_the_generator_sees_the_class_beside_the_noise(gan):
    z, y = torch.randn(3, 2), torch.tensor([2, 0, 1])
    one_hot = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert torch.equal(gan.decode(z, y), gan.generator(torch.cat([z, one_hot], 1)))
    torch.manual_seed(3)
    asked = gan.sample(y)
    torch.manual_seed(3)
    assert torch.equal(asked, gan.decode(gan.prior.sample(3), y))


def test_the_losses_are_cross_entropies_and_the_generator_plays_against_the_new_discriminator(gan):
    b = batch()
    torch.manual_seed(7)
    real, fake = gan.discriminate(**b), gan.discriminate(gan.sample(b["y"]), b["y"])
    expected = -Bernoulli(logits=real).log_prob(torch.ones(6)).mean()
    expected -= Bernoulli(logits=fake).log_prob(torch.zeros(6)).mean()
    second = gan.prior.sample(6)
    before = parameters(gan.generator)
    torch.manual_seed(7)
    found = gan.training_step(b)
    assert found["discriminator"].item() == pytest.approx(expected.item(), rel=1e-5)
    # by hand, with the generator of before and the discriminator of after the step
    with torch.no_grad():
        for p, old in zip(gan.generator.parameters(), before, strict=True):
            p.copy_(old)
        logits = gan.discriminate(gan.decode(second, b["y"]), b["y"])
    by_hand = -Bernoulli(logits=logits).log_prob(torch.ones(6)).mean()
    assert found["generator"].item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_each_phase_moves_its_own_network(gan):
    moved = {}
    minimize = gan.minimize

    def spy(**losses):
        before = {name: parameters(getattr(gan, name)) for name in ("generator", "discriminator")}
        minimize(**losses)
        (role,) = losses
        moved[role] = [
            name
            for name, old in before.items()
            if any(not torch.equal(a, b) for a, b in zip(old, getattr(gan, name).parameters(), strict=True))
        ]

    gan.minimize = spy
    gan.training_step(batch())
    assert moved == {"discriminator": ["discriminator"], "generator": ["generator"]}


def test_it_learns_to_draw_the_class_it_is_asked_for(gan):
    # class k is white in row k, black elsewhere
    y = torch.arange(3).repeat(100)
    x = torch.zeros(300, 1, 4, 4)
    x[torch.arange(300), 0, y] = 1
    fit(gan, Images(x, y), epochs=60, batch_size=50, progress=False, device="cpu", precision="float32")
    asked = torch.arange(3).repeat(20)
    with torch.no_grad():
        drawn = gan.sample(asked)[:, 0].mean(2).argmax(1)
    assert (drawn == asked).float().mean() > 0.9


@pytest.mark.parametrize("y", [torch.zeros(5, dtype=torch.int64), torch.zeros(6, 1, dtype=torch.int64)])
def test_labels_of_another_shape_are_refused(gan, y):
    for ask in (lambda: gan.discriminate(torch.rand(6, 1, 4, 4), y), lambda: gan.decode(torch.zeros(6, 2), y)):
        with pytest.raises(ValueError, match=r"one class an example, shape \(6,\)"):
            ask()
