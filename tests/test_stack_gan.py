"""StackGAN: the losses of its stages by hand, the stage below that stays as it is, the refiner, the evaluation."""

import pytest
import tiny
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import distributions, evaluation, judge, losses, networks, pretrained, strokes
from course_utils.checkpoints import CheckpointError
from course_utils.datasets import Images, Splits
from course_utils.evaluation import stack_gan as measures
from course_utils.methods import StackGAN
from course_utils.methods.base import sgd
from course_utils.recipes import ALL
from course_utils.recipes import stack_gan as recipes
from course_utils.training import fit

STAGES = ["stack_gan stage 1 conv", "stack_gan stage 2 conv"]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def cross_entropy(logits, target: float):
    return -Bernoulli(logits=logits).log_prob(torch.full_like(logits, target)).mean()


def as_large_as(stage: StackGAN, x):
    """The images as this stage is to draw them: each pixel the mean of four, or as they are."""
    if stage.below is not None:
        return x
    return (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]) / 4


def draw_by_hand(stage: StackGAN, captions):
    """Images and the KL of their conditions, with the random numbers in the order in which a stage draws them."""
    start = stage.prior.sample(len(captions)) if stage.below is None else draw_by_hand(stage.below, captions)[0]
    mu, logvar = stage.augmentation.head(stage.augmentation.trunk(captions)).chunk(2, 1)
    c = mu + (logvar / 2).exp() * torch.randn_like(mu)
    x = stage.generator(torch.cat([start, c], 1)) if stage.below is None else stage.generator(start, c)
    return x, kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()


# ---- the step ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STAGES)
def test_the_losses_are_those_of_the_paper(name):
    stage, twin = tiny.build(name), tiny.build(name)
    stage.weight_kl = twin.weight_kl = 0.7
    batch = tiny.batch()
    captions = batch["attributes"]
    x = as_large_as(twin, batch["x"])
    wrong = torch.cat([captions[-1:], captions[:-1]])
    torch.manual_seed(7)
    real, mismatched = twin.discriminator(x, captions), twin.discriminator(x, wrong)
    fake = twin.discriminator(draw_by_hand(twin, captions)[0].detach(), captions)
    d_loss = cross_entropy(real, 1.0) + cross_entropy(mismatched, 0.0) / 2 + cross_entropy(fake, 0.0) / 2
    twin.minimize(discriminator=d_loss)
    x_fake, kl = draw_by_hand(twin, captions)
    g_loss = cross_entropy(twin.discriminator(x_fake, captions), 1.0)
    twin.minimize(generator=g_loss + 0.7 * kl)
    torch.manual_seed(7)
    logged = stage.training_step(batch)
    for key, value in {"discriminator": d_loss, "generator": g_loss, "kl": kl}.items():
        assert logged[key].item() == pytest.approx(value.item(), rel=1e-5), key
    for (path, p), q in zip(stage.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5, msg=path)


def test_a_discriminator_that_cannot_tell_pays_the_usual_and_the_wrong_captions_count_half():
    zero = torch.zeros(5)
    assert losses.matching_discriminator_loss(zero, zero, zero).item() == pytest.approx(2 * 0.693147)
    real, wrong, fake = torch.randn(3, 6, dtype=torch.float64)
    by_hand = cross_entropy(real, 1.0) + (cross_entropy(wrong, 0.0) + cross_entropy(fake, 0.0)) / 2
    torch.testing.assert_close(losses.matching_discriminator_loss(real, wrong, fake), by_hand)
    torch.testing.assert_close(losses.matching_discriminator_loss(real, fake, wrong), by_hand)


def test_the_kl_pulls_the_conditions_to_the_prior():
    """With a huge weight of the KL, and steps down its slope, conditions forget their captions."""
    told = tiny.batch()["attributes"]
    spread = {}
    for weight in (0.0, 50.0):
        torch.manual_seed(0)
        stage = tiny.stack_gan(weight_kl=weight).train()
        stage._optimizers = {
            "discriminator": sgd(stage.discriminator.parameters(), 0.0),
            "generator": sgd(stage.augmentation.parameters(), 2e-3),
        }
        for _ in range(40):
            logged = stage.training_step(tiny.batch())
        spread[weight] = (stage.augmentation.mean(told).std(0).mean().item(), logged["kl"].item())
    assert spread[50.0][0] < 0.3 * spread[0.0][0]
    assert spread[50.0][1] < 0.1 * spread[0.0][1]


@pytest.mark.parametrize("name", STAGES)
def test_a_caption_has_many_conditions_and_images_depend_on_all_that_goes_in(name):
    stage = tiny.build(name).eval()
    captions = tiny.batch()["attributes"]
    with torch.no_grad():
        start = stage.start(captions)
        images = [stage.draw(start, captions)[0] for _ in range(2)]
        assert not torch.equal(*images), "conditions are drawn anew each time"
        stage.augmentation.head.bias[stage.augmentation.latent_dim :] = -60.0  # no variance left
        stage.augmentation.head.weight[stage.augmentation.latent_dim :] = 0.0
        same, again = (stage.draw(start, captions)[0] for _ in range(2))
        torch.testing.assert_close(same, again)
        other_start, other_caption = stage.draw(stage.start(captions), captions)[0], stage.draw(start, captions + 1)[0]
    assert not torch.allclose(same, other_start) and not torch.allclose(same, other_caption)


def test_the_discriminator_sees_images_as_large_as_the_stage_draws():
    for name, side in zip(STAGES, (4, 8), strict=True):
        stage, shapes = tiny.build(name), []
        look = stage.discriminator.look
        stage.discriminator.look = lambda x, *rest, look=look, shapes=shapes: (shapes.append(x.shape), look(x, *rest))[
            1
        ]
        stage.training_step(tiny.batch())
        assert shapes == [(16, 1, side, side)] * 4


# ---- two stages -------------------------------------------------------------------------------------------------


def test_the_stage_below_does_not_change_and_stays_in_eval_mode():
    stage = tiny.build(STAGES[1])
    before = tiny.state(stage.below)
    for _ in range(3):
        stage.training_step(tiny.batch())
    assert tiny.same(before, tiny.state(stage.below))
    assert stage.training and not any(part.training for part in stage.below.modules())
    assert not any(p.requires_grad for p in stage.below.parameters())
    stage.eval().train()
    assert stage.discriminator.training and not stage.below.training


def test_a_second_stage_begins_with_the_images_of_the_first():
    stage = tiny.build(STAGES[1]).eval()
    captions = tiny.batch()["attributes"]
    torch.manual_seed(3)
    start = stage.start(captions)
    torch.manual_seed(3)
    assert torch.equal(start, stage.below.sample(captions))
    assert start.shape == (16, *tiny.SMALL) and not start.requires_grad
    torch.manual_seed(3)
    sampled = stage.sample(captions)
    torch.manual_seed(3)
    assert torch.equal(sampled, draw_by_hand(stage, captions)[0]) and sampled.shape == (16, *tiny.IMAGE)


def test_a_stage_begins_with_one_thing():
    parts = tiny.stack_gan()
    networks_of = (parts.augmentation, parts.generator, parts.discriminator)
    for options in ({}, {"prior": distributions.Gaussian(2), "below": parts}):
        with pytest.raises(ValueError, match="give prior or below"):
            StackGAN(*networks_of, **options)


def test_shipped_weights_of_the_second_stage_leave_the_first_to_its_own_file(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    stage = tiny.build(STAGES[1])
    for _ in range(2):
        stage.training_step(tiny.batch())
    pretrained.save("stage_2", stage, {})
    fresh = tiny.build(STAGES[1], seed=5)
    fresh.below.load_state_dict(stage.below.state_dict())  # what its recipe does with the file of the first
    pretrained.load("stage_2", fresh)
    captions = tiny.batch()["attributes"]
    sampled = []
    for each in (stage.eval(), fresh):
        torch.manual_seed(1)
        sampled.append(each.sample(captions))
    torch.testing.assert_close(*sampled, atol=2e-2, rtol=0)
    stored = pretrained._read(tmp_path, "stage_2", pretrained.card("stage_2"))
    assert {key.split(".")[0] for key in stored} == {"augmentation", "generator"}


def test_both_stages_learn_to_draw_what_the_caption_says():
    # caption k: rows 2k and 2k + 1 are white, the others black
    y = torch.arange(3).repeat(50)
    x = torch.zeros(150, 1, 8, 8)
    for k in range(3):
        x[y == k, 0, 2 * k : 2 * k + 2] = 1
    data = Images(x, y, torch.eye(3)[y])
    quick = {"batch_size": 50, "progress": False, "device": "cpu", "precision": "float32"}
    asked = torch.arange(3).repeat(20)

    def shown(stage):
        rows = torch.nn.functional.interpolate(stage.sample(torch.eye(3)[asked]), (8, 8))[:, 0].mean(2)
        return rows.unflatten(1, (4, 2)).mean(2).argmax(1)

    first = tiny.stack_gan(lr=1e-2)
    fit(first, data, epochs=60, **quick)
    assert (shown(first) == asked).float().mean() > 0.9
    second = tiny.stack_gan(2, lr=1e-2)
    second.below.load_state_dict(first.state_dict())
    fit(second, data, epochs=40, **quick)
    assert (shown(second) == asked).float().mean() > 0.9


# ---- the refiner ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 20)])
def test_the_refiner_doubles_the_sides(shape):
    refiner = networks.Refiner(shape, n_conditions=5, width=4)
    c, h, w = shape
    out = refiner(torch.rand(6, c, h // 2, w // 2), torch.randn(6, 5))
    assert out.shape == (6, *shape) and out.min() > 0 and out.max() < 1
    with torch.autocast("cpu", torch.bfloat16):
        assert refiner(torch.rand(6, c, h // 2, w // 2), torch.randn(6, 5)).dtype == torch.float32


def test_the_condition_joins_everywhere_and_the_image_stays_in_its_place():
    refiner = networks.Refiner((1, 28, 28), n_conditions=3, width=4, blocks=0).double().eval()
    x, c = torch.rand(1, 1, 14, 14, dtype=torch.float64), torch.randn(1, 3, dtype=torch.float64, requires_grad=True)
    moved = (refiner(x, c + 1) - refiner(x, c)).abs()
    assert (moved > 0).double().mean() > 0.9, "a condition is for the whole image (but for units that are off)"
    other = x.clone()
    other[0, 0, 0, 0] += 1  # a corner
    moved = (refiner(other, c) - refiner(x, c)).abs()[0, 0]
    assert moved[0, 0] > 0 and (moved[15:] == 0).all() and (moved[:, 15:] == 0).all()


def test_a_residual_block_that_adds_nothing_passes_its_input_on():
    block = networks.refiner.ResidualBlock(4).eval()
    h = torch.randn(2, 4, 7, 7)
    by_hand = block.layers[4](block.layers[3](torch.relu(block.layers[1](block.layers[0](h)))))
    torch.testing.assert_close(block(h), torch.relu(h + by_hand))
    nn.init.zeros_(block.layers[4].weight)
    assert torch.equal(block(h), h.relu())


def test_the_refiner_names_what_does_not_fit():
    refiner = networks.Refiner((1, 28, 28), n_conditions=3)
    with pytest.raises(ValueError, match=r"takes inputs of shape \(B, 1, 14, 14\), got \(2, 1, 28, 28\)"):
        refiner(torch.rand(2, 1, 28, 28), torch.randn(2, 3))
    with pytest.raises(ValueError, match=r"takes conditions of shape \(2, 3\), got \(1, 3\)"):
        refiner(torch.rand(2, 1, 14, 14), torch.randn(1, 3))
    with pytest.raises(ValueError, match="divisible by 4, got 30x30"):
        networks.Refiner((1, 30, 30), 3)


# ---- recipes and evaluation -------------------------------------------------------------------------------------


def kept(method: StackGAN) -> int:
    """Parameters that are left after training, without those of the stage below."""
    return sum(networks.count_parameters(part) for part in (method.augmentation, method.generator))


def test_one_stage_has_as_many_parameters_and_epochs_as_both():
    first, one = ALL["stack_gan_1"].method(), ALL["stack_gan_one_stage"].method()
    refiner = networks.Refiner(recipes.IMAGE, recipes.N_CONDITIONS)
    second = networks.count_parameters(refiner) + networks.count_parameters(recipes.augmentation())
    assert kept(one) == pytest.approx(kept(first) + second, rel=0.05)
    for mode, epochs in ALL["stack_gan_one_stage"].epochs.items():
        assert epochs == ALL["stack_gan_1"].epochs[mode] + ALL["stack_gan_2"].epochs[mode]
    assert one.generator.out_shape == (1, 28, 28) and first.generator.out_shape == (1, 14, 14)
    rates = [(m.lr, m.discriminator_lr, m.beta1) for m in (first, one, ALL["stack_gan_1_full_kl"].method())]
    assert len(set(rates)) == 1
    assert ALL["stack_gan_1_full_kl"].method().weight_kl == 1 != first.weight_kl


def test_the_second_recipe_stands_on_the_weights_of_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    with pytest.raises(CheckpointError, match="python -m course_utils train stack_gan_1 --ship 0"):
        ALL["stack_gan_2"].method()
    first = ALL["stack_gan_1"].method(seed=5)
    pretrained.save("stack_gan_1", first, {})
    second = ALL["stack_gan_2"].method()
    torch.testing.assert_close(
        second.below.generator.project[0].weight, first.generator.project[0].weight, atol=1e-3, rtol=0
    )
    assert second.below.prior is not None and second.below.below is None
    captions = strokes.captions(torch.arange(4), torch.tensor([0, 1, 2, 0]))
    assert second.eval().sample(captions).shape == (4, 1, 28, 28) and second.start(captions).shape == (4, 1, 14, 14)


WIDTHS = (2, 4, 6)  # of the bars that stand for thin, medium and bold


def signs(y, stroke) -> torch.Tensor:
    """28x28 images that say their digit, a block in the 14 columns above, and their stroke, a bar below."""
    x = torch.zeros(len(y), 1, 28, 28)
    for image, digit, thick in zip(x, y.tolist(), stroke.tolist(), strict=True):
        image[0, :2, 4 + 2 * digit : 6 + 2 * digit] = 0.4  # below the threshold of the ruler
        image[0, 6:26, 8 : 8 + WIDTHS[thick]] = 1
    return x


def read(x) -> torch.Tensor:
    """A judge of signs."""
    return torch.nn.functional.one_hot(x[:, 0, :2, 4:24].mean(1).unflatten(1, (10, 2)).mean(2).argmax(1), 10).float()


def shrunk(x) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(x, 2)


@pytest.fixture
def signed(monkeypatch) -> Splits:
    """Data of signs with their captions, and a judge that can read them."""
    monkeypatch.setattr(judge, "probabilities", read)
    monkeypatch.setattr(judge, "features", lambda x: x.flatten(1)[:, ::97])
    monkeypatch.setattr(measures, "image_quality", lambda real, fake: {"fid": 1.0})
    y, stroke = torch.arange(90) % 10, torch.arange(90) // 10 % 3
    part = Images(signs(y, stroke), y)
    return strokes.attach_captions(Splits("signs", part, part, part))


class Scribe(nn.Module):
    """Draws what it is told; a second one draws the digit of its sketch, or of the caption, in the stroke it is told.

    Sketches are of the digit asked for but for a share `wrong` of them, which are of the next.
    """

    def __init__(self, small: bool = False, below: bool = False, minds_sketch: bool = True, wrong: float = 0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.generator = nn.Identity()
        self.generator.out_shape = (1, 14, 14) if small else (1, 28, 28)
        self.below = Scribe(small=True) if below else None
        self.small, self.minds_sketch, self.wrong = small, minds_sketch, wrong

    def start(self, captions):
        if self.below is None:
            return torch.zeros(len(captions), 2)
        y, stroke = captions[:, :10].argmax(1), captions[:, 10:].argmax(1)
        late = torch.arange(len(y)) < self.wrong * len(y)
        return shrunk(signs((y + late) % 10, stroke))

    def draw(self, start, captions):
        y, stroke = captions[:, :10].argmax(1), captions[:, 10:].argmax(1)
        if self.below is not None and self.minds_sketch:
            y = read(measures.enlarged(start, torch.zeros(1, 1, 28, 28))).argmax(1)
        x = signs(y, stroke)
        return shrunk(x) if self.small else x, torch.tensor(0.5)

    def sample(self, captions):
        return self.draw(self.start(captions), captions)[0]


def test_obeyed_counts_digit_stroke_and_both(signed):
    cuts = strokes.bounds(signed.train.x, 3)
    asked = strokes.captions(torch.tensor([1, 2, 3, 4]), torch.tensor([0, 1, 2, 0]))
    x = signs(torch.tensor([1, 2, 3, 5]), torch.tensor([0, 1, 0, 2]))
    found = measures.obeyed(asked, x, cuts)
    assert found == {"digit_percent": 75.0, "stroke_percent": 50.0, "caption_percent": 50.0}


def test_a_model_that_does_what_it_is_told_scores_a_hundred(signed):
    numbers = evaluation.captioned_images(Scribe(), signed)
    assert [
        numbers[f"{prefix}{what}_percent"] for prefix in ("", "test_") for what in ("digit", "stroke", "caption")
    ] == [100.0] * 6
    assert numbers["kl"] == 0.5 and not any(name.startswith("shrunk_") for name in numbers)
    small = evaluation.captioned_images(Scribe(small=True), signed)
    assert small["digit_percent"] == small["shrunk_digit_percent"] == 100
    assert small["stroke_percent"] == small["shrunk_stroke_percent"], "no more than the size allows"
    assert small["shrunk_fid"] > -1e-6


def test_a_second_stage_that_copies_its_sketch_and_one_that_does_not_look_at_it(signed):
    copies = evaluation.stacked_images(Scribe(below=True, wrong=0.2), signed)
    assert copies["sketch_digit_percent"] == copies["digit_percent"] == pytest.approx(80)
    assert copies["repaired_percent"] == copies["spoiled_percent"] == 0
    assert copies["contradicted_sketch_percent"] > copies["contradicted_caption_percent"]
    assert copies["sketch_correlation"] > copies["other_sketch_correlation"] - 1e-6
    ignores = evaluation.stacked_images(Scribe(below=True, minds_sketch=False, wrong=0.2), signed)
    assert ignores["digit_percent"] == ignores["repaired_percent"] == 100
    assert ignores["contradicted_caption_percent"] == 100 and ignores["contradicted_sketch_percent"] == 0
    assert ignores["sketch_correlation"] < copies["sketch_correlation"]
    faithful = evaluation.stacked_images(Scribe(below=True), signed)
    assert faithful["contradicted_sketch_percent"] == 100
    assert faithful["contradicted_caption_percent"] == 0, "captions with the same digit are no contradiction"


def test_data_without_captions_are_refused(signed):
    bare = Splits("signs", *[Images(signed.test.x, signed.test.y)] * 3)
    with pytest.raises(ValueError, match="attach_captions"):
        evaluation.captioned_images(Scribe(), bare)


def test_small_images_are_enlarged_and_others_left_alone():
    x = torch.rand(2, 1, 14, 14)
    large = measures.enlarged(x, torch.zeros(5, 1, 28, 28))
    assert large.shape == (2, 1, 28, 28)
    inner = (0.75 * x[0, 0, 3, 3] + 0.25 * x[0, 0, 3, 2]) * 0.75 + 0.25 * (0.75 * x[0, 0, 2, 3] + 0.25 * x[0, 0, 2, 2])
    assert large[0, 0, 6, 6].item() == pytest.approx(inner.item(), rel=1e-5)
    assert measures.enlarged(large, large) is large
