"""Conformal intervals: their formulas, which rows they see, and that they cover what they say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from benchmarks.baselines.conformal import SplitConformalRegressor, conformal_rank, split_calibration_rows
from benchmarks.baselines.conformal_quantiles import (
    ConformalizedQuantileRegressor,
    conformal_offsets,
    widen_outward,
)

Array = NDArray[np.float64]
LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
NOMINAL = (0.95, 0.9, 0.5)


class NarrowQuantiles(RegressorMixin, BaseEstimator):
    """Quantiles around a line, crossing and far too narrow but for the central half, which is too wide."""

    def __init__(self, levels: tuple[float, ...] = LEVELS) -> None:
        self.levels = levels

    def fit(self, X: Array, y: Array) -> NarrowQuantiles:
        self.line_, self.n_rows_ = LinearRegression().fit(X, y), len(y)
        return self

    def predict(self, X: Array) -> Array:
        return self.line_.predict(X)

    def predict_quantiles(self, X: Array) -> Array:
        return self.predict(X)[:, None] + np.array([-0.1, -0.3, -2.0, 0.0, 2.0, 0.3, 0.1])


def heteroscedastic_data(seed: int, n: int) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    X = generator.standard_normal((n, 2))
    return X, X[:, 0] + np.exp(0.5 * X[:, 1]) * generator.standard_t(4, n)


def mean_coverage(make: type, level: float) -> float:
    """Return the share of new rows inside, over many draws of training rows: coverage is promised on average."""
    shares = []
    for seed in range(60):
        X, y = heteroscedastic_data(seed, 195)  # 39 rows to calibrate on
        estimator = NarrowQuantiles() if make is ConformalizedQuantileRegressor else LinearRegression()
        model = make(estimator, random_state=seed).fit(X, y)
        X_new, y_new = heteroscedastic_data(1000 + seed, 400)
        low, high = model.predict_dist(X_new).interval(level).T
        shares.append(np.mean((low <= y_new) & (y_new <= high)))
    return float(np.mean(shares))


@pytest.mark.parametrize("level", NOMINAL)
def test_split_conformal_covers_what_it_says_and_little_more(level: float) -> None:
    # The share over 60 fits has a standard error of about 0.01.
    assert level - 0.02 < mean_coverage(SplitConformalRegressor, level) < level + 1 / 40 + 0.02


@pytest.mark.parametrize("level", NOMINAL)
def test_conformalized_quantiles_cover_at_least_what_they_say(level: float) -> None:
    assert level - 0.02 < mean_coverage(ConformalizedQuantileRegressor, level)


def test_conformal_rank_survives_rounding() -> None:
    assert [conformal_rank(99, level) for level in (0.0, 0.5, 0.9, 0.95, 0.99, 0.991)] == [0, 50, 90, 95, 99, 100]
    assert conformal_rank(99, 2 * 0.95 - 1) == 90
    assert conformal_rank(9, abs(2 * 0.05 - 1)) == 9


def test_calibration_rows_are_training_rows_that_are_not_fitted() -> None:
    fit_rows, calibration_rows = split_calibration_rows(100, 0.2, 0)
    assert (len(fit_rows), len(calibration_rows)) == (80, 20)
    np.testing.assert_array_equal(np.sort(np.concatenate([fit_rows, calibration_rows])), np.arange(100))
    X, y = heteroscedastic_data(0, 100)
    model = SplitConformalRegressor(LinearRegression(), random_state=0).fit(X, y)
    line = LinearRegression().fit(X[fit_rows], y[fit_rows])
    np.testing.assert_array_equal(model.predict(X), line.predict(X))
    np.testing.assert_allclose(model.absolute_errors_, np.abs(y - line.predict(X))[calibration_rows])
    assert ConformalizedQuantileRegressor(NarrowQuantiles(), random_state=0).fit(X, y).estimator_.n_rows_ == 80


def test_offsets_are_the_formula_of_the_paper() -> None:
    generator = np.random.default_rng(1)
    y = generator.standard_normal(59)
    quantiles = np.sort(generator.standard_normal((59, 3)) + 0.3, axis=1)
    offsets = conformal_offsets((0.1, 0.5, 0.9), quantiles, y)
    scores = [max(low - value, value - high) for value, (low, _, high) in zip(y, quantiles, strict=True)]
    expected = sorted(scores)[48 - 1]  # ceil(60 * 0.8)
    np.testing.assert_allclose(offsets, [-expected, 0.0, expected])


def test_too_few_calibration_rows_say_so() -> None:
    conformal_offsets(LEVELS, np.zeros((19, 7)), np.zeros(19))  # ceil(20 * 0.95) = 19
    with pytest.raises(ValueError, match=r"y must hold enough rows to calibrate level 0\.025, got 18"):
        conformal_offsets(LEVELS, np.zeros((18, 7)), np.zeros(18))


def test_widening_never_narrows_an_interval() -> None:
    quantiles = np.random.default_rng(2).standard_normal((50, 7))
    widened = widen_outward(quantiles)
    assert (np.diff(widened, axis=1) >= 0).all()
    assert (widened[:, :3] <= quantiles[:, :3]).all()
    assert (widened[:, 4:] >= quantiles[:, 4:]).all()
    np.testing.assert_array_equal(widened[:, 3], quantiles[:, 3])
    np.testing.assert_array_equal(widen_outward(widened), widened)
