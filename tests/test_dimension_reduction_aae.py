"""The dimension-reducing AAE, step by step against plain PyTorch; its points; what is measured about them."""

import numpy as np
import pytest
import tiny
import torch
import torch.nn.functional as F
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from course_utils import datasets, evaluation
from course_utils.methods import DimensionReductionAAE

X = tiny.images(16).x


def reducer(**options) -> DimensionReductionAAE:
    """A small one, always with the same weights."""
    torch.manual_seed(0)
    return tiny.class_style_aae(DimensionReductionAAE, "mlp", **options)


def unlabelled() -> dict[str, torch.Tensor]:
    return {"x": X}


# ---- the training step ------------------------------------------------------------------------------------------


class ByHand:
    """One training step with SGD in plain PyTorch, all noise off."""

    def __init__(self, model: DimensionReductionAAE, distance: float, weight: float):
        self.model, self.distance, self.weight = model, distance, weight
        encoder, decoder = list(model.encoder.parameters()), list(model.decoder.parameters())
        discriminators = [*model.discriminator_y.parameters(), *model.discriminator_z.parameters()]
        self.sgd = {
            "autoencoder": torch.optim.SGD([*encoder, *decoder, model.heads], 0.01, momentum=0.9),
            "discriminators": torch.optim.SGD(discriminators, 0.1, momentum=0.1),
            "generator": torch.optim.SGD(encoder, 0.1, momentum=0.1),
            "classifier": torch.optim.SGD(encoder, 0.1, momentum=0.9),
        }

    def move(self, role: str, loss: torch.Tensor) -> None:
        self.model.zero_grad()
        loss.backward()
        self.sgd[role].step()

    def step(self, batch: dict[str, torch.Tensor], draws: list[torch.Tensor]) -> dict[str, float]:
        model, x = self.model, batch["x"]

        def game(logits: torch.Tensor, real: float) -> torch.Tensor:
            return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

        logits, z = model.encoder(x)
        x_hat = model.decoder(logits.softmax(1) @ model.heads + z)
        reconstruction = F.mse_loss(x_hat, x, reduction="sum") / 2 / len(x)
        heads = torch.zeros(())
        for i in range(len(model.heads)):
            for j in range(i):
                heads = heads + (self.distance - (model.heads[i] - model.heads[j]).norm()).clamp(min=0)
        self.move("autoencoder", reconstruction + self.weight * heads)
        logits, z = (part.detach() for part in model.encoder(x))
        d_y = game(model.discriminator_y(draws[0]), 1) + game(model.discriminator_y(logits.softmax(1)), 0)
        d_z = game(model.discriminator_z(draws[1]), 1) + game(model.discriminator_z(z), 0)
        self.move("discriminators", d_y + d_z)
        logits, z = model.encoder(x)
        g_y, g_z = game(model.discriminator_y(logits.softmax(1)), 1), game(model.discriminator_z(z), 1)
        self.move("generator", g_y + g_z)
        losses = {"reconstruction": reconstruction, "heads": heads}
        losses |= {"discriminator_y": d_y, "discriminator_z": d_z, "generator_y": g_y, "generator_z": g_z}
        if "x_labelled" in batch:
            log_q = model.encoder(batch["x_labelled"])[0].log_softmax(1)
            losses["cross_entropy"] = F.nll_loss(log_q, batch["y_labelled"])
            self.move("classifier", losses["cross_entropy"])
        return {name: loss.item() for name, loss in losses.items()}


@pytest.mark.parametrize("weight", [1.0, 0.3], ids=lambda w: f"weight {w}")
@pytest.mark.parametrize("batch", [tiny.batch(), unlabelled()], ids=["labels", "no labels"])
def test_a_training_step_is_that_of_plain_pytorch(batch, weight):
    distance = 12.0  # so large that some heads pay
    method, twin = (reducer(head_distance=distance, weight_heads=weight) for _ in range(2))
    draws = [F.one_hot(torch.arange(16) % 10, 10).float(), torch.randn(16, tiny.LATENT_DIM)]
    method.prior_y.sample = lambda n: draws[0]
    method.prior.sample = lambda n: draws[1]
    by_hand = ByHand(twin, distance, weight)
    for _ in range(2):  # the second one sees the momenta of the first
        logged = method.training_step(batch)
        expected = by_hand.step(batch, draws)
        assert {name: loss.item() for name, loss in logged.items()} == pytest.approx(expected, rel=1e-5)
    assert expected["heads"] > 0
    for (name, p), q in zip(method.named_parameters(), twin.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-5), name


class Recorder(nn.Module):
    """Remembers what went through it."""

    def __init__(self, change=lambda x: x):
        super().__init__()
        self.change = change
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        return self.change(x)


@pytest.mark.parametrize(
    ("batch", "agreement", "sizes"),
    [(tiny.batch(), 0.0, [16, 16, 10]), (unlabelled(), 0.0, [16, 16]), (tiny.batch(), 0.3, [16, 16, 16, 10])],
    ids=["labels", "no labels", "agreement"],
)
def test_the_encoder_sees_noise_in_every_phase_and_the_target_is_clean(batch, agreement, sizes):
    corruption = Recorder(torch.zeros_like)
    method = reducer(corruption=corruption, weight_agreement=agreement)
    black = method.reconstruct(torch.zeros_like(X))
    expected = 0.5 * (black - X).square().sum() / len(X)
    assert method.training_step(batch)["reconstruction"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert [len(x) for x in corruption.seen] == sizes


def test_agreement_compares_two_views_and_is_weighed():
    """With all images alike, the two views are the same: -log sum_k q_k^2, and its gradient reaches the encoder."""
    moved = {}
    for weight in (0.0, 1.0):
        method = reducer(weight_agreement=weight)
        method.training_step(unlabelled())
        moved[weight] = method.encoder.head_y.weight.detach().clone()
    assert not torch.allclose(moved[0.0], moved[1.0])
    assert "agreement" not in reducer().training_step(unlabelled())
    method = reducer(weight_agreement=1.0)
    for group in (group for name in ("autoencoder", "generator") for group in method.optimizers[name].param_groups):
        group["lr"] = 0.0
    expected = -(method.probabilities(X).square().sum(1)).log().mean()
    assert method.training_step(unlabelled())["agreement"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_heads_move_by_the_reconstruction_phase_alone():
    method = reducer()
    seen = []
    minimize = method.minimize

    def watched(**losses):
        before = method.heads.detach().clone()
        minimize(**losses)
        seen.append(("+".join(losses), not torch.equal(before, method.heads)))

    method.minimize = watched
    method.training_step(tiny.batch())
    assert seen == [
        ("autoencoder", True),
        ("discriminator_y+discriminator_z", False),
        ("generator", False),
        ("classifier", False),
    ]


def test_the_penalty_pushes_heads_apart_and_its_absence_does_not():
    """Nothing else pulls on the heads here: the decoder's own weights are zero."""
    apart = {}
    for weight in (0.0, 1.0):
        method = reducer(weight_heads=weight)
        with torch.no_grad():
            method.heads.mul_(0.01)
            for p in method.decoder.parameters():
                p.zero_()
        before = pdist(method.heads.detach().numpy()).sum()
        method.training_step(unlabelled())
        apart[weight] = pdist(method.heads.detach().numpy()).sum() / before
    assert apart[0.0] == pytest.approx(1) and apart[1.0] > 1.5


def test_the_classifier_needs_labels_and_clusters_may_be_more_than_classes():
    torch.manual_seed(0)
    method = tiny.class_style_aae(DimensionReductionAAE, "mlp", n_classes=20)
    assert method.heads.shape == (20, tiny.LATENT_DIM)
    assert "cross_entropy" not in method.training_step(unlabelled())


# ---- points -----------------------------------------------------------------------------------------------------


def test_a_point_is_the_head_plus_the_style():
    method = reducer()
    z = torch.randn(3, tiny.LATENT_DIM)
    assert torch.equal(method.point(F.one_hot(torch.tensor([7, 0, 7]), 10).float(), z), method.heads[[7, 0, 7]] + z)
    y = torch.rand(3, 10).softmax(1)
    assert torch.allclose(method.point(y, z), torch.from_numpy(y.numpy() @ method.heads.detach().numpy()) + z)


def test_points_of_images_come_from_clean_images_and_decode_sees_them_alone():
    method = reducer(corruption=Recorder(torch.zeros_like))
    logits, z = method.encoder(X)
    expected = logits.softmax(1) @ method.heads + z
    assert torch.allclose(method.points(X), expected, atol=1e-6)
    assert not method.corruption.seen
    assert torch.allclose(method.reconstruct(X), method.decoder(expected), atol=1e-6)
    # two ways to one point: the same image
    y, other = F.one_hot(torch.tensor([2, 5]), 10).float()
    gap = (method.heads[2] - method.heads[5]).detach()[None]
    assert torch.allclose(method.decode(y[None], 0 * gap), method.decode(other[None], gap), atol=1e-6)


def test_under_autocast_points_and_heads_are_not_rounded():
    method = reducer()
    y, z = torch.rand(5, 10).softmax(1), torch.randn(5, tiny.LATENT_DIM)
    exact = method.point(y, z)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = method.point(y, z)
        method.training_step(tiny.batch())
    assert rounded.dtype == torch.float32 and torch.equal(rounded, exact)
    assert method.heads.dtype == torch.float32
    assert not torch.equal(method.heads, method.heads.bfloat16().float())  # it was not moved in steps of 8 bits


def test_heads_start_as_far_apart_as_they_should_be():
    torch.manual_seed(0)
    method = tiny.class_style_aae(DimensionReductionAAE, "mlp", n_classes=2_000, head_distance=3.0)
    assert method.heads.std().item() == pytest.approx(3, rel=0.05)


# ---- what is measured -------------------------------------------------------------------------------------------


def splits() -> datasets.Splits:
    train, validation, test = (tiny.images(n) for n in (40, 120, 200))
    return datasets.Splits("tiny", train, validation, test)


def neighbours_error(method: DimensionReductionAAE, test: datasets.Images) -> float:
    points = method.points(test.x).detach().numpy()
    known, asked = np.array_split(np.random.default_rng(0).permutation(len(points)), 2)
    reader = KNeighborsClassifier(10).fit(points[known], test.y.numpy()[known])
    return 100 * np.mean(reader.predict(points[asked]) != test.y.numpy()[asked])


def test_what_is_measured_with_labels_against_scikit_learn():
    method, data = reducer().eval(), splits()
    found = evaluation.reduction(method, data)
    read = method.encoder(data.test.x)[0].argmax(1)
    assert found["test_error_percent"] == pytest.approx(100 * (read != data.test.y).float().mean().item())
    assert found["neighbours_error_percent"] == pytest.approx(neighbours_error(method, data.test))
    assert found["head_distance_least"] == pytest.approx(pdist(method.heads.detach().numpy()).min(), rel=1e-6)
    expected = 0.5 * (method.reconstruct(data.test.x) - data.test.x).square().sum().item() / len(data.test)
    assert found["reconstruction_squared_error"] == pytest.approx(expected, rel=1e-5)


def test_what_is_measured_without_labels_against_scikit_learn():
    torch.manual_seed(0)
    method, data = tiny.class_style_aae(DimensionReductionAAE, "mlp", n_classes=20).eval(), splits()
    found = evaluation.unlabelled_reduction(method, data)
    with torch.no_grad():
        parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
        q = {name: method.encoder(part.x)[0].softmax(1).numpy() for name, part in parts.items()}
    surest = data.validation.y.numpy()[q["validation"].argmax(0)]  # the paper's rule
    clusters, y = q["test"].argmax(1), data.test.y.numpy()
    assert found["test_error_percent"] == pytest.approx(100 * np.mean(surest[clusters] != y))
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(y, clusters))
    assert found["ari"] == pytest.approx(adjusted_rand_score(y, clusters))
    assert found["neighbours_error_percent"] == pytest.approx(neighbours_error(method, data.test))
    assert found["head_distance_least"] == pytest.approx(pdist(method.heads.detach().numpy()).min(), rel=1e-6)
