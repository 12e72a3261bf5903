"""Gradient-boosted trees for quantiles, as scikit-learn has them: one model for each level."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor

from .forecast import FloatArray
from .quantile import LEVELS, QuantileForecast


class BoostedQuantileRegressor(RegressorMixin, BaseEstimator):
    """`HistGradientBoostingRegressor` with default arguments for each level, and one for the mean.

    A quantile model does not estimate the mean, so `predict` and the forecast's mean come from a model of squared
    error, as they would for a user who needs both.
    """

    def __init__(self, levels: tuple[float, ...] = LEVELS, *, random_state: int | None = None) -> None:
        self.levels = levels
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> BoostedQuantileRegressor:
        """Fit all models on the same rows."""
        self.quantile_models_ = [self._model(loss="quantile", quantile=level).fit(X, y) for level in self.levels]
        self.mean_model_ = self._model().fit(X, y)
        return self

    def _model(self, **arguments: Any) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(random_state=self.random_state, **arguments)

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the mean (n,), in units of y."""
        return self.mean_model_.predict(X)

    def predict_quantiles(self, X: NDArray[Any]) -> FloatArray:
        """Return the quantiles (n, Q) of `levels` as the models give them: they may cross."""
        return np.column_stack([model.predict(X) for model in self.quantile_models_])

    def predict_dist(self, X: NDArray[Any]) -> QuantileForecast:
        """Return the forecast of every row."""
        return QuantileForecast(self.levels, self.predict_quantiles(X), self.predict(X))
