"""Proper scores of predictions given as samples: CRPS for each target, energy score for all targets of a row."""

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist

from .checks import FloatArray, check_targets, finite_array, weighted_mean


def crps_samples(
    y_true: npt.ArrayLike,
    samples: npt.ArrayLike,
    *,
    fair: bool = False,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean continuous ranked probability score of samples, in units of y; smaller is better.

    ``mean_i [1/S sum_s |x_is - y_i| - 1/(2 S^2) sum_s sum_r |x_is - x_ir|]``: the CRPS of the distribution that puts
    mass 1/S on each draw. It is too high as an estimate of the CRPS of the distribution the draws come from, by its
    mean spread over S; `fair` divides the double sum by S (S - 1) instead of S^2, which has the right expectation.
    Several targets are scored one by one and averaged, so they should share a unit. Time grows with S log S.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    samples : array-like of shape (n, S) or (n, T, S)
        Draws of each row, such as the result of `sample_y`.
    fair : bool, default=False
        Score the distribution behind the draws instead of the draws themselves; needs S >= 2.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes do not match, a value is not finite, or `fair` meets a single draw.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eq. 21. Ferro
    (2014), Fair scores for ensemble forecasts, Q. J. R. Meteorol. Soc. 140, eq. 6.

    Examples
    --------
    >>> from uncertainty.metrics import crps_samples
    >>> crps_samples([1.0, 3.0], [[0.0, 2.0], [3.0, 3.0]])
    0.25
    """
    y, draws = _check_samples(y_true, samples, fair)
    n_draws = draws.shape[-1]
    error = np.abs(draws - y[..., None]).mean(axis=-1)
    # In order of size the double sum is single: x_(k) comes with sign plus k - 1 times and with minus S - k times.
    rank = 2.0 * np.arange(n_draws) - (n_draws - 1)
    spread = 2.0 * (np.sort(draws, axis=-1) @ rank) / (n_draws * (n_draws - fair))
    return weighted_mean(error - 0.5 * spread, sample_weight)


def energy_score(
    y_true: npt.ArrayLike,
    samples: npt.ArrayLike,
    *,
    fair: bool = False,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean energy score of samples of several targets, in units of y; smaller is better.

    ``mean_i [1/S sum_s ||x_is - y_i|| - 1/(2 S^2) sum_s sum_r ||x_is - x_ir||]`` with the Euclidean norm over targets:
    the CRPS for T = 1. It judges the dependence between targets too, though not sharply. Targets should share a unit:
    divide each by its scale first. Time grows with S^2.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations.
    samples : array-like of shape (n, S) or (n, T, S)
        Joint draws of the targets of each row, such as the result of `sample_y`.
    fair : bool, default=False
        Score the distribution behind the draws instead of the draws themselves; needs S >= 2.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes do not match, a value is not finite, or `fair` meets a single draw.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eq. 22.

    Examples
    --------
    >>> from uncertainty.metrics import energy_score
    >>> energy_score([[0.0, 0.0]], [[[3.0, 3.0], [4.0, 4.0]]])
    5.0
    """
    y, draws = _check_samples(y_true, samples, fair)
    if y.ndim == 1:
        y, draws = y[:, None], draws[:, None]
    n_draws = draws.shape[-1]
    error = np.linalg.norm(draws - y[..., None], axis=1).mean(axis=-1)
    pairs = np.array([pdist(row.T).sum() for row in draws])  # each pair once
    return weighted_mean(error - pairs / (n_draws * (n_draws - fair)), sample_weight)


def _check_samples(y_true: npt.ArrayLike, samples: npt.ArrayLike, fair: bool) -> tuple[FloatArray, FloatArray]:
    y, draws = check_targets(y_true), finite_array(samples, "samples")
    if draws.ndim != y.ndim + 1 or draws.shape[:-1] != y.shape:
        expected = ", ".join(map(str, y.shape))
        raise ValueError(
            f"samples must have shape ({expected}, S) to match y_true, got {draws.shape}. "
            "Put the draws on the last axis."
        )
    if fair and draws.shape[-1] < 2:
        raise ValueError("samples must hold two draws a row for fair=True, got 1. Draw more, or pass fair=False.")
    return y, draws
