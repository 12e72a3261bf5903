"""Checks of probabilities given by the user."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_levels(argument: str, levels: ArrayLike) -> NDArray[np.float64]:
    """Return `levels` as an array after checking that each lies strictly between 0 and 1, and that there is one."""
    if np.asarray(levels).dtype.kind not in "fiu":
        raise TypeError(f"{argument} must be a number or a list of numbers, got {levels!r}.")
    values = np.asarray(levels, dtype=float)
    if values.ndim > 1:
        raise ValueError(f"{argument} must be one level or a list of levels, got shape {values.shape}.")
    if values.size == 0:
        raise ValueError(f"{argument} must hold at least one level, got none.")
    outside = ~((values > 0.0) & (values < 1.0))
    if outside.any():
        first = float(np.atleast_1d(values)[np.atleast_1d(outside)][0])
        hint = f" For {first:g} percent pass {first / 100:g}." if 1.0 < first < 100.0 else ""
        raise ValueError(f"{argument} must lie strictly between 0 and 1, got {first:g}.{hint}")
    return values


def check_rows_index(index: int | slice | ArrayLike, n_rows: int) -> slice | NDArray[np.intp]:
    """Return `index` as something that keeps the row axis; a number outside raises, which also ends iteration."""
    if isinstance(index, slice):
        return index
    if isinstance(index, (int, np.integer)):
        if not -n_rows <= index < n_rows:
            raise IndexError(f"row index must be in [{-n_rows}, {n_rows}), got {index}.")
        return slice(int(index), int(index) + 1 or None)
    return np.asarray(index)
