"""Standardisation of inputs and targets with the (weighted) statistics of the training rows.

Both are fitted in float64 and hold plain numpy arrays. `InputScaler` also keeps values far outside the training range
from taking over the network; `TargetScaler` keeps a gross outlier from setting the unit of all other targets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.heads.normal_mixture import NormalMixture

Array = NDArray[np.float64]

# A standard deviation below this share of the column's size is rounding error: the column is constant.
ROUNDING = 1e-12
# A rare value in a column that is otherwise constant stands at most this many scale units from the others.
MAX_RANGE_IN_SCALES = 50.0
# Targets further than this many robust standard deviations from the median are damped in training.
OUTLIER_BOUND = 50.0
# Interquartile range of a standard normal distribution.
NORMAL_IQR = 1.3489795003921634


class InputScaler:
    """Column-wise standardisation of X, with a scale floor and logarithmic damping outside the training range.

    Inside the training range of a column the map is (x - location) / scale. A value d scale units beyond the range
    enters as log(1 + d) units beyond it: continuous with slope 1 at the edge, and still growing, so that members
    keep disagreeing outside, but a wrong unit in one field cannot send a prediction to infinity.
    """

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def fit(self, x: Array, weight: Array | None) -> InputScaler:
        """Learn location, scale and range [D] of x [N, D] with row weights [N]."""
        self.low_, self.high_ = x.min(axis=0), x.max(axis=0)
        location, std = _moments(x, weight)
        floor = (self.high_ - self.low_) / MAX_RANGE_IN_SCALES
        self.location_ = location
        self.scale_ = _usable_scale(np.maximum(std, floor), location)
        return self

    def transform(self, x: Array) -> Array:
        """Return the standardised x [N, D]."""
        if not self.enabled:
            return x
        inside = np.clip(x, self.low_, self.high_)
        beyond = (x - inside) / self.scale_
        return (inside - self.location_) / self.scale_ + np.sign(beyond) * np.log1p(np.abs(beyond))

    def standardised_range(self) -> Array:
        """Width [D] of each column's training range in the units the network sees."""
        width = self.high_ - self.low_
        return width / self.scale_ if self.enabled else width


class TargetScaler:
    """Column-wise standardisation of y, and the way back for whole distributions.

    A training target more than 50 robust standard deviations (interquartile range / 1.35) from the median is damped:
    d robust standard deviations beyond that bound count as log(1 + d). One wrong entry would otherwise set the scale
    of all others. `n_damped_` counts such targets, and the estimators warn of them.
    """

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def fit(self, y: Array, weight: Array | None) -> TargetScaler:
        """Learn location and scale [T], and the bounds of damping, of y [N, T] with row weights [N]."""
        self.location_, self.scale_ = np.zeros(y.shape[1]), np.ones(y.shape[1])
        self.n_damped_ = 0
        if self.enabled:
            self.low_, self.high_, self.robust_std_ = _outlier_bounds(y, weight)
            self.n_damped_ = int(((y < self.low_) | (y > self.high_)).sum())
            location, std = _moments(self._damp(y), weight)
            self.location_, self.scale_ = location, _usable_scale(std, location)
        return self

    def transform(self, y: Array) -> Array:
        """Return the standardised y [N, T], outliers damped."""
        return (self._damp(y) - self.location_) / self.scale_ if self.enabled else y

    def restore(self, distribution: NormalMixture) -> NormalMixture:
        """Return a distribution of standardised targets in the units of y."""
        return distribution.affine(self.location_, self.scale_)

    def _damp(self, y: Array) -> Array:
        inside = np.clip(y, self.low_, self.high_)
        beyond = (y - inside) / self.robust_std_
        return inside + self.robust_std_ * np.sign(beyond) * np.log1p(np.abs(beyond))


def _moments(values: Array, weight: Array | None) -> tuple[Array, Array]:
    mean = np.average(values, axis=0, weights=weight)
    return mean, np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))


def _usable_scale(std: Array, location: Array) -> Array:
    """`std`, or 1 for a constant column, which then enters as zeros."""
    return np.where(std > ROUNDING * np.abs(location), std, 1.0)


def _outlier_bounds(y: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """Lower and upper bound of each column, and its robust standard deviation; unbounded where half of it is equal."""
    lower, median, upper = np.quantile(
        y, (0.25, 0.5, 0.75), axis=0, weights=np.ones(len(y)) if weight is None else weight, method="inverted_cdf"
    )
    spread = (upper - lower) / NORMAL_IQR
    bound = np.where(spread > 0.0, OUTLIER_BOUND * spread, np.inf)
    return median - bound, median + bound, np.where(spread > 0.0, spread, 1.0)
