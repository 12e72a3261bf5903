"""One variance for every row, for regressors that predict a mean alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import KFold, cross_val_predict

from .forecast import FloatArray
from .normal import NormalForecast


class ConstantVarianceRegressor(RegressorMixin, BaseEstimator):
    """Normal forecasts around a regressor's predictions, with the mean squared error of its cross-validation.

    Errors on the rows that a network was fitted to are too small, and a held-out part would cost it rows: so the
    errors come from `cv` fits, each on the other folds of the training rows, and the predictions from one more fit on
    all of them.
    """

    def __init__(self, estimator: Any, *, cv: int = 5, random_state: int | None = None) -> None:
        self.estimator = estimator
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> ConstantVarianceRegressor:
        """Fit once for each fold and once on all rows."""
        folds = KFold(self.cv, shuffle=True, random_state=self.random_state)
        errors = y - cross_val_predict(self.estimator, X, y, cv=folds)
        self.std_ = float(np.sqrt(np.mean(errors**2)))
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the prediction (n,), in units of y."""
        return self.estimator_.predict(X)

    def predict_dist(self, X: NDArray[Any]) -> NormalForecast:
        """Return the forecast of every row."""
        return NormalForecast(self.predict(X), self.std_)
