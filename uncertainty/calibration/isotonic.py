"""The increasing map of the cdf that makes the probability integral transforms of calibration rows uniform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.predictive.cdf_map import CdfMap

Array = NDArray[np.float64]

# The share of the raw distribution that stays: no slope is smaller, so that every density stays above zero.
SMALLEST_SLOPE = 0.01
# An outermost piece is halved as long as it holds this many rows: raw tails are what is wrong most often.
ROWS_OF_A_TAIL = 4


def fit_cdf_map(below: Array, above: Array, weight: Array) -> CdfMap:
    """Return the map R of raw cdf values onto the share of calibration rows that had a smaller one.

    That share is increasing already, so isotonic regression on it (Kuleshov et al. 2018, Algorithm 1) returns it as it
    is, with a step at every row. Here it is kept at about 2 n^(1/3) quantiles of the n rows and at further ones in the
    tails, and is linear between these; R is 0.99 times this and 0.01 times the identity, so its slope is at least 0.01.

    Parameters
    ----------
    below, above : [n] raw probability below and above each observation, F(y) and 1 - F(y) as computed on its own
    weight : [n], above zero

    References
    ----------
    Kuleshov, Fenner & Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, Algorithm 1.
    """
    with np.errstate(divide="ignore"):
        position = np.where(below <= above, np.log(below), -np.log(above))  # grows with y, exact in both tails
    _, first, inverse = np.unique(position, return_index=True, return_inverse=True)
    below, above = below[first], above[first]
    weight = np.asarray(np.bincount(inverse, weights=weight), dtype=np.float64)
    total = np.cumsum(weight)
    kept = _knots(total)
    kept = kept[(below[kept] > 0.0) & (above[kept] > 0.0)]
    # Half of the rows at a knot count as below it.
    share_below = ((total - 0.5 * weight) / total[-1])[kept]
    below, above = below[kept], above[kept]
    new_below = SMALLEST_SLOPE * below + (1.0 - SMALLEST_SLOPE) * share_below
    new_above = SMALLEST_SLOPE * above + (1.0 - SMALLEST_SLOPE) * (1.0 - share_below)
    raw = np.concatenate([[0.0], np.where(below < 0.5, below, 1.0 - above), [1.0]])
    median = float(np.interp(0.5, raw, np.concatenate([[0.0], new_below, [1.0]])))
    return CdfMap(
        below=_half(below, new_below, below < 0.5, median),
        above=_half(above[::-1], new_above[::-1], above[::-1] < 0.5, 1.0 - median),
    )


def _knots(total: Array) -> NDArray[np.intp]:
    """Which of the rows, by their cumulative weights, are knots; it depends on distinct rows and relative weights."""
    n_pieces = int(np.ceil(2.0 * np.cbrt(len(total))))
    levels = np.arange(1, n_pieces) / n_pieces
    n_halvings = max(int(np.log2(len(total) / (n_pieces * ROWS_OF_A_TAIL))), 0)
    tail = 0.5 ** np.arange(1, n_halvings + 1) / n_pieces
    levels = np.concatenate([levels, tail, 1.0 - tail])
    # Not to be decided by the rounding of a sum of weights.
    return np.unique(np.searchsorted(total, levels * total[-1] * (1.0 - 1e-9)))


def _half(raw: Array, new: Array, inside: NDArray[np.bool_], median: float) -> Array:
    """Knots [2, J] of one half of the map, with its ends."""
    return np.array([[0.0, *raw[inside], 0.5], [0.0, *new[inside], median]])
