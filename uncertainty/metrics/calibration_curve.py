"""Tables behind the pictures of a regression's calibration: observed over nominal coverage, and the PIT histogram."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from .bins import check_n_bins, grouped_sum
from .checks import FloatArray, IntArray, check_level, check_sample_weight
from .intervals import clopper_pearson, effective_rows
from .regression_calibration import Regions, coverage_gap, pit_values


@dataclass(frozen=True, eq=False)
class RegressionCalibrationCurve:
    """Observed over nominal coverage of predictive distributions, with the confidence band of its binomial noise.

    Attributes
    ----------
    nominal : ndarray of shape (L,)
        Probabilities that were predicted, in rising order.
    observed : ndarray of shape (L,)
        Weighted share of the observations that were inside.
    lower, upper : ndarray of shape (L,)
        Confidence limits of `observed`, each level on its own.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import regression_calibration_curve
    >>> regression_calibration_curve([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0), levels=[0.5, 0.9]).observed
    array([0. , 0.5])
    """

    nominal: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class PITHistogram:
    """Shares of the rows in bins of the probability integral transform, with the band that calibrated ones stay in.

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Bins of equal width on [0, 1]; each owns its left edge, the last both.
    frequency : ndarray of shape (n_bins,)
        Weighted share of the rows in each bin; calibrated predictions give 1 / n_bins.
    lower, upper : float
        Range of the frequency of one bin of calibrated predictions, at the confidence asked for.
    count : ndarray of shape (n_bins,)
        Number of rows with positive weight in each bin.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.metrics import pit_histogram
    >>> pit_histogram([0.1, 0.2, 0.9], uniform(), n_bins=2).count
    array([2, 1])
    """

    edges: FloatArray
    frequency: FloatArray
    lower: float
    upper: float
    count: IntArray


def regression_calibration_curve(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    regions: Regions = "interval",
    levels: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    sample_weight: npt.ArrayLike | None = None,
) -> RegressionCalibrationCurve:
    """Return the share of observations inside the predicted regions against their nominal probability.

    On the diagonal the predictions are calibrated. With regions="interval" a curve above it means distributions that
    are too wide, below it too narrow; with regions="quantile" a curve above it means observations lower than predicted.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations; those of several targets are pooled.
    dist : object
        One distribution per row with a method `cdf(y)` that gives the shape of `y`.
    regions, levels
        As in `mean_absolute_calibration_error`.
    confidence : float, default=0.95
        Level of the Clopper-Pearson limits, strictly between 0 and 1. Levels share their rows, so the curve as a whole
        leaves the band more often than a single level does. The targets of a row are taken as one.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row. As in `coverage_confidence_interval` the limits take weights as importance.

    Returns
    -------
    RegressionCalibrationCurve
        `nominal`, `observed`, `lower` and `upper`, each of shape (L,).

    Raises
    ------
    TypeError
        If `dist` has no method `cdf`.
    ValueError
        If the probabilities do not have the shape of `y_true`, or an option is unknown.

    References
    ----------
    Kuleshov, Fenner and Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, ICML,
    section 3.5. Clopper and Pearson (1934), Biometrika 26, for the limits.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import regression_calibration_curve
    >>> curve = regression_calibration_curve([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0), levels=[0.9])
    >>> curve.upper.round(4)
    array([0.9324])
    """
    check_level(confidence, "confidence")
    pit, weight = _weighted_pit(y_true, dist, sample_weight)
    pooled = np.repeat(weight, pit.shape[1])
    nominal, gap = coverage_gap(pit.ravel(), pooled, regions, levels)
    observed = np.clip(nominal + gap, 0.0, 1.0)
    n = effective_rows(weight)
    return RegressionCalibrationCurve(
        nominal, observed, *clopper_pearson(n * observed, n * (1.0 - observed), confidence)
    )


def pit_histogram(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    n_bins: int = 10,
    confidence: float = 0.95,
    sample_weight: npt.ArrayLike | None = None,
) -> PITHistogram:
    """Return the shares of the rows in bins of the probability integral transform of the observations.

    Calibrated predictions give a flat histogram, up to noise: with n rows the number in a bin is binomial, and its
    central range at `confidence` comes with it. A U shape means distributions that are too narrow, a hump too wide, a
    slope biased.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations; those of several targets are pooled.
    dist : object
        One distribution per row with a method `cdf(y)` that gives the shape of `y`.
    n_bins : int, default=10
        Number of bins of equal width.
    confidence : float, default=0.95
        Probability of the range of one bin, strictly between 0 and 1. The targets of a row are taken as one.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row; the range takes weights as importance, with Kish's effective number of rows.

    Returns
    -------
    PITHistogram
        `edges`, `frequency`, `lower`, `upper` and `count`.

    Raises
    ------
    TypeError
        If `dist` has no method `cdf`.
    ValueError
        If the probabilities do not have the shape of `y_true`, or an option is unknown.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69,
    section 3.1.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.metrics import pit_histogram
    >>> pit_histogram([1.0, 3.0, 3.5, 3.9], uniform(loc=0.0, scale=4.0), n_bins=2).frequency
    array([0.25, 0.75])
    """
    check_level(confidence, "confidence")
    n_bins = check_n_bins(n_bins, default=10)
    pit, weight = _weighted_pit(y_true, dist, sample_weight)
    edges = np.arange(n_bins + 1) / n_bins  # unlike linspace rounded once: 0.3 is an edge of ten bins
    index = np.searchsorted(edges[1:-1], pit.ravel(), side="right")
    mass = grouped_sum(index, np.repeat(weight, pit.shape[1]), n_bins)
    n = effective_rows(weight)
    # Weighted rows are a fractional number; the quantiles of the whole number below are the wider ones.
    trials = max(int(n + 1e-9), 1)
    lower, upper = binom.interval(confidence, trials, 1.0 / n_bins)
    count = np.bincount(index, minlength=n_bins)
    return PITHistogram(edges, mass / mass.sum(), float(lower / trials), float(upper / trials), count)


def _weighted_pit(
    y_true: npt.ArrayLike, dist: Any, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the PIT values (n, T) and the weights (n,) of the rows whose weight is not zero."""
    pit = pit_values(y_true, dist)
    weight = check_sample_weight(sample_weight, len(pit))
    used = weight > 0
    return pit.reshape(len(pit), -1)[used], weight[used]
