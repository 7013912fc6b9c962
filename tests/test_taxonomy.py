"""The taxonomy: what is called, with which arguments, and what counts as an answer."""

import pytest
import tiny
import torch
from torch.distributions import Independent, Normal

from course_utils import taxonomy

IMAGES = tiny.images(6)

# By hand, from the papers: a GAN only samples, an autoencoder only encodes, an AAE does both, a VAE has a bound too.
EXPECTED = {
    "gan mlp": {"sample"},
    "moment_matching mlp": {"sample"},
    "autoencoder mlp": {"encode"},
    "aae deterministic": {"sample", "encode"},
    "vae bernoulli": {"sample", "encode", "bound"},
    "conditional_vae": {"sample", "encode", "bound"},
    "anogan conv": {"sample"},
    "ganomaly conv": {"encode"},
    "skip_ganomaly conv": set(),
    "semi_supervised_aae mlp": {"sample", "encode"},
    "classifier mlp": set(),
}


class PixelGaussian:
    """An explicit density whose answers are known: independent N(0.5, 0.1^2) pixels."""

    density = Independent(Normal(torch.full(tiny.IMAGE, 0.5), 0.1), 3)

    def sample(self, n):
        return self.density.sample((n,))

    def log_prob(self, x):
        return self.density.log_prob(x)


class Broken:
    """Returns what it is told to."""

    def __init__(self, operation, answer):
        setattr(self, taxonomy.OPERATIONS[operation], lambda x: answer)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_method_has_the_abilities_its_paper_gives_it(name):
    method = tiny.build(name).eval()
    can = taxonomy.abilities(method, IMAGES.x, IMAGES.y)
    assert {operation for operation, there in can.items() if there} == EXPECTED[name]


def test_answers_are_those_of_the_model():
    model = PixelGaussian()
    found = taxonomy.answers(model, IMAGES.x)
    by_hand = -0.5 * ((IMAGES.x - 0.5) / 0.1).square() - torch.tensor(0.1 * (2 * torch.pi) ** 0.5).log()
    assert torch.allclose(found["log-likelihood"], by_hand.sum((1, 2, 3)), rtol=1e-5)
    assert found["sample"].shape == IMAGES.x.shape and found["encode"] is None and found["bound"] is None


def test_codes_of_a_conditional_model_depend_on_the_classes_it_is_given():
    method = tiny.build("conditional_vae").eval()
    codes = taxonomy.answers(method, IMAGES.x, IMAGES.y)["encode"]
    assert torch.equal(codes, method.encode(IMAGES.x, IMAGES.y))
    assert not torch.allclose(codes, method.encode(IMAGES.x, IMAGES.y.flip(0)))


def test_a_model_that_asks_for_classes_says_so():
    with pytest.raises(ValueError, match="asks for y"):
        taxonomy.answers(tiny.build("conditional_vae").eval(), IMAGES.x)


class Asks:
    """Methods that tell what they were called with."""

    def with_classes(self, x, y):
        return x, y

    def with_number(self, n, y=None, seed=5):
        return n, y, seed

    def with_anything(self, *args, x, temperature=1.0, **options):
        return args, x, temperature, options

    def with_nothing(self):
        return "nothing"


def test_what_a_method_asks_for_is_what_it_cannot_do_without():
    model, (x, y) = Asks(), (IMAGES.x, IMAGES.y)
    assert taxonomy.asked(model.with_classes) == ["x", "y"]
    assert taxonomy.asked(model.with_number) == ["n"]
    assert taxonomy.asked(model.with_nothing) == []
    assert all(a is b for a, b in zip(taxonomy.call(model.with_classes, x, y), (x, y), strict=True))
    assert taxonomy.call(model.with_number, x, y) == (6, None, 5), "what it can do without, it is not given"
    assert taxonomy.call(model.with_number, x) == (6, None, 5)
    args, images, temperature, options = taxonomy.call(model.with_anything, x, y)
    assert (args, temperature, options) == ((), 1.0, {}) and images is x
    assert taxonomy.call(model.with_nothing, x, y) == "nothing"
    with pytest.raises(ValueError, match=r"with_classes asks for y: give the classes of the images as y"):
        taxonomy.call(model.with_classes, x)


def test_classes_that_are_optional_are_drawn():
    """A class-and-style AAE is asked for n images of any class, not for those of the classes at hand."""
    method = tiny.build("semi_supervised_aae mlp").eval()
    assert taxonomy.asked(method.sample) == ["n"]
    torch.manual_seed(1)
    found = taxonomy.answers(method, IMAGES.x, IMAGES.y)["sample"]
    torch.manual_seed(1)
    assert torch.equal(found, method.sample(6))


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("sample", torch.zeros(6, 2)),
        ("encode", torch.zeros(5, 2)),
        ("encode", torch.zeros(6)),
        ("log-likelihood", torch.zeros(6, 1)),
        ("bound", torch.tensor(0.0)),
        ("bound", torch.full((6,), torch.nan)),
        ("sample", torch.full((6, *tiny.IMAGE), torch.inf)),
    ],
)
def test_a_wrong_answer_is_no_ability(operation, answer):
    with pytest.raises(ValueError, match=operation):
        taxonomy.abilities(Broken(operation, answer), IMAGES.x)


@pytest.mark.parametrize(
    ("can", "kind"),
    [
        ({"sample", "log-likelihood"}, "explicit density, tractable"),
        ({"sample", "encode", "log-likelihood", "bound"}, "explicit density, tractable"),
        ({"sample", "encode", "bound"}, "explicit density, approximate"),
        ({"sample", "encode"}, "implicit density"),
        ({"encode"}, "no generative model"),
    ],
)
def test_kind(can, kind):
    assert taxonomy.kind({operation: operation in can for operation in taxonomy.OPERATIONS}) == kind
