"""Exact quantiles of a mixture by bracketed root finding on its cumulative distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def normal_mixture_quantile(
    weights: Array, means: Array, scales: Array, mass: Array, upper: NDArray[np.bool_]
) -> Array:
    """Return the points with probability `mass` below them, or above them where `upper`.

    The quantile of a mixture lies between the smallest and the largest quantile of its components, which brackets the
    root; where these agree (one component, or all alike) that is the answer. Upper tails are solved on the survival
    function, which keeps their relative accuracy.

    Parameters
    ----------
    weights, means, scales : [E, K]
    mass, upper : [E]

    Returns
    -------
    [E]
    """
    sign = np.where(upper, -1.0, 1.0)
    component = means + scales * (sign * ndtri(mass))[:, None]
    low, high = component.min(axis=1), component.max(axis=1)
    result = 0.5 * (low + high)
    # Brackets as narrow as rounding are solved; the others must have a sign change, which they have by construction.
    open_ = np.flatnonzero(high - low > 8 * np.finfo(float).eps * np.maximum(np.abs(low), np.abs(high)))
    if len(open_) == 0:
        return result

    def excess(x: Array, index: NDArray[np.intp]) -> Array:
        """Mass below (above) x minus the mass asked for, increasing in x for a lower tail."""
        row = open_[index]
        z = (x[..., None] - means[row]) / scales[row]
        tail = (weights[row] * ndtr(sign[row][..., None] * z)).sum(axis=-1)
        return sign[row] * (tail - mass[row])

    index = np.arange(len(open_))
    root = elementwise.find_root(excess, (low[open_], high[open_]), args=(index,))
    # A bracket end that is itself the quantile to rounding has no sign change left: the end is then the answer.
    ends = np.where(excess(low[open_], index) >= 0.0, low[open_], high[open_])
    result[open_] = np.where(root.success, root.x, ends)
    return result
