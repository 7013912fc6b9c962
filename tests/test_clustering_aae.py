"""The clustering AAE, step by step against plain PyTorch, and what its recipes measure."""

import pytest
import tiny
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, evaluation, recipes
from course_utils.methods import ClusteringAAE
from course_utils.networks import count_parameters

N_CLUSTERS = 16
FACTORS = (1.0, 0.8, 0.4)  # what the noise of the three views of a step does, in order


class Dimmer(nn.Module):
    """Noise without chance: each call darkens the images by the next factor."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return FACTORS[(self.calls - 1) % len(FACTORS)] * x


def build(seed: int = 0, **options) -> ClusteringAAE:
    torch.manual_seed(seed)
    return tiny.class_style_aae(ClusteringAAE, "mlp", n_classes=N_CLUSTERS, corruption=Dimmer(), **options).train()


def by_hand(
    model: nn.Module, x: torch.Tensor, draws: list[torch.Tensor], weight_y: float, agreement: float
) -> dict[str, float]:
    """One training step with SGD in plain PyTorch; `draws`: samples of both priors."""
    both = [*model.discriminator_y.parameters(), *model.discriminator_z.parameters()]
    sgd = {
        "autoencoder": torch.optim.SGD([*model.encoder.parameters(), *model.decoder.parameters()], 0.01, momentum=0.9),
        "discriminators": torch.optim.SGD(both, 0.1, momentum=0.1),
        "generator": torch.optim.SGD(model.encoder.parameters(), 0.1, momentum=0.1),
    }

    def step(role: str, loss: torch.Tensor) -> float:
        model.zero_grad()
        loss.backward()
        sgd[role].step()
        return loss.item()

    def game(logits: torch.Tensor, real: float) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

    n = len(x)
    logits, z = model.encoder(FACTORS[0] * x)
    x_hat = model.decoder(torch.cat([logits.softmax(1), z], 1))
    losses = {"reconstruction": step("autoencoder", F.mse_loss(x_hat, x, reduction="sum") / 2 / n)}
    logits, z = (part.detach() for part in model.encoder(FACTORS[1] * x))
    d_y = game(model.discriminator_y(draws[0]), 1) + game(model.discriminator_y(logits.softmax(1)), 0)
    d_z = game(model.discriminator_z(draws[1]), 1) + game(model.discriminator_z(z), 0)
    step("discriminators", d_y + d_z)
    logits, z = model.encoder(FACTORS[1] * x)
    g_y, g_z = game(model.discriminator_y(logits.softmax(1)), 1), game(model.discriminator_z(z), 1)
    games = {"discriminator_y": d_y, "discriminator_z": d_z, "generator_y": g_y, "generator_z": g_z}
    wanted = weight_y * g_y + g_z
    if agreement:
        other = model.encoder(FACTORS[2] * x)[0].softmax(1)
        games["agreement"] = -(logits.softmax(1) * other).sum(1).log().mean()
        wanted = wanted + agreement * games["agreement"]
    step("generator", wanted)
    return losses | {name: loss.item() for name, loss in games.items()}


@pytest.mark.parametrize("weight_y, agreement", [(1.0, 0.0), (1.0, 0.7), (3.0, 0.3)])
def test_a_training_step_is_that_of_plain_pytorch(weight_y, agreement):
    method = build(weight_y=weight_y, weight_agreement=agreement)
    twin = build(weight_y=weight_y, weight_agreement=agreement)
    x = tiny.images(16).x
    draws = [F.one_hot(torch.arange(16), N_CLUSTERS).float(), torch.randn(16, tiny.LATENT_DIM)]
    method.prior_y.sample = lambda n: draws[0]
    method.prior.sample = lambda n: draws[1]
    logged = method.training_step({"x": x})
    expected = by_hand(twin, x, draws, weight_y, agreement)
    assert {name: loss.item() for name, loss in logged.items()} == pytest.approx(expected, rel=1e-4)
    for (name, p), q in zip(method.named_parameters(), twin.named_parameters(), strict=True):
        assert torch.allclose(p, q[1], atol=1e-6), name


def test_labels_are_not_looked_at():
    method, twin = build(), build()
    x = tiny.images(16).x
    for model, y in ((method, torch.zeros(16)), (twin, torch.arange(16))):
        torch.manual_seed(1)
        model.training_step({"x": x, "y": y})
    assert tiny.same(tiny.state(method), tiny.state(twin))


@pytest.mark.parametrize("agreement, views", [(0.0, 2), (0.3, 3)])
def test_a_third_view_is_only_drawn_for_agreement(agreement, views):
    method = build(weight_agreement=agreement)
    method.training_step({"x": tiny.images(16).x})
    assert method.corruption.calls == views


def test_each_role_moves_its_own_networks():
    method = build(weight_agreement=0.3)
    parts = ("encoder.trunk", "encoder.head_y", "encoder.head_z", "decoder", "discriminator_y", "discriminator_z")
    moved, minimize = {}, method.minimize

    def traced(**losses):
        before = {name: p.clone() for name, p in method.named_parameters()}
        minimize(**losses)
        changed = [name for name, p in method.named_parameters() if not p.equal(before[name])]
        moved[tuple(losses)] = {part for part in parts if any(name.startswith(part) for name in changed)}

    method.minimize = traced
    method.training_step({"x": tiny.images(16).x})
    encoder = {"encoder.trunk", "encoder.head_y", "encoder.head_z"}
    assert moved == {
        ("autoencoder",): encoder | {"decoder"},
        ("discriminator_y", "discriminator_z"): {"discriminator_y", "discriminator_z"},
        ("generator",): encoder,
    }


def test_a_silenced_adversary_only_watches():
    """With weight_y = 0 the encoder's step does not depend on the discriminator of y, which still learns."""
    method, twin = build(weight_y=0.0), build(weight_y=0.0)
    for p in twin.discriminator_y.parameters():
        p.data.mul_(-3.0)
    start = tiny.state(method.discriminator_y)
    for model in (method, twin):
        torch.manual_seed(1)
        model.training_step({"x": tiny.images(16).x})
    assert tiny.same(tiny.state(method.encoder), tiny.state(twin.encoder))
    assert not tiny.same(tiny.state(method.discriminator_y), start)


# ---- what the recipes measure -----------------------------------------------------------------------------------


class Sorter(nn.Module):
    """Probabilities of clusters that are written in the first pixels of an image."""

    def __init__(self):
        super().__init__()
        self.inner = build().eval()

    def __getattr__(self, name):
        return super().__getattr__(name) if name == "inner" else getattr(super().__getattr__("inner"), name)

    def probabilities(self, x):
        return x.flatten(1)[:, :4].softmax(1)


@pytest.fixture
def sorted_images():
    """A model and data whose q(y|x) are known: the first four pixels are the logits of four clusters."""
    generator = torch.Generator().manual_seed(3)
    x = 3 * torch.rand(500, *tiny.IMAGE, generator=generator)
    y = torch.randint(0, 3, (500,), generator=generator)
    x.flatten(1)[torch.arange(500), y] += 1.5  # the clusters have something to do with the classes
    images = datasets.Images(x, y)
    held_out = datasets.Images(x[300:], y[300:])
    return Sorter(), datasets.Splits("known", images, images.first(300), held_out)


def by_loops(q: torch.Tensor, y: torch.Tensor) -> tuple[list[int], list[int]]:
    """The labels of all clusters by both rules."""
    rows, classes = q.tolist(), y.tolist()
    confident, majority = [], []
    for k in range(q.shape[1]):
        confident.append(classes[max(range(len(rows)), key=lambda i: rows[i][k])])
        inside = [c for row, c in zip(rows, classes, strict=True) if max(row) == row[k]]
        majority.append(max(sorted(set(inside)), key=inside.count))
    return confident, majority


def test_the_evaluation_by_scikit_learn_and_by_loops(sorted_images):
    from scipy.stats import entropy
    from sklearn.metrics import accuracy_score, adjusted_rand_score, normalized_mutual_info_score

    model, data = sorted_images
    confident, majority = by_loops(model.probabilities(data.validation.x), data.validation.y)
    assert confident != majority  # so that the two rules cannot be mixed up below
    numbers = evaluation.clustering(model, data)
    q, y = model.probabilities(data.test.x), data.test.y
    clusters = q.argmax(1).tolist()
    for name, labels in {"test_error_percent": confident, "test_error_majority_percent": majority}.items():
        expected = 100 * (1 - accuracy_score(y, [labels[k] for k in clusters]))
        assert numbers[name] == pytest.approx(expected, abs=1e-4)
    assert numbers["nmi"] == pytest.approx(normalized_mutual_info_score(y, clusters))
    assert numbers["ari"] == pytest.approx(adjusted_rand_score(y, clusters))
    assert numbers["clusters_used"] == len(set(clusters))
    assert numbers["confidence_percent"] == pytest.approx(100 * q.max(1).values.mean().item(), abs=1e-3)
    assert numbers["class_balance"] == pytest.approx(entropy(q.mean(0).double().numpy(), base=4), abs=1e-5)
    assert numbers["parameters"] == count_parameters(model)


def test_curves_name_the_clusters_by_the_images_that_they_count(sorted_images):
    from sklearn.metrics import accuracy_score, normalized_mutual_info_score

    model, data = sorted_images
    numbers = evaluation.validation_clustering(model, data)
    q, y = model.probabilities(data.validation.x), data.validation.y
    clusters = q.argmax(1).tolist()
    names = dict(zip(("validation_error_percent", "validation_error_majority_percent"), by_loops(q, y), strict=True))
    for name, labels in names.items():
        assert numbers[name] == pytest.approx(100 * (1 - accuracy_score(y, [labels[k] for k in clusters])), abs=1e-4)
    assert numbers["validation_nmi"] == pytest.approx(normalized_mutual_info_score(y, clusters))


@pytest.mark.parametrize("n_rare, used", [(4, 1), (5, 2)])
def test_a_cluster_counts_as_used_from_half_a_percent_of_the_images(n_rare, used):
    class Rare(Sorter):
        def probabilities(self, x):
            return F.one_hot(torch.where(torch.arange(len(x)) < n_rare, 2, 0), 4).float()

    images = tiny.images(1_000)
    data = datasets.Splits("noise", images, images, images)
    assert evaluation.clustering(Rare(), data)["clusters_used"] == used


@pytest.mark.parametrize("name", sorted(name for name in recipes.ALL if name.startswith("clustering_aae")))
def test_every_recipe_has_the_clusters_of_its_name_and_takes_a_step(name):
    method = recipes.ALL[name].method(0).train()
    n = int(name.split("_")[2])
    assert method.encoder.n_classes == method.prior_y.n_classes == n
    has_norm = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in method.encoder.modules())
    assert has_norm == ("no_batch_norm" not in name)
    agrees = "improved" in name and "no_agreement" not in name
    assert (method.weight_agreement > 0) == agrees
    if "published" not in name:  # 3,000 units take their time
        losses = method.training_step({"x": torch.rand(8, 1, 28, 28)})
        assert ("agreement" in losses) == agrees and all(loss.isfinite() for loss in losses.values())
