"""The observations of a test table: one target, one for each row, none missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.report.columns import is_missing


def check_observations(y: Any, n_rows: int, *, numeric: bool) -> NDArray[Any]:
    """Return y as an array (n,), of floats if `numeric`."""
    listed = y.to_list() if hasattr(y, "to_list") else y
    values = np.asarray(listed) if numeric else np.asarray(listed, dtype=object)  # as text a gap would read "nan"
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"y must have one target, got shape {values.shape}. Write a report of each target on its own, with a model "
            f"of that target alone."
        )
    if len(values) == 0:
        raise ValueError("y must have at least one row, got none. Pass rows that the model was not fitted on.")
    if len(values) != n_rows:
        raise ValueError(f"y must have one value for each of the {n_rows} rows of X, got {len(values)}.")
    return _numbers(values) if numeric else _labels(values)


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers for a regressor, got {values.dtype} values. Convert it.") from error
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(
            f"y must hold finite numbers, got {numbers[bad[0]]:g} in {len(bad)} of {len(numbers)} rows, the first of "
            f"them row {bad[0]}. Leave these rows out: without y nothing can be said of them."
        )
    return numbers


def _labels(values: NDArray[Any]) -> NDArray[Any]:
    bad = [index for index, value in enumerate(values.tolist()) if is_missing(value)]
    if bad:
        raise ValueError(
            f"y must hold a class in every row, got none in {len(bad)} of {len(values)} rows, the first of them row "
            f"{bad[0]}. Leave these rows out."
        )
    return values
