"""Distances between sets of images: against scipy, scikit-learn, formulas by hand, and answers known beforehand."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors
from torch import distributions as td

from course_utils import metrics


def features(n: int, d: int = 6, seed: int = 0, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)).relu() * (1 + shift) + shift


REAL, FAKE = features(400), features(300, seed=1, shift=0.3)


# ---- Frechet distance -------------------------------------------------------------------------------------------


def test_fid_is_the_frechet_distance_of_fitted_gaussians():
    a, b = REAL.double().numpy(), FAKE.double().numpy()
    s, t = np.cov(a.T), np.cov(b.T)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real)
    assert metrics.fid(REAL, FAKE) == pytest.approx(expected, rel=1e-6)


def test_fid_of_a_shift_is_its_squared_length_and_of_equal_sets_zero():
    shift = torch.tensor([1.0, 0, 0, 0, 0, 2])
    assert metrics.fid(REAL, REAL + shift) == pytest.approx(5.0, abs=1e-6)
    assert metrics.fid(REAL, REAL) == pytest.approx(0.0, abs=1e-6)


def test_fid_looks_at_moments_only():
    """Two very different sets of equal mean and covariance: the limit of the measure, pinned."""
    two_points = torch.tensor([[-1.0], [1.0]]).repeat(500, 1)
    normal = torch.randn(1_000, 1, generator=torch.Generator().manual_seed(0))
    normal = (normal - normal.mean()) / normal.std() * two_points.std()
    assert metrics.fid(two_points, normal) == pytest.approx(0.0, abs=1e-6)


# ---- kernel distance --------------------------------------------------------------------------------------------


def test_kid_of_whole_sets_is_the_unbiased_squared_mmd_of_the_cubic_kernel():
    a, b = REAL[:300].double().numpy(), FAKE.double().numpy()
    n = len(a)

    def kernel(u, v):
        return polynomial_kernel(u, v, degree=3, gamma=1 / u.shape[1], coef0=1)

    within = sum((kernel(u, u).sum() - np.trace(kernel(u, u))) / (n * (n - 1)) for u in (a, b))
    expected = within - 2 * kernel(a, b).mean()
    assert metrics.kid(REAL[:300], FAKE, subset=300, n_subsets=2) == pytest.approx(expected, rel=1e-6)


def test_kid_averages_random_subsets_with_its_own_seed():
    state = torch.random.get_rng_state()
    first = metrics.kid(REAL, FAKE, subset=50, n_subsets=10, seed=3)
    assert first == metrics.kid(REAL, FAKE, subset=50, n_subsets=10, seed=3)
    assert first != metrics.kid(REAL, FAKE, subset=50, n_subsets=10, seed=4)
    assert torch.equal(state, torch.random.get_rng_state())


def test_kid_scatters_round_zero_for_equal_distributions():
    values = [
        metrics.kid(features(200, seed=s), features(200, seed=100 + s), subset=100, n_subsets=5) for s in range(8)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(8) + 1e-3
    assert min(values) < 0 < metrics.kid(REAL, FAKE, subset=100, n_subsets=5)


# ---- inception-type score ---------------------------------------------------------------------------------------


def test_inception_score_is_the_exponential_of_the_mean_divergence():
    p = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)).softmax(1).double()
    divergence = td.kl_divergence(td.Categorical(p), td.Categorical(p.mean(0).expand_as(p))).mean()
    assert metrics.inception_score(p) == pytest.approx(divergence.exp().item())


@pytest.mark.parametrize(
    ("p", "score"),
    [(torch.eye(10), 10.0), (torch.full((7, 10), 0.1), 1.0), (torch.eye(10)[[3, 3, 3]], 1.0), (torch.eye(4)[:2], 2.0)],
)
def test_inception_score_of_known_cases(p, score):
    assert metrics.inception_score(p) == pytest.approx(score, rel=1e-6)


def test_inception_score_wants_probabilities():
    with pytest.raises(ValueError, match=r"rows summing to one, got shape \(5, 3\)"):
        metrics.inception_score(torch.ones(5, 3))


# ---- precision and recall ---------------------------------------------------------------------------------------


def test_precision_and_recall_against_scikit_learn():
    def inside(points, balls, k=3):
        neighbours = NearestNeighbors(n_neighbors=k + 1).fit(balls)
        radius = neighbours.kneighbors(balls)[0][:, -1]
        distances = scipy.spatial.distance.cdist(points, balls)
        return (distances <= radius).any(1).mean()

    a, b = REAL.double().numpy(), FAKE.double().numpy()
    found = metrics.precision_recall(REAL, FAKE)
    assert found.precision == pytest.approx(inside(b, a))
    assert found.recall == pytest.approx(inside(a, b))
    assert 0 < found.precision < 1 and 0 < found.recall < 1


def test_precision_and_recall_tell_fidelity_from_variety():
    line = torch.linspace(0, 1, 200)[:, None]
    half = line[:100] + 1e-3
    found = metrics.precision_recall(line, half)
    assert found.precision == 1.0
    assert found.recall == pytest.approx(0.5, abs=0.03)
    swapped = metrics.precision_recall(half, line)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)
    assert metrics.precision_recall(line, line + 10) == (0.0, 0.0)


@pytest.mark.parametrize("k", [0, 20])
def test_precision_and_recall_refuse_an_impossible_k(k):
    with pytest.raises(ValueError, match=f"k must lie between 1 and 19, got {k}"):
        metrics.precision_recall(REAL, FAKE[:20], k)


@pytest.mark.parametrize("metric", [metrics.fid, metrics.kid, metrics.precision_recall])
@pytest.mark.parametrize("fake", [torch.zeros(5, 3), torch.zeros(5), torch.full((9, 6), torch.nan), torch.zeros(1, 6)])
def test_features_that_do_not_fit_are_refused(metric, fake):
    with pytest.raises(ValueError, match=r"dimension|one row a point|NaN|at least two"):
        metric(REAL, fake)


# ---- sharpness --------------------------------------------------------------------------------------------------


def wave(frequency: float, side: int = 400) -> torch.Tensor:
    phase = frequency * torch.arange(side, dtype=torch.float64)
    return torch.sin(phase).expand(1, 1, side, side)


@pytest.mark.parametrize("frequency", [math.pi / 16, math.pi / 8, math.pi / 4])
def test_sharpness_of_a_wave_is_its_frequency(frequency):
    """By differences of neighbours: 2 sin(frequency / 2) instead of the frequency. The border adds a little."""
    assert metrics.sharpness(wave(frequency)).item() == pytest.approx(2 * math.sin(frequency / 2), rel=0.08)


def test_sharpness_of_one_white_pixel():
    """Four jumps of one, for one pixel of ink."""
    x = torch.zeros(1, 1, 9, 9)
    x[..., 4, 4] = 0.3
    assert metrics.sharpness(x).item() == pytest.approx(2.0)


def test_sharpness_ignores_contrast_and_place_but_not_blur():
    x = torch.zeros(3, 1, 28, 28)
    x[0, :, 5:15, 5:15] = 1
    x[1, :, 12:22, 8:18] = 0.4
    x[2] = torch.nn.functional.avg_pool2d(x[:1], 3, 1, 1)[0]
    sharp, moved, blurred = metrics.sharpness(x).tolist()
    assert sharp == pytest.approx(moved) and blurred < 0.8 * sharp


def test_sharpness_of_black_is_undefined_and_other_shapes_are_refused():
    assert metrics.sharpness(torch.zeros(1, 1, 8, 8)).isnan().all()
    with pytest.raises(ValueError, match=r"takes images \(N, C, H, W\), got shape \(8, 8\)"):
        metrics.sharpness(torch.zeros(8, 8))


def test_sharpness_by_region_is_that_of_pictures_with_one_region_only():
    """One white pixel has four steps of 1: a sharpness of 2. At the edge of its region half a step is the other's."""
    x = torch.zeros(3, 1, 28, 28)
    x[0, 0, 14, 14] = x[1, 0, 0, 14] = x[2, 0, 14, 7] = 1
    found = metrics.region_sharpness(x)
    nan = float("nan")
    torch.testing.assert_close(found.centre, torch.tensor([2.0, nan, 3.5**0.5]), equal_nan=True)
    torch.testing.assert_close(found.border, torch.tensor([nan, 2.0, nan]), equal_nan=True)
    plane = torch.zeros(1, 1, 28, 28)
    plane[..., 3:-3, 3:-3] = 0.5
    assert metrics.region_sharpness(plane).centre == 0
    assert metrics.region_sharpness(plane).border > 0
