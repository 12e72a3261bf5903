"""Input checks and the one weighted average shared by every metric."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def finite_array(values: npt.ArrayLike, name: str) -> FloatArray:
    """Return `values` as a float64 array; it must be non-empty and finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one value, got shape {array.shape}. Pass one or more rows.")
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)][0]
        raise ValueError(f"{name} must be finite, got {bad}. Remove or impute the rows concerned.")
    return array


def check_targets(y_true: npt.ArrayLike) -> FloatArray:
    """Return `y_true` as a finite float64 array of shape (n,) or (n, T)."""
    y = finite_array(y_true, "y_true")
    if y.ndim not in (1, 2):
        raise ValueError(f"y_true must have shape (n,) or (n, T), got {y.shape}. Pass one row per observation.")
    return y


def match_targets(values: npt.ArrayLike, name: str, y: FloatArray, *, positive: bool = False) -> FloatArray:
    """Return `values` as an array of exactly `y`'s shape (a scalar is repeated), optionally strictly positive."""
    array = finite_array(values, name)
    if array.ndim == 0:
        array = np.full(y.shape, array)
    check_shape(array, name, y.shape)
    if positive:
        check_positive(array, name)
    return array


def check_shape(array: npt.NDArray[Any], name: str, expected: tuple[int, ...]) -> None:
    """Raise unless `array` has the `expected` shape: numpy would broadcast (n, 1) with (n,) to (n, n)."""
    if array.shape != expected:
        raise ValueError(
            f"{name} must have shape {expected} to match y_true, got {array.shape}. "
            "Reshape one of the two, for example y_true.ravel() for a single target."
        )


def check_positive(array: FloatArray, name: str) -> None:
    """Raise unless every value of `array` is above zero."""
    if not (array > 0).all():
        raise ValueError(f"{name} must be positive, got {array.min():g}. Floor it at a small positive value.")


def check_level(level: float, name: str = "coverage") -> float:
    """Return the probability `level` as a float strictly between 0 and 1; percentages get a hint."""
    value = float(level)
    if 0.0 < value < 1.0:
        return value
    hint = f"For {value:g} percent pass {value / 100:g}." if 1.0 < value < 100.0 else "For 90 percent pass 0.9."
    raise ValueError(f"{name} must lie strictly between 0 and 1, got {level}. {hint}")


def check_choice(value: str, name: str, allowed: Collection[str]) -> None:
    """Raise unless `value` is one of the `allowed` words."""
    if value not in allowed:
        words = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{name} must be one of {words}, got {value!r}. Choose one of these.")


def check_sample_weight(sample_weight: npt.ArrayLike | None, n_rows: int) -> FloatArray:
    """Return weights of shape (n,), largest one 1, so that their sums and squares cannot overflow."""
    if sample_weight is None:
        return np.ones(n_rows)
    weight = finite_array(sample_weight, "sample_weight")
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight must have shape ({n_rows},), got {weight.shape}. Pass one weight per row.")
    if (weight < 0).any():
        raise ValueError(f"sample_weight must be non-negative, got {weight.min():g}. Use 0 to leave a row out.")
    largest = weight.max()
    if largest == 0:
        raise ValueError("sample_weight must not be zero in every row, got only zeros. Give some row a weight above 0.")
    return np.asarray(weight / largest)


def weighted_mean(values: FloatArray, sample_weight: npt.ArrayLike | None) -> float:
    """Return the weighted mean over rows of `values` (n,) or (n, T); targets count equally. Never NaN."""
    weight = check_sample_weight(sample_weight, len(values))
    per_row = values.mean(axis=1) if values.ndim == 2 else values
    used = weight > 0  # a zero weight means removal, also where the value is infinite (0 * inf is NaN)
    if np.isnan(per_row[used]).any():
        row = int(np.flatnonzero(np.isnan(per_row) & used)[0])
        raise ValueError(f"The score must be a number in every row, got NaN in row {row}. Check the prediction there.")
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float(np.sum(per_row[used] * weight[used]) / np.sum(weight[used]))
    if np.isnan(mean):
        raise ValueError("The scores must not hold both +inf and -inf, got both. Check the prediction's scale.")
    return mean
