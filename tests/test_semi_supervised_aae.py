"""The semi-supervised AAE, step by step against plain PyTorch; few labels in data sets, training and recipes."""

import json

import pytest
import tiny
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, evaluation, experiments, pretrained, recipes
from course_utils.methods import Classifier
from course_utils.recipes.base import Recipe, by_mode
from course_utils.training import fit


def by_hand(
    model: nn.Module, batch: dict[str, torch.Tensor], draws: list[torch.Tensor], weight_agreement: float
) -> dict[str, float]:
    """One training step with SGD in plain PyTorch, all noise off; `draws`: samples of both priors."""
    sgd = {
        "autoencoder": torch.optim.SGD([*model.encoder.parameters(), *model.decoder.parameters()], 0.01, momentum=0.9),
        "discriminators": torch.optim.SGD(
            [*model.discriminator_y.parameters(), *model.discriminator_z.parameters()], 0.1, momentum=0.1
        ),
        "generator": torch.optim.SGD(model.encoder.parameters(), 0.1, momentum=0.1),
        "classifier": torch.optim.SGD(model.encoder.parameters(), 0.1, momentum=0.9),
    }

    def step(role: str, loss: torch.Tensor) -> float:
        model.zero_grad()
        loss.backward()
        sgd[role].step()
        return loss.item()

    def game(logits: torch.Tensor, real: float) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

    x, n = batch["x"], len(batch["x"])
    logits, z = model.encoder(x)
    x_hat = model.decoder(torch.cat([logits.softmax(1), z], 1))
    reconstruction = step("autoencoder", F.mse_loss(x_hat, x, reduction="sum") / 2 / n)
    logits, z = (part.detach() for part in model.encoder(x))
    d_y = game(model.discriminator_y(draws[0]), 1) + game(model.discriminator_y(logits.softmax(1)), 0)
    d_z = game(model.discriminator_z(draws[1]), 1) + game(model.discriminator_z(z), 0)
    step("discriminators", d_y + d_z)
    logits, z = model.encoder(x)
    g_y, g_z = game(model.discriminator_y(logits.softmax(1)), 1), game(model.discriminator_z(z), 1)
    # without noise the second view of an image is the first
    same_class = (logits.softmax(1) ** 2).sum(1)
    agreement = -same_class.log().mean()
    step("generator", g_y + g_z + weight_agreement * agreement)
    cross_entropy = step(
        "classifier", F.nll_loss(model.encoder(batch["x_labelled"])[0].log_softmax(1), batch["y_labelled"])
    )
    games = {"discriminator_y": d_y, "discriminator_z": d_z, "generator_y": g_y, "generator_z": g_z}
    return {
        "reconstruction": reconstruction,
        **{name: loss.item() for name, loss in games.items()},
        "cross_entropy": cross_entropy,
        **({"agreement": agreement.item()} if weight_agreement else {}),
    }


@pytest.mark.parametrize("weight_agreement", [0.0, 0.7])
def test_a_training_step_is_that_of_plain_pytorch(weight_agreement):
    method, twin = tiny.build("semi_supervised_aae mlp"), tiny.build("semi_supervised_aae mlp")
    method.weight_agreement = weight_agreement
    batch = tiny.batch()
    draws = [F.one_hot(torch.arange(16) % 10, 10).float(), torch.randn(16, tiny.LATENT_DIM)]
    method.prior_y.sample = lambda n: draws[0]
    method.prior.sample = lambda n: draws[1]
    logged = method.training_step(batch)
    expected = by_hand(twin, batch, draws, weight_agreement)
    assert {name: loss.item() for name, loss in logged.items()} == pytest.approx(expected, rel=1e-5)
    for (name, p), q in zip(method.named_parameters(), twin.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-6), name


class Recorder(nn.Module):
    """Remembers what went through it."""

    def __init__(self, change=lambda x: x):
        super().__init__()
        self.change = change
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        return self.change(x)


def test_the_encoder_sees_noise_in_every_phase_and_the_target_is_clean():
    corruption = Recorder(lambda x: torch.zeros_like(x))
    method = tiny.semi_supervised_aae("mlp", corruption=corruption)
    batch = tiny.batch()
    black = method.reconstruct(torch.zeros_like(batch["x"]))
    expected = 0.5 * (black - batch["x"]).square().sum() / len(batch["x"])
    assert method.training_step(batch)["reconstruction"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert [len(x) for x in corruption.seen] == [16, 16, 10]


def test_both_discriminators_see_noise_of_the_standard_deviation_asked_for():
    method = tiny.semi_supervised_aae("mlp", discriminator_noise=0.3)
    method.discriminator_y = method.discriminator_z = Recorder(lambda x: x[:, 0])
    torch.manual_seed(0)
    for see, width in ((method.see_y, 10), (method.see_z, tiny.LATENT_DIM)):
        see(torch.zeros(20_000, width))
        assert method.discriminator_y.seen[-1].std().item() == pytest.approx(0.3, abs=0.01)


def test_the_parts_of_the_code():
    method = tiny.build("semi_supervised_aae noisy").eval()
    x = tiny.images().x
    assert torch.allclose(method.probabilities(x), method.logits(x).exp() / method.logits(x).exp().sum(1, keepdim=True))
    assert torch.equal(method.reconstruct(x), method.decode(method.probabilities(x), method.encode(x)))
    torch.manual_seed(0)
    y = torch.tensor([3, 3])
    samples = method.sample(2, y)
    torch.manual_seed(0)
    assert torch.equal(samples, method.decode(F.one_hot(y, 10).float(), method.prior.sample(2)))


def test_an_unknown_optimiser_is_refused():
    with pytest.raises(ValueError, match="unknown optimizer 'lion': use one of sgd, adam"):
        tiny.semi_supervised_aae("mlp", optimizer="lion")


# ---- few labels -------------------------------------------------------------------------------------------------


def uneven() -> datasets.Images:
    """120 images of three classes: 60, 40 and 20; each image holds its own number."""
    y = torch.tensor([0] * 60 + [1] * 40 + [2] * 20)
    return datasets.Images(torch.arange(120.0).view(120, 1, 1, 1), y)


@pytest.mark.parametrize("n, counts", [(3, [1, 1, 1]), (30, [10, 10, 10]), (31, [11, 10, 10]), (90, [35, 35, 20])])
def test_labels_are_drawn_balanced_as_far_as_the_classes_last(n, counts):
    images = uneven()
    few = datasets.partly_labelled(images, n, seed=4)
    assert few.labelled.y.bincount().tolist() == counts
    known = few.images.y != datasets.UNLABELLED
    assert known.sum() == n and len(few) == 120
    assert torch.equal(few.images.y[known], images.y[known])
    assert torch.equal(few.images.x, images.x)
    numbers = few.labelled.x.flatten().long()
    assert len(numbers.unique()) == n and torch.equal(images.y[numbers], few.labelled.y)
    assert set(numbers.tolist()) == set(known.nonzero()[:, 0].tolist())


def test_all_labels_known():
    assert torch.equal(datasets.partly_labelled(uneven(), 120).images.y, uneven().y)


def test_the_draw_of_labels_is_a_function_of_its_seed():
    draws = [datasets.partly_labelled(uneven(), 30, seed).labelled.x for seed in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("n", [2, 121])
def test_more_labels_than_images_or_fewer_than_classes_are_refused(n):
    with pytest.raises(ValueError, match=r"n must lie between 3 \(one a class\) and 120 \(all\)"):
        datasets.partly_labelled(uneven(), n)


class Watcher(Classifier):
    """Remembers its batches."""

    def __init__(self):
        super().__init__(tiny.trunk("mlp"))
        self.batches = []

    def training_step(self, batch):
        self.batches.append(batch)
        return super().training_step(batch)


def test_an_epoch_is_a_pass_over_all_images_and_every_step_has_labelled_ones():
    few = datasets.partly_labelled(tiny.images(60), 20)
    watcher = Watcher()
    history = fit(watcher, few, epochs=2, batch_size=15, progress=False)
    assert history.steps_per_epoch == 4 and len(watcher.batches) == 8
    seen = torch.cat([batch["x"] for batch in watcher.batches[:4]]).flatten(1).sum(1)
    assert torch.equal(seen.sort().values, few.images.x.flatten(1).sum(1).sort().values)
    for batch in watcher.batches:
        assert batch["x_labelled"].shape == (15, *tiny.IMAGE) and batch["y_labelled"].min() >= 0
        assert set(batch["y"].tolist()) <= {datasets.UNLABELLED, *range(10)}
    passes = torch.cat([batch["x_labelled"] for batch in watcher.batches[:1]]).flatten(1)
    assert len(passes.unique(dim=0)) == 15


def test_fewer_labels_than_a_batch_are_all_in_every_step():
    few = datasets.partly_labelled(tiny.images(60), 10)
    watcher = Watcher()
    fit(watcher, few, steps=3, batch_size=15, progress=False)
    for batch in watcher.batches:
        assert sorted(batch["y_labelled"].tolist()) == list(range(10))


def test_where_all_labels_are_known_the_two_batches_of_a_step_differ():
    watcher = Watcher()
    images = tiny.images(60)  # in one order on both sides: only the orders of the batches can differ
    fit(watcher, datasets.PartlyLabelled(images, images), steps=1, batch_size=15, progress=False)
    [batch] = watcher.batches
    assert not torch.equal(batch["x"], batch["x_labelled"])


def test_a_training_with_few_labels_resumes_bit_for_bit(tmp_path):
    few = datasets.partly_labelled(tiny.images(60), 20)
    whole = tiny.build("semi_supervised_aae noisy")
    fit(whole, few, steps=12, batch_size=15, progress=False)
    parts = tiny.build("semi_supervised_aae noisy")
    step, calls = parts.training_step, []

    def interrupted(batch):
        calls.append(1)
        if len(calls) == 7:
            import signal

            signal.raise_signal(signal.SIGINT)
        return step(batch)

    parts.training_step = interrupted
    options = {"steps": 12, "batch_size": 15, "progress": False, "checkpoint": tmp_path / "run.safetensors"}
    assert fit(parts, few, **options).interrupted
    again = tiny.build("semi_supervised_aae noisy", seed=1)
    assert not fit(again, few, **options).interrupted
    for p, q in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_a_classifier_learns_from_the_labelled_images_alone():
    method, twin = tiny.build("classifier mlp"), tiny.build("classifier mlp")
    batch = tiny.batch()
    method.training_step(batch)
    twin.training_step({"x": batch["x_labelled"], "y": batch["y_labelled"]})
    for p, q in zip(method.parameters(), twin.parameters(), strict=True):
        assert torch.equal(p, q)


# ---- recipes and what they measure --------------------------------------------------------------------------------


def test_the_evaluation_by_formulas_of_scikit_learn_and_scipy():
    from scipy.stats import entropy
    from sklearn.metrics import accuracy_score

    method = tiny.build("semi_supervised_aae mlp").eval()
    images = tiny.images(200)
    numbers = evaluation.semi_supervised(method, datasets.Splits("noise", images, images.first(50), images))
    with torch.no_grad():
        y = method.probabilities(images.x)
    accuracy = accuracy_score(images.y, y.argmax(1))
    assert numbers["test_error_percent"] == pytest.approx(100 * (1 - accuracy), abs=1e-4)
    accuracy = accuracy_score(images.y[:50], y[:50].argmax(1))
    assert numbers["validation_error_percent"] == pytest.approx(100 * (1 - accuracy), abs=1e-4)
    assert numbers["confidence_percent"] == pytest.approx(100 * y.max(1).values.mean().item(), abs=1e-3)
    assert numbers["class_balance"] == pytest.approx(entropy(y.mean(0).double().numpy(), base=10), abs=1e-5)


@pytest.mark.parametrize("labels, n", [(30, 30), (0.25, 50), (1.0, 200)])
def test_labels_of_a_recipe_are_a_number_or_a_share(labels, n):
    recipe = Recipe("r", "s", lambda: tiny.build("classifier mlp"), evaluation.classifier, labels=labels)
    images = tiny.images(200)
    few = recipe.training_data(datasets.Splits("noise", images, images, images), seed=3)
    assert len(few.labelled) == n
    assert torch.equal(few.labelled.x, datasets.partly_labelled(images, n, seed=3).labelled.x)


def test_a_tracked_run_stores_its_curve(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MODE", "fast")
    monkeypatch.setattr(experiments.results, "ROOT", tmp_path / "results")
    images = tiny.images(200)
    data = datasets.Splits("noise", images, images.first(50), images)
    monkeypatch.setattr(experiments, "_data", lambda recipe: data)
    recipe = Recipe(
        "tracked",
        "ours",
        lambda: tiny.build("semi_supervised_aae noisy"),
        evaluation.semi_supervised,
        labels=20,
        epochs=by_mode(3, 3, 3),
        track=evaluation.validation_error,
    )
    monkeypatch.setitem(recipes.ALL, "tracked", recipe)
    stored = json.loads(experiments.run("tracked", 0, runs=tmp_path).read_text())
    curve = stored["curve"]["validation_error_percent"]
    assert len(curve) == 4  # before training, and after each epoch
    assert curve[-1] == pytest.approx(stored["numbers"]["validation_error_percent"])
    assert stored["labels"] == 20
    assert all(len(means) == 3 for means in stored["epoch_losses"].values())
    assert "reconstruction" in stored["epoch_losses"]


def test_shipped_weights_leave_out_what_only_training_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "ROOT", tmp_path)
    method, other = tiny.build("semi_supervised_aae mlp"), tiny.build("semi_supervised_aae mlp", seed=1)
    untrained = {name: p.clone() for name, p in other.named_parameters() if name.startswith("discriminator")}
    pretrained.save("net", method, {})
    pretrained.load("net", other)
    x = tiny.images().x
    assert torch.allclose(method.reconstruct(x), other.reconstruct(x), atol=1e-3)
    for name, p in other.named_parameters():
        assert name not in untrained or torch.equal(p, untrained[name])
