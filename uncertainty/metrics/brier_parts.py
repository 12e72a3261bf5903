"""The Brier score taken apart: reliability, resolution and uncertainty."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .calibration_error import calibration_bins
from .classification import brier_score


@dataclass(frozen=True)
class BrierDecomposition:
    """Parts of a Brier score: ``brier = reliability - resolution + uncertainty + within_bins``.

    Attributes
    ----------
    reliability : float
        Weighted mean squared gap of mean probability and frequency of the bins; 0 for calibrated probabilities.
    resolution : float
        Weighted mean squared distance of the frequencies of the bins from that of all rows; larger is better.
    uncertainty : float
        Brier score of the frequencies of all rows: a property of the data alone.
    within_bins : float
        What the bins hide: variance of the probabilities in a bin less twice their covariance with the event. 0 if all
        rows of a bin have one probability.
    brier : float
        `brier_score` itself.

    Examples
    --------
    >>> from uncertainty.metrics import brier_decomposition
    >>> parts = brier_decomposition([0, 1, 1, 0], [0.25, 0.75, 0.75, 0.75])
    >>> round(parts.reliability, 4), round(parts.resolution, 4), parts.uncertainty
    (0.0417, 0.1667, 0.5)
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    brier: float


def brier_decomposition(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "uniform",
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> BrierDecomposition:
    """Return reliability, resolution and uncertainty of the Brier score, by bins of the probability of each class.

    With weight share w_b, mean probability c_b and frequency f_b of bin b, and frequency f of all rows, summed over
    classes: reliability ``sum_b w_b (c_b - f_b)^2``, resolution ``sum_b w_b (f_b - f)^2`` and uncertainty
    ``f (1 - f)``. Like `brier_score` the parts are sums over all classes, so twice the short form of two classes.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
    n_bins : int, default=10
        Number of bins for each class. Many narrow bins make `within_bins` small, but both others too large.
    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width on [0, 1], or of equal weight.
    labels : array-like of shape (C,), default=None
        The class of each column in column order (`estimator.classes_`); None takes the sorted labels of `y_true`,
        which must then hold every class.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    BrierDecomposition

    Raises
    ------
    ValueError
        As in `expected_calibration_error`.

    References
    ----------
    Murphy (1973), A new vector partition of the probability score, Journal of Applied Meteorology 12, eq. 7.
    Stephenson, Coelho and Jolliffe (2008), Two extra components in the Brier score decomposition, Weather and
    Forecasting 23, eq. 7, for the part within bins.

    Examples
    --------
    >>> from uncertainty.metrics import brier_decomposition
    >>> brier_decomposition([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0]).reliability
    0.0
    """
    bins = calibration_bins(
        y_true,
        y_proba,
        kind="class_wise",
        strategy=strategy,
        n_bins=n_bins,
        labels=labels,
        sample_weight=sample_weight,
    )
    empty = bins.count == 0
    confidence, frequency = (np.where(empty, 0.0, a) for a in (bins.mean_confidence, bins.observed_frequency))
    of_class = (bins.weight * frequency).sum(axis=1, keepdims=True)  # [C, 1]
    reliability = float((bins.weight * (confidence - frequency) ** 2).sum())
    resolution = float((bins.weight * (frequency - of_class) ** 2).sum())
    uncertainty = float((of_class * (1.0 - of_class)).sum())
    brier = brier_score(y_true, y_proba, labels=labels, sample_weight=sample_weight)
    return BrierDecomposition(
        reliability, resolution, uncertainty, brier - reliability + resolution - uncertainty, brier
    )
