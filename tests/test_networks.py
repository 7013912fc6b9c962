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


# ---- all --------------------------------------------------------------------------------------------------------

ALL = {
    **ENCODERS,
    "mlp decoder": lambda: networks.MLPDecoder(5, IMAGE),
    "conv decoder": lambda: networks.ConvDecoder(5, IMAGE, width=4),
    "discriminator": lambda: networks.Discriminator(networks.conv(IMAGE, 4)),
}


def output(name: str, network: nn.Module, dtype=torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(6, *((5,) if "decoder" in name else IMAGE), generator=generator).to(dtype)
    return network.mean(x) if name in ENCODERS else network(x)


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
