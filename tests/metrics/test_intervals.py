"""Interval score, coverage and width against definitions, hand-computed values and independent libraries."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from uncertainty.metrics import coverage_confidence_interval, coverage_score, interval_score, mean_width

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "metrics.json").read_text())
# Inside, above by 1, below by 0.5, on the edge.
Y = [1.0, 5.0, -2.5, 3.0]
INTERVAL = [[0.0, 2.0], [1.0, 4.0], [-2.0, 1.0], [3.0, 3.5]]


def random_intervals(seed=0, n_rows=300):
    rng = np.random.default_rng(seed)
    centre, width = rng.normal(5.0, 2.0, n_rows), rng.uniform(0.5, 4.0, n_rows)
    return centre + rng.normal(size=n_rows), np.column_stack([centre - 0.6 * width, centre + 0.4 * width])


class TestValues:
    def test_four_rows_by_hand(self):
        assert mean_width(INTERVAL) == (2.0 + 3.0 + 3.0 + 0.5) / 4
        assert coverage_score(Y, INTERVAL) == 0.5
        assert_allclose(interval_score(Y, INTERVAL, 0.9), (2.0 + (3.0 + 20.0) + (3.0 + 10.0) + 0.5) / 4)
        assert_allclose(interval_score(Y, INTERVAL, 0.5, sample_weight=[1, 0, 3, 0]), (2.0 + 3 * (3.0 + 2.0)) / 4)
        assert coverage_score(Y, INTERVAL, sample_weight=[1, 2, 1, 4]) == 5 / 8

    def test_row_by_row_definition(self):
        y, interval = random_intervals()
        score, inside = [], []
        for value, (lower, upper) in zip(y, interval, strict=True):
            fine = lower - value if value < lower else value - upper if value > upper else 0.0
            score.append(upper - lower + 2 / 0.2 * fine)
            inside.append(lower <= value <= upper)
        assert 0.2 < np.mean(inside) < 0.9
        assert_allclose(interval_score(y, interval, 0.8), np.mean(score))
        assert coverage_score(y, interval) == np.mean(inside)

    def test_both_ends_belong_to_the_interval(self):
        assert coverage_score([0.0, 2.0, 2.1, -0.1], [[0.0, 2.0]] * 4) == 0.5

    def test_infinite_ends_are_one_sided(self):
        one_sided = [[-np.inf, 2.0], [4.0, np.inf]]
        assert coverage_score([1.0, 3.0], one_sided) == 0.5
        assert mean_width(one_sided) == np.inf
        assert interval_score([1.0, 3.0], one_sided, 0.9) == np.inf

    def test_several_targets_are_averaged(self):
        y, interval = random_intervals()
        y_two, interval_two = y.reshape(-1, 2), interval.reshape(-1, 2, 2)
        assert_allclose(interval_score(y_two, interval_two, 0.8), interval_score(y, interval, 0.8))
        assert_allclose(coverage_score(y_two, interval_two), coverage_score(y, interval))
        assert_allclose(mean_width(interval_two), mean_width(interval))

    def test_the_true_quantiles_score_best(self):
        y = stats.gamma(3.0).ppf((np.arange(4000) + 0.5) / 4000)
        low, high = stats.gamma(3.0).ppf([0.1, 0.9])
        best = interval_score(y, [[low, high]] * 4000, 0.8)
        for d_low, d_high in [(0.1, 0), (-0.1, 0), (0, 0.3), (0, -0.3), (-0.1, 0.3)]:
            assert interval_score(y, [[low + d_low, high + d_high]] * 4000, 0.8) > best + 1e-3


class TestLibraries:
    def test_scoringrules(self, scoringrules):
        y, interval = random_intervals(1)
        expected = scoringrules.interval_score(y, interval[:, 0], interval[:, 1], 0.1).mean()
        assert_allclose(interval_score(y, interval, 0.9), expected)

    def test_mapie(self):
        oracle = pytest.importorskip("mapie.metrics.regression")
        y, interval = random_intervals(2)
        assert_allclose(coverage_score(y, interval), oracle.regression_coverage_score(y, interval[..., None])[0])
        assert_allclose(mean_width(interval), oracle.regression_mean_width_score(interval[..., None])[0])
        assert_allclose(interval_score(y, interval, 0.9), oracle.regression_mwi_score(y, interval[..., None], 0.9))


class TestConfidenceInterval:
    @pytest.mark.parametrize("hits", [0, 1, 7, 23, 24, 25])
    @pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
    def test_binomtest(self, hits, confidence):
        y = np.where(np.arange(25) < hits, 0.5, 2.0)
        expected = stats.binomtest(hits, 25).proportion_ci(confidence, method="exact")
        limits = coverage_confidence_interval(y, [[0.0, 1.0]] * 25, confidence=confidence)
        assert_allclose(limits, [expected.low, expected.high], rtol=1e-10, atol=1e-15)

    def test_reference_values(self):
        inside, outside = np.full(10, 0.5), np.full(10, 2.0)
        for y, key in ((inside, "clopper_pearson_10_of_10"), (outside, "clopper_pearson_0_of_10")):
            assert_allclose(coverage_confidence_interval(y, [[0.0, 1.0]] * 10), REFERENCES[key]["value"], rtol=1e-12)

    def test_weights_use_the_effective_sample_size(self):
        y, interval = random_intervals(3)
        weight = np.random.default_rng(3).uniform(0.0, 2.0, len(y))
        n = weight.sum() ** 2 / (weight**2).sum()
        k = n * coverage_score(y, interval, sample_weight=weight)
        expected = [stats.beta(k, n - k + 1).ppf(0.05), stats.beta(k + 1, n - k).ppf(0.95)]
        limits = coverage_confidence_interval(y, interval, confidence=0.9, sample_weight=weight)
        assert_allclose(limits, expected, rtol=1e-9)
        assert n < 0.8 * len(y)

    def test_targets_of_a_row_do_not_count_as_rows(self):
        y, interval = random_intervals(4)
        twice = coverage_confidence_interval(np.column_stack([y, y]), np.stack([interval, interval], axis=1))
        assert_allclose(twice, coverage_confidence_interval(y, interval))

    @pytest.mark.slow
    def test_it_covers_the_truth(self):
        rng = np.random.default_rng(5)
        caught = 0
        for _ in range(1000):
            low, high = coverage_confidence_interval(rng.uniform(size=80), [[0.0, 0.9]] * 80, confidence=0.9)
            caught += low <= 0.9 <= high
        assert caught / 1000 > 0.9 - 3 * np.sqrt(0.09 / 1000)


class TestInput:
    @pytest.mark.parametrize("metric", [coverage_score, coverage_confidence_interval])
    def test_interval(self, metric):
        with pytest.raises(ValueError, match=r"interval must have shape \(4, 2\), got \(4, 3\)"):
            metric(Y, np.ones((4, 3)))
        with pytest.raises(ValueError, match=r"interval must have shape \(4, 2\), got \(4, 2, 1\)"):
            metric(Y, np.ones((4, 2, 1)))
        with pytest.raises(ValueError, match=r"lower <= upper ends, got \(2, 1\)"):
            metric(Y, [[0.0, 1.0], [2.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
        with pytest.raises(ValueError, match="got NaN"):
            metric(Y, [[0.0, np.nan]] * 4)
        with pytest.raises(ValueError, match="same infinity"):
            metric(Y, [[np.inf, np.inf]] * 4)

    def test_width(self):
        with pytest.raises(ValueError, match="interval must have shape"):
            mean_width([1.0, 2.0])
        with pytest.raises(ValueError, match="lower <= upper"):
            mean_width([[2.0, 1.0]])

    def test_levels(self):
        message = "coverage must lie strictly between 0 and 1, got 90. For 90 percent pass 0.9."
        with pytest.raises(ValueError, match="^" + message.replace(".", r"\.") + "$"):
            interval_score(Y, INTERVAL, 90)
        for level in (0.0, 1.0, -0.5, 100, np.nan, np.inf):
            with pytest.raises(ValueError, match="coverage must lie strictly between 0 and 1"):
                interval_score(Y, INTERVAL, level)
        with pytest.raises(ValueError, match=r"confidence must .* For 95 percent pass 0\.95"):
            coverage_confidence_interval(Y, INTERVAL, confidence=95)
