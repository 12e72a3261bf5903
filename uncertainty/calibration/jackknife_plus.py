"""The jackknife+ family: each calibration row brings the interval that a model which has not seen it would draw."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from uncertainty.calibration.calibrated import Calibrated, Index, LikelihoodRatio
from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.conformity_scores import ConformityScore, Ends

Array = NDArray[np.float64]


class JackknifePlus(Calibrated):
    """Abstract: intervals between quantiles of the ends that the calibration rows bring.

    A row brings the interval of all y that score no worse than itself, for the model that has not seen it. The lower
    end is the floor((1 - coverage) (n + 1))-th smallest of theirs, the upper end the ceil(coverage (n + 1))-th. Below a
    coverage of 1/2, where the ends can pass each other, the point midway between their medians belongs to it too.

    Barber, Candes, Ramdas & Tibshirani (2021), Predictive inference with the jackknife+, eqs. 1.4 and 1.10; for other
    scores than the absolute error Gupta, Kuchibhotla & Ramdas (2022), Nested conformal prediction and quantile
    out-of-bag ensemble methods, section 3; with a likelihood ratio Prinster, Liu & Saria (2022), JAWS, eq. 8.

    Parameters
    ----------
    block : [m] number of the model that has not seen each calibration row
    """

    _by_pair = True

    def __init__(
        self,
        score: ConformityScore,
        calibration: Iterable[tuple[Any, Array]],
        n_targets: int,
        block: Index,
        *,
        joint: bool,
    ) -> None:
        super().__init__(score, calibration, n_targets, joint=joint)
        self.block = block

    @abstractmethod
    def _views(self, X: Any) -> Callable[[int], Any]:
        """The function from the number of a model to the view of its predictions for X."""

    def _ends(
        self, X: Any, scores: Array, used: Index, levels: Array, coverage: float | None, ratio: LikelihoodRatio | None
    ) -> Ends:
        lower, upper = self._ends_by_row(X, scores, self.block[used], coverage)
        weights = () if ratio is None else (ratio.calibration, ratio.test[:, None])
        low, high = -conformal_quantile(-lower, levels, *weights), conformal_quantile(upper, levels, *weights)
        if (levels < 0.5).any():
            middle = _middle(lower, upper, None if ratio is None else ratio.calibration)
            low = np.where(levels < 0.5, np.fmin(low, middle), low)
            high = np.where(levels < 0.5, np.fmax(high, middle), high)
        return low, high

    def _ends_by_row(self, X: Any, scores: Array, block: Index, coverage: float | None) -> Ends:
        """The ends [n, T, m] of the intervals that m calibration rows bring for X, by their scores and blocks."""
        shape = (_num_samples(X), self.n_targets, len(block))
        lower, upper = np.empty(shape), np.empty(shape)
        view_of = self._views(X)
        for number in np.unique(block).tolist():
            rows = np.flatnonzero(block == number)
            thresholds = scores[rows].T[None]  # [1, T, m of this model]
            lower[..., rows], upper[..., rows] = self.score.ends(view_of(number), thresholds, coverage)
        return lower, upper


def _middle(lower: Array, upper: Array, weight: Array | None) -> Array:
    """The point [n, T, 1] midway between the medians of the ends [n, T, m], which is in every interval of 1/2 or more.

    It is NaN where the medians are infinite.
    """
    weight, none = np.ones(lower.shape[-1]) if weight is None else weight, np.zeros(1)
    with np.errstate(invalid="ignore"):
        ends = conformal_quantile(upper, [0.5], weight, none) - conformal_quantile(-lower, [0.5], weight, none)
    return 0.5 * ends
