# mypy: disable-error-code="import-not-found, import-untyped"
"""RealMLP-TD of pytabkit: a multilayer perceptron with the defaults its authors tuned on other tables.

By itself it predicts a mean and, for classes, probabilities from smoothed labels; both are compared as they come, and
trained as its documentation advises where a score of the whole distribution is what counts. One thread each.

References
----------
Holzmüller, Grinsztajn and Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees on tabular
data, NeurIPS.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split

from .forecast import FloatArray
from .normal import NormalForecast
from .quantile import LEVELS, QuantileForecast

VALIDATION_FRACTION = 0.2  # pytabkit's default


def _import_estimator(name: str) -> Any:
    """Return an estimator of pytabkit whose trainer does not print what hardware it looked for."""
    import pytabkit

    for logger in ("lightning.pytorch", "pytorch_lightning"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    return getattr(pytabkit, name)


class RealMLPRegressor(RegressorMixin, BaseEstimator):
    """RealMLP-TD with default arguments, trained by squared error, and one variance for all rows.

    The variance is the mean squared error on the rows that the network holds out to choose its epoch.
    """

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> RealMLPRegressor:
        """Fit on four fifths of the rows, and find epoch and variance on the others."""
        _, held_out = train_test_split(np.arange(len(y)), test_size=VALIDATION_FRACTION, random_state=self.random_state)
        estimator = _import_estimator("RealMLP_TD_Regressor")
        self.model_ = estimator(random_state=self.random_state, n_threads=1, device="cpu").fit(X, y, val_idxs=held_out)
        self.std_ = float(np.sqrt(np.mean((y[held_out] - self.predict(X[held_out])) ** 2)))
        return self

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the mean (n,), in units of y."""
        return self.model_.predict(X)

    def predict_dist(self, X: NDArray[Any]) -> NormalForecast:
        """Return the forecast of every row."""
        return NormalForecast(self.predict(X), self.std_)


class RealMLPQuantileRegressor(RegressorMixin, BaseEstimator):
    """RealMLP-TD for many quantiles at once, trained and stopped by the sum of their pinball losses."""

    def __init__(self, levels: tuple[float, ...] = LEVELS, *, random_state: int | None = None) -> None:
        self.levels = levels
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> RealMLPQuantileRegressor:
        """Fit on four fifths of the rows, and choose the epoch on the others."""
        loss = f"multi_pinball({','.join(map(str, self.levels))})"
        self.model_ = _import_estimator("RealMLP_TD_Regressor")(
            random_state=self.random_state, n_threads=1, device="cpu", train_metric_name=loss, val_metric_name=loss
        ).fit(X, y)
        return self

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the mean (n,) of the forecast, in units of y."""
        return self.predict_dist(X).mean()

    def predict_dist(self, X: NDArray[Any]) -> QuantileForecast:
        """Return the forecast of every row."""
        return QuantileForecast(self.levels, self.model_.predict(X))


class RealMLPClassifier(ClassifierMixin, BaseEstimator):
    """RealMLP-TD: by default with smoothed labels and the epoch of smallest error on a fifth of the rows.

    With ``kind="cross_entropy"`` the labels are as they are, and the epoch is that of smallest cross-entropy.
    """

    def __init__(self, kind: str = "default", *, random_state: int | None = None) -> None:
        self.kind = kind
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> RealMLPClassifier:
        """Fit on four fifths of the rows, and choose the epoch on the others."""
        arguments = {"val_metric_name": "cross_entropy", "use_ls": False} if self.kind == "cross_entropy" else {}
        estimator = _import_estimator("RealMLP_TD_Classifier")
        self.model_ = estimator(random_state=self.random_state, n_threads=1, device="cpu", **arguments).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: NDArray[Any]) -> FloatArray:
        """Return the probabilities (n, C) of `classes_`."""
        return self.model_.predict_proba(X).astype(np.float64)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the most probable class (n,)."""
        return self.model_.predict(X)
