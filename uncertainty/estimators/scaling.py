"""Standardisation of inputs and targets with the (weighted) statistics of the training rows.

Both are fitted in float64 and hold plain numpy arrays. A few gross outliers set neither the scale nor the range of a
column: they are damped, and so are inputs beyond the training range at prediction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.estimators.gaps import Gaps
from uncertainty.estimators.piecewise_linear import Bins
from uncertainty.estimators.whitening import Whitening
from uncertainty.heads.normal_mixture import NormalMixture

Array = NDArray[np.float64]

# A standard deviation of at most this share of the column's size is rounding error: the column is constant.
ROUNDING = 16 * np.finfo(np.float64).eps
# The rare values of a column that is otherwise constant stand at most this many scale units from the others.
MAX_RANGE_IN_SCALES = 10.0
# Values further than this many robust standard deviations from the median are outliers ...
OUTLIER_BOUND = 50.0
# ... unless they are more than a single row or this share of the rows: then they are part of the data.
MAX_OUTLIER_SHARE = 0.005
# So many rows can tell targets that have moved from mistakes.
FEWEST_ROWS_OF_A_REGIME = 10
# Interquartile range of a standard normal distribution.
NORMAL_IQR = 1.3489795003921634
# Values whose square is no ordinary number have no variance that float64 could hold.
SMALLEST, LARGEST = 1e-150, 1e150
# What a quotient too large for float64 counts as.
HUGE = np.finfo(np.float64).max


class InputScaler:
    """Column-wise standardisation of X, with logarithmic damping outside the training range.

    Inside the training range of a column (without outliers) the map is (x - location) / scale. A value d scale units
    beyond the range enters as log(1 + d) units beyond it: continuous with slope 1 at the edge, and still growing, so
    that members keep disagreeing outside, but a wrong unit in one field cannot send a prediction to infinity.
    `whiten` then also takes the correlations out: see `Whitening`. `embedding` adds C inputs, those of gaps at
    the end: see `PiecewiseLinear` and `Gaps`.
    """

    def __init__(self, *, enabled: bool, whiten: bool = False, embedding: Bins | None = None) -> None:
        self.enabled = enabled
        self.whiten = whiten
        self.embedding = embedding

    def fit(self, x: Array, weight: Array | None) -> InputScaler:
        """Learn location, scale and range [D] of x [N, D] with row weights [N]."""
        _require_representable("X", x)
        low, high, spread = _robust_range(x, weight)
        self.low_, self.high_ = np.maximum(x.min(axis=0), low), np.minimum(x.max(axis=0), high)
        inside = np.clip(x, self.low_, self.high_)
        location, std = _moments(inside, weight)
        # A flag set in three rows of a thousand would stand 18 standard deviations out.
        floor = np.where(spread > 0.0, 0.0, (self.high_ - self.low_) / MAX_RANGE_IN_SCALES)
        self.location_, self.scale_ = location, _usable_scale(np.maximum(std, floor), location)
        if self.whiten:
            self.whitening_ = Whitening().fit(self._standardise(x), weight)
        if self.embedding is not None:
            self.encoding_ = self.embedding.fit(inside, weight)
            self.gaps_ = Gaps.find(inside, weight, np.unique(self.encoding_.column))
        return self

    def transform(self, x: Array) -> Array:
        """Return what the network sees of x [N, D]: its columns standardised, and the added inputs, [N, D + C]."""
        if not self.enabled:
            return x
        standardised = self._standardise(x)
        if self.whiten:
            standardised = self.whitening_.transform(standardised)
        if self.embedding is None:
            return standardised
        return np.hstack([standardised, self.encoding_.transform(x), self.gaps_.distances(x)])

    def _standardise(self, x: Array) -> Array:
        inside = np.clip(x, self.low_, self.high_)
        standardised = (inside - self.location_) / self.scale_
        beyond = x - inside
        if beyond.any():
            with np.errstate(over="ignore"):
                beyond /= self.scale_
            np.clip(beyond, -HUGE, HUGE, out=beyond)
            standardised += np.sign(beyond) * np.log1p(np.abs(beyond))
        return standardised

    @property
    def n_gap_inputs(self) -> int:
        """How many of the inputs, the last ones, say how far a row is inside a gap: see `Gaps`."""
        return 0 if self.embedding is None or not self.enabled else self.gaps_.n_inputs

    def standardised_range(self) -> Array:
        """Width [D + C] of each input's training range in the units the network sees."""
        width = self.high_ - self.low_
        if self.enabled:
            width = self.whitening_.range_ if self.whiten else width / self.scale_
        if self.embedding is None:
            return width
        return np.concatenate([width, self.encoding_.range(), np.zeros(self.gaps_.n_inputs)])

    def standardised_mean(self) -> Array:
        """Mean [D + C] of each input's training rows in network units, outliers at the edge of the range."""
        return np.zeros_like(self.standardised_range()) if self.enabled else self.location_


class TargetScaler:
    """Column-wise standardisation of y, and the way back for whole distributions.

    A training target is an outlier when it lies more than 50 robust standard deviations (interquartile range / 1.35)
    from the median and is alone or among at most 0.5 % of the rows. One wrong entry would otherwise set the scale of
    all others, so d robust standard deviations beyond the bound count as log(1 + d). The estimators warn of them.
    """

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def fit(self, y: Array, weight: Array | None) -> TargetScaler:
        """Learn location and scale [T], and the bounds of damping, of y [N, T] with row weights [N]."""
        _require_representable("y", y)
        self.location_, self.scale_ = np.zeros(y.shape[1]), np.ones(y.shape[1])
        if self.enabled:
            self.low_, self.high_, spread = _robust_range(y, weight)
            self.robust_std_ = np.where(spread > 0.0, spread, 1.0)
            location, std = _moments(self._damp(y), weight)
            self.location_, self.scale_ = location, _usable_scale(std, location)
        return self

    def transform(self, y: Array, moved: NDArray[np.bool_] | bool = False) -> Array:
        """Return the standardised y [N, T], outliers damped but for targets that have `moved` [T]."""
        return (np.where(moved, y, self._damp(y)) - self.location_) / self.scale_ if self.enabled else y

    def is_outlier(self, y: Array) -> NDArray[np.bool_]:
        """Whether each value of y [N, T] lies beyond the bounds."""
        return (y < self.low_) | (y > self.high_) if self.enabled else np.zeros(y.shape, dtype=bool)

    def has_moved(self, y: Array, weight: Array | None) -> NDArray[np.bool_]:
        """Whether each target [T], in rows y [N, T] with weights [N] that continue a fit, has left the bounds for good.

        So it has if they hold more beyond than within, of ten rows at least. These are no mistakes, and damped they
        would be out of reach of the network. A call with fewer rows cannot tell.
        """
        beyond = self.is_outlier(y)
        share = np.minimum(beyond.mean(axis=0), np.average(beyond, axis=0, weights=weight))
        moved: NDArray[np.bool_] = (share > 0.5) & (len(y) >= FEWEST_ROWS_OF_A_REGIME)
        return moved

    def restore(self, distribution: NormalMixture) -> NormalMixture:
        """Return a distribution of standardised targets in the units of y."""
        return distribution.affine(self.location_, self.scale_)

    def _damp(self, y: Array) -> Array:
        inside = np.clip(y, self.low_, self.high_)
        beyond = (y - inside) / self.robust_std_
        return inside + self.robust_std_ * np.sign(beyond) * np.log1p(np.abs(beyond))


def _require_representable(name: str, values: Array) -> None:
    largest = float(np.abs(values).max())
    if largest > LARGEST or 0.0 < largest < SMALLEST:
        raise ValueError(
            f"{name} must have a variance that float64 can hold, got values up to {largest:.3g}. Rescale {name}."
        )


def _moments(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Mean and standard deviation of each column; the latter is 0 where it is no more than rounding error.

    The sum of many values is rounded, too, and so is the mean that comes of it. What it misses is no spread: only
    that around the exact mean tells whether a column is constant.
    """
    mean = np.average(values, axis=0, weights=weight)
    deviations = values - mean
    missed = np.average(deviations, axis=0, weights=weight)
    variance = np.average(deviations**2, axis=0, weights=weight)
    constant = np.sqrt(np.maximum(variance - missed**2, 0.0)) <= ROUNDING * np.abs(mean)
    return np.where(constant, mean + missed, mean), np.where(constant, 0.0, np.sqrt(variance))


def _usable_scale(std: Array, location: Array) -> Array:
    """`std`, or 1 for a constant column, which then enters as zeros."""
    return np.where(std > ROUNDING * np.abs(location), std, 1.0)


def _robust_range(values: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """Bounds of each column beyond which values are outliers, and its robust standard deviation (0 if half is equal).

    The bounds are infinite where there is no robust spread, or where so many rows lie beyond that they are no
    outliers. A single row is always few: there alone an integer weight is not quite a repetition.
    """
    weight = np.ones(len(values)) if weight is None else weight
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75), axis=0, weights=weight, method="inverted_cdf")
    spread = (upper - lower) / NORMAL_IQR
    beyond = np.abs(values - median) > OUTLIER_BOUND * spread
    few = (np.average(beyond, axis=0, weights=weight) <= MAX_OUTLIER_SHARE) | (beyond.sum(axis=0) <= 1)
    bound = np.where((spread > 0.0) & few, OUTLIER_BOUND * spread, np.inf)
    return median - bound, median + bound, spread
