"""`Method.minimize` against plain PyTorch and against steps worked out by hand."""

import copy

import pytest
import tiny
import torch
from torch import nn

from course_utils.losses import discriminator_loss, generator_loss
from course_utils.methods import Method
from course_utils.methods.base import adam

LR = 0.1


class TwoNumbers(Method):
    """Parameters a and b; roles "a", "b" and "both", by gradient descent unless told otherwise."""

    def __init__(self, make=lambda parameters: torch.optim.SGD(parameters, lr=LR), a=2.0, b=3.0):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a)), nn.Parameter(torch.tensor(b))
        self.make = make

    def configure_optimizers(self):
        return {"a": self.make([self.a]), "b": self.make([self.b]), "both": self.make([self.a, self.b])}

    @property
    def numbers(self) -> tuple[float, float]:
        return self.a.item(), self.b.item()


# ---- what moves, and when ---------------------------------------------------------------------------------------


def test_a_loss_moves_its_own_role_only():
    method = TwoNumbers()
    method.minimize(a=method.a * method.b)
    assert method.numbers == pytest.approx((2 - LR * 3, 3))


def test_losses_of_one_call_are_simultaneous():
    method = TwoNumbers()
    method.minimize(a=method.a * method.b**2, b=method.a**2 * method.b)
    # both gradients at (2, 3): b^2 = 9 and a^2 = 4
    assert method.numbers == pytest.approx((2 - LR * 9, 3 - LR * 4))


def test_two_calls_alternate():
    method = TwoNumbers()
    method.minimize(a=method.a * method.b**2)
    method.minimize(b=method.a**2 * method.b)
    a = 2 - LR * 9
    assert method.numbers == pytest.approx((a, 3 - LR * a**2))


def test_one_forward_pass_serves_two_losses_as_in_plain_pytorch():
    torch.manual_seed(0)
    ours = nn.ModuleDict({"f": nn.Linear(3, 4), "g": nn.Linear(4, 2)})
    plain = copy.deepcopy(ours)
    x = torch.randn(5, 3)

    class Two(Method):
        def __init__(self):
            super().__init__()
            self.nets = ours

        def configure_optimizers(self):
            return {role: adam(self.nets[role].parameters(), LR) for role in "fg"}

    h = ours["f"](x)
    out = ours["g"](h)
    Two().minimize(f=out.square().mean() + h.mean(), g=out.exp().mean())

    optimizers = {role: adam(plain[role].parameters(), LR) for role in "fg"}
    h = plain["f"](x)
    out = plain["g"](h)
    losses = {"f": out.square().mean() + h.mean(), "g": out.exp().mean()}
    gradients = {r: torch.autograd.grad(losses[r], list(plain[r].parameters()), retain_graph=True) for r in "fg"}
    for role in "fg":
        for p, g in zip(plain[role].parameters(), gradients[role], strict=True):
            p.grad = g
        optimizers[role].step()
    assert tiny.same(tiny.state(ours), tiny.state(plain))


def test_roles_that_share_a_parameter_both_move_it_by_gradients_taken_before():
    method = TwoNumbers()
    method.minimize(a=method.a**2, both=method.a * method.b)
    # a: 2a = 4 from its own role, b = 3 from the shared one; b: a = 2
    assert method.numbers == pytest.approx((2 - LR * 4 - LR * 3, 3 - LR * 2))


def test_one_loss_for_two_roles():
    method = TwoNumbers()
    loss = method.a * method.b
    method.minimize(a=loss, b=loss)
    assert method.numbers == pytest.approx((2 - LR * 3, 3 - LR * 2))


def test_a_gan_step_equals_plain_pytorch_bit_for_bit():
    ours, plain = tiny.build("gan conv"), tiny.build("gan conv")
    x = tiny.batch()["x"]
    d_adam = adam(plain.discriminator.parameters(), plain.lr, plain.beta1)
    g_adam = adam(plain.generator.parameters(), plain.lr, plain.beta1)
    for _ in range(3):
        random_state = torch.get_rng_state()
        ours.training_step({"x": x})
        torch.set_rng_state(random_state)

        d_adam.zero_grad()
        x_fake = plain.generator(plain.prior.sample(len(x))).detach()
        discriminator_loss(plain.discriminator(x), plain.discriminator(x_fake)).backward()
        d_adam.step()
        g_adam.zero_grad()
        generator_loss(plain.discriminator(plain.generator(plain.prior.sample(len(x))))).backward()
        g_adam.step()
        assert tiny.same(tiny.state(ours), tiny.state(plain))


# ---- what must not move -----------------------------------------------------------------------------------------


def test_parameters_the_loss_does_not_reach_stay_although_adam_has_momentum():
    method = TwoNumbers(make=lambda parameters: adam(parameters, LR))
    method.minimize(both=method.a * method.b)  # gives b momentum
    before = method.numbers
    method.minimize(both=method.a**2)
    assert method.a.item() != before[0]
    assert method.b.item() == before[1]
    assert method.b.grad is None


def test_no_gradient_is_left_over_and_none_is_added_to():
    method = TwoNumbers()
    method.a.grad = torch.tensor(1000.0)  # left by somebody's backward()
    method.minimize(a=method.a * method.b)
    assert method.numbers == pytest.approx((2 - LR * 3, 3))
    assert method.a.grad is None
    assert method.b.grad is None


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_a_step_leaves_no_gradient(name):
    method = tiny.build(name)
    method.training_step(tiny.batch())
    assert all(p.grad is None for p in method.parameters())


# ---- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (lambda m: {"generator": m.a}, "TwoNumbers has no role 'generator'; its roles: a, b, both"),
        (lambda m: {"a": m.b**2}, "'a' does not depend on any of its parameters"),
        (lambda m: {"a": m.a * torch.ones(3)}, r"'a' must be one number, got shape \(3,\)"),
        (lambda m: {"a": (m.a**2).detach()}, "'a' is not connected to any parameter: was it detached"),
        (lambda m: {"a": torch.tensor(1.0), "b": m.b}, "'a' is not connected"),
    ],
    ids=["unknown role", "wrong role", "not a scalar", "detached", "constant"],
)
def test_mistakes_are_named(losses, message):
    method = TwoNumbers()
    with pytest.raises(ValueError, match=message):
        method.minimize(**losses(method))


def test_after_a_mistake_nothing_has_moved():
    method = TwoNumbers()
    with pytest.raises(ValueError, match="'b' does not depend"):
        method.minimize(a=method.a * method.b, b=method.a**2)
    assert method.numbers == (2, 3)
    assert method.a.grad is None


def test_a_loss_without_gradient_is_named():
    method = TwoNumbers()
    with torch.no_grad():
        loss = method.a * method.b
    with pytest.raises(ValueError, match="computed under no_grad"):
        method.minimize(a=loss)


# ---- the autocast trap ------------------------------------------------------------------------------------------


def compute(layer: nn.Module) -> torch.Tensor:
    """What a linear or convolutional layer makes of ones."""
    if isinstance(layer, nn.Linear):
        return layer(torch.ones(1, layer.in_features))
    return layer(torch.ones(1, layer.in_channels, 4, 4))


def stale_layers(name: str) -> set[str]:
    """The layers that, after some `minimize` of one step under autocast, compute with other weights than they have."""
    method, stale = tiny.build(name), set()
    layers = {
        path: layer
        for path, layer in method.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
    }
    minimize = method.minimize

    def checked(**losses):
        minimize(**losses)
        method.eval()  # in training mode, spectral norm would estimate singular values anew in every pass
        for path, layer in layers.items():
            found = compute(layer)
            with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
                if not torch.equal(found, compute(layer)):
                    stale.add(path.split(".")[0])
        method.train()

    method.minimize = checked
    for optimizer in method.optimizers.values():
        optimizer.param_groups[0]["lr"] = 0.1  # so that bfloat16 can tell old weights from new
    with torch.autocast("cpu", torch.bfloat16):
        method.training_step(tiny.batch())
    return stale


@pytest.mark.parametrize("name", tiny.BUILDERS)
def test_under_autocast_every_pass_computes_with_the_weights_of_now(name):
    assert stale_layers(name) == set()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("gan mlp", {"generator", "discriminator"}),
        ("gan conv", {"generator", "discriminator"}),
        ("aae deterministic", {"encoder", "decoder", "discriminator"}),
        ("aae gaussian conv", {"encoder", "decoder", "discriminator"}),
        ("aae universal", {"encoder", "decoder", "discriminator"}),
    ],
)
def test_the_trap_is_real(name, parts, monkeypatch):
    """Without clearing autocast's cache, networks go on computing with the weights they had."""
    monkeypatch.setattr(torch, "clear_autocast_cache", lambda: None)
    assert stale_layers(name) == parts
