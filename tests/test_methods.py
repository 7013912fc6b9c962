"""Every method: which parameters each role moves, number formats, what its training step logs."""

import itertools

import pytest
import tiny
import torch
from torch import nn

from course_utils import distributions, losses
from course_utils.methods import AAE, GAN, VAE, Method

# method -> its calls of `minimize` in order: role -> the parts of the method that move
UPDATES = {
    "autoencoder": [{"autoencoder": {"encoder", "decoder"}}],
    "gan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "moment_matching": [{"generator": {"generator"}}],
    "vae": [{"autoencoder": {"encoder", "decoder"}}],
    "conditional_vae": [{"autoencoder": {"encoder", "decoder"}}],
    "aae": [
        {"autoencoder": {"encoder", "decoder"}},
        {"discriminator": {"discriminator"}},
        {"generator": {"encoder"}},
    ],
    "labelled_aae": [
        {"autoencoder": {"encoder", "decoder"}},
        {"discriminator": {"discriminator"}},
        {"generator": {"encoder"}},
    ],
    "supervised_aae": [
        {"autoencoder": {"encoder", "decoder"}},
        {"discriminator": {"discriminator"}},
        {"generator": {"encoder"}},
    ],
    "semi_supervised_aae": [
        {"autoencoder": {"encoder", "decoder"}},
        {"discriminator_y": {"discriminator_y"}, "discriminator_z": {"discriminator_z"}},
        {"generator": {"encoder"}},
        {"classifier": {"encoder"}},
    ],
    "clustering_aae": [
        {"autoencoder": {"encoder", "decoder"}},
        {"discriminator_y": {"discriminator_y"}, "discriminator_z": {"discriminator_z"}},
        {"generator": {"encoder"}},
    ],
    "dimension_reduction_aae": [
        {"autoencoder": {"encoder", "decoder", "heads"}},
        {"discriminator_y": {"discriminator_y"}, "discriminator_z": {"discriminator_z"}},
        {"generator": {"encoder"}},
        {"classifier": {"encoder"}},
    ],
    "vae_gan": [{"encoder": {"encoder"}, "decoder": {"decoder"}, "discriminator": {"discriminator"}}],
    "feature_vae": [{"autoencoder": {"encoder", "decoder"}}],
    "attribute_vae_gan": [{"encoder": {"encoder"}, "decoder": {"decoder"}, "discriminator": {"discriminator"}}],
    "attribute_vae": [{"autoencoder": {"encoder", "decoder"}}],
    "attribute_gan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "attribute_regressor": [{"regressor": {"trunk", "head"}}],
    "conditional_gan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "anogan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "ganomaly": [{"generator": {"encoder", "decoder", "second_encoder"}, "discriminator": {"discriminator"}}],
    "skip_ganomaly": [{"generator": {"generator"}, "discriminator": {"discriminator"}}],
    "attention_vae": [{"autoencoder": {"encoder", "decoder"}, "discriminator": {"discriminator"}}],
    "stack_gan": [{"discriminator": {"discriminator"}}, {"generator": {"augmentation", "generator"}}],
    "age_cgan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}, "encoder": {"encoder"}}],
    "style_gan": [{"discriminator": {"discriminator"}}, {"generator": {"mapping", "synthesis"}}],
    "big_gan": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "pix2pix": [{"discriminator": {"discriminator"}}, {"generator": {"generator"}}],
    "l1_translator": [{"generator": {"generator"}}],
    "cycle_gan": [
        {"generators": {"a_to_b", "b_to_a"}},
        {"discriminator_a": {"discriminator_a"}, "discriminator_b": {"discriminator_b"}},
    ],
    "classifier": [{"classifier": {"trunk", "head"}}],
}
# how often each part computes in one training step
FORWARD_PASSES = {
    "autoencoder": {"encoder": 1, "decoder": 1},
    "gan": {"generator": 2, "discriminator": 3},
    "conditional_gan": {"generator": 2, "discriminator": 3},
    "moment_matching": {"generator": 1},
    "vae": {"encoder": 1, "decoder": 1},
    "aae": {"encoder": 2, "decoder": 1},
    "semi_supervised_aae": {"encoder": 3, "decoder": 1},
    "clustering_aae": {"encoder": 2, "decoder": 1},
    "dimension_reduction_aae": {"encoder": 3, "decoder": 1},
    "vae_gan": {"encoder": 1, "decoder": 1, "discriminator": 3},
    "feature_vae": {"encoder": 1, "decoder": 1, "discriminator": 0},
    "attribute_vae_gan": {"encoder": 1, "decoder": 1, "discriminator": 3},
    "attribute_vae": {"encoder": 1, "decoder": 1},
    "attribute_gan": {"generator": 2, "discriminator": 3},
    "anogan": {"generator": 2, "discriminator": 3},
    # the features of x and x_hat, and the logits of both
    "ganomaly": {"encoder": 1, "decoder": 1, "second_encoder": 1, "discriminator": 4},
    # the same, and x_hat once more, through which the generator is judged
    "skip_ganomaly": {"generator": 1, "discriminator": 5},
    "attention_vae": {"encoder": 1, "decoder": 1, "discriminator": 3},
    # images with their captions and with wrong ones, samples; then samples again
    "stack_gan": {"generator": 2, "discriminator": 4, "below": 0},
    "age_cgan": {"generator": 2, "discriminator": 3, "encoder": 1, "judge": 0},
    "big_gan": {"generator": 2, "discriminator": 3},
    "pix2pix": {"generator": 1, "discriminator": 3},
    "l1_translator": {"generator": 1},
    "cycle_gan": {"a_to_b": 2, "b_to_a": 2, "discriminator_a": 3, "discriminator_b": 3},
    "classifier": {"trunk": 1},
}
# what a role may move, but its loss does not reach
UNREACHED = {"classifier": {"encoder.head_z.weight", "encoder.head_z.bias"}}
WITH_BATCH_NORM = [name for name in tiny.BUILDERS if "conv" in name or "batch_norm" in name]


def biases_before_batch_norm(method: nn.Module) -> set[str]:
    """Biases that a batch norm subtracts again: their gradient is zero but for rounding."""
    return {
        f"{path}.{i}.bias"
        for path, block in method.named_modules()
        if isinstance(block, nn.Sequential)
        for i, (layer, after) in enumerate(itertools.pairwise(block))
        if isinstance(after, nn.BatchNorm1d | nn.BatchNorm2d) and layer.bias is not None
    }


def watch(method: Method) -> list[dict[str, set[str]]]:
    """Record, for each call of `minimize`, its roles and the names of the parameters that moved."""
    calls, minimize = [], method.minimize

    def watched(**given):
        before = {name: p.detach().clone() for name, p in method.named_parameters()}
        minimize(**given)
        moved = {name for name, p in method.named_parameters() if not torch.equal(p, before[name])}
        calls.append({"roles": set(given), "moved": moved})

    method.minimize = watched
    return calls


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_each_role_moves_its_own_parameters_and_no_others(name):
    method = tiny.build(name)
    calls = watch(method)
    method.training_step(tiny.batch())
    expected = UPDATES[name.split()[0]]
    assert [call["roles"] for call in calls] == [set(update) for update in expected]
    for call, update in zip(calls, expected, strict=True):
        parts = set.union(*update.values())
        own = {path for path, _ in method.named_parameters() if path.split(".")[0] in parts}
        assert call["moved"] <= own, "a role moved what is not its own"
        unseen = biases_before_batch_norm(method).union(*(UNREACHED.get(role, set()) for role in update))
        if "decoder" in parts and "conv" in name:
            unseen.add("encoder.head.bias")  # the decoder begins with a batch norm: it does not see where codes lie
        if name.startswith("big_gan"):
            unseen.add("discriminator.head.bias")  # within the hinge's margin, data pull it up as samples pull it down
        assert own - unseen <= call["moved"], "a role left some of its own where it was"


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_the_optimisers_hold_what_their_roles_move(name):
    method = tiny.build(name)
    names = {p: path for path, p in method.named_parameters()}
    for update in UPDATES[name.split()[0]]:
        for role, parts in update.items():
            assert {names[p].split(".")[0] for p in method.role_parameters(role)} == parts
    assert set(method.optimizers) == {role for update in UPDATES[name.split()[0]] for role in update}


def test_the_two_roles_of_the_encoder_have_optimisers_of_their_own():
    aae = tiny.build("aae adam")
    aae.training_step(tiny.batch())
    encoder = list(aae.encoder.parameters())
    assert set(encoder) < set(aae.role_parameters("autoencoder"))
    assert set(encoder) == set(aae.role_parameters("generator"))
    moments = [aae.optimizers[role].state[encoder[0]]["exp_avg"] for role in ("autoencoder", "generator")]
    assert not torch.equal(*moments)


@pytest.mark.parametrize("name", WITH_BATCH_NORM)
def test_running_statistics_move_in_every_forward_pass_in_training_mode(name):
    """Batch norm keeps statistics of all it sees while training, also of networks that do not step then."""
    method = tiny.build(name)
    norms = {
        path: module for path, module in method.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    }
    before = {path: norm.running_mean.clone() for path, norm in norms.items()}
    method.training_step(tiny.batch())
    passes = FORWARD_PASSES[name.split()[0]]
    for path, norm in norms.items():
        assert norm.num_batches_tracked == passes[path.split(".")[0]]
        assert torch.equal(norm.running_mean, before[path]) == (norm.num_batches_tracked == 0)


def test_running_statistics_move_under_no_grad_and_not_in_eval_mode():
    gan = tiny.build("gan conv")
    norm = next(m for m in gan.generator.modules() if isinstance(m, nn.BatchNorm2d))
    with torch.no_grad():
        gan.sample(8)
    assert norm.num_batches_tracked == 1
    gan.eval().sample(8)
    assert norm.num_batches_tracked == 1


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_losses_are_finite_scalars(name):
    for loss in tiny.build(name).training_step(tiny.batch()).values():
        assert loss.shape == ()
        assert loss.isfinite()


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_under_autocast_losses_and_weights_stay_float32(name):
    method = tiny.build(name)
    with torch.autocast("cpu", torch.bfloat16):
        logged = method.training_step(tiny.batch())
    assert {loss.dtype for loss in logged.values()} == {torch.float32}
    assert {p.dtype for p in method.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_float64_stays_float64(name):
    method = tiny.build(name).double()
    batch = {name: v.double() if v.is_floating_point() else v for name, v in tiny.batch().items()}
    logged = method.training_step(batch)
    assert {loss.dtype for loss in logged.values()} == {torch.float64}
    assert {p.dtype for p in method.parameters()} == {torch.float64}


@pytest.mark.parametrize("prior", [distributions.ten_gaussians(), distributions.SwissRoll(), distributions.Gaussian(2)])
def test_priors_are_not_rounded_by_autocast(prior):
    """Matrix products under autocast have 8 bits: samples and densities must come out as without it."""
    torch.manual_seed(0)
    exact = prior.sample(200)
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = prior.sample(200)
        log_prob = None if isinstance(prior, distributions.SwissRoll) else prior.log_prob(exact)
    torch.testing.assert_close(rounded, exact)
    if log_prob is not None:
        torch.testing.assert_close(log_prob, prior.log_prob(exact))


# ---- what the logged numbers are --------------------------------------------------------------------------------


def test_the_vae_takes_the_closed_form_for_the_standard_normal_and_a_sample_otherwise():
    torch.manual_seed(0)
    mu, logvar = torch.randn(4000, 2), torch.randn(4000, 2)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    normal = tiny.vae("mlp", distributions.Gaussian(2))
    wide = tiny.vae("mlp", distributions.Gaussian(2, std=3.0))
    posterior = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(normal.kl(z, mu, logvar), kl)
    assert torch.equal(normal.kl(z, mu, logvar), normal.kl(z + 1, mu, logvar)), "the closed form needs no sample"
    kl_wide = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 3.0)).sum(1).mean()
    assert wide.kl(z, mu, logvar).item() == pytest.approx(kl_wide.item(), abs=0.1)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_vae_log_likelihood_is_that_of_torch_distributions(likelihood):
    vae = tiny.build("vae bernoulli")
    vae.likelihood, vae.std = likelihood, 0.3
    x, z = tiny.batch()["x"].round(), torch.randn(16, tiny.LATENT_DIM)
    if likelihood == "bernoulli":
        pixels = torch.distributions.Bernoulli(logits=vae.decoder.logits(z))
    else:
        pixels = torch.distributions.Normal(vae.decoder(z), 0.3)
    torch.testing.assert_close(vae.log_likelihood(x, z), pixels.log_prob(x).flatten(1).sum(1))


def test_beta_weighs_the_kl_in_the_gradient():
    """With beta = 0 the step is that of reconstruction alone; the logged KL is not weighed."""
    steps = {}
    for beta in (0.0, 1.0, 5.0):
        vae = tiny.build("vae bernoulli")
        vae.beta = beta
        logged = vae.training_step(tiny.batch())
        steps[beta] = (vae.encoder.head.weight.detach().clone(), logged["kl"].item())
    assert steps[0.0][1] == steps[1.0][1] == steps[5.0][1]
    assert not torch.equal(steps[0.0][0], steps[1.0][0])
    assert not torch.equal(steps[1.0][0], steps[5.0][0])


def test_a_gan_that_cannot_tell_logs_the_known_values():
    for objective, at_equilibrium in (("non_saturating", 0.693147), ("minimax", -0.693147)):
        gan = tiny.gan("mlp", objective=objective)
        nn.init.zeros_(gan.discriminator.head.weight)
        nn.init.zeros_(gan.discriminator.head.bias)
        gan.optimizers["discriminator"].param_groups[0]["lr"] = 0.0
        logged = gan.training_step(tiny.batch())
        assert logged["discriminator"].item() == pytest.approx(2 * 0.693147, rel=1e-5)
        assert logged["generator"].item() == pytest.approx(at_equilibrium, rel=1e-5)


def test_the_aae_generator_plays_against_the_discriminator_that_has_just_stepped():
    aae = tiny.build("aae deterministic")
    logged = aae.training_step(tiny.batch())
    twin = tiny.build("aae deterministic")
    x = tiny.batch()["x"]
    twin.minimize(autoencoder=losses.squared_error(twin.reconstruct(x), x))
    z = twin.encode(x)
    # the same noise: the prior is sampled once in a step, and nothing else of it is random
    d_loss = losses.discriminator_loss(twin.discriminator(twin.prior.sample(len(x))), twin.discriminator(z.detach()))
    old = losses.generator_loss(twin.discriminator(z))
    twin.minimize(discriminator=d_loss)
    assert logged["generator"] == losses.generator_loss(twin.discriminator(z))
    assert logged["generator"] != old


# ---- use after training, and mistakes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [n for n in tiny.BUILDERS if n.split()[0] in ("autoencoder", "vae", "aae", "labelled_aae")]
)
def test_codes_and_reconstructions_have_their_shapes(name):
    method = tiny.build(name).eval()
    x = tiny.batch()["x"]
    assert method.encode(x).shape == (16, tiny.LATENT_DIM)
    assert method.reconstruct(x).shape == x.shape


@pytest.mark.parametrize(
    "name", [n for n in tiny.BUILDERS if n.split()[0] in ("gan", "moment_matching", "vae", "aae", "labelled_aae")]
)
def test_samples_are_images(name):
    samples = tiny.build(name).eval().sample(5)
    assert samples.shape == (5, *tiny.IMAGE)
    assert samples.min() >= 0
    assert samples.max() <= 1


def test_class_probabilities_sum_to_one():
    probabilities = tiny.build("classifier mlp").eval().probabilities(tiny.batch()["x"])
    torch.testing.assert_close(probabilities.sum(1), torch.ones(16))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tiny.gan("mlp", objective="wasserstein"), "unknown GAN objective 'wasserstein'"),
        (lambda: tiny.vae("mlp", likelihood="laplace"), "unknown likelihood 'laplace'"),
        (lambda: tiny.vae("mlp", std=0), "std must be positive"),
        (lambda: tiny.aae("mlp", optimizer="adagrad"), "unknown optimizer 'adagrad'"),
    ],
)
def test_mistakes_when_building_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_vae_with_a_prior_without_density_says_that_a_kl_needs_one():
    vae = tiny.vae("mlp", distributions.SwissRoll())
    with pytest.raises(NotImplementedError, match="SwissRoll has no density"):
        vae.training_step(tiny.batch())


def test_labels_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="one class an example"):
        tiny.conditional_vae().training_step({"x": tiny.batch()["x"], "y": torch.zeros(16, 1, dtype=torch.long)})


@pytest.mark.parametrize("kind", [AAE, GAN, VAE])
def test_optimisers_are_made_once_and_kept(kind):
    method = tiny.build(kind.__name__.lower() + {AAE: " conv", GAN: " conv", VAE: " conv"}[kind])
    assert isinstance(method, kind)
    assert method.optimizers is method.optimizers


def test_a_method_without_roles_says_what_to_write():
    with pytest.raises(NotImplementedError):
        Method().optimizers  # noqa: B018 - the property is the test
    with pytest.raises(NotImplementedError):
        Method().training_step({})
