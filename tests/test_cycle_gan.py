"""CycleGAN: its two phases by hand, what the cycle connects, and whether its measures find what is hidden."""

import pytest
import tiny
import torch
import torch.nn.functional as F
from test_pix2pix import Known, drawn, looked_up, sides

from course_utils import attributes, evaluation, judge, outlines, recipes
from course_utils.methods import CycleGAN


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_a_step_by_hand():
    method, twin = (tiny.build("cycle_gan conv") for _ in range(2))
    method.weight_cycle = 7.0
    logged = method.training_step(tiny.batch())
    a, b = sides(tiny.batch()["x"])
    g, f, d_a, d_b = twin.a_to_b, twin.b_to_a, twin.discriminator_a, twin.discriminator_b
    adam = torch.optim.Adam([*g.parameters(), *f.parameters()], 2e-4, (0.5, 0.999))
    b_fake, a_fake = g(a), f(b)
    a_hat, b_hat = f(b_fake), g(a_fake)
    adversarial = ((d_a(a_fake) - 1) ** 2).mean() + ((d_b(b_fake) - 1) ** 2).mean()
    cycle = F.l1_loss(a_hat, a) + F.l1_loss(b_hat, b)
    (adversarial + 7 * cycle).backward()
    adam.step()
    losses = {"adversarial": adversarial, "cycle": cycle}
    for name, d, real, fake in (("discriminator_a", d_a, a, a_fake), ("discriminator_b", d_b, b, b_fake)):
        adam = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
        adam.zero_grad()
        losses[name] = (d(fake.detach()) ** 2).mean() + ((d(real) - 1) ** 2).mean()
        losses[name].backward()
        adam.step()
    assert logged.keys() == losses.keys()
    for name, value in losses.items():
        torch.testing.assert_close(logged[name], value, msg=name)
    for (name, found), wanted in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6, msg=name)


def test_which_image_is_beside_which_does_not_matter():
    """No pair is used, not even by accident."""
    logged = []
    for order in (torch.arange(16), torch.randperm(16)):
        a, b = sides(tiny.batch()["x"])
        logged.append(tiny.build("cycle_gan conv").training_step({"x": torch.cat([a, b[order]], dim=3)}))
    for name in logged[0]:
        torch.testing.assert_close(logged[0][name], logged[1][name])


def generator_losses(weight: float) -> tuple[CycleGAN, torch.Tensor]:
    method, given = tiny.build("cycle_gan conv"), {}
    method.weight_cycle = weight
    method.minimize = lambda **losses: given.update(losses)
    method.training_step(tiny.batch())
    return method, given["generators"]


def test_without_the_cycle_the_two_directions_are_two_gans():
    gradients = {}
    for weight in (0.0, 10.0):
        method, loss = generator_losses(weight)
        gradients[weight] = torch.autograd.grad(loss, list(method.a_to_b.parameters()))
    twin = tiny.build("cycle_gan conv")
    a, _ = sides(tiny.batch()["x"])
    alone = ((twin.discriminator_b(twin.a_to_b(a)) - 1) ** 2).mean()
    for found, with_cycle, wanted in zip(
        gradients[0.0], gradients[10.0], torch.autograd.grad(alone, list(twin.a_to_b.parameters())), strict=True
    ):
        torch.testing.assert_close(found, wanted)
        assert not torch.allclose(with_cycle, wanted)


def test_each_direction_has_its_name():
    method = tiny.build("cycle_gan conv").eval()
    a, b = sides(tiny.batch()["x"])
    assert torch.equal(method.translate(a), method.a_to_b(a)) and torch.equal(
        method.translate_back(b), method.b_to_a(b)
    )
    assert not torch.equal(method.translate(a), method.translate_back(a))
    assert method.training_only == ("discriminator_a", "discriminator_b")


def test_only_the_cycle_leads_back_to_where_it_began():
    batch, errors = {"x": tiny.images(64).x}, {}
    for weight in (0.0, 10.0):
        torch.manual_seed(0)
        method = tiny.cycle_gan(weight_cycle=weight, lr=1e-2)
        errors[weight] = [method.training_step(batch)["cycle"].item() for _ in range(60)]
    assert errors[0.0][0] == errors[10.0][0]
    assert errors[10.0][-1] < 0.75 * errors[10.0][0]
    assert errors[10.0][-1] < 0.75 * errors[0.0][-1]


# ---- measures -----------------------------------------------------------------------------------------------------

FAINT = 1e-3


class Translator(Known):
    """Translators that are functions, there and back."""

    def __init__(self, there, back):
        super().__init__(there)
        self.back = back

    def translate_back(self, b):
        return self.back(b)


def test_honest_translators_do_as_well_from_their_own_outlines_as_from_true_ones():
    data = drawn()
    numbers = evaluation.drawn_both_ways(Translator(looked_up(data), outlines.outline), data)
    lines, x = sides(data.test.x)
    for name in ("outline_l1_error", "outline_cycle_l1_error", "cycle_l1_error", "rounded_cycle_l1_error", "l1_error"):
        assert numbers[name] == 0, name
    assert numbers["outline_iou"] == 1
    assert numbers["cycle_loops_percent"] == numbers["loops_percent"] == 100
    assert numbers["cycle_class_percent"] == numbers["test_class_percent"]
    assert numbers["noisy_cycle_l1_error"] == pytest.approx(x.mean().item()), "with noise they know no outline"
    other = (lines - torch.cat([lines[-1:], lines[:-1]])).abs().mean().item()
    assert numbers["other_outline_l1_error"] == pytest.approx(other)


def test_what_is_hidden_in_faint_greys_is_found_by_rounding_and_by_noise():
    """The digit itself, a thousandth as bright, on top of a perfect outline."""
    data = drawn()

    def hides(x):
        return outlines.outline(x) + FAINT * x

    def reads(a):
        return ((a - a.round()) / FAINT).clamp(0, 1)

    numbers = evaluation.drawn_both_ways(Translator(reads, hides), data)
    _, x = sides(data.test.x)
    assert numbers["cycle_l1_error"] < 1e-3 and numbers["cycle_loops_percent"] == 100
    assert numbers["outline_iou"] == 1 and numbers["outline_l1_error"] < FAINT
    assert numbers["l1_error"] == numbers["rounded_cycle_l1_error"] == pytest.approx(x.mean().item())
    assert numbers["rounded_cycle_loops_percent"] == pytest.approx(100 * (attributes.holes(x) == 0).float().mean())
    assert numbers["noisy_cycle_l1_error"] > 0.3


def test_wrong_outlines_are_seen_pixel_by_pixel():
    data = drawn()
    lines, x = sides(data.test.x)

    def shifted(b):
        return outlines.outline(b).roll(1, dims=3)

    numbers = evaluation.drawn_both_ways(Translator(lambda a: 0 * a + 0.4, shifted), data)
    wrong = lines.roll(1, dims=3)
    assert numbers["outline_l1_error"] == pytest.approx((wrong - lines).abs().mean().item())
    assert numbers["outline_iou"] == pytest.approx(((wrong * lines).sum() / (wrong + lines).clamp(max=1).sum()).item())
    assert numbers["outline_cycle_l1_error"] == pytest.approx(lines.mean().item()), (
        "of grey images there are no outlines"
    )
    grey = torch.full_like(x, 0.4)
    assert numbers["cycle_l1_error"] == pytest.approx((x - grey).abs().mean().item())
    seen = judge.probabilities(grey[:1]).argmax(1)
    assert numbers["cycle_class_percent"] == pytest.approx(100 * (data.test.y == seen).float().mean().item())
    assert numbers["cycle_loops_percent"] == pytest.approx(100 * (attributes.holes(x) == 0).float().mean().item())


def test_the_recipes_differ_in_the_cycle_alone_and_see_no_pairs():
    whole, without = (recipes.ALL[name] for name in ("cycle_gan", "cycle_gan_without_cycle"))
    assert (whole.method(0).weight_cycle, without.method(0).weight_cycle) == (10, 0)
    assert whole.prepare is without.prepare is outlines.unpaired
    assert (whole.epochs, whole.evaluate) == (without.epochs, without.evaluate)
    states = [recipe.method(0).state_dict() for recipe in (whole, without)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    a_to_b = recipes.ALL["pix2pix"].method(0).generator
    assert [p.shape for p in whole.method(0).a_to_b.parameters()] == [p.shape for p in a_to_b.parameters()]
