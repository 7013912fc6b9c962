"""The tables of the README, from made-up results."""

import json
import statistics

import pytest

from course_utils import results, tables
from course_utils.tables import Comparison

ERRORS = [0.1234, 0.2, 0.3]
COMPARISON = Comparison(
    rows=[("ours", "a_recipe"), ("theirs", "b_recipe")],
    columns=[("error", "error", 3), ("bound", "bound", 3)],
)


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Three seeds of a_recipe, all with an error, two with a bound."""
    monkeypatch.setattr(results, "ROOT", tmp_path)
    for seed, error in enumerate(ERRORS):
        numbers = {"error": error} | ({"bound": -90.0} if seed else {})
        result = {"seed": seed, "data": "mnist", "hardware": "a laptop", "numbers": numbers}
        results.save(results.path("a_recipe", "default", seed), result)


def test_mean_and_standard_deviation_as_statistics_has_them(stored):
    mean, spread = statistics.mean(ERRORS), statistics.stdev(ERRORS)
    row = COMPARISON.markdown().splitlines()[2]
    assert row == f"| ours | `a_recipe` | {mean:.3f} ± {spread:.3f} (n = 3) | – |", "bound: not measured for every seed"


def test_a_constant_has_no_standard_deviation(stored):
    constant = Comparison(rows=[("ours", "a_recipe")], columns=[("data", "seeds", 2)])
    for seed in (0, 1, 2):
        file = results.path("a_recipe", "default", seed)
        file.write_text(json.dumps(json.loads(file.read_text()) | {"numbers": {"seeds": 8.0}}))
    assert constant.markdown().splitlines()[2] == "| ours | `a_recipe` | 8 (all 3) |"


def test_what_was_not_run_says_so(stored):
    assert COMPARISON.markdown().splitlines()[3] == "| theirs | `b_recipe` | not run yet |  |"


def test_the_footnote_says_what_on_what_and_how_to_do_it_again(stored):
    footnote = COMPARISON.markdown().splitlines()[-1]
    for part in ("mode `default`", "data: mnist", "hardware: a laptop", "--seeds 0 1 2 --mode default"):
        assert part in footnote


def test_nothing_stored_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    for table in tables.TABLES.values():
        assert "ot run yet" in table()


def test_benchmarks_are_shown_with_their_hardware(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    rows = {
        name: {"seconds": [s, s], "megabytes": [m, m]}
        for name, s, m in [("ours", 2.0, 9.0), ("plain", 5.0, 8.0), ("pythae", 3.0, 10.0), ("floor", 1.8, 1.0)]
    }
    no_peer = {name: row for name, row in rows.items() if name != "pythae"}
    about = {"hardware": "a laptop", "steps": 500, "batch_size": 100, "versions": {"torch": "9.9"}}
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "x.json").write_text(json.dumps({**about, "models": {"aae": rows, "dcgan": no_peer}}))
    table = tables.benchmark()
    assert "| AAE | 2.0 s | 5.0 s | 3.0 s | 1.8 s | 2.50 | 1.50 | 90% | 0.90 |" in table
    assert "| DCGAN (convolutions) | 2.0 s | 5.0 s | - | 1.8 s | 2.50 | - | 90% | - |" in table
    assert "a laptop, torch 9.9; medians of 2 rounds." in table


def test_growth_is_shown_a_row_a_size(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    row = {"changed": "side", "size": 1_112, "milliseconds": 12.34, "microseconds_an_image": 123.4, "megabytes": 1_500}
    stored = {"hardware": "a laptop", "versions": {"torch": "9.9"}, "rows": [row]}
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "growth-x.json").write_text(json.dumps(stored))
    assert "| height and width | 1,112 | 12.3 ms | 123 µs | 1,500 MB |" in tables.growth()
    assert "Not run yet" in tables.benchmark()


def store_errors(recipe: str, mode: str, errors: list[float]) -> None:
    for seed, error in enumerate(errors):
        result = {"seed": seed, "data": "mnist", "hardware": "a laptop", "numbers": {"test_error_percent": error}}
        results.save(results.path(recipe, mode, seed), result)


def test_semi_supervised_errors_with_their_distance_to_the_paper(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    store_errors("semi_supervised_aae_100", "default", [4.0, 5.0, 6.0])
    store_errors("semi_supervised_aae_1000_published", "default", [9.0])  # not the paper's schedule: must not be shown
    store_errors("semi_supervised_aae_all_published", "full", [0.75])
    lines = tables.semi_supervised().splitlines()
    compressed = next(line for line in lines if "`semi_supervised_aae_N`" in line)
    assert "| 5.00 ± 1.00 (n = 3) [+3.10] | not run yet | not run yet |" in compressed
    published = next(line for line in lines if "_published`" in line)
    assert published.endswith("| not run yet | not run yet | 0.750 (n = 1) [-0.10] |")
    ablation = next(line for line in lines if "_affine`" in line)
    assert ablation.endswith("| not run yet |  |  |"), "there are no recipes of it with more labels"
    assert "1.90 ± 0.10 | 1.60 ± 0.08 | 0.85 ± 0.02" in lines[2]


def test_svhn_says_that_it_was_not_measured_until_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    assert "not measured here" in tables.semi_supervised().splitlines()[-1]
    store_errors("semi_supervised_aae_svhn_1000", "default", [20.0])
    assert "not measured" not in tables.semi_supervised() and "ours: 20.0 (n = 1)." in tables.semi_supervised()


def test_only_what_is_between_the_markers_is_rewritten(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "TABLES", {"x": lambda: "NEW"})
    text = "before\n<!-- table:x -->\nold\n<!-- end -->\nafter\n"
    once = tables.rewritten(text)
    assert once == "before\n<!-- table:x -->\n\nNEW\n\n<!-- end -->\nafter\n"
    assert tables.rewritten(once) == once
    path = tmp_path / "README.md"
    path.write_text(text)
    tables.rewrite(path)
    assert path.read_text() == once


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="no table 'nonsense'"):
        tables.rewritten("<!-- table:nonsense --><!-- end -->")


def line_of(recipe: str) -> list[str]:
    """The cells of an experiment in the table of the paper."""
    [line] = [line for line in tables.aae_paper().splitlines() if line.endswith(f"| `{recipe}` |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_papers_experiments_with_all_kinds_of_our_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    store_errors("clustering_aae_16", "default", [30.0, 32.0, 34.0])
    store_errors("clustering_aae_16_improved", "default", [5.0])
    store_errors("clustering_aae_16_published", "default", [1.0])  # not the paper's schedule: must not be shown
    store_errors("clustering_aae_30_published", "full", [4.6, 4.6])
    store_errors("semi_supervised_aae_svhn_1000", "default", [20.0])
    paper, published, compressed, improved = line_of("clustering_aae_16")[3:7]
    assert paper == "9.55 ± 2.05" and published == "not run yet"
    assert compressed == "32.0 ± 2.0 (n = 3) [+22.4]" and improved == "5.00 (n = 1) [-4.55]"
    assert line_of("clustering_aae_30")[4] == "4.60 ± 0.00 (n = 2) [+0.5]"
    assert line_of("semi_supervised_aae_svhn_1000")[3:7] == ["17.70 ± 0.30", "", "", "20.0 (n = 1) [+2.3]"]


def test_every_row_of_the_papers_table_has_a_recipe():
    from course_utils import recipes
    from course_utils.tables.aae_paper import EXPERIMENTS, KINDS

    for experiment in EXPERIMENTS:
        assert experiment.recipe in recipes.ALL
        assert any(experiment.name(kind) in recipes.ALL for kind in KINDS)


def test_anomalies_by_digit_are_means_over_seeds_and_a_mean_of_the_digits(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    scores = {digit: [0.5 + digit / 97, 0.6 + digit / 53] for digit in range(10)}
    for digit, found in scores.items():
        for seed, score in enumerate(found):
            stored = {"seed": seed, "hardware": "a laptop", "numbers": {"auroc_subset": score, "n_subset": 1000}}
            results.save(results.path(f"anomaly_vae_{digit}", "default", seed), stored)
    row = next(line for line in tables.TABLES["anomalies"]().splitlines() if line.startswith("| VAE "))
    by_digit = [statistics.mean(found) for found in scores.values()]
    assert row.split(" | ")[2:] == [*(f"{m:.3f}" for m in by_digit), f"{statistics.mean(by_digit):.3f}", "2 |"]


def test_a_mean_over_digits_waits_for_the_last_one(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    stored = {"seed": 0, "hardware": "a laptop", "numbers": {"auroc_subset": 0.75, "n_subset": 1000}}
    results.save(results.path("anomaly_aae_3", "default", 0), stored)
    row = next(line for line in tables.TABLES["anomalies"]().splitlines() if line.startswith("| AAE "))
    assert "0.750" in row and row.split(" | ")[-2:] == ["", "0 to 1 |"]


def test_the_gallery_puts_each_number_beside_the_one_without_the_idea(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    for recipe, fid in (("pix2pix", 21.0), ("pix2pix_l1", 34.0)):
        stored = {"seed": 0, "hardware": "a laptop", "numbers": {"fid": fid, "l1_error": fid / 1000}}
        stored["numbers"]["class_percent"] = 2 * fid
        results.save(results.path(recipe, "default", 0), stored)
    first, second, kept, third = tables.TABLES["gallery"]().splitlines()[2:6]
    assert first.count("21.0") == second.count("0.0210") == kept.count("42.0") == 1
    assert first.index("21.0") < first.index("L1 alone") < first.index("34.0")
    assert "not run yet" in third and "not run yet" not in first + second + kept


def test_every_number_of_the_gallery_has_a_recipe():
    from course_utils import recipes
    from course_utils.tables.gallery import ROWS

    assert {name for row in ROWS for name in (row.recipe, row.other_recipe)} <= recipes.ALL.keys()
