"""Classification with scikit-learn alone: functions return estimators with default arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

MAX_ITERATIONS = 5000  # so that training ends by its own rule, at the default `tol`


def mlp(random_state: int) -> Pipeline:
    """Return `MLPClassifier` with inputs standardised."""
    return make_pipeline(StandardScaler(), MLPClassifier(max_iter=MAX_ITERATIONS, random_state=random_state))


def logistic_regression(random_state: int) -> Pipeline:
    """Return `LogisticRegression` with inputs standardised; its default solver has no randomness."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=MAX_ITERATIONS, random_state=random_state))


def boosting(random_state: int) -> HistGradientBoostingClassifier:
    """Return `HistGradientBoostingClassifier`."""
    return HistGradientBoostingClassifier(random_state=random_state)


class TemperatureScaledClassifier(ClassifierMixin, BaseEstimator):
    """A classifier with one temperature for its logits, by `CalibratedClassifierCV`.

    The temperature is fitted to the predictions of 5-fold cross-validation inside the training rows, the classifier
    to all of them (Guo, Pleiss, Sun and Weinberger, 2017, On calibration of modern neural networks, section 4.2).
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> TemperatureScaledClassifier:
        """Fit temperature and classifier."""
        # scikit-learn 1.9 takes numbers as they are for the columns of the logits: labels 1 ... C give a temperature
        # that has nothing to do with the data.
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.calibrated_ = CalibratedClassifierCV(self.estimator, method="temperature", cv=5, ensemble=False)
        self.calibrated_.fit(X, labels)
        return self

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probabilities (n, C) of `classes_`."""
        return self.calibrated_.predict_proba(X)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the most probable class (n,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def mlp_temperature(random_state: int) -> TemperatureScaledClassifier:
    """Return the scaled network with a temperature."""
    return TemperatureScaledClassifier(mlp(random_state))


def logistic_regression_temperature(random_state: int) -> TemperatureScaledClassifier:
    """Return the scaled logistic regression with a temperature."""
    return TemperatureScaledClassifier(logistic_regression(random_state))


def boosting_temperature(random_state: int) -> TemperatureScaledClassifier:
    """Return the boosted trees with a temperature."""
    return TemperatureScaledClassifier(boosting(random_state))
