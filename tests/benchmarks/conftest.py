"""Fake methods: least squares with Gaussian noise, and class frequencies. Fast, and their answers can be worked out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.utils import Bunch

from benchmarks.method import Method

FloatArray = NDArray[np.float64]


class FakePredictive:
    """A normal distribution for each row, with the names of a predictive."""

    def __init__(self, mean: FloatArray, std: FloatArray) -> None:
        self._mean, self._std = mean, std

    def mean(self) -> FloatArray:
        return self._mean

    def std(self) -> FloatArray:
        return self._std

    def var(self) -> FloatArray:
        return self._std**2

    def cdf(self, y: FloatArray) -> FloatArray:
        return norm.cdf(y, self._mean, self._std)

    def interval(self, confidence: float) -> FloatArray:
        return np.column_stack(norm.interval(confidence, self._mean, self._std))

    def logpdf(self, y: FloatArray) -> FloatArray:
        return norm.logpdf(y, self._mean, self._std)

    def crps(self, y: FloatArray) -> FloatArray:
        z = (y - self._mean) / self._std
        return self._std * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


class FakeRegressor:
    """Least squares; one tenth of the residual variance is called epistemic."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def __repr__(self) -> str:
        return f"FakeRegressor(random_state={self.random_state})"

    def fit(self, X: FloatArray, y: FloatArray) -> FakeRegressor:
        self.coefficients_ = np.linalg.lstsq(self._design(X), y, rcond=None)[0]
        residual = y - self._design(X) @ self.coefficients_
        self.variance_ = float(np.sum(residual**2) / (len(y) - len(self.coefficients_)))
        return self

    @staticmethod
    def _design(X: FloatArray) -> FloatArray:
        return np.column_stack([np.ones(len(X)), X])

    def predict_dist(self, X: FloatArray) -> FakePredictive:
        mean = self._design(X) @ self.coefficients_
        return FakePredictive(mean, np.full(len(X), np.sqrt(self.variance_)))

    def predict_uncertainty(self, X: FloatArray) -> Bunch:
        variance = np.full(len(X), self.variance_)
        return Bunch(
            mean=self.predict_dist(X).mean(),
            aleatoric_variance=0.9 * variance,
            epistemic_variance=0.1 * variance,
            total_variance=variance,
        )


class FakeClassifier:
    """The class frequencies of the training rows, for every row."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def __repr__(self) -> str:
        return f"FakeClassifier(random_state={self.random_state})"

    def fit(self, X: FloatArray, y: NDArray[Any]) -> FakeClassifier:
        self.classes_, counts = np.unique(y, return_counts=True)
        self.frequencies_ = counts / len(y)
        return self

    def predict_proba(self, X: FloatArray) -> FloatArray:
        return np.tile(self.frequencies_, (len(X), 1))

    def predict_uncertainty(self, X: FloatArray) -> Bunch:
        proba = self.predict_proba(X)
        entropy = -np.sum(proba * np.log(proba), axis=1)
        return Bunch(
            proba=proba,
            total_entropy=entropy,
            aleatoric_entropy=entropy,
            mutual_information=np.zeros(len(X)),
            aleatoric_variance=proba * (1 - proba),
            epistemic_variance=np.zeros_like(proba),
            total_variance=proba * (1 - proba),
        )


@pytest.fixture
def fake_methods() -> dict[str, Method]:
    """Two names for the same fake method."""
    return {name: Method(name, "ours", FakeRegressor, FakeClassifier) for name in ("fake", "twin")}
