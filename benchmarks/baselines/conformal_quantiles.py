"""Conformalized quantile regression: predicted quantiles, moved until they cover rows that the model has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone

from .conformal import CALIBRATION_FRACTION, conformal_rank, split_calibration_rows
from .forecast import FloatArray
from .quantile import QuantileForecast


class ConformalizedQuantileRegressor(RegressorMixin, BaseEstimator):
    """Quantiles fitted on 80 % of the training rows; each pair is moved outward or inward by the others.

    Parameters
    ----------
    estimator : regressor with `levels`, symmetric about 1/2, and `predict_quantiles`
    calibration_fraction : float
    random_state : int or None
        Of the draw of the calibration rows.

    References
    ----------
    Romano, Patterson and Candes (2019), Conformalized quantile regression, NeurIPS, algorithm 1 and theorem 1.
    """

    def __init__(
        self, estimator: Any, *, calibration_fraction: float = CALIBRATION_FRACTION, random_state: int | None = None
    ) -> None:
        self.estimator = estimator
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> ConformalizedQuantileRegressor:
        """Fit on one part of the training rows and find how far each pair of quantiles has to move on the other."""
        fit_rows, calibration_rows = split_calibration_rows(len(y), self.calibration_fraction, self.random_state)
        self.estimator_ = clone(self.estimator).fit(X[fit_rows], y[fit_rows])
        self.offsets_ = conformal_offsets(
            self.estimator.levels, self.estimator_.predict_quantiles(X[calibration_rows]), y[calibration_rows]
        )
        return self

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the prediction (n,), in units of y."""
        return self.estimator_.predict(X)

    def predict_dist(self, X: NDArray[Any]) -> QuantileForecast:
        """Return the forecast of every row."""
        quantiles = widen_outward(self.estimator_.predict_quantiles(X) + self.offsets_)
        return QuantileForecast(self.estimator.levels, quantiles, self.predict(X))


def conformal_offsets(levels: tuple[float, ...], quantiles: FloatArray, y: FloatArray) -> FloatArray:
    """Return what to add to the quantile of each of Q levels, (Q,), in units of y.

    The pair of levels (a, 1 - a) moves outward by the ``ceil((n + 1) (1 - 2 a))``-th smallest of
    ``max(q_a - y, y - q_(1 - a))`` over the n calibration rows; it moves inward where that is negative.
    """
    offsets = np.zeros(len(levels))
    for i in range(len(levels) // 2):
        scores = np.sort(np.maximum(quantiles[:, i] - y, y - quantiles[:, -1 - i]))
        rank = conformal_rank(len(y), 1.0 - 2.0 * levels[i])
        if rank > len(y):
            raise ValueError(
                f"y must hold enough rows to calibrate level {levels[i]}, got {len(y)}. Fit more rows, or leave it out."
            )
        offsets[i], offsets[-1 - i] = -scores[rank - 1], scores[rank - 1]
    return offsets


def widen_outward(quantiles: FloatArray) -> FloatArray:
    """Return quantiles (n, Q) that do not cross, by widening alone: sorting could narrow an interval below its level.

    From the median outward, each interval holds those inside it.
    """
    median = quantiles.shape[1] // 2
    lower = np.minimum.accumulate(quantiles[:, median::-1], axis=1)[:, ::-1]
    upper = np.maximum.accumulate(quantiles[:, median:], axis=1)
    return np.concatenate([lower, upper[:, 1:]], axis=1)
