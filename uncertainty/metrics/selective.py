"""How well an uncertainty orders the errors: what is left of the loss when the least certain rows are handed on.

A threshold on the uncertainty keeps all rows up to it, so that rows of equal uncertainty are kept or handed on
together. The first argument is the loss of each row (0 or 1 for right or wrong, a squared error, ...), the second its
uncertainty in any unit; only the order of the latter counts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .bins import grouped_sum
from .checks import FloatArray, check_sample_weight, finite_array


@dataclass(frozen=True, eq=False)
class RiskCoverageCurve:
    """Mean loss of the rows kept by each threshold on the uncertainty, most certain first.

    Attributes
    ----------
    coverage : ndarray of shape (K,)
        Share of the weight kept, rising to 1; one entry for each distinct uncertainty.
    risk : ndarray of shape (K,)
        Weighted mean loss of the rows kept; the last one is the loss of all rows.
    threshold : ndarray of shape (K,)
        Largest uncertainty among the rows kept.

    Examples
    --------
    >>> from uncertainty.metrics import risk_coverage_curve
    >>> curve = risk_coverage_curve(loss=[1.0, 0.0, 1.0, 0.0], uncertainty=[0.9, 0.1, 0.4, 0.2])
    >>> curve.coverage
    array([0.25, 0.5 , 0.75, 1.  ])
    >>> curve.risk.round(4)
    array([0.    , 0.    , 0.3333, 0.5   ])
    """

    coverage: FloatArray
    risk: FloatArray
    threshold: FloatArray


def risk_coverage_curve(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> RiskCoverageCurve:
    """Return the mean loss of the rows kept against their share, for every threshold on the uncertainty.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Loss of each row, in any unit.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row; the rows with the smallest are kept first. For a confidence pass its negative.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    RiskCoverageCurve
        `coverage`, `risk` and `threshold`, each of shape (K,) for K distinct uncertainties.

    Raises
    ------
    ValueError
        If the arrays are not of one shape (n,) or hold values that are not finite.

    References
    ----------
    El-Yaniv and Wiener (2010), On the foundations of noise-free selective classification, JMLR 11, section 2.

    Examples
    --------
    >>> from uncertainty.metrics import risk_coverage_curve
    >>> risk_coverage_curve(loss=[4.0, 1.0], uncertainty=[0.5, 0.2]).risk
    array([1. , 2.5])
    """
    losses, scores, weight = _check(loss, uncertainty, sample_weight)
    threshold, mass, total = _by_value(scores, losses, weight)
    kept = np.cumsum(mass)
    return RiskCoverageCurve(kept / kept[-1], np.cumsum(total) / kept, threshold)


def risk_coverage_area(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the area under the risk-coverage curve (AURC), in units of the loss; smaller is better.

    ``sum_i w_i * (mean loss of the rows at most as uncertain as row i) / sum_i w_i``: the mean loss itself where the
    uncertainty says nothing of it.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Loss of each row, in any unit.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row. For a confidence pass its negative.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `risk_coverage_curve`.

    References
    ----------
    Geifman, Uziel and El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural classifiers, ICLR,
    section 2.

    Examples
    --------
    >>> from uncertainty.metrics import risk_coverage_area
    >>> risk_coverage_area(loss=[1.0, 0.0, 1.0, 0.0], uncertainty=[0.9, 0.1, 0.4, 0.2])
    0.20833333333333331
    """
    curve = risk_coverage_curve(loss, uncertainty, sample_weight=sample_weight)
    return float(np.diff(curve.coverage, prepend=0.0) @ curve.risk)


def excess_risk_coverage_area(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return how far the risk-coverage area lies above the best one (E-AURC), at least 0, in units of the loss.

    The best order is that of the losses themselves. Its curve is taken as continuous, as if each row stood for many:
    with a share e of errors of a 0/1 loss its area is ``e + (1 - e) log(1 - e)``. In n rows the best order therefore
    keeps a little excess, which shrinks as 1 / n.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Loss of each row, in any unit.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row. For a confidence pass its negative.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `risk_coverage_curve`.

    References
    ----------
    Geifman, Uziel and El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural classifiers, ICLR, eq. 4.

    Examples
    --------
    >>> from uncertainty.metrics import excess_risk_coverage_area
    >>> round(excess_risk_coverage_area(loss=[1.0, 0.0, 1.0, 0.0], uncertainty=[0.9, 0.1, 0.4, 0.2]), 4)
    0.0549
    """
    losses, _, weight = _check(loss, uncertainty, sample_weight)
    area = risk_coverage_area(loss, uncertainty, sample_weight=sample_weight)
    return max(area - _best_area(losses, weight), 0.0)


def generalized_risk_coverage_area(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the area under the generalized risk-coverage curve (AUGRC), in units of the loss; smaller is better.

    ``integral of (loss of the rows kept) / (weight of all rows)`` over the share kept, by trapezoids: the mean loss of
    silent failures, which unlike AURC does not let the first few rows dominate. For a 0/1 loss it is
    ``(1 - AUROC) e (1 - e) + e^2 / 2`` with e the share of errors; half the mean loss if the uncertainty says nothing.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Loss of each row, in any unit.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row. For a confidence pass its negative.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `risk_coverage_curve`.

    References
    ----------
    Traub et al. (2024), Overcoming common flaws in the evaluation of selective classification systems, NeurIPS, eqs. 6
    and 7.

    Examples
    --------
    >>> from uncertainty.metrics import generalized_risk_coverage_area
    >>> generalized_risk_coverage_area(loss=[1.0, 0.0, 1.0, 0.0], uncertainty=[0.9, 0.1, 0.4, 0.2])
    0.125
    """
    curve = risk_coverage_curve(loss, uncertainty, sample_weight=sample_weight)
    kept = np.concatenate([[0.0], curve.coverage])
    silent = np.concatenate([[0.0], curve.coverage * curve.risk])
    return float(np.trapezoid(silent, kept))


def sparsification_error(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the area between the sparsification curve and the best one (AUSE), a share of the mean loss.

    The curve is the mean loss of the rows left over the share taken away, most uncertain first, divided by the loss of
    all rows: the risk-coverage curve read backwards. So this is `excess_risk_coverage_area` over the mean loss; 0 where
    there is no loss.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Non-negative loss of each row, such as the absolute error.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row. For a confidence pass its negative.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As in `risk_coverage_curve`, or if a loss is negative.

    References
    ----------
    Ilg et al. (2018), Uncertainty estimates and multi-hypotheses networks for optical flow, ECCV, section 4.1.

    Examples
    --------
    >>> from uncertainty.metrics import sparsification_error
    >>> round(sparsification_error(loss=[1.0, 0.0, 1.0, 0.0], uncertainty=[0.9, 0.1, 0.4, 0.2]), 4)
    0.1098
    """
    losses, _, weight = _check(loss, uncertainty, sample_weight)
    if (losses < 0).any():
        raise ValueError(f"loss must be non-negative, got {losses.min():g}. Use excess_risk_coverage_area instead.")
    mean = np.average(losses, weights=weight)
    excess = excess_risk_coverage_area(loss, uncertainty, sample_weight=sample_weight)
    return float(excess / mean) if mean > 0 else 0.0


def rank_correlation(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return Spearman's rank correlation of the losses with the uncertainties, between -1 and 1; larger is better.

    Pearson's correlation of the weighted mid-ranks; equal values share a rank. Even a perfect standard deviation does
    not reach 1, because a single error is random.

    Parameters
    ----------
    loss : array-like of shape (n,)
        Loss of each row, such as the absolute error.
    uncertainty : array-like of shape (n,)
        Uncertainty of each row.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float
        NaN where one of the two is constant: there is no order to compare.

    Raises
    ------
    ValueError
        As in `risk_coverage_curve`.

    References
    ----------
    Spearman (1904), The proof and measurement of association between two things, American Journal of Psychology 15.

    Examples
    --------
    >>> from uncertainty.metrics import rank_correlation
    >>> round(rank_correlation([0.1, 0.5, 0.3, 2.0], [1.0, 2.0, 3.0, 4.0]), 4)
    0.8
    """
    losses, scores, weight = _check(loss, uncertainty, sample_weight)
    first, second = _mid_ranks(losses, weight), _mid_ranks(scores, weight)
    if np.ptp(losses) == 0.0 or np.ptp(scores) == 0.0:
        return float("nan")
    covariance = weight @ (first * second)
    return float(covariance / np.sqrt((weight @ first**2) * (weight @ second**2)))


def _check(
    loss: npt.ArrayLike, uncertainty: npt.ArrayLike, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the losses, uncertainties and weights of the rows whose weight is not zero."""
    losses, scores = finite_array(loss, "loss"), finite_array(uncertainty, "uncertainty")
    if losses.ndim != 1 or scores.shape != losses.shape:
        raise ValueError(
            f"loss and uncertainty must have one shape (n,), got {losses.shape} and {scores.shape}. "
            "Pass one number of each kind per row."
        )
    weight = check_sample_weight(sample_weight, len(losses))
    used = weight > 0
    return losses[used], scores[used], weight[used]


def _by_value(key: FloatArray, losses: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distinct keys in order, and the weight and the weighted loss of the rows of each."""
    distinct, index = np.unique(key, return_inverse=True)
    return distinct, grouped_sum(index, weight), grouped_sum(index, weight * losses)


def _best_area(losses: FloatArray, weight: FloatArray) -> float:
    """Return the integral of the risk over the share kept, rows in order of their loss and divisible at will.

    Within the rows of one loss l, from weight W with summed loss L on, the risk at W + t is (L + l t) / (W + t).
    """
    value, mass, total = _by_value(losses, losses, weight)
    after = np.cumsum(mass)
    before, loss_before = after - mass, np.cumsum(total) - total
    start = np.where(before > 0, before, 1.0)
    extra = np.where(before > 0, (loss_before - value * before) * np.log(after / start), 0.0)
    return float((value * mass + extra).sum() / after[-1])


def _mid_ranks(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the share of the weight below each value plus half of that at it, minus their mean, which is 1/2."""
    _, index = np.unique(values, return_inverse=True)
    mass = grouped_sum(index, weight)
    return np.asarray((np.cumsum(mass) - 0.5 * mass)[index] / mass.sum() - 0.5)
