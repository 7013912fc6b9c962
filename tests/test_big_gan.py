"""BigGAN: conditional batch norm, projection, spectral norm, losses, truncation; and what it is measured by."""

import copy

import pytest
import tiny
import torch
from torch import nn

from course_utils import datasets, distributions, evaluation, judge, networks, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import BigGAN
from course_utils.networks import ClassConditionalGenerator, ConditionalBatchNorm, ProjectionDiscriminator
from course_utils.training import fit


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def generator() -> ClassConditionalGenerator:
    return ClassConditionalGenerator(6, (1, 8, 8), n_classes=4, width=3)


def discriminator() -> ProjectionDiscriminator:
    return ProjectionDiscriminator(networks.conv((1, 8, 8), width=3, batch_norm=False), n_classes=4)


# ---- networks ---------------------------------------------------------------------------------------------------


def test_conditional_batch_norm_by_hand():
    norm = ConditionalBatchNorm(3, 5).double()
    h, condition = torch.randn(7, 3, 4, 6).double(), torch.randn(7, 5).double()
    found = norm(h, condition)
    weight = norm.affine.weight
    for c in range(3):
        normal = (h[:, c] - h[:, c].mean()) / (h[:, c].var(correction=0) + 1e-5).sqrt()
        gain, shift = condition @ weight[c], condition @ weight[3 + c]
        torch.testing.assert_close(found[:, c], (1 + gain)[:, None, None] * normal + shift[:, None, None])
    torch.testing.assert_close(norm(h, 0 * condition), nn.BatchNorm2d(3, affine=False).double()(h))


def seen_by_the_layers(network: ClassConditionalGenerator, z, y) -> list[torch.Tensor]:
    """What comes out of the dense layer and of each batch norm."""
    seen = []
    hooks = [
        part.register_forward_hook(lambda *args: seen.append(args[-1])) for part in (network.start, *network.norms)
    ]
    network(z, y)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("part", range(3))
def test_each_part_of_z_enters_at_its_own_layer(part):
    network, y = generator().eval(), torch.tensor([0, 1, 2, 3, 0])
    z = torch.randn(5, 6)
    other = z.clone()
    other[:, 2 * part : 2 * part + 2] += 1
    pairs = zip(seen_by_the_layers(network, z, y), seen_by_the_layers(network, other, y), strict=True)
    assert [torch.equal(a, b) for a, b in pairs] == [True] * part + [False] * (3 - part)


def test_the_class_enters_by_scales_and_shifts_only():
    network, z = generator().eval(), torch.randn(5, 6)
    y, other = torch.tensor([0, 1, 2, 3, 0]), torch.tensor([1, 2, 3, 0, 1])
    assert torch.equal(seen_by_the_layers(network, z, y)[0], seen_by_the_layers(network, z, other)[0])
    assert not torch.allclose(network(z, y), network(z, other))
    for norm in network.norms:
        norm.affine.weight.data[:, :4] = 0  # the class comes before the part of z
    torch.testing.assert_close(network(z, y), network(z, other))


def test_images_have_their_shape_and_range():
    x = ClassConditionalGenerator(9, (3, 12, 20), n_classes=4, width=3)(
        torch.randn(5, 9), torch.tensor([0, 1, 2, 3, 0])
    )
    assert x.shape == (5, 3, 12, 20) and x.min() > 0 and x.max() < 1


def test_patterns_are_what_an_input_adds():
    network = generator()
    first, second = network.patterns()
    base, unit = network.project(torch.zeros(1, 2)), torch.eye(2)
    torch.testing.assert_close(network.project(unit) - base, first)
    for channel in range(6):
        h = torch.zeros(1, 6, 3, 3)
        h[0, channel, 1, 1] = 1
        drawn = network.ups[0](h)[0, :, 1:5, 1:5]
        torch.testing.assert_close(drawn.flatten(), second[channel])


def test_the_projection_by_hand():
    d, x, y = discriminator(), torch.rand(5, 1, 8, 8), torch.tensor([0, 1, 2, 3, 0])
    f = d.trunk(x)
    expected = [(d.classes.weight[y[i]] + d.head.weight[0]) @ f[i] + d.head.bias[0] for i in range(5)]
    torch.testing.assert_close(d(x, y), torch.stack(expected))
    assert not torch.allclose(d(x, y), d(x, (y + 1) % 4))


def test_spectral_norm_divides_by_the_largest_singular_value():
    network = discriminator()
    before = {name: w.detach().clone() for name, w in network.named_parameters() if w.ndim > 1}
    network = networks.spectrally_normalised(network)
    for _ in range(60):  # each pass makes a step of the power iteration
        network(torch.rand(2, 1, 8, 8), torch.tensor([0, 1]))
    network.eval()
    assert len(before) == 4  # two convolutions, the last layer and the vectors of the classes
    for name, weight in before.items():
        part = network.get_submodule(name.removesuffix(".weight"))
        matrix = weight.flatten(1)
        largest = torch.linalg.svd(matrix).S[0]
        assert abs(largest - 1) > 0.05, "else the test could not fail"
        torch.testing.assert_close(part.weight.flatten(1), matrix / largest, atol=2e-3, rtol=0)


def test_up_convolutions_are_normalised_too_one_row_an_output_channel():
    up = nn.ConvTranspose2d(3, 5, 4)
    matrix = up.weight.detach().clone().transpose(0, 1).flatten(1)
    networks.spectrally_normalised(up)
    for _ in range(60):
        up(torch.rand(1, 3, 2, 2))
    found = up.eval().weight.transpose(0, 1).flatten(1)
    torch.testing.assert_close(found, matrix / torch.linalg.svd(matrix).S[0], atol=2e-3, rtol=0)


def test_orthogonal_weights():
    for network in (generator(), discriminator()):
        networks.orthogonal_init(network)
        for part in network.modules():
            if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
                singular = torch.linalg.svd(part.weight.flatten(1)).S
                torch.testing.assert_close(singular, torch.ones_like(singular))
                assert getattr(part, "bias", None) is None or not part.bias.any()


def test_networks_return_the_number_format_of_their_input():
    g, d, y = generator(), networks.spectrally_normalised(discriminator()), torch.tensor([0, 1, 2, 3])
    with torch.autocast("cpu", torch.bfloat16):
        assert g(torch.randn(4, 6), y).dtype == d(torch.rand(4, 1, 8, 8), y).dtype == torch.float32
    g, d = g.double(), d.double()
    assert g(torch.randn(4, 6).double(), y).dtype == d(torch.rand(4, 1, 8, 8).double(), y).dtype == torch.float64


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="cut in 3 equal parts: latent_dim must be divisible by that, got 8"):
        ClassConditionalGenerator(8, (1, 8, 8))
    with pytest.raises(ValueError, match="divisible by 4, got 30x28"):
        ClassConditionalGenerator(6, (1, 30, 28))
    for ask in (lambda y: generator()(torch.zeros(4, 6), y), lambda y: discriminator()(torch.zeros(4, 1, 8, 8), y)):
        for bad in (torch.zeros(3).long(), torch.zeros(4, 1).long()):
            with pytest.raises(ValueError, match=r"one class an example, shape \(4,\), got") as error:
                ask(bad)
            assert str(tuple(bad.shape)) in str(error.value)
        with pytest.raises(ValueError, match=r"classes as whole numbers, got torch\.float32"):
            ask(torch.zeros(4))


# ---- the method -------------------------------------------------------------------------------------------------


def test_the_losses_by_hand_and_the_generator_plays_against_the_new_discriminator():
    gan, batch, found = tiny.big_gan(orthogonality=0.5).train(), tiny.batch(), {}
    x, y, minimize = batch["x"], batch["y"], gan.minimize
    twin = copy.deepcopy(gan)
    torch.manual_seed(7)
    real, fake = twin.discriminator(x, y), twin.discriminator(twin.decode(twin.prior.sample(16), y), y)
    d_loss = sum(max(0.0, 1 - t) + max(0.0, 1 + s) for t, s in zip(real.tolist(), fake.tolist(), strict=True)) / 16

    def spy(**given):
        minimize(**given)
        if "discriminator" in given:
            twin, state = copy.deepcopy(gan), torch.get_rng_state()
            logits = twin.discriminator(twin.decode(twin.prior.sample(16), y), y)
            found["generator"] = -sum(logits.tolist()) / 16
            found["overlap"] = sum(
                sum((p[i] @ p[j]).item() ** 2 for i in range(len(p)) for j in range(len(p)) if i != j)
                for p in twin.generator.patterns()
            )
            torch.set_rng_state(state)
        else:
            found["sum"] = given["generator"].item()

    gan.minimize = spy
    torch.manual_seed(7)
    logged = {name: value.item() for name, value in gan.training_step(batch).items()}
    assert logged["discriminator"] == pytest.approx(d_loss, rel=1e-5)
    assert logged["generator"] == pytest.approx(found["generator"], rel=1e-4)
    assert logged["overlap"] == pytest.approx(found["overlap"], rel=1e-4)
    assert found["sum"] == pytest.approx(found["generator"] + 0.5 * found["overlap"], rel=1e-4)


def test_the_regularisation_keeps_patterns_apart():
    overlap = {}
    for weight in (0.0, 10.0):
        torch.manual_seed(0)
        gan = tiny.big_gan(orthogonality=weight, lr=1e-2).train()
        for _ in range(20):
            logged = gan.training_step(tiny.batch())
        overlap[weight] = logged["overlap"].item()
    assert overlap[10.0] < 0.2 * overlap[0.0]


def test_samples_are_of_the_class_asked_for_and_the_noise_of_the_prior():
    gan, y = tiny.build("big_gan conv").eval(), torch.arange(5)
    torch.manual_seed(3)
    asked = gan.sample(y)
    torch.manual_seed(3)
    assert torch.equal(asked, gan.generator(torch.randn(5, gan.prior.dim), y))


def test_it_learns_to_draw_the_class_it_is_asked_for():
    """Class k is white in row k, black elsewhere."""
    y = torch.arange(4).repeat(60)
    x = torch.zeros(240, 1, 8, 8)
    x[torch.arange(240), 0, 2 * y] = 1
    torch.manual_seed(0)
    gan = BigGAN(
        networks.orthogonal_init(generator()),
        networks.spectrally_normalised(discriminator()),
        distributions.Gaussian(6),
        lr=5e-3,
    )
    fit(gan, Images(x, y), epochs=25, batch_size=40, progress=False, device="cpu", precision="float32")
    asked = torch.arange(4).repeat(20)
    with torch.no_grad():
        drawn = gan.sample(asked)[:, 0].mean(2).argmax(1)
    assert (drawn == 2 * asked).float().mean() > 0.9


def test_recipes_differ_in_what_they_say():
    whole, loose = (recipes.ALL[f"big_gan{name}"].method() for name in ("", "_without_spectral_norm"))
    assert whole.orthogonality == loose.orthogonality == 1e-4
    normalised = [
        any("parametrizations" in name for name, _ in m.discriminator.named_parameters()) for m in (whole, loose)
    ]
    assert normalised == [True, False]
    assert networks.count_parameters(whole.generator) < 600_000
    assert not any("parametrizations" in name for name, _ in whole.generator.named_parameters())


# ---- what it is measured by -------------------------------------------------------------------------------------


def digits(n: int = 200) -> Splits:
    data = datasets.load("digits")
    return Splits("digits", *(part.first(n) for part in (data.train, data.validation, data.test)))


def test_a_model_that_copies_trades_nothing_and_one_that_repeats_itself_has_no_variety():
    x = digits().test.x
    found = evaluation.trade_off(x, x)
    assert found["fid"] == pytest.approx(0, abs=1e-3)
    assert [found[f"{name}_percent"] for name in ("precision", "recall", "variety")] == [100, 100, 100]
    seen = judge.probabilities(x).argmax(1)
    one_of_each = torch.stack([x[seen == k][0] for k in seen.unique()])
    found = evaluation.trade_off(x, one_of_each.repeat(20, 1, 1, 1))
    assert found["variety_percent"] == pytest.approx(0, abs=0.1)
    assert found["precision_percent"] == 100 and found["recall_percent"] < 10 and found["fid"] > 1


def test_variety_is_that_within_the_classes():
    """By hand: the root mean squared distance of features from the mean of their class, as a share of the data's."""
    x = digits().test.x
    real, fake = x[:100], (0.9 * x[100:200])

    def spread(images):
        f, y = judge.features(images), judge.probabilities(images).argmax(1)
        return sum((f[i] - f[y == y[i]].mean(0)).square().sum().item() for i in range(len(f))) / len(f)

    expected = 100 * (spread(fake) / spread(real)) ** 0.5
    assert evaluation.trade_off(real, fake)["variety_percent"] == pytest.approx(expected, rel=1e-4)


def test_truncation_draws_z_within_the_threshold_and_asks_for_the_classes_of_the_test_images():
    data, seen = digits(), []

    class Copier(nn.Module):
        """Draws a test image of the class asked for, or nothing where z lies far out."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))
            self.prior = distributions.Gaussian(3)

        def decode(self, z, y):
            seen.append((z, y))
            drawn = torch.stack([data.test.x[data.test.y == k][0] for k in y])
            return drawn * (z.abs() < 1.5).all(1)[:, None, None, None]

    numbers = evaluation.truncation_of_z(Copier(), data, thresholds=(0.5, 1.5))
    assert [z.abs().max() <= limit for (z, _), limit in zip(seen, (0.5, 1.5, 9), strict=True)] == [True] * 3
    assert [z.abs().max() > least for (z, _), least in zip(seen, (0.4, 1.3, 2), strict=True)] == [True] * 3
    assert all(sorted(y.tolist()) == sorted(data.test.y.tolist()) for _, y in seen)
    kinds = ("fid", "precision_percent", "recall_percent", "variety_percent", "requested_class_percent")
    assert set(numbers) == {f"{kind}_at_{name}" for kind in kinds for name in ("0.5", "1.5", "whole")}
    assert numbers["requested_class_percent_at_0.5"] > numbers["requested_class_percent_at_whole"]


def test_the_evaluation_of_a_whole_big_gan():
    gan = BigGAN(
        ClassConditionalGenerator(6, (1, 28, 28), width=2),
        ProjectionDiscriminator(networks.conv((1, 28, 28), width=2, batch_norm=False)),
        distributions.Gaussian(6),
    ).eval()
    numbers = evaluation.big_gan(gan, digits(60))
    assert {"fid", "requested_class_percent", "fid_at_0.25", "variety_percent_at_whole"} <= set(numbers)
    assert all(value == value for value in numbers.values())
