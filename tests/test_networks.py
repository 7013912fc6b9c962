"""Networks: shapes, ranges, errors; encoders as distributions."""

import pytest
import torch
from torch import nn

from course_utils import networks

IMAGE = (3, 12, 8)
SIZES = [(1, 28, 28), IMAGE]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def batch(n: int = 6, shape=IMAGE) -> torch.Tensor:
    return torch.rand(n, *shape)


# ---- trunks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [*SIZES, (5,)])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_mlp(shape, batch_norm):
    trunk = networks.mlp(shape, (20, 10), batch_norm=batch_norm)
    assert trunk(batch(6, shape)).shape == (6, trunk.out_features) == (6, 10)
    assert sum(isinstance(m, nn.BatchNorm1d) for m in trunk.modules()) == 2 * batch_norm


def test_an_mlp_without_hidden_layers_only_flattens():
    x = batch()
    assert torch.equal(networks.mlp(IMAGE, ())(x), x.flatten(1))


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_conv(shape, batch_norm):
    trunk = networks.conv(shape, width=4, batch_norm=batch_norm)
    assert trunk(batch(6, shape)).shape == (6, trunk.out_features)
    # DCGAN: no batch norm on the first layer, no pooling, and no bias before a batch norm
    norms = [m for m in trunk.modules() if isinstance(m, nn.BatchNorm2d)]
    convolutions = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
    assert [norm.num_features for norm in norms] == [8] * batch_norm
    assert [c.bias is None for c in convolutions] == [False, batch_norm]
    assert not any("Pool" in type(m).__name__ for m in trunk.modules())


@pytest.mark.parametrize("build", [networks.conv, lambda shape: networks.ConvDecoder(2, shape)])
def test_convolutions_need_sides_divisible_by_four(build):
    with pytest.raises(ValueError, match="divisible by 4, got 30x28"):
        build((1, 30, 28))


def test_an_input_of_another_shape_is_refused():
    trunk = networks.mlp(IMAGE, (4,))
    with pytest.raises(ValueError, match=r"takes inputs of shape \(B, 3, 12, 8\), got \(6, 1, 28, 28\)"):
        trunk(batch(6, (1, 28, 28)))
    with pytest.raises(ValueError, match=r"got \(3, 12, 8\)"):
        trunk(batch()[0])


@pytest.mark.parametrize("name", networks.ACTIVATIONS)
def test_activations_are_fresh_modules(name):
    assert networks.activation(name) is not networks.activation(name)


def test_the_leak_is_that_of_dcgan():
    assert networks.activation("leaky_relu")(torch.tensor(-1.0)).item() == pytest.approx(-0.2)


@pytest.mark.parametrize("build", [lambda: networks.activation("gelu"), lambda: networks.mlp(IMAGE, act="gelu")])
def test_an_unknown_activation_is_named_with_those_there_are(build):
    with pytest.raises(ValueError, match="unknown activation 'gelu': use one of relu, leaky_relu, tanh"):
        build()


# ---- encoders ---------------------------------------------------------------------------------------------------


def universal(noise_dim: int = 4) -> networks.UniversalEncoder:
    n_pixels = torch.Size(IMAGE).numel()
    return networks.UniversalEncoder(networks.mlp((n_pixels + noise_dim,), (32,), "tanh"), 2, noise_dim)


ENCODERS = {
    "deterministic": lambda: networks.DeterministicEncoder(networks.conv(IMAGE, 4), 2),
    "gaussian": lambda: networks.GaussianEncoder(networks.mlp(IMAGE, (16,)), 2),
    "universal": universal,
}


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_give_a_code_for_each_image(name):
    encoder = ENCODERS[name]().eval()
    assert encoder.sample(batch()).shape == encoder.mean(batch()).shape == (6, 2)
    assert encoder.latent_dim == 2


def test_the_deterministic_encoder_is():
    encoder, x = ENCODERS["deterministic"]().eval(), batch()
    assert torch.equal(encoder.sample(x), encoder.sample(x))
    assert torch.equal(encoder.sample(x), encoder.mean(x))


def test_samples_of_the_gaussian_encoder_have_its_mean_and_deviation():
    encoder, x = ENCODERS["gaussian"]().eval(), batch(1)
    with torch.no_grad():
        mu, logvar = encoder(x)
        z = encoder.sample(x.expand(20_000, *IMAGE))
        assert torch.equal(encoder.mean(x), mu)
    torch.testing.assert_close(z.mean(0), mu[0], atol=0.03, rtol=0)
    torch.testing.assert_close(z.std(0), torch.exp(0.5 * logvar[0]), atol=0.03, rtol=0)


def test_samples_of_the_gaussian_encoder_pass_gradients_to_mean_and_deviation():
    encoder = ENCODERS["gaussian"]()
    encoder.sample(batch()).square().sum().backward()
    mean_rows, logvar_rows = encoder.head.weight.grad.chunk(2)
    assert mean_rows.abs().sum() > 0
    assert logvar_rows.abs().sum() > 0


def test_the_universal_encoder_is_a_function_of_image_and_noise():
    encoder, x = universal().eval(), batch()
    noise = torch.randn(6, 4)
    assert torch.equal(encoder(x, noise), encoder(x, noise))
    assert not torch.equal(encoder(x, noise), encoder(x, noise + 1))
    assert not torch.equal(encoder.sample(x), encoder.sample(x))
    with torch.no_grad():
        many = encoder.sample(x[:1].expand(20_000, *IMAGE)).mean(0)
        torch.testing.assert_close(encoder.mean(x[:1], n=20_000)[0], many, atol=0.02, rtol=0)


# ---- decoders and discriminators --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [networks.MLPDecoder, networks.ConvDecoder])
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_decoders_give_images(kind, shape, batch_norm):
    decoder = kind(5, shape, batch_norm=batch_norm)
    assert decoder(torch.randn(6, 5)).shape == decoder.logits(torch.randn(6, 5)).shape == (6, *shape)
    assert (decoder.latent_dim, decoder.out_shape) == (5, shape)


@pytest.mark.parametrize("kind", [networks.MLPDecoder, networks.ConvDecoder])
@pytest.mark.parametrize(("out", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("identity", -1e9, 1e9)])
def test_outputs_lie_in_their_range_and_fill_it(kind, out, low, high):
    decoder = kind(2, IMAGE, out=out).eval()
    with torch.no_grad():
        for p in decoder.parameters():
            p.mul_(5)
        x = decoder(30 * torch.randn(50, 2))
    assert x.min() >= low
    assert x.max() <= high
    assert x.max() - x.min() > 0.9 * min(high - low, 2)


@pytest.mark.parametrize("kind", [networks.MLPDecoder, networks.ConvDecoder])
def test_the_output_is_the_squashed_logits(kind):
    decoder, z = kind(2, IMAGE).eval(), torch.randn(4, 2)
    torch.testing.assert_close(decoder(z), decoder.logits(z).sigmoid())
    with pytest.raises(ValueError, match="unknown output 'relu': use one of sigmoid, tanh, identity"):
        kind(2, IMAGE, out="relu")


@pytest.mark.parametrize("trunk", [networks.mlp(IMAGE, (8,)), networks.conv(IMAGE, 4)])
def test_a_discriminator_gives_one_logit_each(trunk):
    assert networks.Discriminator(trunk)(batch()).shape == (6,)
    assert networks.Discriminator(trunk).eval()(batch(1)).shape == (1,)


# ---- codes that keep their place, and ways past the code ---------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 20), (1, 8, 4)])
def test_codes_that_keep_their_place(shape):
    encoder, decoder = networks.SpatialEncoder(shape, 5, width=4), networks.SpatialDecoder(5, shape, width=4)
    x, size = batch(6, shape), (shape[1] // 4, shape[2] // 4)
    mu, logvar = encoder(x)
    assert encoder.features(x).shape == (6, 8, *size) and mu.shape == logvar.shape == (6, 5, *size)
    z = encoder.sample(x)
    assert z.shape == mu.shape and not torch.equal(z, encoder.sample(x))
    assert decoder(z).shape == decoder.logits(z).shape == (6, *shape)
    with pytest.raises(ValueError, match="takes inputs of shape"):
        encoder(batch(6, (2, 16, 16)))
    for build in (lambda: networks.SpatialEncoder((1, 30, 28)), lambda: networks.SpatialDecoder(4, (1, 30, 28))):
        with pytest.raises(ValueError, match="divisible by 4, got 30x28"):
            build()


def test_the_features_are_what_the_head_is_asked_about():
    encoder = networks.SpatialEncoder(IMAGE, 5, width=4).eval()
    x = batch()
    both = encoder.head(encoder.layers(x))
    mu, logvar = encoder(x)
    assert torch.equal(mu, both[:, :5]) and torch.equal(logvar, both[:, 5:])
    assert torch.equal(encoder.mean(x), mu)
    for found, known in zip(encoder.parameters_of(encoder.features(x)), (mu, logvar), strict=True):
        assert torch.equal(found, known)
    with torch.no_grad():
        many = torch.stack([encoder.sample(x[:1])[0] for _ in range(4_000)])
    torch.testing.assert_close(many.mean(0), mu[0], atol=0.1, rtol=0)
    torch.testing.assert_close(many.std(0), torch.exp(0.5 * logvar[0]), atol=0.1, rtol=0)


def test_a_place_of_the_code_sees_only_what_is_near():
    """A pixel in one corner reaches the places around it, and none in the opposite corner."""
    encoder, x = networks.SpatialEncoder((1, 28, 28), 4, width=4).eval(), torch.rand(1, 1, 28, 28, requires_grad=True)
    encoder.mean(x)[0, :, 0, 0].sum().backward()
    seen = x.grad[0, 0] != 0
    assert seen[0, 0] and not seen[14:].any() and not seen[:, 14:].any()


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 20), (1, 8, 4)])
def test_an_autoencoder_with_ways_past_the_middle(shape):
    network = networks.SkipAutoencoder(shape, width=4)
    x = batch(6, shape)
    x_hat = network(x)
    assert x_hat.shape == x.shape and x_hat.min() > 0 and x_hat.max() < 1
    with pytest.raises(ValueError, match="takes inputs of shape"):
        network(batch(6, (2, 16, 16)))
    with pytest.raises(ValueError, match="height and width must be divisible by 4, got 30x28"):
        networks.SkipAutoencoder((1, 30, 28))


def test_the_ways_past_the_middle_are_open_by_hand():
    network, x = networks.SkipAutoencoder(IMAGE, width=4).eval(), batch()
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):  # not the identity, so that its place shows
            nn.init.normal_(norm.weight, 1.0, 0.2)
            nn.init.normal_(norm.running_mean)
    leaky = nn.LeakyReLU(0.2)
    h1 = leaky(network.down1[0](x))
    h2 = leaky(network.down2[1](network.down2[0](h1)))
    h3 = leaky(network.down3[1](network.down3[0](h2)))
    assert h1.shape[1:] == (4, 6, 4) and h2.shape[1:] == (8, 3, 2) and h3.shape[1:] == (8, 2, 1)
    h = network.after3[0](network.up3(h3, output_size=(3, 2))).relu()
    h = network.up2[1](network.up2[0](torch.cat([h, h2], 1))).relu()
    wanted = torch.sigmoid(network.up1(torch.cat([h, h1], 1)))
    torch.testing.assert_close(network(x), wanted)
    # both ways count: cutting one changes the picture
    for name, own in (("up2.0", 8), ("up1", 4)):
        weight = network.get_submodule(name).weight
        kept = weight.detach().clone()
        with torch.no_grad():
            weight[own:] = 0
        assert not torch.allclose(network(x), wanted)
        weight.data = kept
    # no bias before a batch norm
    assert [m.bias is None for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)] == [
        *(False, True, True),
        *(True, True, False),
    ]


# ---- all --------------------------------------------------------------------------------------------------------

ALL = {
    **ENCODERS,
    "mlp decoder": lambda: networks.MLPDecoder(5, IMAGE),
    "conv decoder": lambda: networks.ConvDecoder(5, IMAGE, width=4),
    "discriminator": lambda: networks.Discriminator(networks.conv(IMAGE, 4)),
    "spatial": lambda: networks.SpatialEncoder(IMAGE, 3, width=4),
    "spatial decoder": lambda: networks.SpatialDecoder(3, IMAGE, width=4),
    "skip": lambda: networks.SkipAutoencoder(IMAGE, width=4),
    "patches": lambda: networks.PatchDiscriminator(IMAGE, width=4),
}
INPUTS = {"spatial decoder": (3, 3, 2), "mlp decoder": (5,), "conv decoder": (5,)}


def output(name: str, network: nn.Module, dtype=torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(6, *INPUTS.get(name, IMAGE), generator=generator).to(dtype)
    return network.mean(x) if hasattr(network, "mean") else network(x)


@pytest.mark.parametrize("name", ALL)
def test_a_seed_fixes_a_network_and_what_it_computes(name):
    outputs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        outputs.append(output(name, ALL[name]().eval()))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("name", ALL)
def test_outputs_have_the_number_format_of_the_input(name):
    """Also under autocast: then only what happens inside is bfloat16."""
    with torch.no_grad():
        torch.manual_seed(0)
        exact = output(name, ALL[name]().eval().double(), torch.float64)
        torch.manual_seed(0)
        network = ALL[name]().eval()
        with torch.autocast("cpu", torch.bfloat16):
            torch.manual_seed(1)
            rounded = output(name, network)
    assert exact.dtype == torch.float64
    assert rounded.dtype == torch.float32


@pytest.mark.parametrize(
    ("network", "n"),
    [
        (networks.mlp((784,), (512, 512)), 784 * 512 + 512 + 512 * 512 + 512),
        (networks.GaussianEncoder(networks.mlp((10,), (4,)), 3), 10 * 4 + 4 + 4 * 6 + 6),
        (networks.Discriminator(networks.mlp((2,), (8,))), 2 * 8 + 8 + 8 + 1),
    ],
)
def test_counting_parameters(network, n):
    assert networks.count_parameters(network) == n
    network.requires_grad_(False)
    assert networks.count_parameters(network) == 0
