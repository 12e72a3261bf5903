"""Binned calibration of class probabilities: the table behind a reliability diagram and the errors computed from it.

Binned errors are not proper scores: they depend on the bins and are biased upwards in small samples (a perfectly
calibrated model does not reach 0), which `debias` mends in part. Report them beside the Brier score or the log loss.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import erfc

from .bins import check_n_bins, equal_mass_bins
from .checks import FloatArray, IntArray, check_choice, check_sample_weight
from .class_labels import Kind, checked_events

Strategy = Literal["uniform", "quantile"]
Norm = Literal["l1", "l2", "max"]


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """Table of a binned calibration curve; with kind="class_wise" every array has a leading class axis C.

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Bin b is [edges[b], edges[b + 1]), the last one closed. Quantile bins left empty by ties have width zero.
    mean_confidence : ndarray of shape (n_bins,)
        Weighted mean of the predicted probability in each bin, NaN in an empty bin (`count == 0`).
    observed_frequency : ndarray of shape (n_bins,)
        Weighted share of rows where the predicted event happened, NaN in an empty bin.
    weight : ndarray of shape (n_bins,)
        Share of the total weight in each bin; sums to 1.
    count : ndarray of shape (n_bins,)
        Number of rows with positive weight in each bin.
    """

    edges: FloatArray
    mean_confidence: FloatArray
    observed_frequency: FloatArray
    weight: FloatArray
    count: IntArray


def expected_calibration_error(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    kind: Kind = "top_label",
    strategy: Strategy = "uniform",
    n_bins: int = 15,
    norm: Norm = "l1",
    debias: bool = False,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the binned calibration error of class probabilities, between 0 and 1; smaller is better.

    With weight share w_b, mean confidence c_b and observed frequency f_b of bin b: ``sum_b w_b |f_b - c_b|`` for
    norm="l1" (the usual ECE), ``sqrt(sum_b w_b (f_b - c_b)^2)`` for "l2" and ``max_b |f_b - c_b|`` over the bins in
    use for "max" (MCE). kind="class_wise" averages the error of each class.

    The frequencies of finitely many rows scatter around the truth, which adds to every gap. With `debias` the
    estimated addition is taken off, bin by bin, with ``s_b^2 = f_b (1 - f_b) / n_b`` the binomial variance of f_b:

    - "l1": what the folded normal distribution ``|N(f_b - c_b, s_b^2)|`` has above ``|f_b - c_b|`` on average. The
      gap stands in for the true one, so that the correction falls short where that is 0: about 0.6 of the excess
      error of a calibrated model in each bin remains.
    - "l2": ``f_b (1 - f_b) / (n_b - 1)`` from the squared gap, which makes its expectation exact.

    A bin with fewer than two rows, whose noise cannot be estimated, counts as no gap; a negative sum becomes 0.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
    kind : {"top_label", "class_wise", "positive"}, default="top_label"
        The event whose probability is checked: the most probable class is right; each class in turn occurs; the
        second of two classes occurs. In a binary problem these are three different numbers.
    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width on [0, 1], or of equal weight. Equal confidences always share a bin.
    n_bins : int, default=15
        Number of bins.
    norm : {"l1", "l2", "max"}, default="l1"
        How the gaps of the bins are combined.
    debias : bool, default=False
        Take off the estimated effect of sampling noise; not for norm="max". Weights express importance here: n_b is
        Kish's effective number of rows ``(sum w)^2 / sum w^2``, so a row of weight 2 is not the same as two rows.
    labels : array-like of shape (C,), default=None
        The class of each column in column order (`estimator.classes_`); None takes the sorted labels of `y_true`,
        which must then hold every class.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, the probabilities are no distribution, labels and columns do not match, an option is
        unknown, or kind="positive" meets more than two classes.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, eqs. 3 and 5 (top label).
    Kull et al. (2019), Beyond temperature scaling, NeurIPS, section 2 (class-wise). Kumar, Liang and Ma (2019),
    Verified uncertainty calibration, NeurIPS, section 2 (l2) and their debiased estimator of it; the debiased l1 is, in
    closed form, the resampling estimate of their package `uncertainty-calibration` (`normal_debiased_ce`).

    Examples
    --------
    >>> from uncertainty.metrics import expected_calibration_error
    >>> round(expected_calibration_error([0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8], kind="positive", n_bins=2), 4)
    0.1
    """
    check_choice(norm, "norm", ("l1", "l2", "max"))
    if debias and norm == "max":
        raise ValueError("debias must be False for norm='max', got True. Use norm='l1' or norm='l2'.")
    bins, effective_count = _bins(y_true, y_proba, kind, strategy, n_bins, labels, sample_weight)
    used = bins.count > 0
    gap = np.zeros(used.shape)
    gap[used] = np.abs(bins.observed_frequency[used] - bins.mean_confidence[used])
    if norm == "max":
        error = gap.max(axis=-1)
    elif norm == "l2":
        square = _debiased_square(gap, bins.observed_frequency, effective_count) if debias else gap**2
        error = np.sqrt(np.maximum((bins.weight * square).sum(axis=-1), 0.0))
    else:
        gap = _debiased_gap(gap, bins.observed_frequency, effective_count) if debias else gap
        error = np.maximum((bins.weight * gap).sum(axis=-1), 0.0)
    return float(error.mean())


def _debiased_square(gap: FloatArray, frequency: FloatArray, n: FloatArray) -> FloatArray:
    """Return unbiased estimates of the squared gaps, 0 in bins with fewer than two rows."""
    variance, known = _binomial_variance(frequency, n)
    return np.where(known, gap**2 - variance * n / np.where(known, n - 1.0, 1.0), 0.0)


def _debiased_gap(gap: FloatArray, frequency: FloatArray, n: FloatArray) -> FloatArray:
    """Return the gaps g minus E|N(g, s^2)| - g, 0 in bins with fewer than two rows."""
    variance, known = _binomial_variance(frequency, n)
    std = np.sqrt(np.where(variance > 0.0, variance, 1.0))
    z = gap / std
    excess = std * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * z * z) - gap * erfc(z / np.sqrt(2.0))
    return np.where(known, gap - np.where(variance > 0.0, excess, 0.0), 0.0)


def _binomial_variance(frequency: FloatArray, n: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the variance of the frequency in each bin, and whether there are the two rows it takes to know it."""
    known = n > 2.0 - 1e-9
    f = np.where(known, frequency, 0.0)
    return f * (1.0 - f) / np.where(known, n, 1.0), known


def calibration_bins(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    kind: Kind = "top_label",
    strategy: Strategy = "uniform",
    n_bins: int = 15,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> CalibrationBins:
    """Return, bin by bin, the mean predicted probability and the frequency with which the event happened.

    Calibrated probabilities have ``observed_frequency`` close to ``mean_confidence`` in every bin; `count` tells how
    much each bin can be trusted.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
    kind, strategy, n_bins, labels, sample_weight
        As in `expected_calibration_error`.

    Returns
    -------
    CalibrationBins
        `edges`, `mean_confidence`, `observed_frequency`, `weight` and `count`; arrays of shape (n_bins,), or
        (C, n_bins) for kind="class_wise"; one more entry in `edges`.

    Raises
    ------
    ValueError
        As in `expected_calibration_error`.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 2.

    Examples
    --------
    >>> from uncertainty.metrics import calibration_bins
    >>> bins = calibration_bins([0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8], kind="positive", n_bins=2)
    >>> bins.count
    array([1, 3])
    >>> bins.observed_frequency.round(4)
    array([0.    , 0.6667])
    """
    return _bins(y_true, y_proba, kind, strategy, n_bins, labels, sample_weight)[0]


def _bins(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    kind: Kind,
    strategy: Strategy,
    n_bins: int,
    labels: npt.ArrayLike | None,
    sample_weight: npt.ArrayLike | None,
) -> tuple[CalibrationBins, FloatArray]:
    """Return the table and Kish's effective number of rows in each bin."""
    check_choice(strategy, "strategy", ("uniform", "quantile"))
    n_bins = check_n_bins(n_bins, default=15)
    confidence, event = checked_events(y_true, y_proba, kind, labels)
    weight = check_sample_weight(sample_weight, confidence.shape[1])
    keep = weight > 0  # removed rows must neither count nor shape the quantile bins
    tables = [
        _bin_table(c[keep], e[keep], weight[keep], strategy, n_bins) for c, e in zip(confidence, event, strict=True)
    ]
    if kind != "class_wise":
        return tables[0]
    bins, effective_count = zip(*tables, strict=True)
    stacked = (np.stack(arrays) for arrays in zip(*map(_fields, bins), strict=True))
    return CalibrationBins(*stacked), np.stack(effective_count)


def _bin_table(
    confidence: FloatArray, event: FloatArray, weight: FloatArray, strategy: Strategy, n_bins: int
) -> tuple[CalibrationBins, FloatArray]:
    edges, index = _assign(confidence, weight, strategy, n_bins)
    count = np.bincount(index, minlength=n_bins)
    total = np.bincount(index, weight, minlength=n_bins)
    mean_confidence, frequency = np.full(n_bins, np.nan), np.full(n_bins, np.nan)
    for mean, values in ((mean_confidence, confidence), (frequency, event)):
        np.divide(np.bincount(index, weight * values, minlength=n_bins), total, out=mean, where=count > 0)
    effective = np.zeros(n_bins)
    np.divide(total**2, np.bincount(index, weight**2, minlength=n_bins), out=effective, where=count > 0)
    return CalibrationBins(edges, mean_confidence, frequency, total / total.sum(), count), effective


def _assign(confidence: FloatArray, weight: FloatArray, strategy: Strategy, n_bins: int) -> tuple[FloatArray, IntArray]:
    """Return the bin edges (n_bins + 1,) and the bin of each row; a bin owns its left edge, the last both edges."""
    if strategy == "uniform":
        edges = np.arange(n_bins + 1) / n_bins  # unlike linspace rounded once: 0.3 is an edge of ten bins
        return edges, np.searchsorted(edges[1:-1], confidence, side="right")
    values, bin_of_value, index = equal_mass_bins(confidence, weight, n_bins)
    first = np.searchsorted(bin_of_value, np.arange(1, n_bins))
    edges = np.concatenate([[0.0], np.append(values, 1.0)[first], [1.0]])
    return edges, index


def _fields(table: CalibrationBins) -> tuple[npt.NDArray[np.float64] | IntArray, ...]:
    return table.edges, table.mean_confidence, table.observed_frequency, table.weight, table.count
