"""The curve and the histogram of PIT values against brute force, and their bands against the binomial distribution."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom, binomtest, norm

from uncertainty.metrics import (
    mean_absolute_calibration_error,
    pit_histogram,
    pit_values,
    regression_calibration_curve,
)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    mean, std = rng.standard_normal(40), rng.uniform(0.5, 2.0, 40)
    return mean + 1.4 * std * rng.standard_normal(40), norm(mean, std)


def test_curve_by_brute_force(rows):
    y, dist = rows
    levels = [0.9, 0.2, 0.5]
    intervals = regression_calibration_curve(y, dist, levels=levels)
    assert_array_equal(intervals.nominal, [0.2, 0.5, 0.9])
    for level, observed in zip(intervals.nominal, intervals.observed, strict=True):
        low, high = dist.interval(level)
        assert_allclose(observed, np.mean((low <= y) & (y <= high)))
    below = regression_calibration_curve(y, dist, levels=levels, regions="quantile")
    assert_allclose(below.observed, [np.mean(y <= dist.ppf(level)) for level in below.nominal])


def test_the_errors_are_those_of_the_curve(rows):
    curve = regression_calibration_curve(*rows)
    assert_allclose(np.abs(curve.observed - curve.nominal).mean(), mean_absolute_calibration_error(*rows))


def test_limits_are_those_of_scipy(rows):
    y, dist = rows
    curve = regression_calibration_curve(y, dist, levels=[0.0, 0.5, 1.0], confidence=0.8)
    for observed, lower, upper in zip(curve.observed, curve.lower, curve.upper, strict=True):
        limits = binomtest(round(observed * 40), 40).proportion_ci(0.8, method="exact")
        assert_allclose([lower, upper], limits, rtol=1e-9)


def test_histogram_by_brute_force(rows):
    y, dist = rows
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 40)
    table = pit_histogram(y, dist, n_bins=7, sample_weight=weight)
    pit = pit_values(y, dist)
    assert_allclose(table.frequency, np.histogram(pit, 7, (0.0, 1.0), weights=weight)[0] / weight.sum())
    assert_array_equal(table.count, np.histogram(pit, 7, (0.0, 1.0))[0])
    assert_allclose(table.edges, np.linspace(0.0, 1.0, 8))


def test_histogram_band_is_binomial(rows):
    table = pit_histogram(*rows, n_bins=5, confidence=0.9)
    assert_allclose([table.lower, table.upper], np.array(binom.interval(0.9, 40, 0.2)) / 40)


def test_targets_of_a_row_are_no_further_rows(rows):
    """Doubling every target changes neither the shares nor what is known of them."""
    y, dist = rows
    twice = norm(np.column_stack([dist.mean(), dist.mean()]), np.column_stack([dist.std(), dist.std()]))
    for function in (regression_calibration_curve, pit_histogram):
        once, doubled = function(y, dist), function(np.column_stack([y, y]), twice)
        assert_allclose(doubled.lower, once.lower)
        assert_allclose(doubled.upper, once.upper)


def test_settings_are_checked(rows):
    with pytest.raises(ValueError, match="confidence must lie strictly between 0 and 1, got 95"):
        regression_calibration_curve(*rows, confidence=95)
    with pytest.raises(ValueError, match="n_bins must be an integer of at least 1, got 0"):
        pit_histogram(*rows, n_bins=0)
