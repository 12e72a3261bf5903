"""A normal distribution for each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from .forecast import FloatArray, Forecast


class NormalForecast(Forecast):
    """Normal distributions with means (n,) and standard deviations (n,), or one for all rows, in units of y."""

    def __init__(self, mean: FloatArray, std: FloatArray | float) -> None:
        self._mean = np.asarray(mean, dtype=np.float64)
        self._std = np.broadcast_to(np.asarray(std, dtype=np.float64), self._mean.shape)

    def mean(self) -> FloatArray:
        """Mean (n,)."""
        return self._mean

    def std(self) -> FloatArray:
        """Standard deviation (n,)."""
        return self._std

    def _standardized(self, y: ArrayLike) -> FloatArray:
        return (np.asarray(y, dtype=np.float64) - self._mean) / self._std

    def logpdf(self, y: ArrayLike) -> FloatArray:
        """Log density (n,) of y in nats."""
        return -0.5 * self._standardized(y) ** 2 - np.log(self._std) - 0.5 * np.log(2.0 * np.pi)

    def cdf(self, y: ArrayLike) -> FloatArray:
        """Probability (n,) of at most y."""
        return ndtr(self._standardized(y))

    def ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles (n,) of one level in (0, 1), or (n, Q) of several."""
        z = ndtri(np.asarray(q, dtype=np.float64))
        return self._mean + self._std * z if z.ndim == 0 else self._mean[:, None] + self._std[:, None] * z

    def crps(self, y: ArrayLike) -> FloatArray:
        """Continuous ranked probability score (n,) of y, in units of y.

        References
        ----------
        Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.2.
        """
        z = self._standardized(y)
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        return self._std * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi))
