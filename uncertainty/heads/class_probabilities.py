"""Class probabilities over arrays of any shape: what the discrete heads hand to the predictive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Share at which a class that no row belongs to starts. A number of its own, not one of rows: rows may carry weights.
UNSEEN_SHARE = 1e-3


@dataclass(frozen=True)
class ClassProbabilities:
    """Log-probabilities [..., N, T, C] of C classes for each of T targets (T > 1 for multi-label data)."""

    log_proba: Array

    def mean(self) -> Array:
        """Probability of each class [..., N, T, C]."""
        return np.exp(self.log_proba)

    def variance(self) -> Array:
        """Variance p (1 - p) of each class's indicator [..., N, T, C]."""
        proba = np.exp(self.log_proba)
        return proba * -np.expm1(self.log_proba)

    def cdf(self) -> Array:
        """Cumulative probability over the classes in their order [..., N, T, C]."""
        return np.minimum(np.cumsum(self.mean(), axis=-1), 1.0)

    def rows(self, index: slice | NDArray[np.intp]) -> ClassProbabilities:
        """The rows `index` of a [M, N, T, C] array."""
        return ClassProbabilities(self.log_proba[:, index])
