"""The rows that a calibrating estimator is given, checked; X stays as the wrapped model takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, column_or_1d, indexable
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from uncertainty.estimators.columns import naming_columns
from uncertainty.estimators.frames import target_names

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class FitRows:
    """X of any kind, y (n,) or (n, T), weight (n,) or None, groups (n,) or None, of the rows as the user counts them.

    A row of weight zero is no row: it neither fits nor calibrates.
    """

    X: Any
    y: NDArray[Any]
    weight: Array | None = None
    groups: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def targets(self) -> Array:
        """y as [n, T]."""
        return self.y[:, None] if self.y.ndim == 1 else self.y

    def used(self, numbers: Index | None = None) -> Index:
        """Those of the numbers, or of all, whose row has a weight above zero."""
        numbers = np.arange(len(self)) if numbers is None else numbers
        return numbers if self.weight is None else numbers[self.weight[numbers] > 0.0]

    def weights_of(self, numbers: Index) -> Array:
        """Weights of the rows with these numbers; ones where none were given."""
        return np.ones(len(numbers)) if self.weight is None else self.weight[numbers]

    def take(self, numbers: Index) -> FitRows:
        """The rows with these numbers; all of them in their order without a copy."""
        if np.array_equal(numbers, np.arange(len(self))):
            return self
        weight, groups = (None if a is None else a[numbers] for a in (self.weight, self.groups))
        return FitRows(_safe_indexing(self.X, numbers), self.y[numbers], weight, groups)


def check_fit_rows(X: Any, y: NDArray[Any], sample_weight: ArrayLike | None, groups: ArrayLike | None) -> FitRows:
    """Check weights, groups and that all have as many rows as y, which is checked already, as X is by the model."""
    X, y = indexable(X, y)
    labels = None if groups is None else check_groups(groups, len(y))
    if sample_weight is None:
        return FitRows(X, y, None, labels)
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, allow_all_zero_weights=False
    )
    return FitRows(X, y, weight, labels)


def check_numbers(estimator: Any, y: ArrayLike) -> Array:
    """Return the targets of a regression, (n,) or (n, T); a single column becomes (n,), with a warning.

    The estimator takes the names of the columns of y for its own.
    """
    with naming_columns(None, y):
        checked = validate_data(estimator, "no_validation", y, multi_output=True, y_numeric=True)
    estimator.target_names_ = target_names(y, 1 if checked.ndim == 1 else checked.shape[1])
    checked = column_or_1d(checked, warn=True) if checked.ndim == 2 and checked.shape[1] == 1 else checked
    return np.asarray(checked, dtype=np.float64)


def check_labels(estimator: Any, y: ArrayLike) -> NDArray[Any]:
    """Return the labels (n,) of a classification, of any type; a single column becomes (n,), with a warning."""
    with naming_columns(None, y):
        labels = validate_data(estimator, "no_validation", y, multi_output=True)
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ValueError(
            f"y must have shape (n,), one label a row, got {labels.shape}. Wrap each label of multi-label data on its "
            f"own, with sklearn.multioutput.MultiOutputClassifier around this estimator."
        )
    labels = column_or_1d(labels, warn=True)
    check_classification_targets(labels)
    return labels


def check_groups(groups: ArrayLike, n_rows: int) -> NDArray[Any]:
    """Return one group for each row."""
    labels = np.asarray(groups)
    if labels.shape != (n_rows,):
        raise ValueError(f"groups must have shape ({n_rows},), one a row, got {labels.shape}.")
    if (labels != labels).any() or None in labels.tolist():  # NaN is not equal to itself
        raise ValueError("groups must name the group of every row, got missing values. Give them a name of their own.")
    return labels
