"""Predicted standard deviations against the errors made: sharpness, ENCE and UCE."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .bins import bins_of_rows, check_n_bins, grouped_sum
from .checks import (
    FloatArray,
    IntArray,
    check_choice,
    check_positive,
    check_sample_weight,
    check_targets,
    finite_array,
    match_targets,
    weighted_mean,
)

Strategy = Literal["uniform", "quantile"]


@dataclass(frozen=True, eq=False)
class VarianceCalibrationBins:
    """Errors made among rows of like predicted standard deviation, in units of y.

    Attributes
    ----------
    predicted_std : ndarray of shape (B,)
        Root of the weighted mean predicted variance in each bin in use, in rising order.
    observed_rmse : ndarray of shape (B,)
        Root of the weighted mean squared error in each bin; calibrated variances make the two equal, up to noise.
    weight : ndarray of shape (B,)
        Share of the total weight in each bin; sums to 1.
    count : ndarray of shape (B,)
        Number of rows with positive weight in each bin.

    Examples
    --------
    >>> from uncertainty.metrics import variance_calibration_bins
    >>> variance_calibration_bins([1.0, -1.0, 3.0, -3.0], 0.0, [1.0, 1.0, 2.0, 2.0], n_bins=2).observed_rmse
    array([1., 3.])
    """

    predicted_std: FloatArray
    observed_rmse: FloatArray
    weight: FloatArray
    count: IntArray


def sharpness(std: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the root mean square of predicted standard deviations, in units of y.

    ``sqrt(mean_i std_i^2)``, over rows and targets. Among calibrated predictions the sharpest is the best; alone it
    says nothing of whether they are right.

    Parameters
    ----------
    std : array-like of shape (n,) or (n, T)
        Predicted standard deviations.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shape is another one or a standard deviation is not positive and finite.

    References
    ----------
    Kuleshov, Fenner and Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, ICML,
    eq. 10, and its root.

    Examples
    --------
    >>> from uncertainty.metrics import sharpness
    >>> sharpness([1.0, 7.0])
    5.0
    """
    values = finite_array(std, "std")
    if values.ndim not in (1, 2):
        raise ValueError(f"std must have shape (n,) or (n, T), got {values.shape}. Pass one row per observation.")
    check_positive(values, "std")
    scale = values.max()  # squares of tiny and of huge numbers would leave the range of float64
    return float(scale * np.sqrt(weighted_mean((values / scale) ** 2, sample_weight)))


def expected_normalized_calibration_error(
    y_true: npt.ArrayLike,
    mean: npt.ArrayLike,
    std: npt.ArrayLike,
    *,
    n_bins: int = 10,
    strategy: Strategy = "quantile",
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean relative error of predicted standard deviations (ENCE), a share; smaller is better.

    ``1/B sum_b |rmse_b - rmv_b| / rmv_b`` over the bins in use of the predicted standard deviation, with rmse_b the
    root mean square of the errors and rmv_b that of the standard deviations in bin b. Several targets are binned one by
    one and averaged. With few rows in a bin the rmse is noisy: perfect predictions do not reach 0.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    mean, std : array-like of the shape of y_true, or scalar
        Predicted mean and standard deviation (not the variance).
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
    ValueError
        If shapes differ, a value is not finite, a standard deviation is not positive or an option is unknown.

    References
    ----------
    Levi, Gispan, Giladi and Fetaya (2022), Evaluating and calibrating uncertainty prediction in regression tasks,
    Sensors 22, eq. 8.

    Examples
    --------
    >>> from uncertainty.metrics import expected_normalized_calibration_error
    >>> expected_normalized_calibration_error([1.0, -1.0, 3.0, -3.0], 0.0, [1.0, 1.0, 2.0, 2.0], n_bins=2)
    0.25
    """
    errors = []
    for error, spread, weight in _targets(y_true, mean, std, sample_weight):
        square, variance, _ = _bin_means(error**2, spread**2, spread, weight, strategy, n_bins)
        errors.append(np.mean(np.abs(np.sqrt(square / variance) - 1.0)))
    return float(np.mean(errors))


def uncertainty_calibration_error(
    y_true: npt.ArrayLike,
    mean: npt.ArrayLike,
    std: npt.ArrayLike,
    *,
    n_bins: int = 10,
    strategy: Strategy = "quantile",
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean absolute error of predicted variances (UCE), in squared units of y; smaller is better.

    ``sum_b w_b |mse_b - mv_b|`` with w_b the share of the weight in bin b of the predicted variance, mse_b the mean
    squared error and mv_b the mean variance in it. Several targets are binned one by one and averaged.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    mean, std : array-like of the shape of y_true, or scalar
        Predicted mean and standard deviation (not the variance).
    n_bins : int, default=10
        Number of bins.
    strategy : {"uniform", "quantile"}, default="quantile"
        Bins of equal width between the smallest and the largest variance, or of equal weight.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, a standard deviation is not positive or an option is unknown.

    References
    ----------
    Laves, Ihler, Fast, Kahrs and Ortmaier (2020), Well-calibrated regression uncertainty in medical imaging with deep
    learning, MIDL, eq. 9.

    Examples
    --------
    >>> from uncertainty.metrics import uncertainty_calibration_error
    >>> uncertainty_calibration_error([1.0, -1.0, 3.0, -3.0], 0.0, [1.0, 1.0, 2.0, 2.0], n_bins=2)
    2.5
    """
    errors = []
    for error, spread, weight in _targets(y_true, mean, std, sample_weight):
        square, variance, share = _bin_means(error**2, spread**2, spread**2, weight, strategy, n_bins)
        errors.append(share @ np.abs(square - variance))
    return float(np.mean(errors))


def variance_calibration_bins(
    y_true: npt.ArrayLike,
    mean: npt.ArrayLike,
    std: npt.ArrayLike,
    *,
    n_bins: int = 10,
    strategy: Strategy = "quantile",
    sample_weight: npt.ArrayLike | None = None,
) -> VarianceCalibrationBins:
    """Return the root mean squared error among rows of like predicted standard deviation, bin by bin.

    The table behind `expected_normalized_calibration_error`, for one target.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Observations.
    mean, std : array-like of shape (n,), or scalar
        Predicted mean and standard deviation (not the variance).
    n_bins : int, default=10
        Number of bins; those without rows are left out.
    strategy : {"uniform", "quantile"}, default="quantile"
        Bins of equal width between the smallest and the largest standard deviation, or of equal weight.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    VarianceCalibrationBins
        `predicted_std`, `observed_rmse`, `weight` and `count`, each of shape (B,) with B bins in use.

    Raises
    ------
    ValueError
        If shapes differ or there are several targets, a value is not finite, a standard deviation is not positive or an
        option is unknown.

    References
    ----------
    Levi, Gispan, Giladi and Fetaya (2022), Evaluating and calibrating uncertainty prediction in regression tasks,
    Sensors 22, eqs. 6 and 7.

    Examples
    --------
    >>> from uncertainty.metrics import variance_calibration_bins
    >>> variance_calibration_bins([1.0, -1.0, 3.0, -3.0], 0.0, [1.0, 1.0, 2.0, 2.0], n_bins=2).predicted_std
    array([1., 2.])
    """
    if np.ndim(y_true) != 1:
        raise ValueError(f"y_true must have shape (n,), got {np.shape(y_true)}. Pass one target at a time.")
    ((error, spread, weight),) = _targets(y_true, mean, std, sample_weight)
    square, variance, share = _bin_means(error**2, spread**2, spread, weight, strategy, n_bins)
    index = bins_of_rows(spread, weight, strategy, n_bins)
    return VarianceCalibrationBins(
        np.sqrt(variance), np.sqrt(square), share, np.unique(index, return_counts=True)[1].astype(np.intp)
    )


def _targets(
    y_true: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike, sample_weight: npt.ArrayLike | None
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Return the errors, standard deviations and weights of each target, rows of weight zero left out."""
    y = check_targets(y_true)
    error = y - match_targets(mean, "mean", y)
    spread = match_targets(std, "std", y, positive=True)
    weight = check_sample_weight(sample_weight, len(y))
    used = weight > 0
    columns = zip(np.atleast_2d(error.T), np.atleast_2d(spread.T), strict=True)
    return [(e[used], s[used], weight[used]) for e, s in columns]


def _bin_means(
    square: FloatArray, variance: FloatArray, binned: FloatArray, weight: FloatArray, strategy: str, n_bins: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean of `square`, that of `variance` and the share of the weight of each bin in use."""
    check_choice(strategy, "strategy", ("uniform", "quantile"))
    index = bins_of_rows(binned, weight, strategy, check_n_bins(n_bins, default=10))
    total = grouped_sum(index, weight)
    used = total > 0
    square, variance = (grouped_sum(index, weight * values)[used] / total[used] for values in (square, variance))
    return square, variance, total[used] / total.sum()
