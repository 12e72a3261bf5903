"""How well a score tells foreign rows from rows like the training data: AUROC, AUPR and FPR at a given TPR.

The foreign rows (out of distribution) are the positives, and a larger score should mean foreign. To detect errors
instead, pass which rows are wrong. Where the familiar rows are meant to be the positives, pass the opposite of both
arguments: AUPR and the false positive rate are then other numbers.
"""

import numpy as np
import numpy.typing as npt

from .bins import grouped_sum
from .checks import FloatArray, check_level, check_sample_weight, finite_array


def auroc(is_foreign: npt.ArrayLike, score: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the area under the receiver operating characteristic, between 0 and 1; 1/2 says nothing.

    The probability that a foreign row has a larger score than a familiar one; equal scores count half.

    Parameters
    ----------
    is_foreign : array-like of shape (n,), of booleans or 0 and 1
        Whether each row is out of distribution.
    score : array-like of shape (n,)
        Score of each row, larger for foreign ones, such as the epistemic variance or the mutual information.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a score is not finite, or one of the two kinds of rows is missing.

    References
    ----------
    Hendrycks and Gimpel (2017), A baseline for detecting misclassified and out-of-distribution examples in neural
    networks, ICLR, section 2.

    Examples
    --------
    >>> from uncertainty.metrics import auroc
    >>> auroc([False, False, True, True], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    true_positive, false_positive = _rates(is_foreign, score, sample_weight)
    return float(np.trapezoid(true_positive, false_positive))


def aupr(is_foreign: npt.ArrayLike, score: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the area under the precision-recall curve (average precision), between 0 and 1; larger is better.

    ``sum_k (recall_k - recall_(k-1)) precision_k`` over the thresholds, without interpolation. A score that says
    nothing reaches the share of foreign rows, so compare only where that is the same.

    Parameters
    ----------
    is_foreign : array-like of shape (n,), of booleans or 0 and 1
        Whether each row is out of distribution.
    score : array-like of shape (n,)
        Score of each row, larger for foreign ones.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `auroc`.

    References
    ----------
    Hendrycks and Gimpel (2017), A baseline for detecting misclassified and out-of-distribution examples in neural
    networks, ICLR, section 2.

    Examples
    --------
    >>> from uncertainty.metrics import aupr
    >>> round(aupr([False, False, True, True], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    foreign, familiar = _masses(is_foreign, score, sample_weight)
    hits, alarms = np.cumsum(foreign), np.cumsum(foreign + familiar)
    return float(foreign @ (hits / alarms) / hits[-1])


def fpr_at_tpr(
    is_foreign: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    tpr: float = 0.95,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the share of familiar rows that are flagged when 95 % of the foreign rows are (FPR95); smaller is better.

    The false positive rate at the first threshold, from the top, whose true positive rate is at least `tpr`.

    Parameters
    ----------
    is_foreign : array-like of shape (n,), of booleans or 0 and 1
        Whether each row is out of distribution.
    score : array-like of shape (n,)
        Score of each row, larger for foreign ones.
    tpr : float, default=0.95
        Share of the foreign rows that must be flagged, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `auroc`, or if `tpr` is outside (0, 1).

    References
    ----------
    Hendrycks, Mazeika and Dietterich (2019), Deep anomaly detection with outlier exposure, ICLR, section 4.1: foreign
    rows are positives. Liang, Li and Srikant (2018), ICLR, take the familiar rows instead.

    Examples
    --------
    >>> from uncertainty.metrics import fpr_at_tpr
    >>> fpr_at_tpr([False, False, True, True], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    wanted = check_level(tpr, "tpr")
    true_positive, false_positive = _rates(is_foreign, score, sample_weight)
    # The small term keeps 19 of 20 rows from falling below 0.95 by rounding.
    return float(false_positive[np.argmax(true_positive >= wanted - 1e-12)])


def _rates(
    is_foreign: npt.ArrayLike, score: npt.ArrayLike, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the true and the false positive rates of all thresholds from the top, beginning at 0 and 0."""
    rates = [np.concatenate([[0.0], np.cumsum(m)]) for m in _masses(is_foreign, score, sample_weight)]
    return rates[0] / rates[0][-1], rates[1] / rates[1][-1]


def _masses(
    is_foreign: npt.ArrayLike, score: npt.ArrayLike, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the weight of foreign and of familiar rows at each distinct score, largest score first."""
    positive, scores = np.asarray(is_foreign), finite_array(score, "score")
    if positive.ndim != 1 or scores.shape != positive.shape:
        raise ValueError(
            f"is_foreign and score must have one shape (n,), got {positive.shape} and {scores.shape}. "
            "Pass one number of each kind per row."
        )
    if not np.isin(positive, (0, 1)).all():
        raise ValueError("is_foreign must hold booleans, or 0 and 1, got other values. Compare with the foreign label.")
    weight = check_sample_weight(sample_weight, len(scores))
    _, index = np.unique(-scores, return_inverse=True)
    foreign = grouped_sum(index, weight * (positive == 1))
    familiar = grouped_sum(index, weight * (positive == 0))
    if foreign.sum() == 0.0 or familiar.sum() == 0.0:
        kind = "foreign" if foreign.sum() == 0.0 else "familiar"
        raise ValueError(f"is_foreign must name rows of both kinds, got no {kind} ones with weight. Pass both kinds.")
    used = foreign + familiar > 0.0
    return foreign[used], familiar[used]
