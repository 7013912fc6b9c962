"""What the recipes of notebook 08 are measured by."""

import pytest
import torch

from course_utils import datasets, distributions, evaluation, networks, recipes
from course_utils.datasets import Images, Splits
from course_utils.methods import Method


class Placed(Method):
    """A "model" whose codes are known: image i has the code z[i]; all codes decode to upright strokes."""

    def __init__(self, prior, z):
        super().__init__()
        self.prior, self.z = prior, torch.nn.Parameter(z)
        self.encoder = self

    def sample(self, x):
        return self.z

    def decoder(self, z):
        x = torch.zeros(len(z), 1, 28, 28)
        x[:, :, 5:20, 12:15] = 1
        return x


def splits(y):
    part = Images(torch.zeros(len(y), 1, 28, 28), y)
    return Splits("blank", part, part, part)


Y = torch.arange(400) % 10
PRIORS = {
    "mixture": (distributions.ten_gaussians(), evaluation.mixture_parts),
    "roll": (distributions.SwissRoll(), evaluation.roll_parts),
}


@pytest.mark.parametrize("kind", PRIORS)
def test_codes_drawn_from_their_own_parts_are_all_in_place(kind):
    prior, evaluate = PRIORS[kind]
    torch.manual_seed(0)
    numbers = evaluate(Placed(prior, prior.sample(400, Y)), splits(Y))
    assert numbers["own_part_percent"] > 98  # petals overlap a little near the middle, pieces of the roll touch
    assert numbers["matched_part_percent"] >= numbers["own_part_percent"]
    assert abs(numbers["part_energy_distance"]) < 0.02
    assert abs(numbers["energy_distance"]) < 0.02


@pytest.mark.parametrize("kind", PRIORS)
def test_classes_in_each_others_parts_fit_the_prior_and_not_the_labels(kind):
    prior, evaluate = PRIORS[kind]
    torch.manual_seed(0)
    numbers = evaluate(Placed(prior, prior.sample(400, (Y + 1) % 10)), splits(Y))
    assert numbers["own_part_percent"] < 2
    assert numbers["matched_part_percent"] > 98
    assert numbers["part_energy_distance"] > 0.5
    assert abs(numbers["energy_distance"]) < 0.02


def test_shares_of_single_classes():
    prior = distributions.ten_gaussians()
    z = prior.means[Y].clone()
    z[Y == 4] = prior.means[5]
    numbers = evaluation.parts(Placed(prior, z), splits(Y))
    assert [numbers[f"own_part_percent_of_{k}"] for k in range(10)] == [0 if k == 4 else 100 for k in range(10)]
    assert numbers["own_part_percent"] == pytest.approx(90)


class Leaning(Placed):
    """Decodes to a stroke that leans by the first coordinate inside its component, as far to the right as it says."""

    def __init__(self, prior, flipped=()):
        super().__init__(prior, prior.sample(400, Y))
        self.flipped = flipped

    def decoder(self, z):
        k = self.prior.component(z)
        sign = torch.tensor([-1.0 if i in self.flipped else 1.0 for i in range(10)])
        lean = sign[k] * self.prior.whitened(z, k)[:, 0]
        rows = torch.arange(28.0)[:, None]
        centre = 13.5 + 0.2 * lean[:, None, None] * (13.5 - rows)
        return ((torch.arange(28.0) - centre).abs() < 1.5).float()[:, None]


def test_agreement_of_styles_sees_a_component_that_is_turned_around():
    torch.manual_seed(0)
    prior = distributions.ten_gaussians()
    straight = evaluation.mixture_parts(Leaning(prior), splits(Y))
    turned = evaluation.mixture_parts(Leaning(prior, flipped=(1,)), splits(Y))
    assert straight["slant_agreement"] > 0.9 > 0 > straight["slant_agreement_if_reflected"]
    assert turned["slant_agreement"] == pytest.approx(-1 / 3, abs=0.1)  # one of three pairs agrees
    assert straight["slant_agreement_of_all"] > turned["slant_agreement_of_all"] > 0.4


class Bent(Placed):
    """Decodes along the roll to strokes that are upright in the middle of each part and lean at its ends."""

    def decoder(self, z):
        place = (10 * self.prior.position(z)) % 1
        rows = torch.arange(28.0)[:, None]
        centre = 13.5 + (place - 0.5)[:, None, None] * (13.5 - rows)
        return ((torch.arange(28.0) - centre).abs() < 1.5).float()[:, None]


def test_a_walk_that_is_upright_in_the_middle_of_each_part_is_seen():
    torch.manual_seed(0)
    roll = distributions.SwissRoll()
    bent = evaluation.roll_parts(Bent(roll, roll.sample(400, Y)), splits(Y))
    flat = evaluation.roll_parts(Placed(roll, roll.sample(400, Y)), splits(Y))
    assert bent["upright_inside"] == 10 and flat["upright_inside"] == 0
    assert bent["slant_agreement"] > 0.9 and flat["slant_agreement"] == 0
    assert 0 <= bent["walk_classes"] <= 10


@pytest.mark.parametrize("name", ["labelled_ten_gaussians", "labelled_swiss_roll"])
def test_a_fifth_of_the_labels_is_seen_or_all(name):
    digits = datasets.load("digits")
    some, every = recipes.ALL[name].training_data(digits), recipes.ALL[f"{name}_all"].training_data(digits)
    n = len(digits.train)
    assert (some.images.y >= 0).sum() == len(some.labelled) == round(0.2 * n)
    assert len(some) == len(every) == n and (every.y >= 0).all()


def test_the_weights_to_be_shipped_are_small():
    names = ["labelled_ten_gaussians", "labelled_ten_gaussians_all", "labelled_swiss_roll", "labelled_swiss_roll_all"]
    methods = [recipes.ALL[name].method() for name in names]
    shipped = sum(networks.count_parameters(m.encoder) + networks.count_parameters(m.decoder) for m in methods)
    assert 2 * shipped < 4.5e6  # bytes, in half precision
