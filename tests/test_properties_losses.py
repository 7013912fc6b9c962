"""What holds for every loss, whatever the shape, size and number format of its inputs."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import close, floats, normal, quick, rotation, seeds, shapes, sizes, uniform
from scipy.spatial.distance import pdist
from torch import Tensor

from course_utils import losses
from course_utils.distributions import Gaussian

HALF = (torch.float16, torch.bfloat16)


@dataclass
class Loss:
    """A loss and what it takes: `inputs(seed, n, shape)` makes its arguments for n examples of `shape`.

    flat: its examples are vectors. of_pairs: its arguments belong together row by row, so they must have one shape.
    separable: it is a mean over the examples of the batch. additive: it is a sum over the entries of an example.
    lower, upper: what it can never leave.
    """

    function: Callable[..., Tensor]
    inputs: Callable[[int, int, tuple[int, ...]], list[Tensor]]
    flat: bool = False
    of_pairs: bool = True
    separable: bool = True
    additive: bool = True
    lower: float = -math.inf
    upper: float = math.inf


def two(seed, n, shape):
    return [normal(seed, n, *shape), normal(seed + 1, n, *shape)]


def three(seed, n, shape):
    return [*two(seed, n, shape), 0.5 * normal(seed + 2, n, *shape)]


def logits_and_pixels(seed, n, shape):
    return [3 * normal(seed, n, *shape), uniform(seed + 1, n, *shape)]


def logits(seed, n, shape):
    return [4 * normal(seed, n)]


def both_logits(seed, n, shape):
    return [4 * normal(seed, n), 4 * normal(seed + 1, n)]


def three_logits(seed, n, shape):
    return [4 * normal(seed + i, n) for i in range(3)]


def triangles(seed, n, shape):
    d = math.prod(shape)
    below, log_diagonal = normal(seed, n, d, d).tril(-1), 0.3 * normal(seed + 1, n, d)
    return [normal(seed + 2, n, d), below + torch.diag_embed(log_diagonal.exp())]


def classes(seed, n, shape):
    return [normal(seed, n, math.prod(shape), 3)]


def two_views(seed, n, shape):
    k = math.prod(shape) + 1
    return [3 * normal(seed, n, k), 3 * normal(seed + 1, n, k)]


def heads(seed, n, shape):
    return [2 * normal(seed, n, math.prod(shape))]


def one(seed, n, shape):
    return [normal(seed, n, *shape)]


def to_standard_normal(z, mu, logvar):
    return losses.kl_monte_carlo(z, mu, logvar, Gaussian(mu.shape[-1]).to(z.dtype))


def slope_of_squares(x):
    """The R1 penalty of D(x) = sum x^2 / 2, whose slope is x."""
    x = x.clone().requires_grad_()
    return losses.r1_penalty(0.5 * x.square().flatten(1).sum(1), x)


LOSSES = {
    "squared_error": Loss(losses.squared_error, two, lower=0),
    "gaussian_nll": Loss(losses.gaussian_nll, two),
    "gaussian_log_prob": Loss(lambda *a: losses.gaussian_log_prob(*a).mean(), three),
    "bernoulli_log_prob": Loss(lambda *a: losses.bernoulli_log_prob(*reversed(a)).mean(), logits_and_pixels, upper=0),
    "bernoulli_nll": Loss(losses.bernoulli_nll, logits_and_pixels, lower=0),
    "kl_to_standard_normal": Loss(losses.kl_to_standard_normal, two, flat=True, lower=0),
    "kl_monte_carlo": Loss(to_standard_normal, three, flat=True),
    "kl_full_covariance": Loss(losses.kl_full_covariance, triangles, flat=True, additive=False, lower=0),
    "kl_to_uniform": Loss(losses.kl_to_uniform, classes, flat=True, lower=0),
    "agreement_loss": Loss(losses.agreement_loss, two_views, flat=True, additive=False, lower=0),
    "discriminator_loss": Loss(losses.discriminator_loss, both_logits, of_pairs=False, additive=False, lower=0),
    "generator_loss": Loss(losses.generator_loss, logits, additive=False, lower=0),
    "hinge_discriminator_loss": Loss(
        losses.hinge_discriminator_loss, both_logits, of_pairs=False, additive=False, lower=0
    ),
    "hinge_generator_loss": Loss(losses.hinge_generator_loss, logits, additive=False),
    "r1_penalty": Loss(slope_of_squares, one, lower=0),
    "orthogonal_penalty": Loss(losses.orthogonal_penalty, heads, flat=True, separable=False, additive=False, lower=0),
    "matching_discriminator_loss": Loss(
        losses.matching_discriminator_loss, three_logits, of_pairs=False, additive=False, lower=0
    ),
    "vae_gan_discriminator_loss": Loss(
        losses.vae_gan_discriminator_loss, three_logits, of_pairs=False, additive=False, lower=0
    ),
    "vae_gan_decoder_loss": Loss(losses.vae_gan_decoder_loss, both_logits, of_pairs=False, additive=False, lower=0),
    "least_squares_discriminator_loss": Loss(
        losses.least_squares_discriminator_loss, both_logits, of_pairs=False, additive=False, lower=0
    ),
    "least_squares_generator_loss": Loss(losses.least_squares_generator_loss, logits, additive=False, lower=0),
    "feature_loss": Loss(losses.feature_loss, two, separable=False, additive=False, lower=0),
    "minimax_generator_loss": Loss(losses.minimax_generator_loss, logits, additive=False, upper=0),
    "cluster_head_penalty": Loss(
        lambda h: losses.cluster_head_penalty(h, 3.0), heads, flat=True, separable=False, additive=False, lower=0
    ),
    "mmd2": Loss(losses.mmd2, two, flat=True, of_pairs=False, separable=False, additive=False),
}
SEPARABLE = [name for name, loss in LOSSES.items() if loss.separable]
ADDITIVE = [name for name, loss in LOSSES.items() if loss.additive]
OF_PAIRS = [name for name, loss in LOSSES.items() if loss.of_pairs and len(loss.inputs(0, 1, (1,))) > 1]


def inputs(name: str, seed: int, n: int, shape: tuple[int, ...], dtype=torch.float64) -> list[Tensor]:
    shape = (math.prod(shape),) if LOSSES[name].flat else shape
    return [x.to(dtype) for x in LOSSES[name].inputs(seed, n, shape)]


def test_every_public_loss_is_here():
    public = {name for name, f in inspect.getmembers(losses, inspect.isfunction) if f.__module__ == losses.__name__}
    assert {name for name in public if not name.startswith("_")} == set(LOSSES), "describe the loss in LOSSES above"


# ---- all of them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
@quick
@given(seeds, st.integers(2, 6), shapes, floats)
def test_one_finite_number_in_the_format_of_the_inputs_within_its_bounds(name, seed, n, shape, dtype):
    value = LOSSES[name].function(*inputs(name, seed, n, shape, dtype))
    assert value.shape == ()
    assert value.dtype == dtype
    assert value.isfinite()
    assert LOSSES[name].lower - 1e-5 <= value <= LOSSES[name].upper + 1e-5


@pytest.mark.parametrize("name", LOSSES)
@quick
@given(seeds, st.integers(2, 6), shapes, st.randoms(use_true_random=False))
def test_the_order_of_the_examples_does_not_matter(name, seed, n, shape, rng):
    found = inputs(name, seed, n, shape)
    order = list(range(n))
    shuffled = []
    for x in found:
        if not LOSSES[name].of_pairs or not shuffled:
            rng.shuffle(order)
        shuffled.append(x[order])
    assert close(LOSSES[name].function(*shuffled), LOSSES[name].function(*found))


@pytest.mark.parametrize("name", SEPARABLE)
@quick
@given(seeds, sizes, shapes)
def test_the_mean_over_the_examples(name, seed, n, shape):
    """So a batch that holds everything twice, or is half as large, weighs the same."""
    found = inputs(name, seed, n, shape)
    loss = LOSSES[name].function
    assert close(loss(*found), torch.stack([loss(*(x[i : i + 1] for x in found)) for i in range(n)]).mean())
    assert close(loss(*(torch.cat([x, x]) for x in found)), loss(*found))


@pytest.mark.parametrize("name", ADDITIVE)
@quick
@given(seeds, sizes, shapes)
def test_the_sum_over_the_entries(name, seed, n, shape):
    """Each entry alone, summed: an image of twice as many pixels weighs twice as much."""
    found = inputs(name, seed, n, shape)
    entries = found[0].shape[1] if name == "kl_to_uniform" else math.prod(found[0].shape[1:])
    alone = [x if name == "kl_to_uniform" else x.flatten(1) for x in found]
    loss = LOSSES[name].function
    assert close(loss(*found), sum(loss(*(x[:, i : i + 1] for x in alone)) for i in range(entries)))


@pytest.mark.parametrize("name", OF_PAIRS)
@quick
@given(seeds, sizes, shapes, st.integers(0, 2), st.data())
def test_shapes_that_do_not_fit_are_named_and_never_broadcast(name, seed, n, shape, which, data):
    found = inputs(name, seed, n, shape)
    x = found[which % len(found)]
    other = data.draw(
        st.sampled_from([torch.cat([x, x]), x[..., None], x[None], x[0], torch.cat([x, x], 1), x.flatten(0, 1)])
    )
    if other.shape == x.shape:
        return
    found[which % len(found)] = other
    with pytest.raises(ValueError, match=r"shape|must be") as error:
        LOSSES[name].function(*found)
    assert str(tuple(other.shape)) in str(error.value)


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize(
    "name", [name for name in LOSSES if name not in ("mmd2", "cluster_head_penalty", "orthogonal_penalty")]
)
@quick
@given(seed=seeds)
def test_in_half_precision_it_stays_there_and_is_roughly_right(name, dtype, seed):
    """The formats that networks never return: what a loss makes of them is still no nonsense."""
    exact = inputs(name, seed, 4, (2, 2))
    rounded = [x.to(dtype) for x in exact]
    value = LOSSES[name].function(*rounded)
    assert value.dtype == dtype
    scale = 1 + max(x.abs().sum(tuple(range(1, x.ndim))).max().item() if x.ndim > 1 else x.abs().max() for x in exact)
    expected = LOSSES[name].function(*(x.double() for x in rounded))
    assert (value - expected).abs() < 8 * torch.finfo(dtype).eps * scale**2


# ---- single ones ------------------------------------------------------------------------------------------------


@quick
@given(seeds, sizes, shapes, floats)
def test_no_error_no_loss(seed, n, shape, dtype):
    x = normal(seed, n, *shape, dtype=dtype)
    assert losses.squared_error(x, x) == 0
    assert losses.squared_error(x, -x) > 0
    assert losses.kl_to_standard_normal(*(torch.zeros(n, 3, dtype=dtype),) * 2) == 0
    assert losses.kl_to_uniform(torch.ones(n, 2, 3, dtype=dtype)).abs() < 1e-6


@quick
@given(seeds, sizes, shapes, st.floats(0.1, 10))
def test_log_probabilities_are_those_of_torch(seed, n, shape, std):
    x, mu, logvar = three(seed, n, shape)
    normals = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    assert close(losses.gaussian_log_prob(x, mu, logvar), normals.log_prob(x).flatten(1).sum(1))
    fixed = torch.distributions.Normal(mu, std)
    assert close(losses.gaussian_nll(mu, x, std), -fixed.log_prob(x).flatten(1).sum(1).mean())
    black_and_white = (uniform(seed, n, *shape) > 0.5).double()
    coins = torch.distributions.Bernoulli(logits=mu)
    assert close(losses.bernoulli_log_prob(black_and_white, mu), coins.log_prob(black_and_white).flatten(1).sum(1))


@quick
@given(seeds, sizes, sizes)
def test_a_gaussian_of_any_covariance_contains_the_diagonal_one(seed, n, d):
    mu, logvar = two(seed, n, (d,))
    by_triangle = losses.kl_full_covariance(mu, torch.diag_embed((0.5 * logvar).exp()))
    assert close(by_triangle, losses.kl_to_standard_normal(mu, logvar))


@quick
@given(seeds, sizes, sizes, st.integers(2, 6))
def test_logits_count_up_to_a_constant_and_the_divergence_from_uniform_has_an_end(seed, n, variables, k):
    t = 5 * normal(seed, n, variables, k)
    assert close(losses.kl_to_uniform(t + normal(seed + 1, n, variables, 1)), losses.kl_to_uniform(t))
    assert losses.kl_to_uniform(t) <= variables * math.log(k) + 1e-9


@quick
@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_the_two_sides_of_the_game(seed, n, m):
    """Real and fake change places when all logits change sign; what one generator loss gains the other has lost."""
    real, fake = 4 * normal(seed, n), 4 * normal(seed + 1, m)
    assert close(losses.discriminator_loss(real, fake), losses.discriminator_loss(-fake, -real))
    assert close(losses.minimax_generator_loss(fake), -losses.generator_loss(-fake))
    assert losses.generator_loss(fake + 1) < losses.generator_loss(fake)
    assert losses.minimax_generator_loss(fake + 1) < losses.minimax_generator_loss(fake)


@quick
@given(seeds, st.integers(1, 6), st.integers(1, 6), floats)
def test_the_hinge_minds_what_is_on_the_wrong_side_of_its_margin_and_nothing_else(seed, n, m, dtype):
    real, fake = (2 * normal(s, k, dtype=dtype).requires_grad_() for s, k in ((seed, n), (seed + 1, m)))
    found = losses.hinge_discriminator_loss(real, fake)
    lacking = sum(max(0.0, 1 - t) for t in real.tolist()) / n + sum(max(0.0, 1 + t) for t in fake.tolist()) / m
    assert found.item() == pytest.approx(lacking, rel=1e-6)
    of_real, of_fake = torch.autograd.grad(found, (real, fake))
    assert torch.equal(of_real, -(real < 1).to(dtype) / n) and torch.equal(of_fake, (fake > -1).to(dtype) / m)
    assert close(losses.hinge_discriminator_loss(-fake.detach(), -real.detach()), found.detach(), dtype)
    assert losses.hinge_discriminator_loss(torch.ones(n), -torch.ones(m)) == 0
    assert losses.hinge_discriminator_loss(torch.zeros(n), torch.zeros(m)) == 2
    assert losses.hinge_generator_loss(fake).item() == pytest.approx(-sum(fake.tolist()) / m, rel=1e-4)


@quick
@given(seeds, sizes, shapes, floats)
def test_r1_is_half_the_squared_slope_and_can_be_differentiated(seed, n, shape, dtype):
    """D(x) = sum w sin(x) has the slope w cos(x)."""
    x, w = normal(seed, n, *shape, dtype=dtype).requires_grad_(), normal(seed + 1, *shape, dtype=dtype).requires_grad_()
    found = losses.r1_penalty((w * x.sin()).flatten(1).sum(1), x)
    assert close(found.detach(), 0.5 * (w * x.cos()).square().flatten(1).sum(1).mean().detach(), dtype)
    (slope,) = torch.autograd.grad(found, w)
    assert close(slope, (w * x.cos().square()).mean(0).detach(), dtype)


def test_r1_says_what_it_needs():
    x = torch.rand(4, 1, 2, 2)
    logits = torch.nn.Linear(4, 1)(x.flatten(1))[:, 0]
    for seen, given_logits in ((x, logits), (x.clone().requires_grad_(), torch.zeros(4))):
        with pytest.raises(ValueError, match=r"x.requires_grad_\(\) before the discriminator sees it"):
            losses.r1_penalty(given_logits, seen)
    for bad in (torch.zeros(4, 1), torch.zeros(3), torch.zeros(())):
        with pytest.raises(ValueError, match=r"real_logits must be \(B,\)") as error:
            losses.r1_penalty(bad, x)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, st.integers(1, 6), st.integers(1, 6), st.floats(0.1, 10))
def test_patterns_at_right_angles_cost_nothing_however_long(seed, n, d, size):
    w = normal(seed, n, d)
    by_loops = sum((w[i] @ w[j]) ** 2 for i in range(n) for j in range(n) if i != j)
    assert close(losses.orthogonal_penalty(w), by_loops)
    turned = w @ rotation(seed + 1, d)
    assert close(losses.orthogonal_penalty(size * turned) / size**4, losses.orthogonal_penalty(w))
    orthogonal = rotation(seed, max(n, d))[:n] * (size * torch.arange(1, n + 1))[:, None]
    assert losses.orthogonal_penalty(orthogonal) == pytest.approx(0, abs=1e-6 * size**4)
    for bad in (w[0], w[None]):
        with pytest.raises(ValueError, match="patterns must be") as error:
            losses.orthogonal_penalty(bad)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, sizes, shapes, st.floats(0.1, 10))
def test_the_feature_loss_is_relative_and_the_squared_error_otherwise(seed, n, shape, size):
    f_hat, f = two(seed, n, shape)
    assert close(losses.feature_loss(size * f_hat, size * f), losses.feature_loss(f_hat, f))
    assert close(losses.feature_loss(f_hat, f, relative=False), losses.squared_error(f_hat, f))
    assert losses.feature_loss(f, f) == 0
    assert losses.feature_loss(torch.zeros_like(f), f) == pytest.approx(f[0].numel() / 2)


@quick
@given(seeds, st.integers(1, 6), st.floats(0, 2), st.floats(0.1, 2))
def test_the_three_sided_game_is_the_two_sided_one_with_weights(seed, n, weight_hat, weight_fake):
    real, hat, fake = three_logits(seed, n, ())
    found = losses.vae_gan_discriminator_loss(real, hat, fake, weight_hat, weight_fake)
    on_data = losses.generator_loss(real)
    of_hat, of_fake = (losses.discriminator_loss(real, t) - on_data for t in (hat, fake))
    assert close(found, on_data + weight_hat * of_hat + weight_fake * of_fake)
    fooled = losses.vae_gan_decoder_loss(hat, fake, weight_hat, weight_fake)
    assert close(fooled, weight_hat * losses.generator_loss(hat) + weight_fake * losses.generator_loss(fake))


@quick
@given(seeds, st.integers(2, 6), st.integers(2, 6), sizes)
def test_mmd_is_symmetric_and_sees_distances_only(seed, n, m, d):
    x, y = normal(seed, n, d), normal(seed + 1, m, d)
    moved = [points @ rotation(seed, d) + 3 for points in (x, y)]
    assert close(losses.mmd2(x, y), losses.mmd2(y, x))
    assert close(losses.mmd2(*moved), losses.mmd2(x, y))


@quick
@given(seeds, st.integers(2, 5), sizes)
def test_mmd_names_shapes_that_do_not_fit(seed, n, d):
    x = normal(seed, n, d)
    for bad in (normal(seed, n, d + 1), normal(seed, n), normal(seed, n, d, 1)):
        with pytest.raises(ValueError, match="must be") as error:
            losses.mmd2(x, bad)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, st.integers(2, 8), sizes, st.floats(0.1, 6), floats)
def test_the_penalty_of_heads_is_what_scipys_distances_lack(seed, n, d, distance, dtype):
    heads = 2 * normal(seed, n, d, dtype=dtype)
    lacking = distance - pdist(heads.double().numpy())
    assert close(losses.cluster_head_penalty(heads, distance), lacking[lacking > 0].sum(), dtype)


@quick
@given(seeds, st.integers(2, 6), sizes, st.floats(0.1, 6))
def test_the_penalty_of_heads_sees_distances_only_and_ends_where_all_are_far_enough(seed, n, d, distance):
    heads = 2 * normal(seed, n, d)
    value = losses.cluster_head_penalty(heads, distance)
    assert close(losses.cluster_head_penalty(heads @ rotation(seed, d) + 3, distance), value)
    assert close(losses.cluster_head_penalty(5 * heads, 5 * distance), 5 * value)
    least = pdist(heads.numpy()).min()
    assert losses.cluster_head_penalty(heads, 0.99 * least) == 0
    assert losses.cluster_head_penalty(heads, 1.01 * least) > 0
    assert losses.cluster_head_penalty(torch.zeros(n, d), distance) == pytest.approx(distance * n * (n - 1) / 2)


@quick
@given(seeds, sizes, st.floats(0.5, 6))
def test_two_heads_are_pushed_apart_along_their_line_with_force_one(seed, d, distance):
    heads = normal(seed, 2, d)
    heads[1] = heads[0] + 0.5 * distance * torch.nn.functional.normalize(heads[1] - heads[0], dim=0)
    heads.requires_grad_()
    losses.cluster_head_penalty(heads, distance).backward()
    way = (heads[0] - heads[1]).detach() / (0.5 * distance)
    assert close(-heads.grad[0], way) and close(-heads.grad[1], -way)


@quick
@given(seeds, st.integers(1, 6), st.integers(2, 5))
def test_agreement_is_that_of_two_draws_whatever_the_classes_are_called(seed, n, k):
    a, b = 3 * normal(seed, n, k), 3 * normal(seed + 1, n, k)
    found = losses.agreement_loss(a, b)
    pairs = torch.softmax(a, 1)[:, :, None] * torch.softmax(b, 1)[:, None, :]  # probability of each pair of classes
    assert close(found, -pairs.diagonal(dim1=1, dim2=2).sum(1).log().mean())
    assert close(losses.agreement_loss(b, a), found)
    order = torch.randperm(k, generator=torch.Generator().manual_seed(seed))
    assert close(losses.agreement_loss(a[:, order], b[:, order]), found)
    shift = normal(seed + 2, n, 1)
    assert close(losses.agreement_loss(a + shift, b - shift), found)
    undecided = torch.zeros(n, k, dtype=torch.float64)
    assert losses.agreement_loss(a, undecided).item() == pytest.approx(math.log(k))
    sure = 100 * torch.nn.functional.one_hot(a.argmax(1), k).double()
    assert losses.agreement_loss(sure, sure) == pytest.approx(0, abs=1e-9)
    assert losses.agreement_loss(sure, sure.roll(1, 1)) > 50


def test_heads_that_make_no_sense_are_named():
    for bad in (torch.zeros(3), torch.zeros(1, 2), torch.zeros(2, 2, 2)):
        with pytest.raises(ValueError, match="heads must be") as error:
            losses.cluster_head_penalty(bad, 1.0)
        assert str(tuple(bad.shape)) in str(error.value)
    with pytest.raises(ValueError, match=r"distance must be positive, got -1"):
        losses.cluster_head_penalty(torch.zeros(2, 2), -1.0)


@pytest.mark.parametrize("std", [0, -1.0])
def test_a_standard_deviation_must_be_positive(std):
    with pytest.raises(ValueError, match=f"std must be positive, got {std}"):
        losses.gaussian_nll(torch.zeros(2, 3), torch.zeros(2, 3), std)
