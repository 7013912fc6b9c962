"""pix2pix: its two phases by hand, what its discriminator sees, and what its drawings are measured by."""

import pytest
import tiny
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import attributes, evaluation, judge, metrics, networks, outlines, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import L1Translator, Method
from course_utils.recipes import translation


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def sides(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The left and the right half of images, cut by hand."""
    middle = x.shape[3] // 2
    return x[:, :, :, :middle], x[:, :, :, middle:]


def cross_entropy(logits: torch.Tensor, truth: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


# ---- the patch discriminator --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strides", "grid", "side", "apart", "places"), [(2, 7, 10, 4, [(3, 3), (3, 4), (5, 2)]), (3, 3, 22, 8, [(1, 1)])]
)
def test_each_verdict_sees_a_patch(strides, grid, side, apart, places):
    network = networks.PatchDiscriminator((2, 28, 28), width=4, strides=strides).eval()
    x = torch.rand(1, 2, 28, 28, requires_grad=True)
    verdicts = network(x)
    assert verdicts.shape == (1, grid, grid)
    margin = (side - apart) // 2  # a patch reaches that far to both sides of its place
    for row, column in places:
        (gradient,) = torch.autograd.grad(verdicts[0, row, column], x, retain_graph=True)
        rows, columns = (torch.where(gradient[0].abs().sum((0, d)) > 0)[0] for d in (2, 1))
        for found, place in ((rows, row), (columns, column)):
            assert found.tolist() == list(range(apart * place - margin, apart * place - margin + side))
        assert all(gradient[0, channel].abs().sum() > 0 for channel in (0, 1))


def test_the_same_question_is_asked_everywhere():
    network = networks.PatchDiscriminator((1, 28, 28), width=4).eval()
    x = torch.zeros(1, 1, 28, 28)
    x[..., 9:15, 9:15] = torch.rand(6, 6)
    moved = network(x.roll((4, 8), dims=(2, 3)))
    torch.testing.assert_close(moved[:, 2:6, 3:6], network(x)[:, 1:5, 1:4])


def test_the_patch_discriminator_refuses_other_images():
    with pytest.raises(ValueError, match="divisible by 4, got 30x28"):
        networks.PatchDiscriminator((1, 30, 28))
    with pytest.raises(ValueError, match=r"takes inputs of shape \(B, 2, 28, 28\), got \(3, 1, 28, 28\)"):
        networks.PatchDiscriminator((2, 28, 28))(torch.rand(3, 1, 28, 28))


# ---- the training step --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [100.0, 7.0, 0.0])
def test_a_step_by_hand(weight):
    method, twin = (tiny.build("pix2pix conv") for _ in range(2))
    method.weight_l1 = weight
    logged = method.training_step(tiny.batch())
    source, x = sides(tiny.batch()["x"])
    adam = [torch.optim.Adam(p.parameters(), 2e-4, (0.5, 0.999)) for p in (twin.discriminator, twin.generator)]

    def verdicts(image):
        return twin.discriminator(torch.cat([source, image], 1))

    x_hat = twin.generator(source)
    d_loss = cross_entropy(verdicts(x), 1.0) + cross_entropy(verdicts(x_hat.detach()), 0.0)
    d_loss.backward()
    adam[0].step()
    adversarial, l1 = cross_entropy(verdicts(x_hat), 1.0), (x - x_hat).abs().sum() / x.numel()
    adam[1].zero_grad()
    (adversarial + weight * l1).backward()
    adam[1].step()
    for name, value in {"discriminator": d_loss, "adversarial": adversarial, "l1": l1}.items():
        torch.testing.assert_close(logged[name], value, msg=name)
    assert logged.keys() == {"discriminator", "adversarial", "l1"}
    for (name, found), wanted in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6, msg=name)


def test_the_discriminator_judges_an_image_by_its_source():
    method = tiny.build("pix2pix conv").eval()
    source, x = sides(tiny.batch()["x"])
    assert not torch.allclose(method.discriminate(source, x), method.discriminate(source.roll(1, 0), x))
    assert not torch.allclose(method.discriminate(source, x), method.discriminate(x, source))


def test_the_l1_network_minimises_the_l1_error_alone():
    method, twin = (tiny.build("l1_translator conv") for _ in range(2))
    given = {}
    method.minimize = lambda **losses: given.update(losses)
    logged = method.training_step(tiny.batch())
    source, x = sides(tiny.batch()["x"])
    l1 = (x - twin.generator(source)).abs().sum() / x.numel()
    torch.testing.assert_close(given["generator"], l1)
    assert logged == {"l1": given["generator"]}


@pytest.mark.parametrize("name", ["pix2pix conv", "l1_translator conv"])
def test_translating_is_drawing_from_the_source(name):
    method = tiny.build(name).eval()
    source, _ = sides(tiny.batch()["x"])
    assert torch.equal(method.translate(source), method.generator(source))
    assert method.training_only == (("discriminator",) if name == "pix2pix conv" else ())


@pytest.mark.parametrize("name", ["pix2pix conv", "l1_translator conv"])
def test_it_learns_to_turn_images_into_their_negative(name):
    method = tiny.build(name)
    for group in (g for o in method.optimizers.values() for g in o.param_groups):
        group["lr"] = 1e-2
    source, _ = sides(tiny.images(64).x)
    pair = {"x": torch.cat([source, 1 - source], dim=3)}
    first = method.training_step(pair)["l1"].item()
    for _ in range(150):
        last = method.training_step(pair)["l1"].item()
    assert last < first / 3


def test_images_that_are_no_pairs_are_refused():
    with pytest.raises(ValueError, match=r"takes inputs of shape \(B, 1, 8, 4\), got \(16, 1, 8, 2\)"):
        tiny.build("pix2pix conv").training_step({"x": tiny.batch()["x"][..., :4]})


# ---- what drawings are measured by --------------------------------------------------------------------------------


def drawn(n: int = 40) -> Splits:
    """Pairs of outlines and frames: each with a loop, or filled, of random places and sizes."""
    g = torch.Generator().manual_seed(0)
    x = torch.zeros(3 * n, 1, 28, 28)
    sizes = torch.randint(6, 14, (3 * n, 4), generator=g).tolist()
    for i, (row, column, height, width) in enumerate(sizes):
        x[i, 0, row - 4 : row + height - 4, column - 4 : column + width - 4] = 1
        if i % 2:
            x[i, 0, row - 2 : row + height - 6, column - 2 : column + width - 6] = 0
    y = torch.arange(3 * n) % 10
    parts = [Images(x[i * n : (i + 1) * n], y[i * n : (i + 1) * n]) for i in range(3)]
    return outlines.pairs(Splits("frames", *parts))


class Known(Method):
    """A translator that is a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(3))

    def translate(self, source):
        return self.function(source)


def looked_up(data: Splits):
    """The true digit of each outline of the test images."""
    lines, digits = sides(data.test.x)
    answers = {tuple(line.flatten().tolist()): digit for line, digit in zip(lines, digits, strict=True)}
    return lambda source: torch.stack([answers.get(tuple(a.flatten().tolist()), 0 * a) for a in source])


def test_a_translator_that_knows_the_answers_makes_no_error():
    data = drawn()
    _, x = sides(data.test.x)
    numbers = evaluation.drawn_digits(Known(looked_up(data)), data)
    assert numbers["l1_error"] == 0 and numbers["loops_percent"] == 100
    assert numbers["noisy_l1_error"] == pytest.approx(x.mean().item()), "it does not know an outline with noise"
    right = (judge.probabilities(x).argmax(1) == data.test.y).float()
    assert numbers["class_percent"] == numbers["test_class_percent"] == pytest.approx(100 * right.mean().item())
    by_class = [right[data.test.y == k].mean().item() for k in range(10)]
    assert numbers["worst_class_percent"] == pytest.approx(100 * min(by_class))
    assert numbers["mean_loops"] == numbers["test_mean_loops"] == pytest.approx(attributes.holes(x).mean().item())
    assert numbers["other_l1_error"] == pytest.approx((x - torch.cat([x[-1:], x[:-1]])).abs().mean().item())
    assert numbers["test_sharpness"] == pytest.approx(metrics.sharpness(x).mean().item())
    assert numbers["fid"] == pytest.approx(numbers["test_fid"]), "these drawings are the digits"
    assert numbers["parameters"] == 3


def test_a_translator_that_fills_everything_is_wrong_where_there_are_loops():
    data = drawn()
    numbers = evaluation.drawn_digits(Known(lambda a: outlines_filled(a)), data)
    _, x = sides(data.test.x)
    loops = attributes.holes(x)
    assert numbers["loops_percent"] == pytest.approx(100 * (loops == 0).float().mean().item())
    assert numbers["mean_loops"] == 0
    assert 0 < numbers["l1_error"] == pytest.approx((x.roll(0) - outlines_filled(sides(data.test.x)[0])).abs().mean())


def outlines_filled(a: torch.Tensor) -> torch.Tensor:
    """The inside of outlines of rectangles: between their first and last rows and columns."""
    between_rows = (a.cumsum(2) > 0) & (a.flip(2).cumsum(2).flip(2) > 0)
    return (between_rows & (a.cumsum(3) > 0) & (a.flip(3).cumsum(3).flip(3) > 0) & (a == 0)).to(a)


def test_drawings_and_digits_of_the_same_outlines_are_never_compared_by_their_features(monkeypatch):
    """FID between images and drawings of the same outlines would be flattered."""
    data, seen = drawn(), []
    module = __import__("course_utils.evaluation.translation", fromlist=["image_quality"])
    monkeypatch.setattr(module, "image_quality", lambda real, fake: seen.append((real, fake)) or {})
    evaluation.drawn_digits(Known(looked_up(data)), data)
    [(real, fake)] = seen
    assert len(real) == len(fake) == 20
    both = {tuple(image.flatten().tolist()) for image in torch.cat([real, fake])}
    _, x = sides(data.test.x)
    assert both == {tuple(image.flatten().tolist()) for image in x}, "together they are all test digits, each once"


# ---- recipes ------------------------------------------------------------------------------------------------------


def test_the_recipes_share_their_generator_and_differ_in_what_they_are_named_after():
    methods = {name: recipes.ALL[name].method(0) for name in ("pix2pix", "pix2pix_l1")}
    assert isinstance(methods["pix2pix_l1"], L1Translator)
    assert methods["pix2pix"].weight_l1 == 10
    assert methods["pix2pix"].discriminate(*torch.rand(2, 1, 1, 28, 28)).shape == (1, 3, 3)
    shapes = [[p.shape for p in method.generator.parameters()] for method in methods.values()]
    assert all(shape == shapes[0] for shape in shapes[1:])
    for recipe in translation.RECIPES:
        kept = [
            p.numel()
            for n, p in recipe.method(0).named_parameters()
            if n.split(".")[0] not in recipe.build().training_only
        ]
        assert sum(kept) < 600_000
    assert {recipes.ALL[name].prepare for name in methods} == {outlines.dotted_pairs}
