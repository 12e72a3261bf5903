"""The rows that a calibrating estimator is given, checked; X stays as the wrapped model takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, column_or_1d, indexable
from sklearn.utils.validation import _check_sample_weight, _num_samples, validate_data

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class FitRows:
    """Rows of positive weight: X, y (n,) or (n, T), weight (n,) or None, groups (n,) or None, and their `numbers`."""

    X: Any
    y: Array
    weight: Array | None
    groups: NDArray[Any] | None
    numbers: Index

    def __len__(self) -> int:
        return len(self.y)

    @property
    def targets(self) -> Array:
        """y as [n, T]."""
        return self.y[:, None] if self.y.ndim == 1 else self.y

    def take(self, index: Index) -> FitRows:
        """The rows at the positions `index`."""
        weight, groups = (None if a is None else a[index] for a in (self.weight, self.groups))
        return FitRows(_safe_indexing(self.X, index), self.y[index], weight, groups, self.numbers[index])

    def positions(self, numbers: ArrayLike) -> Index:
        """Where the rows with these numbers are; those of zero weight are nowhere."""
        return np.flatnonzero(np.isin(self.numbers, numbers))


def check_fit_rows(
    estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, groups: ArrayLike | None
) -> FitRows:
    """Check y, weights and groups, and drop rows of zero weight. X is for the wrapped model to check."""
    checked = validate_data(estimator, "no_validation", y, multi_output=True, y_numeric=True)
    checked = column_or_1d(checked, warn=True) if checked.ndim == 2 and checked.shape[1] == 1 else checked
    X, target = indexable(X, np.asarray(checked, dtype=np.float64))
    labels = None if groups is None else check_groups(groups, len(target))
    rows = FitRows(X, target, None, labels, np.arange(len(target)))
    if sample_weight is None:
        return rows
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, allow_all_zero_weights=False
    )
    rows = FitRows(X, target, weight, labels, rows.numbers)
    return rows if weight.all() else rows.take(np.flatnonzero(weight))


def check_groups(groups: ArrayLike, n_rows: int) -> NDArray[Any]:
    """Return one group for each row."""
    labels = np.asarray(groups)
    if labels.shape != (n_rows,):
        raise ValueError(f"groups must have shape ({n_rows},), one a row, got {labels.shape}.")
    if (labels != labels).any() or None in labels.tolist():  # NaN is not equal to itself
        raise ValueError("groups must name the group of every row, got missing values. Give them a name of their own.")
    return labels


def n_rows_of(X: Any) -> int:
    """Rows of X, of whatever kind."""
    return int(_num_samples(X))
