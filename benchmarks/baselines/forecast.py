"""What every forecast of a regression answers, under the names that the predictives of `uncertainty` have."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Forecast(ABC):
    """One distribution of y for each of n rows, in the units of y; a score that does not exist for it is NaN."""

    @abstractmethod
    def mean(self) -> FloatArray:
        """Mean (n,)."""

    @abstractmethod
    def std(self) -> FloatArray:
        """Standard deviation (n,)."""

    @abstractmethod
    def cdf(self, y: ArrayLike) -> FloatArray:
        """Probability (n,) of at most y."""

    @abstractmethod
    def ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles (n,) of one level in (0, 1), or (n, Q) of several."""

    @abstractmethod
    def crps(self, y: ArrayLike) -> FloatArray:
        """Continuous ranked probability score (n,) of y, exact, in units of y; lower is better."""

    def logpdf(self, y: ArrayLike) -> FloatArray:
        """Log density (n,) of y in nats; NaN, because a forecast has no density unless it says so."""
        return np.full(np.shape(y), np.nan)

    def interval(self, confidence: ArrayLike = 0.9) -> FloatArray:
        """Central interval (n, 2) of the given probability; of L probabilities, (n, 2, L)."""
        tail = (1.0 - np.asarray(confidence, dtype=np.float64)) / 2.0
        return np.stack([self.ppf(tail), self.ppf(1.0 - tail)], axis=1)
