"""StyleGAN: styles by AdaIN, what a layer's style can reach, mixing, truncation, losses; and what it is measured by."""

import copy
from types import MethodType, SimpleNamespace

import pytest
import tiny
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, distributions, evaluation, judge, networks
from course_utils.datasets import Images, Splits
from course_utils.evaluation.style_gan import noise_moves, path_length, path_lengths, slerp
from course_utils.methods import StyleGAN
from course_utils.networks import (
    MappingNetwork,
    SpreadDiscriminator,
    StyleLayer,
    SynthesisNetwork,
    adaptive_instance_norm,
)
from course_utils.training import fit


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def synthesis(noisy: bool = True) -> SynthesisNetwork:
    """8x8 images, styles of 3 numbers; `noisy`: noise has an effect, as after some training."""
    network = SynthesisNetwork((1, 8, 8), style_dim=3, width=2)
    for layer in network.layers:
        nn.init.constant_(layer.noise_strength, float(noisy))
    return network


# ---- networks ---------------------------------------------------------------------------------------------------


def test_adain_by_hand():
    h, scale, shift = torch.randn(4, 3, 5, 6).double(), torch.randn(4, 3).double(), torch.randn(4, 3).double()
    found = adaptive_instance_norm(h, scale, shift)
    for i in range(4):
        for c in range(3):
            normal = (h[i, c] - h[i, c].mean()) / (h[i, c].var(correction=0) + 1e-5).sqrt()
            torch.testing.assert_close(found[i, c], scale[i, c] * normal + shift[i, c])
    torch.testing.assert_close(found.mean((2, 3)), shift)
    torch.testing.assert_close(found.std((2, 3), correction=0), scale.abs(), rtol=1e-4, atol=1e-4)


def test_a_style_overrides_the_statistics_that_came_before():
    layer, w = StyleLayer(nn.Conv2d(3, 4, 3, padding=1), 4, 2).double(), torch.randn(5, 2).double()
    noise = torch.randn(5, 1, 6, 6).double()
    scale, shift = layer.affine(w).chunk(2, 1)
    for size in (1, 30):
        h = layer(size * torch.randn(5, 3, 6, 6).double() + size, w, noise)
        torch.testing.assert_close(h.mean((2, 3)), shift)
        torch.testing.assert_close(h.std((2, 3), correction=0), scale.abs(), rtol=1e-3, atol=1e-3)


def test_a_style_layer_by_hand():
    layer = StyleLayer(nn.Conv2d(3, 4, 3, padding=1), 4, 2)
    nn.init.normal_(layer.noise_strength)
    h, w, noise = torch.randn(5, 3, 6, 6), torch.randn(5, 2), torch.randn(5, 1, 6, 6)
    before = F.conv2d(h, layer.convolution.weight, layer.convolution.bias, padding=1)
    before = before + torch.stack([noise[:, 0] * strength for strength in layer.noise_strength.flatten()], 1)
    before = torch.where(before > 0, before, 0.2 * before)
    scale, shift = (w @ layer.affine.weight.T + layer.affine.bias).split(4, 1)
    torch.testing.assert_close(layer(h, w, noise), adaptive_instance_norm(before, scale, shift))


def test_at_first_noise_does_nothing_scales_vary_around_one_and_shifts_around_zero():
    layer, w = StyleLayer(nn.Identity(), 50, 64), torch.randn(200, 64)
    assert not layer.noise_strength.any()
    scale, shift = layer.affine(w).detach().chunk(2, 1)
    assert scale.mean().item() == pytest.approx(1, abs=0.05) and shift.mean().item() == pytest.approx(0, abs=0.05)
    assert scale.std().item() == pytest.approx(1, abs=0.1) and shift.std().item() == pytest.approx(1, abs=0.1)


def outputs_of_layers(network: SynthesisNetwork, styles, noise) -> list[torch.Tensor]:
    seen = []
    hooks = [layer.register_forward_hook(lambda *args: seen.append(args[-1])) for layer in network.layers]
    network(styles, noise)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("k", range(6))
def test_style_and_noise_of_a_layer_reach_what_comes_after_and_nothing_before(k):
    network = synthesis()
    styles, noise = torch.randn(4, 6, 3), network.noise(4)
    before = outputs_of_layers(network, styles, noise)
    assert [tuple(h.shape[1:]) for h in before] == [(8, 2, 2)] * 2 + [(4, 4, 4)] * 2 + [(2, 8, 8)] * 2
    other, other_noise = styles.clone(), list(noise)
    other[:, k] += 1
    other_noise[k] = noise[k] + torch.randn_like(noise[k])
    for changed in (outputs_of_layers(network, other, noise), outputs_of_layers(network, styles, other_noise)):
        assert [torch.equal(a, b) for a, b in zip(before, changed, strict=True)] == [True] * k + [False] * (6 - k)


def test_images_differ_by_styles_and_noise_alone():
    network = synthesis()
    styles, noise = torch.randn(1, 6, 3).expand(5, -1, -1), [spots.expand(5, -1, -1, -1) for spots in network.noise(1)]
    x = network(styles, noise)
    assert x.shape == (5, 1, 8, 8) and x.min() > 0 and x.max() < 1
    torch.testing.assert_close(x, x[:1].expand_as(x))  # one constant for all
    assert not torch.allclose(network(styles), x) and not torch.allclose(network(styles), network(styles))
    silent = synthesis(noisy=False)
    torch.testing.assert_close(silent(styles), silent(styles))
    assert not torch.allclose(network(torch.randn(5, 6, 3), noise), x)


def test_noise_is_one_map_a_layer():
    noise = SynthesisNetwork((3, 12, 20), style_dim=3, width=2).noise(2_000)
    assert [tuple(spots.shape) for spots in noise] == [
        (2_000, 1, *size) for size in ((3, 5), (3, 5), (6, 10), (6, 10), (12, 20), (12, 20))
    ]
    assert all(abs(spots.mean()) < 0.03 and abs(spots.std() - 1) < 0.03 for spots in noise)


@pytest.mark.parametrize("depth", [1, 8])
def test_the_mapping_keeps_the_size_of_what_passes(depth):
    w = MappingNetwork(64, 64, depth)(torch.randn(2_000, 64))
    assert w.shape == (2_000, 64)
    assert 0.3 < w.square().mean().item() < 3
    assert len([m for m in MappingNetwork(64, 64, depth).modules() if isinstance(m, nn.Linear)]) == depth


def test_the_discriminator_is_told_how_much_its_batch_varies():
    network = SpreadDiscriminator(networks.conv((1, 8, 8), width=2, batch_norm=False), hidden=5)
    x = torch.rand(6, 1, 8, 8)
    features = network.trunk(x)
    spread = sum(features[:, i].std(correction=0) for i in range(features.shape[1])) / features.shape[1]
    first, last = network.head[0], network.head[2]
    hidden = F.leaky_relu(features @ first.weight[:, :-1].T + spread * first.weight[:, -1] + first.bias, 0.2)
    torch.testing.assert_close(network(x), (hidden @ last.weight.T + last.bias)[:, 0], rtol=1e-4, atol=1e-5)
    alike = x[:1].repeat(6, 1, 1, 1).requires_grad_()
    network(alike).sum().backward()
    assert alike.grad.isfinite().all()


def test_networks_return_the_number_format_of_their_input():
    mapping, network = MappingNetwork(5, 3), synthesis()
    with torch.autocast("cpu", torch.bfloat16):
        w = mapping(torch.randn(4, 5))
        x = network(torch.randn(4, 6, 3))
    assert w.dtype == x.dtype == torch.float32
    assert (
        network.double()(mapping.double()(torch.randn(4, 5).double())[:, None].repeat(1, 6, 1)).dtype == torch.float64
    )


def test_styles_and_sides_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"styles must be \(B, 6, 3\), one for each layer, got \(4, 5, 3\)"):
        synthesis()(torch.zeros(4, 5, 3))
    with pytest.raises(ValueError, match="divisible by 4, got 30x28"):
        SynthesisNetwork((1, 30, 28))


# ---- the method -------------------------------------------------------------------------------------------------


def test_mixed_styles_are_one_w_and_from_a_random_layer_on_another():
    gan = tiny.build("style_gan")
    styles = gan.mixed_styles(4_000, mixing=0.8).detach()
    assert styles.shape == (4_000, 6, 3)
    changes = (styles[:, 1:] != styles[:, :-1]).any(2)  # where another one begins
    assert changes.sum(1).max() == 1
    share = changes.any(1).float().mean().item()
    assert share == pytest.approx(0.8, abs=0.03)
    assert (changes[changes.any(1)].float().mean(0) - 0.2).abs().max() < 0.03  # each of five places alike
    whole = gan.mixed_styles(50, 0.0)
    assert torch.equal(whole, whole[:, :1].expand_as(whole))
    ends = gan.mixed_styles(50, 1.0)
    assert (ends[:, 0] != ends[:, -1]).any(1).all()


def test_training_mixes_the_share_that_it_was_told():
    for mixing in (0.0, 0.6, 1.0):
        gan, seen = tiny.style_gan(mixing=mixing), []
        gan.decode = lambda styles, seen=seen, gan=gan: seen.append(styles) or gan.synthesis(styles)
        x = torch.rand(2_000, *tiny.IMAGE)
        gan.training_step({"x": x})
        (styles,) = seen  # drawn once
        share = (styles[:, 0] != styles[:, -1]).any(1).float().mean().item()
        assert share == pytest.approx(mixing, abs=0.04)
    for bad in (-0.1, 1.1):
        with pytest.raises(ValueError, match="mixing is a share of the samples, between 0 and 1, got"):
            tiny.style_gan(mixing=bad)


def test_another_style_at_some_layers():
    gan = tiny.build("style_gan")
    w, other = torch.randn(4, 3), torch.randn(4, 3)
    styles = gan.mix(w, other, (1, 4))
    for layer in range(6):
        assert torch.equal(styles[:, layer], other if layer in (1, 4) else w)
    assert torch.equal(gan.mix(w, other, ()), w[:, None].expand(-1, 6, -1))
    noise = gan.synthesis.noise(4)
    assert torch.equal(gan.decode(w, noise), gan.decode(gan.mix(w, other, ()), noise))
    assert torch.equal(gan.decode(other, noise), gan.decode(gan.mix(w, other, range(6)), noise))


def test_truncation_draws_styles_to_their_mean():
    gan, seen = tiny.build("style_gan"), []
    mean = gan.mapping(gan.prior.sample(200_000)).mean(0)
    torch.testing.assert_close(gan.mean_style(), mean, atol=0.05, rtol=0)
    gan.decode = lambda styles: seen.append(styles.detach())
    for psi in (0.0, 0.5, 1.0):
        gan.sample(20_000, psi)
    none, half, whole = seen
    torch.testing.assert_close(none, mean.expand_as(none), atol=0.05, rtol=0)
    for styles in seen:
        torch.testing.assert_close(styles.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(2 * half.std(0), whole.std(0), rtol=0.05, atol=0)
    gan.sample(20_000)
    torch.testing.assert_close(seen[-1].std(0), whole.std(0), rtol=0.05, atol=0)


def test_the_losses_by_hand_and_the_generator_plays_the_same_samples_against_the_new_discriminator():
    gan, x = tiny.build("style_gan"), tiny.batch()["x"]
    drawn, found = [], {}
    decode, minimize = gan.decode, gan.minimize
    gan.decode = lambda *given: drawn.append(decode(*given)) or drawn[-1]

    def spy(**given):
        logits = gan.discriminator(drawn[0])
        if "discriminator" in given:
            real = torch.distributions.Bernoulli(logits=gan.discriminator(x))
            fake = torch.distributions.Bernoulli(logits=logits)
            found["discriminator"] = -real.log_prob(torch.ones(16)).mean() - fake.log_prob(torch.zeros(16)).mean()
            slopes = torch.autograd.functional.jacobian(lambda v: gan.discriminator(v).sum(), x)
            found["r1"] = slopes.square().sum() / 2 / 16
            found["sum"] = given["discriminator"]
        else:
            found["generator"] = -torch.distributions.Bernoulli(logits=logits).log_prob(torch.ones(16)).mean()
            assert given["generator"].item() == pytest.approx(found["generator"].item(), rel=1e-5)
        minimize(**given)

    gan.minimize = spy
    logged = gan.training_step({"x": x})
    assert len(drawn) == 1
    for name in ("discriminator", "r1", "generator"):
        assert logged[name].item() == pytest.approx(found[name].item(), rel=1e-5), name
    assert found["sum"].item() == pytest.approx((found["discriminator"] + gan.gamma * found["r1"]).item(), rel=1e-5)


def test_the_penalty_changes_the_discriminators_step():
    moved = {}
    for gamma in (0.0, 10.0):
        gan = tiny.build("style_gan")
        gan.gamma = gamma
        gan.training_step(tiny.batch())
        moved[gamma] = tiny.state(gan.discriminator)
    assert not tiny.same(moved[0.0], moved[10.0])
    x = tiny.batch()["x"]
    assert not x.requires_grad, "the batch is left as it was"


def test_the_mapping_learns_at_a_part_of_the_rate():
    gan = tiny.style_gan(lr=1e-2, mapping_rate=0.1)
    rates = {p: group["lr"] for group in gan.optimizers["generator"].param_groups for p in group["params"]}
    assert {rates[p] for p in gan.mapping.parameters()} == {0.1 * 1e-2}
    assert {rates[p] for p in gan.synthesis.parameters()} == {1e-2}
    assert len(rates) == len([*gan.mapping.parameters(), *gan.synthesis.parameters()])


def test_it_learns_to_paint_what_it_is_shown():
    """Half of the images are white to the left, the others to the right."""
    x = torch.zeros(200, 1, 8, 8)
    x[:100, ..., :4] = 1
    x[100:, ..., 4:] = 1
    torch.manual_seed(0)
    gan = tiny.style_gan(lr=5e-3)
    fit(gan, Images(x, torch.zeros(200).long()), steps=200, batch_size=40, progress=False, device="cpu")
    with torch.no_grad():
        drawn = gan.sample(200)
    left, right = ((drawn - one).abs().mean((1, 2, 3)) < 0.2 for one in (x[0], x[-1]))
    assert (left | right).float().mean() > 0.8
    assert 0.1 < left.float().mean() < 0.9


# ---- what it is measured by -------------------------------------------------------------------------------------


def painter() -> SimpleNamespace:
    """A "StyleGAN" whose layers decide one thing each: the first the class, the second the brightness, the third slant.

    w holds three numbers in [0, 1]; each layer looks at one of them alone.
    """
    x = datasets.load("digits").train.x
    sure, y = judge.probabilities(x).max(1)
    prototypes = torch.stack([x[(sure * (y == k)).argmax()] for k in range(10)])

    def decode(styles, noise=None):
        own = styles if styles.ndim == 2 else styles.diagonal(dim1=1, dim2=2)
        k, brightness, shear = (10 * own[:, 0]).long().clamp(max=9), 0.8 + 0.2 * own[:, 1], 0.4 * (own[:, 2] - 0.5)
        theta = torch.eye(2, 3).repeat(len(own), 1, 1)
        theta[:, 0, 1] = shear  # the picture leans to the right by as much
        grid = F.affine_grid(theta, (len(own), 1, 28, 28), align_corners=False)
        return brightness[:, None, None, None] * F.grid_sample(prototypes[k], grid, align_corners=False)

    network = SimpleNamespace(n_layers=3, noise=lambda n: [torch.zeros(n, 1, 1, 1)] * 3)
    gan = SimpleNamespace(synthesis=network, styles=lambda n: torch.rand(n, 3), decode=decode)
    gan.mix = MethodType(StyleGAN.mix, gan)
    return gan


def test_the_table_says_which_layer_decides_what():
    numbers = evaluation.layers_followed(painter(), n=400)
    assert len(numbers) == 3 * 6
    assert numbers["layer_1_class_percent"] > 90
    assert numbers["layer_2_class_percent"] < 10 and numbers["layer_3_class_percent"] < 10
    # within a class, what changes is brightness and slant
    assert numbers["layer_2_ink"] == pytest.approx(1, abs=0.05) and numbers["layer_3_slant"] == pytest.approx(
        1, abs=0.05
    )
    for name in ("layer_1_ink", "layer_1_slant", "layer_2_slant", "layer_3_ink"):
        assert numbers[name] == pytest.approx(0, abs=0.1), name


def test_what_nothing_tells_is_not_a_number():
    gan = painter()
    gan.styles = lambda n: torch.zeros(n, 3)  # all images are the same
    numbers = evaluation.layers_followed(gan, n=20)
    assert all(value != value for value in numbers.values())


def test_noise_moves_by_hand():
    gan = SimpleNamespace(
        styles=lambda n: torch.rand(n, 1, 1, 1), decode=lambda w: w + 0.1 * torch.randn(len(w), 1, 28, 28)
    )
    found = noise_moves(gan, n=2_000)
    # differences: 2 x 0.01 for noise, and for styles twice the variance of a uniform number besides
    assert found["noise_percent"] == pytest.approx(100 * 0.02 / (0.02 + 2 / 12), rel=0.1)
    gan.decode = lambda w: w.expand(-1, 1, 28, 28)
    assert noise_moves(gan, n=50) == {"noise_class_kept_percent": 100, "noise_percent": 0}


def test_the_length_of_a_straight_way_is_its_squared_distance(monkeypatch):
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1))
    start, end = torch.randn(50, 4).double(), torch.randn(50, 4).double()
    found = path_length(lambda t: (start + t * (end - start))[:, None, None], start)
    assert found == pytest.approx((end - start).square().sum(1).mean().item(), rel=1e-6)


def test_arcs():
    e = torch.eye(3)
    torch.testing.assert_close(slerp(e[:1], e[1:2], torch.tensor([[0.5]])), (e[:1] + e[1:2]) / 2**0.5)
    a, b, t = torch.randn(20, 5), torch.randn(20, 5), torch.rand(20, 1)
    torch.testing.assert_close(slerp(a, b, torch.zeros(20, 1)), a, atol=1e-5, rtol=0)
    torch.testing.assert_close(slerp(a, b, torch.ones(20, 1)), b, atol=1e-5, rtol=0)
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    there = slerp(a, b, t)
    torch.testing.assert_close(there.norm(dim=1), torch.ones(20))
    angle = torch.cosine_similarity(a, b).acos()
    torch.testing.assert_close(torch.cosine_similarity(a, there).acos(), t[:, 0] * angle, atol=2e-3, rtol=0)


def test_paths_through_w_are_straight_where_the_mapping_bends(monkeypatch):
    """Images that are linear in w: straight in W, longer in Z since the mapping doubles back."""
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1))
    gan = SimpleNamespace(
        synthesis=SimpleNamespace(noise=lambda n: []),
        prior=distributions.Gaussian(2).double(),
        mapping=lambda z: (3 * z).sin(),
        decode=lambda w, noise: w,
    )
    found = path_lengths(gan, n=3_000)
    # E (sin a - sin b)^2 of two numbers and two dimensions
    expected = 4 * (3 * gan.prior.sample(100_000)).sin().var().item()
    assert found["path_length_w"] == pytest.approx(expected, rel=0.05)
    assert found["path_length_z"] > 2 * found["path_length_w"]


def test_the_evaluation_of_a_whole_style_gan():
    torch.manual_seed(0)
    gan = StyleGAN(
        MappingNetwork(4, 4, 2),
        SynthesisNetwork((1, 28, 28), 4, width=2),
        networks.Discriminator(networks.conv((1, 28, 28), 4, batch_norm=False)),
        distributions.Gaussian(4),
    ).eval()
    digits = datasets.load("digits")
    few = Splits("few", *(part.first(60) for part in (digits.train, digits.validation, digits.test)))
    before = copy.deepcopy(gan.state_dict())
    numbers = evaluation.style_gan(gan, few, n=60)
    assert all(isinstance(value, float | int) and value == value for value in numbers.values())
    wanted = {"fid", "mixed_fid", "fid_at_0.5", "variety_percent_at_1", "noise_percent", "path_length_w"}
    assert wanted <= set(numbers)
    assert tiny.same(before, gan.state_dict())
