"""Proper scores of predicted quantiles and of several central intervals at once."""

import numpy as np
import numpy.typing as npt

from .checks import FloatArray, check_level, check_targets, finite_array, match_targets, weighted_mean
from .intervals import interval_score


def pinball_loss(
    y_true: npt.ArrayLike,
    y_quantiles: npt.ArrayLike,
    levels: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean pinball (check) loss of predicted quantiles, in units of y; smaller is better.

    ``mean_i mean_q [level_q max(y_i - x_iq, 0) + (1 - level_q) max(x_iq - y_i, 0)]``: an error on the unlikely side of
    a quantile costs more. Proper for each quantile. Several targets are averaged, so they should share a unit.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    y_quantiles : array-like of shape (n, Q) or (n, T, Q); the shape of y_true for one level
        Predicted quantiles, such as the result of `predict_quantiles`.
    levels : float or array-like of shape (Q,)
        Probability below each quantile, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not match, a value is not finite or a level is outside (0, 1).

    References
    ----------
    Koenker and Bassett (1978), Regression quantiles, Econometrica 46, eq. 3.1. Gneiting and Raftery (2007), JASA 102,
    section 6.1.

    Examples
    --------
    >>> from uncertainty.metrics import pinball_loss
    >>> round(pinball_loss([2.0, 0.0], [[1.0, 3.0], [1.0, 3.0]], levels=[0.1, 0.9]), 4)
    0.35
    """
    return weighted_mean(_pinball(y_true, y_quantiles, levels), sample_weight)


def crps_quantiles(
    y_true: npt.ArrayLike,
    y_quantiles: npt.ArrayLike,
    levels: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the continuous ranked probability score from predicted quantiles, in units of y; smaller is better.

    Twice the mean pinball loss over levels. The CRPS is twice the integral of the pinball loss over all levels, so this
    is its midpoint rule if the levels are (k - 1/2) / Q, k = 1 ... Q; with other levels it is a weighted CRPS, which is
    proper, but another number. With 20 such levels it is 0.2 % too high for a normal distribution.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    y_quantiles : array-like of shape (n, Q) or (n, T, Q); the shape of y_true for one level
        Predicted quantiles, such as the result of `predict_quantiles`.
    levels : float or array-like of shape (Q,)
        Probability below each quantile, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not match, a value is not finite or a level is outside (0, 1).

    References
    ----------
    Laio and Tamea (2007), Verification tools for probabilistic forecasts of continuous hydrological variables,
    Hydrol. Earth Syst. Sci. 11, section 3.4. Gneiting and Ranjan (2011), Comparing density forecasts using threshold-
    and quantile-weighted scoring rules, JBES 29, eq. 13.

    Examples
    --------
    >>> from uncertainty.metrics import crps_quantiles
    >>> round(crps_quantiles([2.0, 0.0], [[1.0, 3.0], [1.0, 3.0]], levels=[0.25, 0.75]), 4)
    1.0
    """
    return 2.0 * weighted_mean(_pinball(y_true, y_quantiles, levels), sample_weight)


def weighted_interval_score(
    y_true: npt.ArrayLike,
    median: npt.ArrayLike,
    interval: npt.ArrayLike,
    coverage: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean weighted interval score of a median and L central intervals, in units of y; smaller is better.

    ``1 / (L + 1/2) [|y - median| / 2 + sum_l alpha_l / 2 * IS_l]`` with ``alpha_l = 1 - coverage_l`` and IS_l the
    `interval_score`: twice the mean pinball loss of the 2 L + 1 quantiles, which approximates the CRPS when their
    levels are evenly spread. Several targets are averaged, so they should share a unit.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    median : array-like of the shape of y_true
        Predicted median.
    interval : array-like of shape (n, 2, L) or (n, T, 2, L); without the last axis for one level
        Lower and upper ends, such as the result of `predict_interval`.
    coverage : float or array-like of shape (L,)
        Nominal probability of each interval, strictly between 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not match, an end is NaN, a lower end exceeds the upper one or a level is outside (0, 1).

    References
    ----------
    Bracher, Ray, Gneiting and Reich (2021), Evaluating epidemic forecasts in an interval format, PLOS Computational
    Biology 17, eq. 2.

    Examples
    --------
    >>> from uncertainty.metrics import weighted_interval_score
    >>> weighted_interval_score([2.0], [1.0], [[0.0, 2.0]], coverage=0.5)
    0.6666666666666666
    """
    y = check_targets(y_true)
    levels = _check_levels(coverage, "coverage")
    ends = np.asarray(interval, dtype=np.float64)
    if ends.shape == (*y.shape, 2) and len(levels) == 1:
        ends = ends[..., None]
    if ends.shape != (*y.shape, 2, len(levels)):
        raise ValueError(
            f"interval must have shape {(*y.shape, 2, len(levels))}, got {ends.shape}. "
            "Pass the result of predict_interval for these coverage levels."
        )
    total = 0.5 * weighted_mean(np.abs(y - match_targets(median, "median", y)), sample_weight)
    for index, level in enumerate(levels):
        score = interval_score(y, ends[..., index], level, sample_weight=sample_weight)
        total += 0.5 * (1.0 - level) * score
    return float(total / (len(levels) + 0.5))


def _pinball(y_true: npt.ArrayLike, y_quantiles: npt.ArrayLike, levels: npt.ArrayLike) -> FloatArray:
    """Return the pinball loss of each observation, averaged over levels, in the shape of `y_true`."""
    y, probability = check_targets(y_true), _check_levels(levels, "levels")
    quantiles = finite_array(y_quantiles, "y_quantiles")
    if quantiles.shape == y.shape and np.ndim(levels) == 0:
        quantiles = quantiles[..., None]
    if quantiles.shape != (*y.shape, len(probability)):
        raise ValueError(
            f"y_quantiles must have shape {(*y.shape, len(probability))}, got {quantiles.shape}. "
            "Pass one quantile per row and level, levels on the last axis."
        )
    error = y[..., None] - quantiles
    return np.asarray(np.maximum(probability * error, (probability - 1.0) * error).mean(axis=-1))


def _check_levels(levels: npt.ArrayLike, name: str) -> FloatArray:
    """Return one level or several as an array of shape (L,)."""
    values = np.asarray(levels, dtype=np.float64)
    if values.ndim > 1 or values.size == 0:
        raise ValueError(f"{name} must be one level or a list of levels, got shape {values.shape}. Flatten it.")
    return np.array([check_level(level, name) for level in np.atleast_1d(values)])
