"""Standardisation of inputs and targets with the (weighted) statistics of the training rows.

Both are fitted in float64 and hold plain numpy arrays. `InputScaler` also keeps values far outside the training range
from taking over the network; `TargetScaler` keeps a few gross outliers from setting the unit of all other targets.
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
# Targets further than this many robust standard deviations from the median do not widen the target's scale further.
OUTLIER_BOUND = 10.0
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
    """Column-wise standardisation of y, and the way back for whole distributions."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def fit(self, y: Array, weight: Array | None) -> TargetScaler:
        """Learn location and scale [T] of y [N, T] with row weights [N]."""
        self.location_, self.scale_ = np.zeros(y.shape[1]), np.ones(y.shape[1])
        if self.enabled:
            location, std = _moments(_pull_in_outliers(y, weight), weight)
            self.location_, self.scale_ = location, _usable_scale(std, location)
        return self

    def transform(self, y: Array) -> Array:
        """Return the standardised y [N, T]."""
        return (y - self.location_) / self.scale_

    def restore(self, distribution: NormalMixture) -> NormalMixture:
        """Return a distribution of standardised targets in the units of y."""
        return distribution.affine(self.location_, self.scale_)


def _moments(values: Array, weight: Array | None) -> tuple[Array, Array]:
    mean = np.average(values, axis=0, weights=weight)
    return mean, np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))


def _usable_scale(std: Array, location: Array) -> Array:
    """`std`, or 1 for a constant column, which then enters as zeros."""
    return np.where(std > ROUNDING * np.abs(location), std, 1.0)


def _pull_in_outliers(y: Array, weight: Array | None) -> Array:
    """Clip each column at `OUTLIER_BOUND` robust standard deviations from its median, unless half of it is equal."""
    lower, median, upper = np.quantile(
        y, (0.25, 0.5, 0.75), axis=0, weights=np.ones(len(y)) if weight is None else weight, method="inverted_cdf"
    )
    bound = np.where(upper > lower, OUTLIER_BOUND * (upper - lower) / NORMAL_IQR, np.inf)
    return np.clip(y, median - bound, median + bound)
