"""Conformalized quantile regression: predicted quantiles, moved until they cover rows that the model has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .conformal import ConformalRegressor, conformal_rank
from .forecast import FloatArray
from .quantile import QuantileForecast


class ConformalizedQuantileRegressor(ConformalRegressor):
    """Quantiles of which each pair is moved outward or inward by the calibration rows.

    The `estimator` has `levels`, symmetric about 1/2, and `predict_quantiles`.

    References
    ----------
    Romano, Patterson and Candes (2019), Conformalized quantile regression, NeurIPS, algorithm 1 and theorem 1.
    """

    def _calibrate(self, X: NDArray[Any], y: NDArray[Any]) -> None:
        self.offsets_ = conformal_offsets(self.estimator.levels, self.estimator_.predict_quantiles(X), y)

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
