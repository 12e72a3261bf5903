"""Split conformal prediction: intervals from the errors on rows that the model has not seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import train_test_split

from .forecast import FloatArray, Forecast

CALIBRATION_FRACTION = 0.2
ROUNDING = 1e-9  # in numbers of rows: 100 * 0.9 may come as 90.00000000000001


def conformal_rank(n: int, level: float) -> int:
    """Return ``ceil((n + 1) level)``: a new score is at most the so-many-th smallest of n with that probability."""
    return math.ceil((n + 1) * level - ROUNDING)


def split_calibration_rows(
    n_rows: int, fraction: float, random_state: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows to fit on and, drawn from the same training rows, those to calibrate on."""
    fit_rows, calibration_rows = train_test_split(np.arange(n_rows), test_size=fraction, random_state=random_state)
    return fit_rows, calibration_rows


class SplitConformalForecast(Forecast):
    """Intervals around the predictions, as wide as the absolute errors on the calibration rows.

    Its distribution is the prediction plus one of those errors with either sign, each of them equally likely. The
    quantiles carry the correction for a finite sample, so a central interval of n calibration rows covers at least
    what it says; it is infinite for a probability above n / (n + 1).

    Parameters
    ----------
    prediction : array (n,), in units of y
    absolute_errors : array (n_calibration,), in units of y

    References
    ----------
    Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive inference for regression,
    JASA 113, algorithm 2.
    """

    def __init__(self, prediction: FloatArray, absolute_errors: FloatArray) -> None:
        self._mean = np.asarray(prediction, dtype=np.float64)
        self._errors = np.sort(np.asarray(absolute_errors, dtype=np.float64))

    def mean(self) -> FloatArray:
        """Mean (n,): the prediction."""
        return self._mean

    def std(self) -> FloatArray:
        """Standard deviation (n,): the root mean squared error on the calibration rows, the same for every row."""
        return np.full(self._mean.shape, np.sqrt(np.mean(self._errors**2)))

    def cdf(self, y: ArrayLike) -> FloatArray:
        """Probability (n,) of at most y; y is inside the interval of probability p just where |2 cdf - 1| <= p."""
        error = np.asarray(y, dtype=np.float64) - self._mean
        n_below = np.searchsorted(self._errors, np.abs(error))
        # Beyond the interval of n_below / (n + 1), however little: it ends at the error below.
        confidence = (n_below + ROUNDING) / (len(self._errors) + 1)
        return (1.0 + np.sign(error) * confidence) / 2.0

    def ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles (n,) of one level in (0, 1), or (n, Q) of several."""
        levels = np.asarray(q, dtype=np.float64)
        sizes = np.concatenate([[0.0], self._errors, [np.inf]])
        ranks = [conformal_rank(len(self._errors), abs(2.0 * level - 1.0)) for level in levels.ravel()]
        offsets = (np.sign(levels.ravel() - 0.5) * sizes[ranks]).reshape(levels.shape)
        return self._mean + offsets if levels.ndim == 0 else self._mean[:, None] + offsets

    def crps(self, y: ArrayLike) -> FloatArray:
        """Continuous ranked probability score (n,) of y, in units of y.

        With e = |y - prediction| and the calibration errors s, of either sign, E|X - y| = mean max(s_i, e) and
        E|X - X'| = mean max(s_i, s_j).
        """
        n, error = len(self._errors), np.abs(np.asarray(y, dtype=np.float64) - self._mean)
        above = np.append(np.cumsum(self._errors[::-1])[::-1], 0.0)  # sum of the errors from the i-th on
        n_below = np.searchsorted(self._errors, error)
        pairs = self._errors @ (2.0 * np.arange(n) + 1.0) / n**2
        return (n_below * error + above[n_below]) / n - pairs / 2.0


class ConformalRegressor(RegressorMixin, BaseEstimator, ABC):
    """Abstract: a regressor fitted on 80 % of the training rows and calibrated by the others.

    Parameters
    ----------
    estimator : regressor
    calibration_fraction : float
    random_state : int or None
        Of the draw of the calibration rows.
    """

    def __init__(
        self, estimator: Any, *, calibration_fraction: float = CALIBRATION_FRACTION, random_state: int | None = None
    ) -> None:
        self.estimator = estimator
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Fit on one part of the training rows and calibrate on the other."""
        fit_rows, calibration_rows = split_calibration_rows(len(y), self.calibration_fraction, self.random_state)
        self.estimator_ = clone(self.estimator).fit(X[fit_rows], y[fit_rows])
        self._calibrate(X[calibration_rows], y[calibration_rows])
        return self

    @abstractmethod
    def _calibrate(self, X: NDArray[Any], y: NDArray[Any]) -> None:
        """Keep what rows that the estimator has not seen say of its errors."""

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the prediction (n,), in units of y."""
        return self.estimator_.predict(X)


class SplitConformalRegressor(ConformalRegressor):
    """Intervals from the absolute errors on the calibration rows."""

    def _calibrate(self, X: NDArray[Any], y: NDArray[Any]) -> None:
        self.absolute_errors_ = np.abs(y - self.estimator_.predict(X))

    def predict_dist(self, X: NDArray[Any]) -> SplitConformalForecast:
        """Return the forecast of every row."""
        return SplitConformalForecast(self.predict(X), self.absolute_errors_)
