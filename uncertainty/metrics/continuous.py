"""Proper scores of a predictive distribution: negative log-likelihood and continuous ranked probability score."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import (
    FloatArray,
    check_positive,
    check_shape,
    check_targets,
    finite_array,
    match_targets,
    weighted_mean,
)
from .pointwise import (
    joint_normal_mixture_logpdf,
    normal_crps,
    normal_logpdf,
    normal_mixture_crps,
    normal_mixture_logpdf,
)

_SUM_TOLERANCE = 1e-5  # a float32 softmax over a thousand components stays inside


def negative_log_likelihood(y_true: npt.ArrayLike, dist: Any, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean negative log-likelihood of the observations, in nats per row; smaller is better.

    ``mean_i -log p_i(y_i)``, every constant included. For continuous targets `p` is a density in units of 1/y, which
    can exceed 1: a negative result is no error, and rescaling y by a shifts the result by log(a). Several targets
    enter through their joint density.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations; class labels if `dist` is discrete.
    dist : object
        One distribution per row with a method `logpmf` or `logpdf`, for example the result of `predict_dist` or a
        frozen scipy distribution. If it gives one log density per target, shape (n, T), these are added.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float
        Infinite if an observation has density zero.

    Raises
    ------
    TypeError
        If `dist` has neither method.
    ValueError
        If the log densities are not one per row (`y_true` as a column?), or one of them is NaN.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.1.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import negative_log_likelihood
    >>> round(negative_log_likelihood([0.0, 2.0], norm(loc=[0.0, 1.0], scale=[1.0, 1.0])), 4)
    1.1689
    """
    return weighted_mean(-_log_likelihood(y_true, dist), sample_weight)


def moment_matched_nll(y_true: npt.ArrayLike, dist: Any, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean negative log-likelihood of the one normal with the mean and std of `dist`, in nats per row.

    ``mean_i -log N(y_i; E_i, sd_i^2)``. Published tables of deep ensembles often use this approximation instead of
    the mixture's own density: the two are different numbers, so say which one is reported. Several targets are taken
    as independent, their terms are added.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with methods `mean()` and `std()` that give the shape of `y_true`, or a scalar.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a moment has another shape than `y_true` or is not finite, or a standard deviation is not positive.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell (2017), Simple and scalable predictive uncertainty estimation using deep
    ensembles, NeurIPS, section 2.4.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.metrics import moment_matched_nll
    >>> round(moment_matched_nll([1.0, 2.0], uniform(loc=0.0, scale=4.0)), 4)
    1.2503
    """
    return nll_normal(y_true, dist.mean(), dist.std(), sample_weight=sample_weight)


def crps_score(y_true: npt.ArrayLike, dist: Any, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean continuous ranked probability score of `dist`, in units of y; smaller is better.

    ``mean_i integral (F_i(x) - 1{y_i <= x})^2 dx``, a proper score that generalises the absolute error. Several
    targets are scored by their marginal distributions and averaged, so they should share a unit.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    dist : object
        One distribution per row with a method `crps(y)` that gives the shape of `y`, such as the result of
        `predict_dist` of a regressor.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `dist` has no method `crps`.
    ValueError
        If the scores do not have the shape of `y_true`, or one of them is NaN.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eqs. 20 and 21.

    Examples
    --------
    >>> from uncertainty.metrics import crps_score
    >>> class PointForecast:
    ...     def crps(self, y):
    ...         return abs(y - 3.0)
    >>> crps_score([2.0, 5.0], PointForecast())
    1.5
    """
    y = check_targets(y_true)
    if not hasattr(dist, "crps"):
        raise TypeError(f"dist must have a method crps, got {type(dist).__name__}. Pass the result of predict_dist.")
    scores = np.asarray(dist.crps(y), dtype=np.float64)
    check_shape(scores, "dist.crps(y_true)", y.shape)
    return weighted_mean(scores, sample_weight)


def nll_normal(
    y_true: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the mean negative log-likelihood under normal predictions, in nats per row; smaller is better.

    ``mean_i [(y_i - mean_i)^2 / (2 std_i^2) + log(std_i) + log(2 pi) / 2]``, added over independent targets.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    mean, std : array-like of the shape of y_true, or scalar
        Predicted mean and standard deviation (not the variance).
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or a standard deviation is not positive.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.1.

    Examples
    --------
    >>> from uncertainty.metrics import nll_normal
    >>> round(nll_normal([0.0, 2.0], mean=[0.0, 1.0], std=[1.0, 1.0]), 4)
    1.1689
    """
    y, mean, std = _check_normal(y_true, mean, std)
    return weighted_mean(_sum_targets(-normal_logpdf(y, mean, std)), sample_weight)


def crps_normal(
    y_true: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return the mean continuous ranked probability score of normal predictions, in units of y; smaller is better.

    ``mean_i std_i * [z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)]`` with ``z = (y_i - mean_i) / std_i``; several
    targets are averaged.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    mean, std : array-like of the shape of y_true, or scalar
        Predicted mean and standard deviation (not the variance).
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or a standard deviation is not positive.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.2.

    Examples
    --------
    >>> from uncertainty.metrics import crps_normal
    >>> round(crps_normal([0.0, 2.0], mean=[0.0, 1.0], std=[1.0, 1.0]), 4)
    0.4181
    """
    return weighted_mean(normal_crps(*_check_normal(y_true, mean, std)), sample_weight)


def nll_normal_mixture(
    y_true: npt.ArrayLike,
    weights: npt.ArrayLike,
    means: npt.ArrayLike,
    scales: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean negative log-likelihood under mixtures of normals, in nats per row; smaller is better.

    ``mean_i -log sum_k w_ik prod_t N(y_it; mean_itk, scale_itk^2)``: the joint density of all targets, which are
    independent within a component but not in the mixture. Summed in logs, so far tails do not underflow.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    weights : array-like of shape (n, K) or (K,)
        Component weights, non-negative with sum 1.
    means, scales : array-like of shape (n, K) or (n, T, K)
        Means and standard deviations of the components.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, a scale is not positive or the weights are no distribution.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell (2017), Simple and scalable predictive uncertainty estimation using deep
    ensembles, NeurIPS, section 2.4.

    Examples
    --------
    >>> from uncertainty.metrics import nll_normal_mixture
    >>> round(nll_normal_mixture([0.0], weights=[0.5, 0.5], means=[[-1.0, 1.0]], scales=[[1.0, 1.0]]), 4)
    1.4189
    """
    y, weights, means, scales = _check_mixture(y_true, weights, means, scales)
    log_density = joint_normal_mixture_logpdf if y.ndim == 2 else normal_mixture_logpdf
    return weighted_mean(-log_density(y, weights, means, scales), sample_weight)


def crps_normal_mixture(
    y_true: npt.ArrayLike,
    weights: npt.ArrayLike,
    means: npt.ArrayLike,
    scales: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean exact continuous ranked probability score of mixtures of normals, in units of y.

    ``mean_i [E|X_i - y_i| - E|X_i - X_i'| / 2]`` with both expectations in closed form; smaller is better. Several
    targets are scored by their marginals and averaged. Time grows with K^2; memory does not.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    weights : array-like of shape (n, K) or (K,)
        Component weights, non-negative with sum 1.
    means, scales : array-like of shape (n, K) or (n, T, K)
        Means and standard deviations of the components.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, a scale is not positive or the weights are no distribution.

    References
    ----------
    Grimit, Gneiting, Berrocal and Johnson (2006), The continuous ranked probability score for circular variables and
    its application to mesoscale forecast ensemble verification, Q. J. R. Meteorol. Soc. 132, eq. 5.

    Examples
    --------
    >>> from uncertainty.metrics import crps_normal_mixture
    >>> round(crps_normal_mixture([0.0], weights=[0.5, 0.5], means=[[-1.0, 1.0]], scales=[[1.0, 1.0]]), 4)
    0.3594
    """
    y, weights, means, scales = _check_mixture(y_true, weights, means, scales)
    if y.ndim == 2:
        weights = weights[..., None, :]  # [(n,) 1, K]: the same for every target
    return weighted_mean(normal_mixture_crps(y, weights, means, scales), sample_weight)


def _log_likelihood(y_true: npt.ArrayLike, dist: Any) -> FloatArray:
    """Return one log-likelihood per row, shape (n,)."""
    if hasattr(dist, "logpmf"):
        y, values = np.asarray(y_true), dist.logpmf(np.asarray(y_true))  # labels may be strings
    elif hasattr(dist, "logpdf"):
        y = check_targets(y_true)
        values = dist.logpdf(y)
    else:
        raise TypeError(
            f"dist must have a method logpdf or logpmf, got {type(dist).__name__}. Pass the result of predict_dist."
        )
    log_likelihood = np.asarray(values, dtype=np.float64)
    if log_likelihood.shape == y.shape:
        log_likelihood = _sum_targets(log_likelihood)
    if y.ndim not in (1, 2) or log_likelihood.shape != (len(y),):
        raise ValueError(
            f"dist must give one log-likelihood per row of y_true with shape {y.shape}, got {log_likelihood.shape}. "
            "Reshape y_true like the predictions, for example y_true.ravel() for a single target."
        )
    return log_likelihood


def _sum_targets(values: FloatArray) -> FloatArray:
    return np.asarray(values.sum(axis=1)) if values.ndim == 2 else values


def _check_normal(
    y_true: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    y = check_targets(y_true)
    return y, match_targets(mean, "mean", y), match_targets(std, "std", y, positive=True)


def _check_mixture(
    y_true: npt.ArrayLike, weights: npt.ArrayLike, means: npt.ArrayLike, scales: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    y = check_targets(y_true)
    weights = finite_array(weights, "weights")
    if weights.ndim not in (1, 2) or (weights.ndim == 2 and len(weights) != len(y)):
        raise ValueError(f"weights must have shape ({len(y)}, K) or (K,), got {weights.shape}. Components come last.")
    means, scales = finite_array(means, "means"), finite_array(scales, "scales")
    for name, array in (("means", means), ("scales", scales)):
        check_shape(array, name, (*y.shape, weights.shape[-1]))
    check_positive(scales, "scales")
    if (weights < 0).any():
        raise ValueError(f"weights must be non-negative, got {weights.min():g}. Pass probabilities, not logits.")
    sums = weights.sum(axis=-1)
    if (np.abs(sums - 1.0) > _SUM_TOLERANCE).any():
        worst = np.ravel(sums)[np.argmax(np.abs(sums - 1.0))]
        raise ValueError(f"weights must sum to 1 over the components, got {worst:g}. Divide each row by its sum.")
    return y, weights, means, scales
