"""Normal forecasts of models that tell noise from ignorance."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Bunch

from .forecast import FloatArray
from .normal import NormalForecast


class DecomposedNormalRegressor(RegressorMixin, BaseEstimator):
    """A regressor whose normal forecast has the sum of an aleatoric and an epistemic variance."""

    @abstractmethod
    def _moments(self, X: NDArray[Any]) -> tuple[FloatArray, FloatArray | float, FloatArray]:
        """Return mean, aleatoric variance and epistemic variance, (n,) each, in units of y and their square."""

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the mean (n,), in units of y."""
        return self._moments(X)[0]

    def predict_uncertainty(self, X: NDArray[Any]) -> Bunch:
        """Return `mean, aleatoric_variance, epistemic_variance, total_variance`, (n,) each."""
        mean, aleatoric, epistemic = self._moments(X)
        noise = np.broadcast_to(np.asarray(aleatoric, dtype=np.float64), mean.shape)
        return Bunch(
            mean=mean, aleatoric_variance=noise, epistemic_variance=epistemic, total_variance=noise + epistemic
        )

    def predict_dist(self, X: NDArray[Any]) -> NormalForecast:
        """Return the forecast of every row."""
        uncertainty = self.predict_uncertainty(X)
        return NormalForecast(uncertainty.mean, np.sqrt(uncertainty.total_variance))
