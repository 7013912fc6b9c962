"""CycleGAN: its two phases by hand, what the cycle connects, and whether its measures find what is hidden."""

import pytest
import tiny
import torch
import torch.nn.functional as F
from test_pix2pix import Known, drawn, looked_up, sides

from course_utils import attributes, evaluation, judge, outlines, recipes, stripes
from course_utils.datasets import Images, Splits
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


def zebras(n: int = 40) -> Splits:
    """Frames, striped and plain: those of `drawn` without their outlines."""
    parts = {name: getattr(drawn(n), name) for name in ("train", "validation", "test")}
    plain = {name: Images(sides(part.x)[1], part.y) for name, part in parts.items()}
    return stripes.pairs(Splits("frames", **plain))


def plain_digits(data: Splits):
    """The true plain digit of each striped one of the test images."""
    striped, digits = sides(data.test.x)
    answers = {tuple(a.flatten().tolist()): digit for a, digit in zip(striped, digits, strict=True)}
    return lambda source: torch.stack([answers.get(tuple(a.flatten().tolist()), 0 * a) for a in source])


def test_stripes_at_one_place_for_all_are_where_they_were_by_chance_only():
    """An honest pair of translators: nothing is hidden, so the phase is lost."""
    data = zebras()
    numbers = evaluation.striped_both_ways(
        Translator(plain_digits(data), lambda b: stripes.striped(b, torch.full((len(b),), 0.3))), data
    )
    striped, x = sides(data.test.x)
    assert numbers["l1_error"] == 0 and numbers["added_percent"] == 0
    here = stripes.phase(stripes.striped(x, torch.full((len(x),), 0.3)))
    by_chance = stripes.phase_error(here, stripes.phase(striped)).mean().item()
    assert by_chance == pytest.approx(0.25, abs=0.08)
    for name in ("phase_error", "rounded_phase_error", "plain_phase_error"):
        assert numbers[name] == pytest.approx(by_chance), name
    again = stripes.striped(x, torch.full((len(x),), 0.3))
    assert numbers["cycle_l1_error"] == pytest.approx((again - striped).abs().mean().item())
    right = (judge.probabilities(striped).argmax(1) == data.test.y).float().mean().item()
    assert numbers["source_class_percent"] == pytest.approx(100 * right)


def test_stripes_hidden_in_faint_greys_are_found_by_rounding_by_noise_and_by_the_true_digit():
    data = zebras()
    know = plain_digits(data)

    def hides(a):
        return know(a) * (1 - FAINT) + FAINT * a

    def reads(b):
        return b.round() * (b > 1 - FAINT / 2)  # where the stripe was, nothing was lost

    numbers = evaluation.striped_both_ways(Translator(hides, reads), data)
    striped, x = sides(data.test.x)
    assert numbers["l1_error"] < FAINT
    assert numbers["cycle_l1_error"] == numbers["phase_error"] == 0
    whole = stripes.phase_error(stripes.phase(x), stripes.phase(striped)).mean().item()
    assert numbers["rounded_phase_error"] == numbers["plain_phase_error"] == pytest.approx(whole)
    assert whole > 0.15 and numbers["noisy_phase_error"] > 0.1


def test_ink_beside_the_digit_is_counted_and_halves_are_not_compared_with_themselves(monkeypatch):
    data, compared = zebras(), []
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1)[:, ::28])
    monkeypatch.setattr(
        "course_utils.evaluation.translation.metrics.fid", lambda a, b: compared.append((len(a), len(b))) or 1.0
    )
    monkeypatch.setattr("course_utils.evaluation.translation.image_quality", lambda real, fake: {})
    numbers = evaluation.striped_both_ways(Translator(lambda a: a, lambda b: torch.ones_like(b)), data)
    _, x = sides(data.test.x)
    assert numbers["added_percent"] == pytest.approx(100 * (1 - x.mean().item()))
    assert numbers["digit_cycle_l1_error"] == pytest.approx((1 - x).abs().mean().item())
    assert set(compared) == {(20, 20)}


def test_the_fid_of_drawn_stripes_is_against_other_digits(monkeypatch):
    compared = []
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1))
    monkeypatch.setattr(
        "course_utils.evaluation.translation.metrics.fid", lambda a, b: compared.append((a.clone(), b.clone())) or 1.0
    )
    monkeypatch.setattr("course_utils.evaluation.translation.image_quality", lambda real, fake: {})
    evaluation.striped_both_ways(Translator(lambda a: a, lambda b: b), zebras())  # "drawn" with stripes: the plain ones
    _, (striped, drawn), _ = compared
    within = (striped <= drawn + 1e-6).all(1)  # a striped digit is its plain one with gaps
    assert within.float().mean() < 0.5


def test_the_recipes_differ_in_what_they_are_named_after_and_see_no_pairs():
    whole, without, lines = (
        recipes.ALL[name] for name in ("cycle_gan", "cycle_gan_without_cycle", "cycle_gan_outlines")
    )
    assert [recipe.method(0).weight_cycle for recipe in (whole, without, lines)] == [10, 0, 10]
    assert whole.prepare is without.prepare is stripes.unpaired and lines.prepare is outlines.unpaired
    assert whole.epochs == without.epochs == lines.epochs and whole.evaluate == without.evaluate
    states = [recipe.method(0).state_dict() for recipe in (whole, without, lines)]
    assert all(torch.equal(states[0][key], state[key]) for key in states[0] for state in states[1:])
    a_to_b = recipes.ALL["pix2pix"].method(0).generator
    assert [p.shape for p in whole.method(0).a_to_b.parameters()] == [p.shape for p in a_to_b.parameters()]


def test_an_untrained_generator_draws_nearly_black_images():
    with torch.no_grad():
        drawing = recipes.ALL["cycle_gan"].method(0).eval().translate(torch.rand(2, 1, 28, 28))
    assert drawing.max() < 0.1
