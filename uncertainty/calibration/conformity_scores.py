"""Conformity scores: how badly a prediction misses an observation, and which observations score no worse.

A score is level-free when it does not depend on the coverage that is asked for. The intervals of several levels then
contain each other, since each holds all that scores no worse than a threshold, and only the threshold rises.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.predictive import ContinuousPredictive

Array = NDArray[np.float64]
Ends = tuple[Array, Array]


class ConformityScore(ABC):
    """Abstract score. A "view" is what it needs to know of a model's predictions for n rows and T targets."""

    name: str  # by which users choose it
    level_free = True
    views_are_distributions = False  # then views of many rows at once take much memory

    @abstractmethod
    def view(self, model: Any, X: Any) -> Any:
        """Return the view of the predictions of a fitted regressor; TypeError if it does not make such predictions."""

    @abstractmethod
    def view_of(self, predictive: ContinuousPredictive) -> Any:
        """Return the same view of a predictive distribution."""

    @abstractmethod
    def scores(self, view: Any, y: Array, coverage: float | None) -> Array:
        """Return the scores [n, T] of y [n, T]; `coverage` matters only to scores that are not level-free."""

    @abstractmethod
    def ends(self, view: Any, threshold: Array, coverage: float | None) -> Ends:
        """Return both ends [n, T, Q] of the intervals of all y that score at most the thresholds [n, T, Q].

        Axes of the thresholds may have length 1 for all rows or targets alike.
        """


class Absolute(ConformityScore):
    """|y - prediction|, in units of y: intervals of one width. Any regressor.

    Lei et al. (2018), algorithm 2.
    """

    name = "absolute"

    def view(self, model: Any, X: Any) -> Array:
        return _by_target(model.predict(X))

    def view_of(self, predictive: ContinuousPredictive) -> Array:
        return _by_target(predictive.mean())

    def scores(self, view: Array, y: Array, coverage: float | None) -> Array:
        return np.abs(y - view)

    def ends(self, view: Array, threshold: Array, coverage: float | None) -> Ends:
        return view[..., None] - threshold, view[..., None] + threshold


class Normalized(ConformityScore):
    """|y - mean| / std: widths in proportion to the predicted standard deviation, however wrong its scale.

    Lei et al. (2018), section 5.2. Any regressor with `predict(X, return_std=True)`.
    """

    name = "normalized"

    def view(self, model: Any, X: Any) -> Ends:
        try:
            mean, std = model.predict(X, return_std=True)
        except TypeError as error:
            if "return_std" not in str(error):
                raise
            raise TypeError(
                f"conformity_score={self.name!r} needs an estimator with predict(X, return_std=True), got "
                f"{type(model).__name__}. Use conformity_score='absolute'."
            ) from error
        means, stds = _by_target(mean), _by_target(std)
        return means, np.broadcast_to(stds, means.shape)

    def view_of(self, predictive: ContinuousPredictive) -> Ends:
        return _by_target(predictive.mean()), _by_target(predictive.std())

    def scores(self, view: Ends, y: Array, coverage: float | None) -> Array:
        mean, std = view
        error = np.abs(y - mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(error == 0.0, 0.0, error / std)  # a std of 0 is right where the error is 0 too

    def ends(self, view: Ends, threshold: Array, coverage: float | None) -> Ends:
        mean, std = (a[..., None] for a in view)
        with np.errstate(invalid="ignore"):
            half = np.where(np.isinf(threshold), np.inf, threshold * std)
        return mean - half, mean + half


class DistributionScore(ConformityScore):
    """Abstract score of whole predictive distributions, for regressors with `predict_dist`."""

    views_are_distributions = True

    def view(self, model: Any, X: Any) -> ContinuousPredictive:
        if not hasattr(model, "predict_dist"):
            raise TypeError(
                f"conformity_score={self.name!r} needs an estimator with predict_dist, got {type(model).__name__}. Use "
                f"'absolute', or 'normalized' where predict has return_std."
            )
        return model.predict_dist(X)

    def view_of(self, predictive: ContinuousPredictive) -> ContinuousPredictive:
        return predictive


class ProbabilityIntegralTransform(DistributionScore):
    """|F(y) - 1/2| with the predicted cdf F: intervals between the quantiles of equal tails that cover enough.

    Chernozhukov, Wuethrich & Zhu (2021), Distributional conformal prediction, eq. 3. What is computed is minus the
    smaller tail, which is less by 1/2 and stays exact far out, where F is 1 in floating point.
    """

    name = "pit"

    def scores(self, view: ContinuousPredictive, y: Array, coverage: float | None) -> Array:
        y = y.reshape(view.means.shape[:-1])
        return -_by_target(np.minimum(view.cdf(y), view.sf(y)))

    def ends(self, view: ContinuousPredictive, threshold: Array, coverage: float | None) -> Ends:
        n, n_targets = view.members.means.shape[1:3]
        threshold = np.broadcast_to(threshold, (n, n_targets, threshold.shape[2]))
        # A tail of 0, which no finite y has, and a threshold of infinity both give the whole line.
        lower, upper = np.full(threshold.shape, -np.inf), np.full(threshold.shape, np.inf)
        for value in np.unique(threshold[np.isfinite(threshold) & (threshold < 0.0)]):
            equal = threshold == value
            rows = np.flatnonzero(equal.any(axis=(1, 2)))
            part, equal = view[rows], equal[rows]
            for ends, quantile in ((lower, part.ppf), (upper, part.isf)):
                ends[rows] = np.where(equal, _by_target(quantile(-value))[..., None], ends[rows])
        return lower, upper


class Quantile(DistributionScore):
    """max(q_low - y, y - q_high) with the predicted quantiles of the level asked for, moved outward or inward by it.

    Romano, Patterson & Candes (2019), Conformalized quantile regression, eq. 6. In units of y, and not level-free.
    """

    name = "quantile"
    level_free = False

    def scores(self, view: ContinuousPredictive, y: Array, coverage: float | None) -> Array:
        low, high = self._quantiles(view, coverage)
        return np.maximum(low - y, y - high)

    def ends(self, view: ContinuousPredictive, threshold: Array, coverage: float | None) -> Ends:
        low, high = (a[..., None] for a in self._quantiles(view, coverage))
        # Where the ends pass each other the set is empty: the point in the middle stands for it.
        middle = 0.5 * (low + high)
        return np.minimum(low - threshold, middle), np.maximum(high + threshold, middle)

    @staticmethod
    def _quantiles(view: ContinuousPredictive, coverage: float | None) -> Ends:
        assert coverage is not None
        interval = view.interval(coverage)
        return _by_target(interval[..., 0]), _by_target(interval[..., 1])


SCORES: dict[str, ConformityScore] = {
    score.name: score for score in (Absolute(), Normalized(), ProbabilityIntegralTransform(), Quantile())
}


def _by_target(values: Any) -> Array:
    """Values (n,) or (n, T) as [n, T]."""
    array = np.asarray(values, dtype=float)
    return array[:, None] if array.ndim == 1 else array
