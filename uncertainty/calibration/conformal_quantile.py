"""The finite-sample quantile that all conformal prediction rests on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.predictive.checks import check_levels

Array = NDArray[np.float64]

# Relative: 0.9 * 10 may come as 9.000000000000002, which is no reason to take the tenth row.
ROUNDING = 1e-12


def rows_needed(coverage: float) -> int:
    """Return the fewest calibration rows whose largest score is a quantile at this level."""
    return math.ceil(coverage * (1.0 - ROUNDING) / (1.0 - coverage) - ROUNDING)


def conformal_quantile(
    scores: ArrayLike, coverage: ArrayLike, weights: ArrayLike | None = None, test_weight: ArrayLike | None = None
) -> Array:
    """Return the score that a new row does not exceed with probability `coverage`, or infinity where none is known.

    With n exchangeable scores that is the ceil(coverage (n + 1))-th smallest: a new score is at most that with
    probability in [coverage, coverage + 1 / (n + 1)] if there are no ties, and at least `coverage` if there are. It is
    infinite when the level needs more than n rows.

    With weights it is the smallest score below or at which there is a share `coverage` of all weight, that of the test
    row, which lies at infinity, included.

    Parameters
    ----------
    scores : (..., n)
    coverage : float in (0, 1), or L of them
    weights : (n,), optional
        Non-negative likelihood ratio of each row, test to calibration distribution, up to a common factor.
    test_weight : (...), optional
        That of the test rows. Both or neither; broadcast against the leading axes of `scores`.

    Returns
    -------
    (...) or (..., L)

    Raises
    ------
    ValueError
        For a level outside (0, 1), a score that is NaN, or weights that are not finite and non-negative.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, section 2.2; Lei et al. (2018),
    Distribution-free predictive inference for regression, theorem 2.2; with weights Tibshirani, Barber, Candes &
    Ramdas (2019), Conformal prediction under covariate shift, eq. 7.

    Examples
    --------
    >>> from uncertainty.calibration import conformal_quantile
    >>> conformal_quantile([4.0, 1.0, 2.0, 3.0], [0.5, 0.8, 0.9])
    array([ 3.,  4., inf])
    """
    levels, values = check_levels("coverage", coverage), np.asarray(scores, dtype=float)
    if (weights is None) != (test_weight is None):
        raise ValueError("weights and test_weight must be given together, got only one of them.")
    if np.isnan(values).any():
        raise ValueError("scores must be numbers, got NaN. Check the predictions of the rows concerned.")
    if weights is None or test_weight is None:
        return _unweighted(values, levels)
    return _weighted(values, levels, _checked("weights", weights), _checked("test_weight", test_weight))


def _checked(name: str, weights: ArrayLike) -> Array:
    values = np.asarray(weights, dtype=float)
    if not (np.isfinite(values) & (values >= 0.0)).all():
        raise ValueError(f"{name} must be finite numbers of at least 0, got others. Pass likelihood ratios.")
    return values


def _unweighted(scores: Array, levels: Array) -> Array:
    n = scores.shape[-1]
    ranks = np.ceil(levels * (1.0 - ROUNDING) * (n + 1)).astype(np.intp)
    reached = np.unique(ranks[ranks <= n] - 1)
    if len(reached):
        scores = np.partition(scores, reached, axis=-1)
    endless = np.full((*scores.shape[:-1], 1), np.inf)
    return np.concatenate([scores, endless], axis=-1)[..., np.minimum(ranks, n + 1) - 1]


def _weighted(scores: Array, levels: Array, weights: Array, test_weight: Array) -> Array:
    order = np.argsort(scores, axis=-1)
    ordered = np.take_along_axis(scores, order, axis=-1)
    below = np.cumsum(weights[order], axis=-1)  # [..., n]
    total = np.asarray(weights.sum() + test_weight)  # [...]
    leading = np.broadcast_shapes(below.shape[:-1], total.shape)
    endless = np.full((*ordered.shape[:-1], 1), np.inf)
    ordered = np.broadcast_to(np.concatenate([ordered, endless], axis=-1), (*leading, scores.shape[-1] + 1))
    result = np.empty((*leading, levels.size))
    for i, level in enumerate(levels.ravel()):
        needed = np.where(total > 0.0, level * (1.0 - ROUNDING) * total, np.inf)  # without any weight nothing is known
        position = (below < needed[..., None]).sum(axis=-1)
        result[..., i] = np.take_along_axis(ordered, position[..., None], axis=-1)[..., 0]
    return result.reshape((*leading, *levels.shape))
