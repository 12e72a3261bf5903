"""Smoothed curves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def smoothed(values: ArrayLike, beta: float) -> NDArray[np.float64]:
    """Return the bias-corrected exponential average of a curve: a_t = beta a_(t-1) + (1 - beta) v_t over 1 - beta^t."""
    values = np.asarray(values, dtype=np.float64)
    average, out = 0.0, np.empty_like(values)
    for t, value in enumerate(values):
        average = beta * average + (1.0 - beta) * value
        out[t] = average / (1.0 - beta ** (t + 1))
    return out
