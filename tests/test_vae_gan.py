"""The VAE/GAN: its losses by hand, which loss moves which network, and the networks it is made of."""

import pytest
import tiny
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import losses, networks
from course_utils.methods import AttributeVAEGAN, FeatureVAE
from course_utils.networks import FeatureDiscriminator, StridedDecoder


def passes(method, batch):
    """What one training step computes, by hand: logits of data, reconstructions, samples; features; mu and logvar."""
    torch.manual_seed(7)
    x = batch["x"]
    extra = [batch["attributes"]] if isinstance(method, AttributeVAEGAN) else []
    mu, logvar = method.encoder(x, *extra)
    codes = torch.cat([mu + logvar.exp().sqrt() * torch.randn_like(mu), method.prior.sample(len(x))])
    if extra:
        codes = torch.cat([codes, torch.cat([*extra, *extra])], 1)
    images = method.decoder(codes)
    seen = [method.discriminator.look(i, method.layer, *extra) for i in (x, images[: len(x)], images[len(x) :])]
    return [logits for logits, _ in seen], [f for _, f in seen], mu, logvar


@pytest.mark.parametrize("name", ["vae_gan conv", "vae_gan absolute conv", "attribute_vae_gan conv"])
def test_the_losses_are_those_of_the_paper(name):
    method, batch = tiny.build(name), tiny.batch()
    (real, hat, fake), (f, f_hat, _), mu, logvar = passes(method, batch)
    torch.manual_seed(7)
    found = {key: value.item() for key, value in method.training_step(batch).items()}
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    gan = sum(Bernoulli(logits=t).log_prob(target).mean() for t, target in ((real, ones), (hat, zeros), (fake, zeros)))
    assert found["discriminator"] == pytest.approx(-gan.item(), rel=1e-4)
    fooled = sum(Bernoulli(logits=t).log_prob(ones).mean() for t in (hat, fake))
    assert found["decoder"] == pytest.approx(-fooled.item(), rel=1e-4)
    kl = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    assert found["prior"] == pytest.approx(kl.item(), rel=1e-4)
    s = f.square().mean().sqrt() if method.relative_features else torch.tensor(1.0)
    log_p = Normal(f_hat, s).log_prob(f) - Normal(f, s).log_prob(f)
    assert found["feature"] == pytest.approx(-log_p.sum(1).mean().item(), rel=1e-4)


def gradient(loss, module):
    return torch.autograd.grad(loss, list(module.parameters()), retain_graph=True, allow_unused=True)


def step_of(role, before, after, method):
    return [after[f"{role}.{name}"] - before[f"{role}.{name}"] for name, _ in getattr(method, role).named_parameters()]


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.0), (0.3, 2.0)])
@pytest.mark.parametrize("d_feature", [0.0, 0.7])
def test_each_network_descends_its_own_loss_and_no_other(weights, d_feature):
    """With plain gradient descent the step of each network is minus rate times a gradient that is computed by hand."""
    options = {"weight_hat": weights[0], "weight_fake": weights[1], "discriminator_feature_weight": d_feature}
    torch.manual_seed(0)
    method = tiny.vae_gan(gamma=0.05, optimizer="sgd", lr=0.01, discriminator_lr=0.002, momentum=0.0, **options).train()
    batch, before = tiny.batch(), tiny.state(method)
    (real, hat, fake), (f, f_hat, _), mu, logvar = passes(method, batch)
    prior, feature = losses.kl_to_standard_normal(mu, logvar), losses.feature_loss(f_hat, f)
    on_fakes = weights[0] * (1 - hat.sigmoid()).log().mean() + weights[1] * (1 - fake.sigmoid()).log().mean()
    fooled = weights[0] * hat.sigmoid().log().mean() + weights[1] * fake.sigmoid().log().mean()
    wanted = {
        "encoder": gradient(prior + feature, method.encoder),
        "decoder": gradient(0.05 * feature - fooled, method.decoder),
        "discriminator": gradient(d_feature * feature - real.sigmoid().log().mean() - on_fakes, method.discriminator),
    }
    method.load_state_dict(before)  # the statistics of batch norm as they were
    torch.manual_seed(7)
    method.training_step(batch)
    after = tiny.state(method)
    for role, gradients in wanted.items():
        rate = 0.002 if role == "discriminator" else 0.01
        for moved, g in zip(step_of(role, before, after, method), gradients, strict=True):
            torch.testing.assert_close(moved, -rate * g, atol=2e-6, rtol=1e-3)


def test_without_a_weight_one_kind_of_fake_counts_for_nothing():
    real, hat, fake = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    other = fake + 1
    for loss, args in ((losses.vae_gan_discriminator_loss, [real]), (losses.vae_gan_decoder_loss, [])):
        assert loss(*args, hat, fake, 1, 0) == loss(*args, hat, other, 1, 0)
        assert loss(*args, hat, fake, 0, 1) != loss(*args, hat, other, 0, 1)
    assert losses.vae_gan_discriminator_loss(real, hat, fake, 0, 1) == losses.discriminator_loss(real, fake)
    for weights in ((0, 0), (-1, 1)):
        with pytest.raises(ValueError, match="weights of fakes must not be negative, nor both zero"):
            losses.vae_gan_discriminator_loss(real, hat, fake, *weights)


def test_fakes_outweigh_the_data_two_to_one():
    """Where D cannot tell them apart its best answer is 1/3; with half weights it is 1/2."""
    t = torch.linspace(-4, 4, 80_001, dtype=torch.float64)
    for weight, best in ((1.0, 1 / 3), (0.5, 1 / 2)):
        each = [losses.vae_gan_discriminator_loss(*3 * [t[i : i + 1]], weight, weight) for i in range(0, len(t), 100)]
        assert t[::100][torch.stack(each).argmin()].sigmoid().item() == pytest.approx(best, abs=3e-3)


def test_relative_features_have_no_size():
    f, f_hat = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))
    assert losses.feature_loss(9 * f_hat, 9 * f).item() == pytest.approx(losses.feature_loss(f_hat, f).item())
    absolute = losses.feature_loss(f_hat, f, relative=False)
    assert losses.feature_loss(9 * f_hat, 9 * f, relative=False).item() == pytest.approx(81 * absolute.item())
    torch.testing.assert_close(losses.feature_loss(f_hat, f), absolute / f.square().mean())
    f.requires_grad_()  # no gradient through the unit of measure
    losses.feature_loss(f_hat, f).backward()
    torch.testing.assert_close(f.grad, (f - f_hat).detach() / len(f) / f.detach().square().mean())


def test_the_yardstick_of_a_feature_vae_does_not_change():
    method: FeatureVAE = tiny.build("feature_vae conv")
    before = tiny.state(method.discriminator)
    for _ in range(3):
        method.training_step(tiny.batch())
    assert tiny.same(before, tiny.state(method.discriminator))
    assert method.training and not method.discriminator.training


# ---- networks ---------------------------------------------------------------------------------------------------


def test_the_papers_networks_have_its_shapes():
    """Larsen et al. 2016, table of architectures, for 64x64 colour images and 128 latent dimensions."""
    image = (3, 64, 64)
    trunk = networks.strided_conv(image, (64, 128, 256), 1024)
    assert [tuple(m.weight.shape) for m in trunk.modules() if hasattr(m, "weight") and m.weight.ndim > 1] == [
        (64, 3, 5, 5),
        (128, 64, 5, 5),
        (256, 128, 5, 5),
        (1024, 256 * 8 * 8),
    ]
    decoder = StridedDecoder(128, image, 256, (256, 128, 32), ends_in_convolution=True, out="tanh")
    assert [tuple(m.weight.shape) for m in decoder.modules() if hasattr(m, "weight") and m.weight.ndim > 1] == [
        (8 * 8 * 256, 128),
        (256, 256, 5, 5),
        (256, 128, 5, 5),
        (128, 32, 5, 5),
        (3, 32, 5, 5),
    ]
    d = FeatureDiscriminator(image, (32, 128, 256, 256), 512, first_stride=1)
    x = torch.rand(2, *image)
    assert trunk(x).shape == (2, 1024) and decoder(torch.randn(2, 128)).shape == x.shape
    assert [d.look(x, n)[1].shape[1] for n in range(d.n_layers + 1)] == [
        3 * 64 * 64,
        32 * 64 * 64,
        128 * 32 * 32,
        256 * 16 * 16,
        256 * 8 * 8,
        512,
    ]


def test_layers_are_taken_before_batch_norm_and_the_logits_do_not_depend_on_the_layer():
    d, x = tiny.feature_discriminator().eval(), tiny.batch()["x"]
    assert torch.equal(d.look(x, 0)[1], x.flatten(1))
    first = d.convolutions[0](x)
    assert torch.equal(d.look(x, 1)[1], first.flatten(1))
    assert torch.equal(d.look(x, 2)[1], d.convolutions[1](first.relu()).flatten(1))
    assert torch.equal(d.head(d.look(x, 3)[1])[:, 0], d(x))
    assert all(torch.equal(d.look(x, n)[0], d(x)) for n in range(4))
    with pytest.raises(ValueError, match=r"layers are 0 \(the image\) to 3 \(the dense one\), got 4"):
        d.look(x, 4)


def test_attributes_reach_every_network_that_takes_them():
    batch = tiny.batch()
    x, a = batch["x"], batch["attributes"]
    n = tiny.N_ATTRIBUTES
    for network in (tiny.strided_encoder(n).eval(), tiny.feature_discriminator(n).eval()):
        first = (lambda *given, network=network: torch.cat([t.flatten() for t in torch.atleast_1d(*network(*given))]))(
            x, a
        )
        other = (lambda *given, network=network: torch.cat([t.flatten() for t in torch.atleast_1d(*network(*given))]))(
            x, a + 1
        )
        assert not torch.equal(first, other)
        for wrong in (a[:, 1:], a[1:], None):
            with pytest.raises(ValueError, match=r"this network takes attributes of shape \(16, 3\), got"):
                network(x, wrong)
    with pytest.raises(ValueError, match=r"takes attributes of shape None, got \(16, 3\)"):
        tiny.feature_discriminator()(x, a)


@pytest.mark.parametrize(
    "build",
    [
        lambda: networks.strided_conv((1, 30, 30)),
        lambda: FeatureDiscriminator((1, 30, 30)),
        lambda: StridedDecoder(2, (1, 30, 30)),
    ],
)
def test_sides_must_come_out_even(build):
    with pytest.raises(ValueError, match="divisible by 4, got 30x30"):
        build()
