"""A forecast that is known by some of its quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .forecast import FloatArray, Forecast

# Symmetric, with the ends of the central 50, 60, 80, 90 and 95 % intervals among them.
LEVELS = (0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.975)


class QuantileForecast(Forecast):
    """Distributions whose quantile functions are linear between the given quantiles and flat beyond the outermost.

    The outermost quantiles are atoms that hold the mass of the tails, so there is no density.

    Parameters
    ----------
    levels : sequence of Q floats in (0, 1), increasing
    quantiles : array (n, Q), in units of y
        Where they cross they are sorted, which makes none of their pinball losses worse in sum (Chernozhukov,
        Fernandez-Val and Galichon, 2010, Quantile and probability curves without crossing, Econometrica 78).
    mean : array (n,), optional
        Where something better is known than the mean of the quantile function.
    """

    def __init__(self, levels: Sequence[float], quantiles: FloatArray, mean: FloatArray | None = None) -> None:
        self._levels = np.asarray(levels, dtype=np.float64)
        self._quantiles = np.sort(np.asarray(quantiles, dtype=np.float64), axis=1)
        self._mean = self._integral(self._quantiles) if mean is None else np.asarray(mean, dtype=np.float64)

    def _integral(self, values: FloatArray, squared: bool = False) -> FloatArray:
        """Integral (n,) over the levels 0 to 1 of the line through `values` (n, Q), or of its square."""
        low, high = values[:, :-1], values[:, 1:]
        pieces = (low**2 + low * high + high**2) / 3.0 if squared else (low + high) / 2.0
        ends = values[:, [0, -1]] ** (2 if squared else 1)
        return pieces @ np.diff(self._levels) + ends @ np.array([self._levels[0], 1.0 - self._levels[-1]])

    def mean(self) -> FloatArray:
        """Mean (n,)."""
        return self._mean

    def std(self) -> FloatArray:
        """Standard deviation (n,) of the quantile function, about its own mean."""
        centred = self._quantiles - self._integral(self._quantiles)[:, None]
        return np.sqrt(self._integral(centred, squared=True))

    def cdf(self, y: ArrayLike) -> FloatArray:
        """Probability (n,) of at most y: 0 below the lowest quantile, 1 above the highest."""
        rows = zip(np.asarray(y, dtype=np.float64), self._quantiles, strict=True)
        return np.array([np.interp(value, row, self._levels, left=0.0, right=1.0) for value, row in rows])

    def ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles (n,) of one level in (0, 1), or (n, Q) of several."""
        position = np.interp(np.asarray(q, dtype=np.float64), self._levels, np.arange(len(self._levels)))
        below = np.minimum(np.floor(position).astype(int), len(self._levels) - 2)
        low, high = self._quantiles[:, below], self._quantiles[:, below + 1]
        return low + (position - below) * (high - low)

    def crps(self, y: ArrayLike) -> FloatArray:
        """Continuous ranked probability score (n,) of y: twice the pinball loss, integrated over all levels.

        Computed as the equal integral of (F(x) - 1{x >= y})^2 over x, whose pieces are squares of lines.

        References
        ----------
        Gneiting and Ranjan (2011), Comparing density forecasts using threshold- and quantile-weighted scoring rules,
        JBES 29, eq. 10.
        """
        value = np.asarray(y, dtype=np.float64)[:, None]
        low, high = self._quantiles[:, :-1], self._quantiles[:, 1:]
        p, r = self._levels[:-1], self._levels[1:]
        cut = np.clip(value, low, high)  # where the indicator steps, if it does so inside the piece
        width = np.where(high > low, high - low, 1.0)
        f = p + (r - p) * (cut - low) / width
        left = (cut - low) * (p**2 + p * f + f**2)
        right = (high - cut) * ((1 - f) ** 2 + (1 - f) * (1 - r) + (1 - r) ** 2)
        outside = np.maximum(low[:, 0] - value[:, 0], 0.0) + np.maximum(value[:, 0] - high[:, -1], 0.0)
        return (left + right).sum(axis=1) / 3.0 + outside
