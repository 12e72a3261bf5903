"""The paired test against its formula and its level, ranks against the worked example of the paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import f as f_distribution
from scipy.stats import friedmanchisquare, rankdata, ttest_1samp

from benchmarks.statistics import (
    compare_ranks,
    critical_difference,
    estimate_mean,
    friedman_p_value,
    paired_difference,
    paired_p_value,
)


def test_mean_and_standard_error() -> None:
    estimate = estimate_mean([1.0, 2.0, 3.0, 6.0])
    assert estimate.mean == 3.0
    assert estimate.standard_error == pytest.approx(math.sqrt(14 / 3 / 4))
    assert math.isnan(estimate_mean([5.0]).standard_error)


def test_without_shared_rows_it_is_the_paired_t_test() -> None:
    values = np.random.default_rng(0).normal(0.3, 1.0, 8)
    expected = ttest_1samp(values, 0.0).pvalue
    assert paired_p_value(values, n_train=10**12, n_test=1) == pytest.approx(expected)


def test_shared_rows_widen_the_error() -> None:
    # The statistic shrinks by sqrt(1 / 5 / (1 / 5 + 1 / 4)) = 2 / 3.
    values = [1.0, 2.0, 3.0, 2.0, 2.0]
    t = ttest_1samp(values, 0.0).statistic * 2 / 3
    scaled = np.array(values) - 2.0 + t * np.std(values, ddof=1) / np.sqrt(5)
    assert paired_p_value(values, 400, 100) == pytest.approx(ttest_1samp(scaled, 0.0).pvalue)


def test_level_of_the_test_on_overlapping_splits() -> None:
    """Two methods that are equally good, on ten 90/10 splits of one table after another."""
    generator = np.random.default_rng(3)
    corrected, plain, n_tables = 0, 0, 1000
    for _ in range(n_tables):
        difference_of_row = generator.standard_normal(100)
        values = [float(np.mean(generator.permutation(difference_of_row)[:10])) for _ in range(10)]
        corrected += paired_p_value(values, 90, 10) < 0.05
        plain += paired_p_value(values, 10**12, 1) < 0.05
    assert abs(corrected / n_tables - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n_tables)
    assert plain / n_tables > 0.1


@pytest.mark.parametrize(("values", "expected"), [([0.3], 1.0), ([0.0, 0.0], 1.0), ([0.2, 0.2], 0.0)])
def test_where_there_is_nothing_to_test(values: list[float], expected: float) -> None:
    assert paired_p_value(values, 90, 10) == expected


def test_difference_of_two_methods() -> None:
    difference = paired_difference([1.0, 5.0, 9.0], [1.2, 5.3, 9.2], 1 / 9)
    assert difference.mean == pytest.approx(-0.7 / 3)
    assert difference.standard_error == pytest.approx(math.sqrt((1 / 3 + 1 / 9) * np.var([-0.2, -0.3, -0.2], ddof=1)))
    assert difference.p_value == pytest.approx(paired_p_value([-0.2, -0.3, -0.2], 90, 10))
    assert math.isnan(paired_difference([1.0], [2.0]).standard_error)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (7, 2.949), (10, 3.164)])
def test_critical_values_are_those_of_the_printed_table(k: int, q: float) -> None:
    # Demsar (2006), table 5 a.
    assert critical_difference(k, 20) == pytest.approx(q * math.sqrt(k * (k + 1) / 120), rel=4e-4)


def test_statistic_of_the_worked_example() -> None:
    # Demsar (2006), section 3.2.2: 14 data sets, chi2 = 9.28, F = 3.69 with 3 and 39 degrees of freedom.
    average_ranks = np.tile([3.143, 2.000, 2.893, 1.964], (14, 1))
    assert friedman_p_value(average_ranks) == pytest.approx(f_distribution.sf(3.69, 3, 39), abs=2e-4)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)


def test_ranks_are_averaged_over_data_sets_best_first() -> None:
    table = {"a": {"x": 2.0, "y": 1.0, "z": 3.0}, "b": {"x": 5.0, "y": 4.0, "z": 4.0}, "c": {"x": 1, "y": 2, "z": 3}}
    comparison = compare_ranks(table)
    assert list(comparison.ranks.items()) == [("y", 4.5 / 3), ("x", 2.0), ("z", 7.5 / 3)]
    ranks = np.array([[2, 1, 3], [3, 1.5, 1.5], [1, 2, 3]])
    assert comparison.p_value == friedman_p_value(ranks)
    assert comparison.critical_difference == critical_difference(3, 3)


def test_friedman_statistic_without_ties_is_that_of_scipy() -> None:
    scores = np.random.default_rng(0).standard_normal((9, 4)) + 0.3 * np.arange(4)
    chi2 = friedmanchisquare(*scores.T).statistic
    expected = f_distribution.sf(8 * chi2 / (9 * 3 - chi2), 3, 24)
    assert friedman_p_value(rankdata(scores, axis=1)) == pytest.approx(expected)
    assert friedman_p_value(np.tile([1.0, 2.0, 3.0], (4, 1))) == 0.0


def test_ranks_are_of_methods_with_a_score_everywhere() -> None:
    table = {"a": {"x": 1.0, "y": 2.0, "z": math.nan}, "b": {"x": 3.0, "y": 1.0, "z": 0.0, "w": 5.0}}
    comparison = compare_ranks(table)
    assert comparison.ranks == {"x": 1.5, "y": 1.5}
    assert comparison.datasets == ("a", "b")


def test_ties_share_their_ranks_and_one_data_set_tells_nothing_apart() -> None:
    comparison = compare_ranks({"a": {"x": 1.0, "y": 2.0, "z": 1.0}})
    assert comparison.ranks == {"x": 1.5, "z": 1.5, "y": 3.0}
    assert (comparison.p_value, comparison.critical_difference) == (1.0, math.inf)
    assert compare_ranks({}).ranks == {}
