"""What holds for every metric, whatever the number, dimension and format of its points."""

import math
from pathlib import Path

import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import close, floats, normal, quick, rotation, seeds, sizes, uniform

from course_utils import distributions, metrics

PAIRS = {
    "energy_distance": metrics.energy_distance,
    "energy": lambda x, y: metrics.two_sample_test(x, y, n_permutations=5).statistic,
    "mmd": lambda x, y: metrics.two_sample_test(x, y, "mmd", n_permutations=5).statistic,
    "precision_recall": lambda x, y: sum(metrics.precision_recall(x, y, k=1)),
    "fid": metrics.fid,
    "kid": lambda x, y: metrics.kid(x, y, n_subsets=2),
}
DISTANCES_ONLY = [name for name in PAIRS if name != "kid"]  # kid's kernel knows where the origin is
numbers = st.integers(4, 8)


def two(seed: int, n: int, m: int, d: int, dtype=torch.float64):
    return normal(seed, n, d, dtype=dtype), normal(seed + 1, m, d, dtype=dtype) + 0.5


# ---- two samples ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
@quick
@given(seeds, numbers, sizes, st.randoms(use_true_random=False))
def test_neither_the_order_of_points_nor_of_samples_matters(name, seed, n, d, rng):
    x, y = two(seed, n, n, d)
    order = rng.sample(range(n), n)
    found = PAIRS[name](x, y)
    assert isinstance(found, float)
    assert math.isclose(PAIRS[name](x[order], y), found, rel_tol=1e-6, abs_tol=1e-6)
    assert math.isclose(PAIRS[name](y, x), found, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize("name", DISTANCES_ONLY)
@quick
@given(seeds, numbers, numbers, sizes)
def test_only_distances_between_points_matter(name, seed, n, m, d):
    x, y = two(seed, n, m, d)
    turned = rotation(seed, d)
    moved = PAIRS[name](x @ turned + 2, y @ turned + 2)
    assert math.isclose(moved, PAIRS[name](x, y), rel_tol=1e-5, abs_tol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
@quick
@given(seeds, numbers, sizes)
def test_points_that_do_not_fit_are_named(name, seed, n, d):
    x = normal(seed, n, d)
    for bad in (normal(seed, n, d + 1), normal(seed, n), normal(seed, n, d, 1)):
        with pytest.raises(ValueError, match="must") as error:
            PAIRS[name](x, bad)
        assert str(tuple(bad.shape)) in str(error.value)
    with pytest.raises(ValueError, match="at least two points on each side are needed, got 1"):
        PAIRS[name](x[:1], x)
    with pytest.raises(ValueError, match="NaN or infinite"):
        PAIRS[name](x, x / 0)


@quick
@given(seeds, numbers, numbers, sizes, st.floats(0.1, 10), floats)
def test_the_energy_distance_is_a_length_and_counts_in_double_precision(seed, n, m, d, factor, dtype):
    x, y = two(seed, n, m, d, dtype)
    found = metrics.energy_distance(x, y)
    assert math.isclose(metrics.energy_distance(factor * x.double(), factor * y.double()), factor * found, abs_tol=1e-9)


@quick
@given(seeds, numbers, numbers, sizes, st.integers(1, 30))
def test_p_values_are_shares_of_the_relabellings(seed, n, m, d, n_permutations):
    x, y = two(seed, n, m, d)
    p = metrics.two_sample_test(x, y, n_permutations=n_permutations).p_value
    assert p * (1 + n_permutations) == pytest.approx(round(p * (1 + n_permutations)))
    assert 1 / (1 + n_permutations) <= p <= 1
    far = metrics.two_sample_test(normal(seed, 8, d), normal(seed, 8, d) + 1e3, n_permutations=n_permutations)
    assert far.p_value <= (1 + 0.2 * n_permutations) / (1 + n_permutations)


@quick
@given(seeds, st.integers(5, 9), sizes)
def test_equal_sets_are_precise_and_complete_and_distant_ones_neither(seed, n, d):
    x = normal(seed, n, d)
    assert metrics.precision_recall(x, x) == (1, 1)
    assert metrics.precision_recall(x, x + 1e4) == (0, 0)
    assert abs(metrics.fid(x, x)) < 1e-6
    # the means alone differ: the squared distance between them
    assert metrics.fid(x, x + 2) == pytest.approx(4 * d, abs=1e-5)


@quick
@given(seeds, st.integers(1, 20), st.integers(2, 6))
def test_the_inception_score_lies_between_one_and_the_number_of_classes(seed, n, k):
    p = (3 * normal(seed, n, k)).softmax(1)
    assert 1 - 1e-9 <= metrics.inception_score(p) <= k + 1e-9
    assert metrics.inception_score(torch.cat([p, p])) == pytest.approx(metrics.inception_score(p))
    assert metrics.inception_score(p[:1].expand(n, k)) == pytest.approx(1)
    assert metrics.inception_score(torch.eye(k)) == pytest.approx(k)
    for bad in (p[0], 2 * p, p[None]):
        with pytest.raises(ValueError, match="must be") as error:
            metrics.inception_score(bad)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, sizes, sizes, st.integers(2, 6), st.floats(0.1, 10))
def test_sharpness_is_of_each_image_whatever_its_contrast(seed, n, c, side, contrast):
    x = uniform(seed, n, c, side, side + 1) + 0.1
    found = metrics.sharpness(x)
    assert found.shape == (n,)
    assert found.dtype == x.dtype
    assert (found > 0).all()
    assert close(metrics.sharpness(contrast * x), found)
    assert close(metrics.sharpness(x.flip(0).flip(3).transpose(2, 3)), found.flip(0))
    with pytest.raises(ValueError, match="takes images"):
        metrics.sharpness(x[0])


@quick
@given(seeds, sizes, st.integers(1, 3), st.integers(5, 9), st.floats(0.1, 10))
def test_sharpness_by_region_adds_up_and_does_not_see_contrast(seed, n, c, side, contrast):
    x, margin = uniform(seed, n, c, side, side + 2), 2
    found = metrics.region_sharpness(x, margin)
    power = x.square().sum(1)
    inside = power[:, margin:-margin, margin:-margin].sum((1, 2))
    outside = power.sum((1, 2)) - inside
    energy = found.centre.square() * inside + found.border.square() * outside  # all steps of the image
    assert close(energy, metrics.sharpness(x).square() * power.sum((1, 2)))
    assert all(close(a, b) for a, b in zip(metrics.region_sharpness(contrast * x, margin), found, strict=True))
    turned = metrics.region_sharpness(x.flip(0).flip(3).transpose(2, 3), margin)
    assert all(close(a, b.flip(0)) for a, b in zip(turned, found, strict=True))
    for bad in (x[0], x[..., :4]):
        with pytest.raises(ValueError, match="larger than twice the margin 2"):
            metrics.region_sharpness(bad, margin)


# ---- codes ------------------------------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(3, 12), sizes, st.randoms(use_true_random=False), floats)
def test_holes_are_a_share_and_the_order_of_codes_does_not_matter(seed, n, d, rng, dtype):
    prior = distributions.Gaussian(d)
    z = normal(seed, n, d, dtype=dtype)
    share = metrics.holes(z, prior, k=2, n_probe=50)
    assert 0 <= share <= 1
    assert metrics.holes(z[rng.sample(range(n), n)], prior, k=2, n_probe=50) == share
    assert metrics.holes(z + 1e3, prior, k=2, n_probe=50) == 1
    for bad in (normal(seed, n, d + 1), normal(seed, n)):
        with pytest.raises(ValueError, match="must be") as error:
            metrics.holes(bad, prior)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, st.integers(2, 8), sizes, st.integers(1, 3))
def test_codes_know_no_more_than_which_image_it_was(seed, n, d, n_samples):
    """I(x; z) <= log N, by construction of q(z); and the left side is the closed form, which is not negative."""
    mu, logvar = 2 * normal(seed, n, d), 0.5 * normal(seed + 1, n, d)
    found = metrics.kl_decomposition(mu, logvar, distributions.Gaussian(d), n_samples)
    assert found.mutual_information <= math.log(n) + 1e-9
    assert found.kl >= 0
    twice = metrics.kl_decomposition(torch.cat([mu, mu]), torch.cat([logvar, logvar]), distributions.Gaussian(d))
    assert twice.kl == pytest.approx(found.kl)
    for bad in (logvar[:-1], logvar[:, None], logvar[0]):
        with pytest.raises(ValueError, match="must both be") as error:
            metrics.kl_decomposition(mu, bad, distributions.Gaussian(d))
        assert str(tuple(bad.shape)) in str(error.value)


# ---- likelihoods ------------------------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(1, 6), sizes, st.integers(1, 4), st.floats(0.1, 5), st.integers(1, 7), floats)
def test_the_parzen_window_is_a_mixture_of_gaussians(seed, n, b, d, width, chunk, dtype):
    samples, x = normal(seed, n, d, 2, dtype=dtype), normal(seed + 1, b, d, 2, dtype=dtype)
    found = metrics.parzen_log_likelihood(samples, x, width, chunk)
    normals = torch.distributions.Normal(samples.double().flatten(1), width)
    expected = normals.log_prob(x.double().flatten(1)[:, None]).sum(2).logsumexp(1) - math.log(n)
    assert found.shape == (b,)
    assert found.dtype == dtype
    assert torch.allclose(found.double(), expected, rtol=1e-3 if dtype == torch.float32 else 1e-6, atol=1e-3)
    doubled = metrics.parzen_log_likelihood(torch.cat([samples, samples]), x, width)
    assert close(doubled, metrics.parzen_log_likelihood(samples, x, width), torch.float32)
    widths = (0.5, 1.0, 2.0)
    assert metrics.choose_parzen_width(samples, x, widths) in widths


@quick
@given(seeds, sizes, sizes)
def test_parzen_names_shapes_that_do_not_fit(seed, n, d):
    samples = normal(seed, n, d)
    for bad in (normal(seed, n, d + 1), normal(seed, n, d, 1)):
        with pytest.raises(ValueError, match="one shape") as error:
            metrics.parzen_log_likelihood(samples, bad, 1.0)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, st.integers(1, 5), st.integers(1, 6), st.integers(1, 8))
def test_the_bound_is_one_number_an_image_however_it_is_cut_up(seed, n, k, chunk):
    vae = tiny.build("vae gaussian").eval()
    found = metrics.iwae_bound(vae, uniform(seed, n, *tiny.IMAGE, dtype=torch.float32), k, chunk)
    assert found.shape == (n,)
    assert found.isfinite().all()
    for bad in ({"k": 0}, {"k": 1, "chunk": 0}):
        with pytest.raises(ValueError, match="must be at least 1"):
            metrics.iwae_bound(vae, torch.zeros(1, *tiny.IMAGE), **bad)


# ---- modes ------------------------------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(1, 12), st.integers(2, 8), st.randoms(use_true_random=False))
def test_modes_are_counted_whatever_the_order(seed, n, k, rng):
    ring = distributions.ring_of_gaussians(k)
    samples = 2 * normal(seed, n, 2)
    found = metrics.modes_covered(samples, ring)
    assert 0 <= found.covered <= min(k, n)
    assert 0 <= found.high_quality <= 1
    assert metrics.modes_covered(samples[rng.sample(range(n), n)], ring) == found
    assert metrics.modes_covered(torch.cat([samples, samples]), ring) == found
    assert metrics.modes_covered(ring.means, ring) == (k, 1)
    for bad in (normal(seed, n, 3), normal(seed, n), normal(seed, n, 1)):
        with pytest.raises(ValueError, match="must be") as error:
            metrics.modes_covered(bad, ring)
        assert str(tuple(bad.shape)) in str(error.value)


# ---- images, retrieval, subspaces -------------------------------------------------------------------------------

OF_IMAGES = {"mse": metrics.mse, "psnr": metrics.psnr, "ssim": metrics.ssim, "ms_ssim": metrics.ms_ssim}


@pytest.mark.parametrize("name", OF_IMAGES)
@quick
@given(seeds, st.integers(1, 3), st.integers(1, 2), st.integers(12, 15), floats)
def test_images_are_compared_pair_by_pair_and_either_way(name, seed, n, channels, side, dtype):
    x, y = (uniform(seed + i, n, channels, side, side + 1, dtype=dtype) for i in (0, 1))
    found = OF_IMAGES[name](x, y)
    assert found.shape == (n,)
    assert found.dtype == dtype
    assert close(OF_IMAGES[name](y, x), found, torch.float32)
    assert close(OF_IMAGES[name](x.flip(0), y.flip(0)), found.flip(0), torch.float32)
    assert close(OF_IMAGES[name](x, x), {"mse": 0, "psnr": math.inf}.get(name, 1.0), torch.float32)
    for bad in (y[:, :, 1:], y[0], torch.cat([y, y])):
        with pytest.raises(ValueError, match="of one shape") as error:
            OF_IMAGES[name](x, bad)
        assert str(tuple(bad.shape)) in str(error.value)


@quick
@given(seeds, numbers, numbers, st.randoms(use_true_random=False))
def test_misplaced_mass_is_a_share_that_knows_no_order(seed, n, m, rng):
    x, y = two(seed, n, m, 2)
    share = metrics.misplaced_mass(x, y)
    assert 0 <= share <= 1 + 1e-12
    assert metrics.misplaced_mass(y, x[rng.sample(range(n), n)]) == pytest.approx(share)
    assert metrics.misplaced_mass(x, torch.cat([x, x])) == pytest.approx(0)
    assert metrics.misplaced_mass(torch.zeros(n, 2), torch.ones(m, 2)) == pytest.approx(1)
    with pytest.raises(ValueError, match="in the plane"):
        metrics.misplaced_mass(normal(seed, n, 3), normal(seed, m, 3))


@quick
@given(seeds, sizes, st.integers(2, 8), st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_nearest_codes_and_their_classes(seed, queries, n, bits, rng):
    a, b = normal(seed, queries, bits) > 0, normal(seed + 1, n, bits) > 0
    distances = metrics.hamming_distances(a, b)
    assert torch.equal(distances, (a[:, None] != b).sum(2).float())
    query_y, y = torch.arange(queries) % 2, torch.arange(n) % 2
    ks = range(1, n + 1)
    found = metrics.precision_at_k(distances, query_y, y, ks)
    assert ((found >= 0) & (found <= 1 + 1e-6)).all()
    order = rng.sample(range(n), n)
    assert close(metrics.precision_at_k(distances[:, order], query_y, y[order], ks), found, torch.float32)
    assert found[-1] == pytest.approx((query_y[:, None] == y).double().mean().item())  # all of them: no choice is left
    assert metrics.precision_at_k(distances, torch.ones(queries), torch.ones(n), ks).tolist() == pytest.approx([1] * n)
    with pytest.raises(ValueError, match=r"distances must be") as error:
        metrics.precision_at_k(distances[:, 1:], query_y, y, [1])
    assert str((queries, n - 1)) in str(error.value)


@quick
@given(seeds, st.integers(2, 6), st.integers(1, 5), st.data())
def test_a_subspace_does_not_depend_on_its_basis(seed, d, k, data):
    k = min(k, d - 1)
    basis = normal(seed, d, k)
    other = normal(seed + 1, d, k)
    mixed = basis @ (rotation(seed, k) * 2)
    angles = metrics.principal_angles(basis, other)
    assert torch.allclose(metrics.principal_angles(basis, mixed), torch.zeros(k).double(), atol=1e-4)
    assert torch.allclose(metrics.principal_angles(mixed, other), angles, atol=1e-4)
    assert torch.allclose(metrics.principal_angles(other, basis), angles, atol=1e-4)
    assert ((angles >= 0) & (angles <= 90 + 1e-6)).all()
    alone = metrics.angles_to_subspace(other, basis)
    assert torch.allclose(metrics.angles_to_subspace(3 * other, mixed), alone, atol=1e-4)
    assert (alone <= angles.max() + 1e-4).all()


@quick
@given(seeds, st.integers(4, 9), st.integers(1, 3), st.integers(1, 2))
def test_principal_components_leave_the_variance_they_say(seed, n, c, k):
    x = normal(seed, n, c, 2, dtype=torch.float32) + 1
    mean, directions, variances = metrics.principal_components(x, k)
    assert torch.allclose(directions.T @ directions, torch.eye(k), atol=1e-5)
    assert (variances.diff() <= 1e-5).all()
    left = (metrics.project(x, mean, directions) - x).square().flatten(1).sum(1).mean()
    assert left.item() == pytest.approx(variances[k:].sum().item(), abs=1e-4)
    assert torch.allclose(metrics.project(mean.expand(2, -1), mean, directions), mean.expand(2, -1), atol=1e-5)


# ---- Gaussian or not --------------------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(1, 3), st.integers(8, 12), st.integers(1, 3), floats, st.floats(1e-3, 1e3))
def test_normality_does_not_depend_on_place_units_or_order(seed, n_clouds, n, d, dtype, size):
    z = normal(seed, n_clouds, n, d, dtype=dtype).exp()
    factor = (rotation(seed, d) @ torch.diag(uniform(seed, d) + 0.5)).to(dtype)
    moved = (size * (z @ factor) + size).flip(1)
    for metric in (metrics.distance_to_gaussian, lambda z: torch.cat(metrics.mardia(z))):
        assert torch.allclose(metric(moved), metric(z), rtol=1e-2, atol=1e-2 if dtype == torch.float32 else 1e-6)
    assert torch.equal(metrics.is_flat(moved), metrics.is_flat(z))
    found = metrics.normality_test(z, n_simulated=9)
    assert found.p_value.shape == found.statistic.shape == (n_clouds,)
    assert torch.allclose(10 * found.p_value, (10 * found.p_value).round())
    assert torch.allclose(metrics.standardised(z).mean(1), torch.zeros(n_clouds, d).double(), atol=1e-9)


# ---- what codes hold of class and style ---------------------------------------------------------------------------


def classes_of(n: int, k: int) -> torch.Tensor:
    """Classes (n,) in turn."""
    return torch.arange(n) % k


@quick
@given(seeds, st.integers(2, 4), st.integers(1, 3), floats)
def test_probes_of_the_class_are_shares_and_do_not_depend_on_the_units_of_the_codes(seed, k, d, dtype):
    y = classes_of(40 * k, k)
    z = normal(seed, len(y), d, dtype=dtype)
    found, scaled = metrics.class_probe(z, y, k=3), metrics.class_probe(4 * z, y, k=3)
    assert all(0 <= share <= 1 for share in found)
    assert found.neighbours == scaled.neighbours and abs(found.linear - scaled.linear) < 0.05
    network = metrics.network_probe(z, y, hidden=4)
    assert 0 <= network.accuracy <= 1 and network.bits <= math.log2(k) + 1e-9
    with pytest.raises(ValueError, match="one"):
        metrics.class_probe(z, y[1:])
    with pytest.raises(ValueError, match="one class a code"):
        metrics.network_probe(z, y[1:])


@quick
@given(seeds, st.integers(1, 3), st.integers(1, 3), floats)
def test_style_is_explained_by_itself_and_not_by_what_is_constant_in_a_class(seed, k, d, dtype):
    y = classes_of(20 * k, k)
    z = 10 * normal(seed, len(y), d, dtype=dtype)
    attribute = 3 * z[:, 0] + 100 * y
    assert metrics.style_probe(z, attribute, y) > 0.98
    assert metrics.style_probe(torch.stack([y, y**2], 1).to(dtype), attribute, y) < 0.05
    with pytest.raises(ValueError, match="one entry an image"):
        metrics.style_probe(z, attribute[1:], y)


@quick
@given(seeds, st.integers(2, 6), st.integers(2, 4))
def test_style_is_kept_if_all_drawings_go_with_it_whatever_their_units(seed, n, k):
    y = classes_of(4 * n * k, k)
    source = normal(seed, len(y))
    deviation = source - torch.stack([source[y == c].mean() for c in range(k)])[y]
    drawn = torch.stack([(c + 1) * deviation + 7 * c for c in range(k)], 1)
    assert metrics.kept(source, y, drawn) == pytest.approx(1)
    assert metrics.kept(source, y, -drawn) == pytest.approx(-1)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    noisy = drawn + normal(seed + 1, *drawn.shape)
    assert metrics.kept(source[order], y[order], noisy[order]) == pytest.approx(metrics.kept(source, y, noisy))


@quick
@given(seeds, st.integers(1, 20), st.integers(2, 6), floats)
def test_classes_in_use_lie_between_one_and_all(seed, n, k, dtype):
    q = (3 * normal(seed, n, k)).softmax(1).to(dtype)
    used = metrics.effective_classes(q)
    assert 1 - 1e-5 <= used <= k + 1e-5
    assert metrics.effective_classes(q.flip(1)) == pytest.approx(used, rel=1e-4)
    assert metrics.effective_classes(torch.full((n, k), 1 / k, dtype=dtype)) == pytest.approx(k, rel=1e-4)


@quick
@given(seeds, st.integers(2, 6), st.integers(1, 3))
def test_distances_to_labelled_images_by_a_loop(seed, n, d):
    x, labelled = normal(seed, n, d), normal(seed + 1, 4, d)
    y, known = classes_of(n, 2), classes_of(4, 2)
    found = metrics.nearest_labelled(x, y, labelled, known)
    for i in range(n):
        away = (labelled - x[i]).square().sum(1).sqrt()
        assert found.own[i].item() == pytest.approx(away[known == y[i]].min().item(), abs=1e-6)
        assert found.other[i].item() == pytest.approx(away[known != y[i]].min().item(), abs=1e-6)


@quick
@given(seeds, st.integers(5, 40), st.integers(1, 5), floats)
def test_shares_of_full_bins_average_to_the_share_of_all(seed, n, bins, dtype):
    values, hit = normal(seed, n * bins, dtype=dtype), uniform(seed, n * bins) < 0.3
    found = metrics.share_by_quantile(values, hit, bins)
    assert found.share.mean().item() == pytest.approx(hit.double().mean().item())
    assert (found.value.diff() >= 0).all() and (found.error >= 0).all()


# ---- parts of a prior ---------------------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(2, 4), st.integers(3, 6), floats)
def test_fields_agree_with_their_copies_in_other_units(seed, k, n, dtype):
    field = normal(seed, n, n, dtype=dtype)
    copies = torch.stack([(i + 1) * field + i for i in range(k)])
    assert metrics.field_agreement(copies).correlation == pytest.approx(1, abs=1e-4)
    fields = normal(seed, k, n, n, dtype=dtype)
    found, reordered = metrics.field_agreement(fields), metrics.field_agreement(fields.flip(0))
    assert reordered.correlation == pytest.approx(found.correlation, abs=1e-6)
    assert all(-1 - 1e-6 <= value <= 1 + 1e-6 for value in found)


@quick
@given(seeds, st.integers(2, 5), st.integers(1, 30))
def test_renaming_the_parts_does_not_change_their_best_matching(seed, k, n):
    y = torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))
    parts = torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed + 1))
    names = torch.randperm(k, generator=torch.Generator().manual_seed(seed + 2))
    share = metrics.matched_share(parts, y, k)
    assert metrics.matched_share(names[parts], y, k) == share
    assert (parts == y).double().mean() <= share <= 1
    assert metrics.matched_share(names[y], y, k) == 1


@quick
@given(seeds, st.integers(1, 4), st.integers(5, 25), floats)
def test_rows_with_a_valley_are_counted_from_both_sides(seed, k, n, dtype):
    values = normal(seed, k, n, dtype=dtype)
    found = metrics.smaller_inside(values)
    assert 0 <= found <= k
    assert metrics.smaller_inside(values.flip(1)) in range(k + 1)
    valley = (torch.linspace(-1, 1, n, dtype=dtype) ** 2).expand(k, n)
    assert metrics.smaller_inside(valley) == k and metrics.smaller_inside(-valley) == 0


@quick
@given(seeds, st.integers(1, 30), st.integers(1, 6), st.integers(1, 4))
def test_names_of_clusters_go_with_the_clusters_and_with_the_classes(seed, n, k, n_classes):
    q = uniform(seed, n, k).softmax(1)
    y = (n_classes * uniform(seed + 1, n)).long()
    images, clusters = (torch.randperm(m, generator=torch.Generator().manual_seed(seed)) for m in (n, k))
    for rule in (metrics.label_by_most_confident, metrics.label_by_majority):
        found = rule(q, y)
        assert found.shape == (k,) and set(found.tolist()) <= set(y.tolist())
        assert torch.equal(rule(q[images], y[images]), found)
        assert torch.equal(rule(q[:, clusters], y), found[clusters])
    assert torch.equal(metrics.label_by_most_confident(q, y + 5), metrics.label_by_most_confident(q, y) + 5)
    assert torch.equal(metrics.label_by_majority(q, y + 5), metrics.label_by_majority(q, y) + 5)
    wrong = [
        (rule(q, y)[q.argmax(1)] != y).sum() for rule in (metrics.label_by_most_confident, metrics.label_by_majority)
    ]
    assert wrong[1] <= wrong[0]  # on the images that give the names no rule errs less than the majority


@quick
@given(seeds, st.integers(2, 40), st.integers(1, 5), st.integers(1, 5))
def test_a_partition_has_no_names_and_no_sides(seed, n, k, n_classes):
    clusters, y = (k * uniform(seed, n)).long(), (n_classes * uniform(seed + 1, n)).long()
    found = metrics.partition(clusters, y)
    assert 0 <= found.nmi <= 1 + 1e-9 and found.ari <= 1 + 1e-9
    renamed = metrics.partition(torch.randperm(k, generator=torch.Generator().manual_seed(seed))[clusters] + 7, y)
    assert found == pytest.approx(renamed) and metrics.partition(y, clusters) == pytest.approx(found)
    assert metrics.partition(y, y) == pytest.approx((1, 1))


# ---- anomalies ------------------------------------------------------------------------------------------------------


def some_abnormal(seed: int, n: int, shape: tuple[int, ...] = (), dtype=torch.float64):
    """Values in steps of a quarter, so that there are ties, and which of them are abnormal: always both kinds."""
    values = (4 * normal(seed, n, *shape)).round() / 4
    abnormal = uniform(seed + 1, n, *shape) < 0.4
    abnormal.view(n, -1)[:, 0], abnormal.view(n, -1)[:, -1] = True, False
    if not shape:
        abnormal[0], abnormal[-1] = True, False
    return values.to(dtype), abnormal


@quick
@given(seeds, st.integers(2, 30), floats)
def test_only_the_order_of_the_scores_matters(seed, n, dtype):
    scores, abnormal = some_abnormal(seed, n, dtype=dtype)
    for metric in (metrics.auroc, metrics.average_precision):
        found = metric(scores, abnormal)
        assert isinstance(found, float) and 0 <= found <= 1
        for monotone in (lambda s: 3 * s - 7, lambda s: s**3, lambda s: (s / 4).exp(), lambda s: s.sigmoid()):
            assert metric(monotone(scores.double()), abnormal) == pytest.approx(found)
        order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
        assert metric(scores[order], abnormal[order]) == pytest.approx(found)
        assert metric(torch.cat([scores, scores]), torch.cat([abnormal, abnormal])) == pytest.approx(found)
        assert metric(abnormal.double(), abnormal) == 1
    chance = metrics.auroc(scores, abnormal)
    assert metrics.auroc(-scores, abnormal) == pytest.approx(1 - chance), "upside down"
    assert metrics.auroc(scores, ~abnormal) == pytest.approx(1 - chance), "the kinds change places"
    assert metrics.auroc(torch.zeros(n), abnormal) == 0.5
    assert metrics.average_precision(torch.zeros(n), abnormal) == pytest.approx(abnormal.double().mean().item())


@quick
@given(seeds, st.integers(1, 5), st.integers(1, 4), st.integers(2, 5), floats)
def test_overlap_lies_between_none_and_all_and_has_no_unit(seed, n, h, w, dtype):
    maps, masks = some_abnormal(seed, n, (h, w), dtype)
    threshold = metrics.best_threshold(maps, masks)
    found = metrics.localisation(maps, masks, threshold)
    assert 0 <= found.iou <= 1
    assert found.auroc == pytest.approx(metrics.auroc(maps.flatten(), masks.flatten()))
    moved = metrics.localisation(maps.double() * 4 + 2, masks, 4 * threshold + 2)
    assert moved == pytest.approx(found, abs=1e-6)
    assert metrics.best_threshold(maps.double() * 4 + 2, masks) == pytest.approx(4 * threshold + 2)
    flipped = metrics.localisation(maps.flip(0, 2), masks.flip(0, 2), threshold)
    assert flipped == pytest.approx(found, abs=1e-6)
    # there are fewer pixels than quantiles: no value of the map separates better
    others = [metrics.localisation(maps, masks, value).iou for value in maps.unique().tolist()]
    assert max(others) <= found.iou + 1e-6
    assert metrics.localisation(masks.to(dtype), masks, 0.5) == (1, 1)
    alone = [metrics.localisation(maps[i : i + 1], masks[i : i + 1], threshold).iou for i in range(n)]
    assert sum(alone) / n == pytest.approx(found.iou, abs=1e-6)


def test_every_public_metric_is_here():
    functions = {name for name in metrics.__all__ if not isinstance(getattr(metrics, name), type)}
    source = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in functions if f"metrics.{name}" not in source} == set(), "state what holds for it, above"
