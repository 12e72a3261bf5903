"""Scores and reports for prediction intervals: interval score, coverage with its confidence interval, width.

Coverage alone is no score: the widest interval wins. Judge intervals by `interval_score`, report coverage and width.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainccinv, betaincinv

from .checks import FloatArray, check_level, check_sample_weight, check_targets, weighted_mean


def interval_score(
    y_true: npt.ArrayLike, interval: npt.ArrayLike, coverage: float, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the mean interval (Winkler) score of central prediction intervals, in units of y; smaller is better.

    ``mean_i [(u_i - l_i) + 2 / alpha * max(l_i - y_i, 0) + 2 / alpha * max(y_i - u_i, 0)]`` with
    ``alpha = 1 - coverage``: the width plus a fine for every miss. Proper for the pair of alpha/2 and 1 - alpha/2
    quantiles. Several targets are averaged, so they should share a unit.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    interval : array-like of shape (n, 2) or (n, T, 2)
        Lower and upper ends; an infinite end gives an infinite score.
    coverage : float
        Nominal probability of the interval, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, an end is NaN, a lower end exceeds the upper one, or `coverage` is outside (0, 1).

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eq. 43.

    Examples
    --------
    >>> from uncertainty.metrics import interval_score
    >>> interval_score([1.0, 5.0], [[0.0, 2.0], [1.0, 4.0]], coverage=0.5)
    4.5
    """
    alpha = 1.0 - check_level(coverage)
    y = check_targets(y_true)
    lower, upper = _check_interval(interval, y.shape)
    miss = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
    return weighted_mean(upper - lower + 2.0 / alpha * miss, sample_weight)


def coverage_score(
    y_true: npt.ArrayLike, interval: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the share of observations inside their closed interval, between 0 and 1.

    ``mean_i 1{l_i <= y_i <= u_i}``, averaged over targets. The aim is the nominal coverage, not 1.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    interval : array-like of shape (n, 2) or (n, T, 2)
        Lower and upper ends, possibly infinite.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, an end is NaN or a lower end exceeds the upper one.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69,
    section 3.4.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_score
    >>> coverage_score([1.0, 5.0, 4.0, 0.0], [[0.0, 2.0], [1.0, 4.0], [1.0, 4.0], [-1.0, 1.0]])
    0.75
    """
    return weighted_mean(covered_by_interval(y_true, interval), sample_weight)


def coverage_confidence_interval(
    y_true: npt.ArrayLike,
    interval: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    sample_weight: npt.ArrayLike | None = None,
) -> tuple[float, float]:
    """Return a confidence interval for the true coverage of prediction intervals, two numbers between 0 and 1.

    Clopper-Pearson: with k of n rows covered and ``a = 1 - confidence``, the a/2 quantile of Beta(k, n - k + 1) and
    the 1 - a/2 quantile of Beta(k + 1, n - k). It is exact (covers at least as often as it says) for independent rows.
    If the nominal coverage lies inside, the data do not contradict it.

    With weights, n is Kish's effective sample size ``(sum w)^2 / sum w^2`` and k is n times the weighted coverage: an
    approximation. Weights here express importance, so weighting a row by 2 is not the same as observing it twice.
    With several targets k is n times the average coverage; n stays the number of rows because the targets of a row
    are dependent, which is cautious.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    interval : array-like of shape (n, 2) or (n, T, 2)
        Lower and upper ends, possibly infinite.
    confidence : float, default=0.95
        Confidence level, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    tuple of two floats
        Lower and upper limit; 0 if nothing and 1 if everything was covered.

    Raises
    ------
    ValueError
        If shapes differ, an end is NaN, a lower end exceeds the upper one, or `confidence` is outside (0, 1).

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26. Kish (1965), Survey Sampling, Wiley, for the effective sample size.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_confidence_interval
    >>> low, high = coverage_confidence_interval([1.0, 2.0, 3.0, 9.0], [[0.0, 4.0]] * 4)
    >>> round(low, 4), round(high, 4)
    (0.1941, 0.9937)
    """
    covered = covered_by_interval(y_true, interval)
    per_row = covered.mean(axis=1) if covered.ndim == 2 else covered
    weight = check_sample_weight(sample_weight, len(covered))
    return binomial_interval(per_row, weight, check_level(confidence, "confidence"))


def mean_width(interval: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean width of prediction intervals, in units of y.

    ``mean_i (u_i - l_i)``, averaged over targets. Among intervals with the right coverage the narrow ones are better.

    Parameters
    ----------
    interval : array-like of shape (n, 2) or (n, T, 2)
        Lower and upper ends; an infinite end gives an infinite width.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shape is another one, an end is NaN or a lower end exceeds the upper one.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69,
    section 3.4.

    Examples
    --------
    >>> from uncertainty.metrics import mean_width
    >>> mean_width([[0.0, 2.0], [1.0, 4.0]])
    2.5
    """
    lower, upper = _check_interval(interval, None)
    return weighted_mean(upper - lower, sample_weight)


def binomial_interval(covered: FloatArray, weight: FloatArray, confidence: float) -> tuple[float, float]:
    """Return Clopper-Pearson limits of the mean of `covered` (n,) at Kish's effective number of rows."""
    n_effective = effective_rows(weight)
    hits = n_effective * weighted_mean(covered, weight)
    misses = n_effective * weighted_mean(1.0 - covered, weight)
    low, high = clopper_pearson(np.array([hits]), np.array([misses]), confidence)
    return float(low[0]), float(high[0])


def effective_rows(weight: FloatArray) -> float:
    """Return Kish's effective number of rows, ``(sum w)^2 / sum w^2``."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def clopper_pearson(hits: FloatArray, misses: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return the exact limits of a binomial share, elementwise; 0 without hits and 1 without misses."""
    tail = 0.5 * (1.0 - confidence)
    some, missed = hits > 0, misses > 0
    low = np.where(some, betaincinv(np.where(some, hits, 1.0), misses + 1.0, tail), 0.0)
    high = np.where(missed, betainccinv(hits + 1.0, np.where(missed, misses, 1.0), tail), 1.0)
    return low, high


def covered_by_interval(y_true: npt.ArrayLike, interval: npt.ArrayLike) -> FloatArray:
    """Return 1.0 where the observation lies in its closed interval and 0.0 elsewhere, in the shape of `y_true`."""
    y = check_targets(y_true)
    lower, upper = _check_interval(interval, y.shape)
    return ((lower <= y) & (y <= upper)).astype(np.float64)


def _check_interval(interval: npt.ArrayLike, y_shape: tuple[int, ...] | None) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper ends in the shape of y; infinite ends are one-sided intervals and welcome."""
    ends = np.asarray(interval, dtype=np.float64)
    expected = "(n, 2) or (n, T, 2)" if y_shape is None else str((*y_shape, 2))
    wrong = ends.ndim not in (2, 3) or ends.shape[-1] != 2 if y_shape is None else ends.shape != (*y_shape, 2)
    if wrong or ends.size == 0:
        raise ValueError(
            f"interval must have shape {expected}, got {ends.shape}. "
            "Pass one coverage level, lower and upper end last, with the rows and targets of y_true."
        )
    lower, upper = ends[..., 0], ends[..., 1]
    if np.isnan(ends).any():
        raise ValueError("interval must hold numbers, got NaN. Remove the rows concerned.")
    if (lower > upper).any():
        worst = np.argmax(lower > upper)
        pair = f"({lower.flat[worst]:g}, {upper.flat[worst]:g})"
        raise ValueError(f"interval must have lower <= upper ends, got {pair}. Swap or sort the ends.")
    if (np.isinf(lower) & (lower == upper)).any():
        raise ValueError("interval must not have both ends at the same infinity, got such a row. Correct its ends.")
    return lower, upper
