"""Age-cGAN: its losses by hand, the search on generators and judges whose answers are known, the evaluation."""

import numpy as np
import pytest
import tiny
import torch
from torch import nn
from torch.distributions import Bernoulli

from course_utils import attributes, datasets, evaluation, judge, regressor, strokes
from course_utils.datasets import Splits
from course_utils.evaluation import age_cgan as measures
from course_utils.methods import AgeCGAN
from course_utils.recipes import ALL

AGES = torch.eye(3)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def trained() -> AgeCGAN:
    """In eval mode, its batch norms having seen something."""
    method = tiny.build("age_cgan conv")
    for _ in range(3):
        method.training_step(tiny.batch())
    return method.eval()


def cross_entropy(logits, target: float):
    return -Bernoulli(logits=logits).log_prob(torch.full_like(logits, target)).mean()


# ---- the step ---------------------------------------------------------------------------------------------------


def test_the_losses_are_those_of_the_paper():
    method, twin = tiny.build("age_cgan conv"), tiny.build("age_cgan conv")
    x, ages = tiny.batch()["x"], tiny.batch()["attributes"]
    torch.manual_seed(7)
    fake = twin.generator(torch.cat([twin.prior.sample(16), ages], 1)).detach()
    d_loss = cross_entropy(twin.discriminator(x, ages), 1.0) + cross_entropy(twin.discriminator(fake, ages), 0.0)
    twin.minimize(discriminator=d_loss)
    z = twin.prior.sample(16)
    fake = twin.generator(torch.cat([z, ages], 1))
    g_loss = cross_entropy(twin.discriminator(fake, ages), 1.0)
    e_loss = ((twin.encoder(fake.detach()) - z) ** 2).sum(1).mean() / 2
    twin.minimize(generator=g_loss, encoder=e_loss)
    torch.manual_seed(7)
    logged = method.training_step(tiny.batch())
    for key, value in {"discriminator": d_loss, "generator": g_loss, "encoder": e_loss}.items():
        assert logged[key].item() == pytest.approx(value.item(), rel=1e-5), key
    for (path, p), q in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5, msg=path)


def test_the_generator_does_not_help_the_encoder():
    """Were samples not detached, the generator could shout its noise: the encoder's error must not reach it."""
    method = tiny.build("age_cgan conv")
    given = {}
    method.minimize = lambda **losses: given.update(losses)
    method.training_step(tiny.batch())
    reached = torch.autograd.grad(given["encoder"], list(method.generator.parameters()), allow_unused=True)
    assert all(g is None for g in reached)


def test_the_judge_is_a_yardstick():
    method = tiny.build("age_cgan conv")
    before = tiny.state(method.judge)
    for _ in range(3):
        method.training_step(tiny.batch())
    assert tiny.same(before, tiny.state(method.judge))
    assert method.training and not any(part.training for part in method.judge.modules())
    assert not any(p.requires_grad for p in method.judge.parameters())


def test_images_depend_on_noise_and_age():
    method = trained()
    z, ages = torch.randn(3, tiny.LATENT_DIM), AGES
    x = method.decode(z, ages)
    assert x.shape == (3, *tiny.IMAGE)
    assert not torch.allclose(x, method.decode(z, ages.roll(1, 0)))
    assert not torch.allclose(x, method.decode(z + 1, ages))
    torch.manual_seed(2)
    drawn = method.sample(ages)
    torch.manual_seed(2)
    assert torch.equal(drawn, method.decode(method.prior.sample(3), ages))


# ---- the search -------------------------------------------------------------------------------------------------


class Halves(nn.Module):
    """A generator whose every answer is known: z_0 in the upper half, z_1 in the lower, times one plus the age."""

    def forward(self, inputs):
        z, ages = inputs.split([2, 3], dim=1)
        age = 1 + (ages * torch.arange(3).to(ages)).sum(1, keepdim=True)
        return (age * z).repeat_interleave(32, 1).view(-1, *tiny.IMAGE)


class Fixed(nn.Module):
    """An encoder whose first guess is always the same."""

    def __init__(self, z):
        super().__init__()
        self.z = z

    def forward(self, x):
        return self.z.expand(len(x), -1).clone()


class UpperHalf(nn.Module):
    """A judge to whom two images are the same if their upper halves are."""

    def features(self, x):
        return x[:, :, :4].flatten(1)


def known(guess=(0.0, 0.0), **options) -> AgeCGAN:
    method = tiny.age_cgan(**options)
    method.generator, method.encoder, method.judge = Halves(), Fixed(torch.tensor([guess])), UpperHalf()
    return method.eval()


TRUTH = torch.tensor([[0.3, -0.4], [1.0, 0.2], [-1.5, 0.6]])


def test_the_search_by_pixels_finds_the_noise_that_made_the_image():
    method = known(search_steps=200)
    x = method.decode(TRUTH, AGES)
    torch.testing.assert_close(method.search(x, AGES, "pixels"), TRUTH, atol=0.02, rtol=0)
    wrong_age = method.search(x, AGES[[0, 0, 0]], "pixels")
    torch.testing.assert_close(wrong_age, TRUTH * torch.tensor([[1.0], [2.0], [3.0]]), atol=0.05, rtol=0)


def test_the_search_by_identity_keeps_what_the_judge_sees_and_leaves_the_rest_at_the_first_guess():
    method = known(guess=(0.5, 0.7), search_steps=200)
    x = method.decode(TRUTH, AGES)
    z = method.search(x, AGES, "identity")
    torch.testing.assert_close(z[:, 0], TRUTH[:, 0], atol=0.02, rtol=0)
    assert torch.equal(z[:, 1], torch.full((3,), 0.7)), "nothing tells this judge about the lower half"
    assert torch.equal(z, method.search(x, AGES)), "it is the default"


def test_the_first_step_is_adams_from_the_first_guess():
    """A step as long as the rate against the sign of the gradient; here towards the image."""
    method = known(guess=(0.5, 0.0), search_steps=1, search_lr=0.05)
    x = method.decode(TRUTH, AGES)
    wanted = torch.tensor([[0.45, -0.05], [0.55, 0.05], [0.45, 0.05]])
    torch.testing.assert_close(method.search(x, AGES, "pixels"), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("view", ["pixels", "identity"])
@pytest.mark.parametrize("no_grad", [False, True])
def test_the_search_lowers_the_distance_and_moves_nothing(view, no_grad):
    method, x, ages = trained(), tiny.images(6).x, AGES.repeat(2, 1)
    before = tiny.state(method)
    with torch.set_grad_enabled(not no_grad):
        z = method.search(x, ages, view)

    def distance(z):
        found, wanted = (
            i.flatten(1) if view == "pixels" else method.judge.trunk(i) for i in (method.decode(z, ages), x)
        )
        return ((found - wanted) ** 2).sum(1)

    assert z.shape == (6, tiny.LATENT_DIM) and not z.requires_grad
    assert (distance(z) < distance(method.encode(x))).all()
    assert tiny.same(before, tiny.state(method))
    assert all(p.grad is None for p in method.parameters())
    assert not any(module.training for module in method.modules())


def test_the_other_images_of_the_batch_do_not_change_the_result():
    method = trained().double()
    method.search_steps = 20
    x, ages = tiny.images(3).x.double(), AGES.double()
    together = method.search(x, ages)
    for i in range(3):
        torch.testing.assert_close(method.search(x[i : i + 1], ages[i : i + 1])[0], together[i])


def test_what_the_search_refuses():
    method = tiny.build("age_cgan conv")
    with pytest.raises(RuntimeError, match="eval mode"):
        method.search(tiny.images(3).x, AGES)
    with pytest.raises(ValueError, match="unknown view 'features': use one of pixels, identity"):
        method.eval().search(tiny.images(3).x, AGES, "features")


def test_the_encoder_learns_to_find_the_noise():
    """Against a generator that does not learn: its samples tell their noise."""
    method = known()
    method.encoder = tiny.age_cgan().encoder
    parameter = nn.Parameter(torch.ones(()))
    method.generator.register_parameter("scale", parameter)
    method.generator.forward = lambda inputs: parameter * Halves.forward(method.generator, inputs)
    method.lr = 1e-2
    method.optimizers["generator"].param_groups[0]["lr"] = 0.0
    method.train()
    batch = {"x": torch.rand(64, *tiny.IMAGE), "attributes": AGES[torch.zeros(64, dtype=torch.long)]}
    errors = [method.training_step(batch)["encoder"].item() for _ in range(150)]
    assert sum(errors[-10:]) < 0.2 * sum(errors[:10])
    assert errors[0] > 0.5, "half the squared error of two numbers of variance one"


# ---- recipe and evaluation --------------------------------------------------------------------------------------


def test_the_recipe_has_a_judge_of_its_own():
    method = ALL["age_cgan"].method()
    assert method.judge is not judge.load(), "the shared one must not be moved to another device"
    assert tiny.same(tiny.state(method.judge), tiny.state(judge.load()))
    assert {"discriminator", "judge"} == set(method.training_only)
    x = torch.rand(4, 1, 28, 28)
    torch.testing.assert_close(method.eval().look(x, "identity"), judge.features(x))
    assert torch.equal(method.look(x, "pixels"), x.flatten(1))


@pytest.fixture(scope="module")
def digits() -> Splits:
    data = datasets.load("digits")
    return strokes.attach_ages(Splits("digits", data.train.first(90), data.validation.first(20), data.test.first(60)))


def test_images_at_all_ages_come_one_age_after_the_other():
    x = torch.rand(4, 1, 28, 28)
    asked_of = []

    def decode(ages):
        asked_of.append(ages)
        return x + ages.argmax(1)[:, None, None, None]

    images, asked = measures.at_all_ages(decode, x)
    assert asked.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4
    assert torch.equal(images, x.repeat(6, 1, 1, 1) + asked[:, None, None, None])
    assert all(torch.equal(ages.sum(1), torch.ones(4)) for ages in asked_of)


def test_an_image_is_like_itself(digits):
    x = digits.test.x
    itself = measures.kept(x, x)
    assert itself == pytest.approx(dict.fromkeys(itself, 1.0) | {name: 100 for name in itself if "percent" in name})
    shifted = measures.kept(x, x.roll(1, 0))
    assert all(shifted[name] < itself[name] - 0.1 for name in itself)


def test_what_is_kept_by_hand(digits):
    x, other = digits.test.x[:30], digits.test.x[30:]
    found = measures.kept(x, other)
    f, g = judge.features(x), judge.features(other)
    cosines = [(a @ b / (a.norm() * b.norm())).item() for a, b in zip(f, g, strict=True)]
    assert found["feature_cosine"] == pytest.approx(sum(cosines) / 30, rel=1e-4)
    same = [a == b for a, b in zip(*(judge.probabilities(i).argmax(1).tolist() for i in (x, other)), strict=True)]
    assert found["class_kept_percent"] == pytest.approx(100 * sum(same) / 30)
    same = [a == b for a, b in zip(*(regressor.read(i)[:, :10].argmax(1).tolist() for i in (x, other)), strict=True)]
    assert found["other_class_kept_percent"] == pytest.approx(100 * sum(same) / 30)
    slants = torch.stack([attributes.slant(x), attributes.slant(other)]).double().numpy()
    assert found["slant_kept"] == pytest.approx(np.corrcoef(slants)[0, 1], rel=1e-4)
    blank = torch.cat([x, torch.zeros(1, 1, 28, 28)]), torch.cat([other, other[:1]])
    assert measures.kept(*blank)["slant_kept"] == pytest.approx(found["slant_kept"], rel=1e-4)


def test_ages_are_read_off_by_the_ruler():
    def bars(*widths):
        x = torch.zeros(len(widths), 1, 28, 28)
        for image, width in zip(x, widths, strict=True):
            image[0, 4:24, 5 : 5 + width] = 1
        return x

    cuts = strokes.bounds(bars(1, 2, 3, 4, 5, 6), 6)
    found = measures.obeyed(torch.tensor([0, 1, 2, 3]), bars(1, 2, 4, 6), cuts)  # the third is one off, the last is two
    assert found["age_percent"] == 50 and found["age_error"] == pytest.approx(3 / 4)
    assert found["thickness_followed"] > 0.9
    assert measures.obeyed(torch.arange(6), bars(6, 5, 4, 3, 2, 1), cuts)["thickness_followed"] < -0.9


def test_the_evaluation_goes_all_three_ways(digits, monkeypatch):
    monkeypatch.setattr(measures, "N_SEARCHED", 8)
    method = ALL["age_cgan"].method().eval()
    method.search_steps = 2
    torch.manual_seed(0)
    numbers = evaluation.aged_images(method, digits)
    for way in ("first", "pixels", "identity"):
        for name in ("class_kept_percent", "feature_cosine", "slant_kept"):
            assert {f"{way}_{name}", f"{way}_reconstruction_{name}"} <= numbers.keys()
        assert {f"{way}_age_percent", f"{way}_thickness_followed"} <= numbers.keys()
    assert numbers["pixels_reconstruction_squared_error"] < numbers["first_reconstruction_squared_error"]
    assert numbers["identity_reconstruction_feature_cosine"] > numbers["first_reconstruction_feature_cosine"]
    bare = Splits("digits", *[datasets.Images(digits.test.x, digits.test.y)] * 3)
    with pytest.raises(ValueError, match="attach_ages"):
        evaluation.aged_images(method, bare)
