"""Calibration of predictive distributions of a regression, from the probability integral transform of the observations.

If the distributions are right, the cdf at the observation is uniform on [0, 1]. Calibration errors are not proper
scores: the same marginal distribution for every row reaches 0. Report them beside the CRPS or the likelihood.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .bins import bins_of_rows, check_n_bins, grouped_sum
from .checks import FloatArray, check_choice, check_sample_weight, check_shape, check_targets, match_targets

Regions = Literal["interval", "quantile"]


def pit_values(y_true: npt.ArrayLike, dist: Any) -> FloatArray:
    """Return the probability integral transform of each observation, numbers between 0 and 1 in the shape of y.

    ``F_i(y_i)``: where the observation lies in its predictive distribution. Calibrated predictions give a uniform
    histogram; a U shape means distributions that are too narrow, a hump too wide, a slope biased.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with a method `cdf(y)` that gives the shape of `y`, such as the result of
        `predict_dist` of a regressor or a frozen scipy distribution.

    Returns
    -------
    ndarray of the shape of y_true

    Raises
    ------
    TypeError
        If `dist` has no method `cdf`.
    ValueError
        If the probabilities do not have the shape of `y_true` or are no probabilities.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69,
    section 3.1.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.metrics import pit_values
    >>> pit_values([1.0, 3.0], uniform(loc=0.0, scale=4.0))
    array([0.25, 0.75])
    """
    y = check_targets(y_true)
    if not hasattr(dist, "cdf"):
        raise TypeError(f"dist must have a method cdf, got {type(dist).__name__}. Pass the result of predict_dist.")
    pit = np.asarray(dist.cdf(y), dtype=np.float64)
    check_shape(pit, "dist.cdf(y_true)", y.shape)
    if not ((pit >= -1e-9) & (pit <= 1.0 + 1e-9)).all():
        bad = pit[~((pit >= -1e-9) & (pit <= 1.0 + 1e-9))][0]
        raise ValueError(f"dist.cdf(y_true) must lie between 0 and 1, got {bad:g}. Check the prediction there.")
    return np.clip(pit, 0.0, 1.0)


def pit_ks_statistic(y_true: npt.ArrayLike, dist: Any, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the Kolmogorov-Smirnov distance of the PIT values from the uniform distribution, between 0 and 1.

    ``sup_u |share of rows with F_i(y_i) <= u - u|``: the largest error of any predicted quantile's coverage. About
    0.87 / sqrt(n) is expected of perfect predictions, more than 1.36 / sqrt(n) in 5 % of samples. The values of several
    targets are pooled.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with a method `cdf(y)` that gives the shape of `y`.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As in `pit_values`.

    References
    ----------
    Kolmogorov (1933), Sulla determinazione empirica di una legge di distribuzione. Gneiting, Balabdaoui and Raftery
    (2007), JRSS B 69, section 3.1.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.metrics import pit_ks_statistic
    >>> pit_ks_statistic([1.0, 3.0], uniform(loc=0.0, scale=4.0))
    0.25
    """
    return ks_statistic(*_pooled_pit(y_true, dist, sample_weight))


def rms_calibration_error(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    regions: Regions = "interval",
    levels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the root mean square over levels of observed minus nominal coverage, between 0 and 1; smaller is better.

    Called `rms_cal` in uncertainty-toolbox.

    Parameters
    ----------
    y_true, dist, regions, levels, sample_weight
        As in `mean_absolute_calibration_error`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As in `mean_absolute_calibration_error`.

    References
    ----------
    Kuleshov, Fenner and Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, ICML,
    eq. 9 with equal weights, and its root.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import rms_calibration_error
    >>> round(rms_calibration_error([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0)), 4)
    0.3776
    """
    gap = coverage_gap(*_pooled_pit(y_true, dist, sample_weight), regions, levels)[1]
    return float(np.sqrt(np.mean(gap**2)))


def mean_absolute_calibration_error(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    regions: Regions = "interval",
    levels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean over levels of ``|observed - nominal coverage|``, between 0 and 1; smaller is better.

    Called `ma_cal` in uncertainty-toolbox. The observations of several targets are pooled. Perfect predictions do not
    reach 0 in a finite sample: about 0.31 / sqrt(n) remains for central intervals.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with a method `cdf(y)` that gives the shape of `y`.
    regions : {"interval", "quantile"}, default="interval"
        What is compared at each level p: the coverage of the central interval of probability p, or the share of
        observations below the p quantile. Intervals miss a shift of the whole distribution that quantiles show.
    levels : array-like of shape (L,), default=None
        Nominal probabilities; None takes 100 from 0 to 1 at equal distances.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `dist` has no method `cdf`.
    ValueError
        If the probabilities do not have the shape of `y_true`, or an option is unknown.

    References
    ----------
    Kuleshov, Fenner and Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, ICML,
    section 3.5. Chung, Char, Guo, Schneider and Neiswanger (2021), Uncertainty Toolbox, arXiv:2109.10254.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import mean_absolute_calibration_error
    >>> round(mean_absolute_calibration_error([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0)), 4)
    0.335
    """
    gap = coverage_gap(*_pooled_pit(y_true, dist, sample_weight), regions, levels)[1]
    return float(np.mean(np.abs(gap)))


def miscalibration_area(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    regions: Regions = "interval",
    levels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the area between the curve of observed over nominal coverage and the diagonal, between 0 and 1/2.

    The curve is straight between the levels. With many levels it is the mean absolute calibration error.

    Parameters
    ----------
    y_true, dist, regions, levels, sample_weight
        As in `mean_absolute_calibration_error`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As in `mean_absolute_calibration_error`.

    References
    ----------
    Tran et al. (2020), Methods for comparing uncertainty quantifications for material property predictions, Machine
    Learning: Science and Technology 1, section 2.3.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import miscalibration_area
    >>> round(miscalibration_area([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0)), 4)
    0.3384
    """
    return area_to_diagonal(*coverage_gap(*_pooled_pit(y_true, dist, sample_weight), regions, levels))


def quantile_calibration_error(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    levels: npt.ArrayLike | None = None,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "quantile",
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean coverage error of central intervals among rows of like predicted spread, between 0 and 1.

    ``mean_p sum_b w_b |coverage of level p in bin b - p|`` with bins of the predicted standard deviation and w_b their
    share of the weight: errors that cancel between certain and uncertain rows count here. One bin gives
    `mean_absolute_calibration_error` of the same levels. Targets are binned one by one and averaged.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with methods `cdf(y)` and `std()` that give the shape of `y`.
    levels : array-like of shape (L,), default=None
        Nominal probabilities; None takes 0.05, 0.1 ... 0.95.
    n_bins : int, default=10
        Number of bins.
    strategy : {"uniform", "quantile"}, default="quantile"
        Bins of equal width between the smallest and the largest standard deviation, or of equal weight.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `dist` has no method `cdf`.
    ValueError
        If shapes do not match, a standard deviation is not positive or an option is unknown.

    References
    ----------
    Küppers, Schneider and Haselhoff (2022), Parametric and multivariate uncertainty calibration for regression and
    object detection, ECCV workshops, eq. 9 (conditional QCE).

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import quantile_calibration_error
    >>> dist = norm([0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 2.0, 2.0])
    >>> round(quantile_calibration_error([-3.0, -1.0, 1.0, 3.0], dist, n_bins=2), 4)
    0.2526
    """
    check_choice(strategy, "strategy", ("uniform", "quantile"))
    n_bins = check_n_bins(n_bins, default=10)
    y, pit = check_targets(y_true), pit_values(y_true, dist)
    levels = np.arange(1, 20) / 20 if levels is None else levels
    weight = check_sample_weight(sample_weight, len(y))
    used = weight > 0
    std = match_targets(dist.std(), "dist.std()", y, positive=True)
    errors = []
    for u, s in zip(np.atleast_2d(pit.T), np.atleast_2d(std.T), strict=True):
        index = bins_of_rows(s[used], weight[used], strategy, n_bins)
        rows = [np.flatnonzero(used)[index == b] for b in np.unique(index)]
        gaps = [np.abs(coverage_gap(u[r], weight[r], "interval", levels)[1]).mean() for r in rows]
        errors.append(np.average(gaps, weights=[weight[r].sum() for r in rows]))
    return float(np.mean(errors))


def _pooled_pit(y_true: npt.ArrayLike, dist: Any, sample_weight: npt.ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Return the PIT values of all rows and targets in one vector, and the weight of each."""
    pit = pit_values(y_true, dist)
    weight = check_sample_weight(sample_weight, len(pit))
    return pit.ravel(), np.repeat(weight, pit.size // len(pit))


def ks_statistic(pit: FloatArray, weight: FloatArray) -> float:
    """Return the largest distance of the weighted share of `pit` at or below u from u itself."""
    values, index = np.unique(pit, return_inverse=True)
    above = np.cumsum(grouped_sum(index, weight))
    above = above / above[-1]
    below = np.concatenate([[0.0], above[:-1]])
    return float(np.maximum(above - values, values - below).max())


def coverage_gap(
    pit: FloatArray, weight: FloatArray, regions: str, levels: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the nominal levels (L,) in order of size and observed minus nominal coverage at each."""
    check_choice(regions, "regions", ("interval", "quantile"))
    nominal = np.linspace(0.0, 1.0, 100) if levels is None else np.asarray(levels, dtype=np.float64)
    if nominal.ndim != 1 or nominal.size == 0 or not ((nominal >= 0.0) & (nominal <= 1.0)).all():
        raise ValueError(f"levels must be a list of numbers between 0 and 1, got {levels!r}. For 90 percent pass 0.9.")
    nominal = np.sort(nominal)
    values = np.abs(2.0 * pit - 1.0) if regions == "interval" else pit
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order])
    inside = np.searchsorted(values[order], nominal, side="right")
    observed = np.concatenate([[0.0], share / share[-1]])[inside]
    return nominal, observed - nominal


def area_to_diagonal(nominal: FloatArray, gap: FloatArray) -> float:
    """Return the area between a piecewise linear curve and the diagonal; where they cross it is two triangles."""
    left, right = np.abs(gap[:-1]), np.abs(gap[1:])
    both = left + right
    crossing = gap[:-1] * gap[1:] < 0.0
    height = np.where(crossing, (left**2 + right**2) / np.where(crossing, both, 1.0), both)
    return float(0.5 * np.diff(nominal) @ height)
