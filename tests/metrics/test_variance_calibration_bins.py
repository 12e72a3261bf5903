"""Errors by bin of the predicted standard deviation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.metrics import expected_normalized_calibration_error, variance_calibration_bins


def test_by_brute_force():
    rng = np.random.default_rng(0)
    std, error = np.sort(rng.uniform(0.5, 2.0, 40)), rng.standard_normal(40)
    bins = variance_calibration_bins(error, 0.0, std, n_bins=4)
    groups = np.arange(40).reshape(4, 10)  # of equal weight, in order of the standard deviation
    assert_allclose(bins.predicted_std, np.sqrt((std[groups] ** 2).mean(axis=1)))
    assert_allclose(bins.observed_rmse, np.sqrt((error[groups] ** 2).mean(axis=1)))
    assert_array_equal(bins.count, [10, 10, 10, 10])
    assert_allclose(bins.weight, 0.25)
    relative = np.abs(bins.observed_rmse / bins.predicted_std - 1.0)
    assert_allclose(relative.mean(), expected_normalized_calibration_error(error, 0.0, std, n_bins=4))


def test_bins_without_rows_are_left_out():
    bins = variance_calibration_bins([1.0, 2.0, 3.0], 0.0, [1.0, 1.1, 9.0], n_bins=4, strategy="uniform")
    assert_array_equal(bins.count, [2, 1])


def test_one_target_at_a_time():
    with pytest.raises(ValueError, match=r"y_true must have shape \(n,\), got \(2, 2\)"):
        variance_calibration_bins(np.zeros((2, 2)), 0.0, 1.0)
