"""Conformal scores of classes: how little a class agrees with the predicted probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def least_ambiguous_scores(proba: Array) -> Array:
    """Return 1 - p of each class, (n, C).

    The sets are the smallest on average at a given coverage, if the probabilities are right; they are empty for rows
    where no class is probable enough.

    References
    ----------
    Sadinle, Lei & Wasserman (2019), Least ambiguous set-valued classifiers with bounded error levels, theorem 1.
    """
    return 1.0 - proba


def adaptive_scores(proba: Array, uniform: Array | None = None) -> Array:
    """Return for each class the probability of it and all more probable ones, (n, C).

    With `uniform`, (n,) in [0, 1), it is less u times the class's own probability, which makes the sets of a model
    whose probabilities are right cover exactly for every x. Equal probabilities keep the order of the classes.

    References
    ----------
    Romano, Sesia & Candes (2020), Classification with valid and adaptive coverage, eqs. 5 and 7.
    """
    order = np.argsort(-proba, axis=1, kind="stable")
    ranked = np.take_along_axis(proba, order, axis=1)
    scores = np.cumsum(ranked, axis=1)
    if uniform is not None:
        scores = scores - uniform[:, None] * ranked
    return _unranked(scores, order)


def regularized_adaptive_scores(proba: Array, uniform: Array | None, lambda_reg: float, k_reg: int) -> Array:
    """Return the adaptive scores, (n, C), plus `lambda_reg` for each place of the class beyond the first `k_reg`.

    References
    ----------
    Angelopoulos, Bates, Malik & Jordan (2021), Uncertainty sets for image classifiers using conformal prediction,
    eq. 4.
    """
    rank = np.argsort(np.argsort(-proba, axis=1, kind="stable"), axis=1) + 1
    return adaptive_scores(proba, uniform) + lambda_reg * np.maximum(rank - k_reg, 0)


def _unranked(values: Array, order: NDArray[np.intp]) -> Array:
    """Columns by rank as columns by class."""
    result = np.empty_like(values)
    np.put_along_axis(result, order, values, axis=1)
    return result
