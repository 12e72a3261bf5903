"""From what the user passes to what the loop trains on: checks, weights, scaling and label codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_array, validate_data

from uncertainty.components.spec import check_number
from uncertainty.estimators.columns import naming_columns
from uncertainty.estimators.frames import target_names

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RawRows:
    """Checked rows as the user gave them: x [N, D], y [N] or [N, T].

    `weight` [N] is in units of `weight_unit`, by default their mean; None stands for ones. `unlabeled` [n, D] are
    further rows of X, of which nothing more is known.
    """

    x: Array
    y: NDArray[Any]
    weight: Array | None
    weight_unit: float = 1.0
    unlabeled: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def inputs(self) -> tuple[Array, Array | None]:
        """All rows of X, with and without labels, and their weights; one without counts as an average one."""
        if self.unlabeled is None:
            return self.x, self.weight
        weight = None if self.weight is None else np.concatenate([self.weight, np.ones(len(self.unlabeled))])
        return np.concatenate([self.x, self.unlabeled]), weight


def check_rows(
    estimator: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    reset: bool,
    numeric_y: bool,
    weight_unit: float | None = None,
) -> RawRows:
    """Validate X, y and sample_weight, drop rows of zero weight, and scale the weights to mean 1.

    Weights enter the loss divided by their mean over the fitted rows, once: dividing by each batch's own sum would
    bias the gradient. Later calls of `partial_fit` pass the first one's mean as `weight_unit`. With `reset` the
    estimator takes the names of the columns of X and y for its own.
    """
    with naming_columns(x, y):
        x, checked = validate_data(
            estimator,
            x,
            y,
            reset=reset,
            dtype=np.float64,
            order="C",  # sums over a data frame's column-major array would differ in the last bit
            multi_output=True,
            y_numeric=numeric_y,
            ensure_min_samples=1,
        )
    if reset:
        estimator.target_names_ = target_names(y, 1 if checked.ndim == 1 else checked.shape[1])
    y = column_or_1d(checked, warn=True) if checked.ndim == 2 and checked.shape[1] == 1 else checked
    if sample_weight is None and weight_unit in (None, 1.0):
        return RawRows(x, y, None)
    weight = _check_sample_weight(
        sample_weight, x, dtype=np.float64, ensure_non_negative=True, allow_all_zero_weights=False
    )
    return _weighted(x, y, weight, weight_unit)


def _weighted(x: Array, y: NDArray[Any], weight: Array, unit: float | None = None) -> RawRows:
    """Rows of positive weight, with their weights in units of `unit` or of their mean; equal weights are none."""
    kept = weight > 0.0
    x, y, weight = x[kept], y[kept], weight[kept]
    if np.all(weight == weight[0]) and unit in (None, weight[0]):
        return RawRows(x, y, None, float(weight[0]))
    unit = float(weight.mean()) if unit is None else unit
    return RawRows(x, y, weight / unit, unit)


def check_inputs(estimator: Any, x: Any) -> Array:
    """Validate X of a prediction against the fitted features."""
    with naming_columns(x):
        return np.asarray(validate_data(estimator, x, reset=False, dtype=np.float64, order="C"))


def check_unlabeled(estimator: Any, x: Any) -> Array | None:
    """Validate the rows without labels, if any, against the features of those with labels."""
    if x is None:
        return None
    try:
        return check_inputs(estimator, x)
    except ValueError as error:
        raise ValueError(f"X_unlabeled must be rows like those of X. {error}") from error


def require_two_rows(rows: RawRows) -> None:
    """Refuse a single row, from which no spread can be learned."""
    if len(rows) < 2:
        raise ValueError(
            "X must have at least 2 rows of positive weight, got n_samples = 1. One row says nothing about spread."
        )


def regression_targets(rows: RawRows) -> Array:
    """Targets as float64 [N, T]."""
    y = np.asarray(rows.y, dtype=np.float64)
    return y[:, None] if y.ndim == 1 else y


@dataclass(frozen=True)
class LabelEncoder:
    """Labels to codes: `classes` [C] in sorted order, or None for multi-label targets of 0 and 1."""

    classes: NDArray[Any] | None
    n_targets: int = 1

    @classmethod
    def fit(cls, y: NDArray[Any], classes: Any = None) -> LabelEncoder:
        """Learn the classes of y [N] (labels of any type) or the number of labels of y [N, T]."""
        check_classification_targets(y)
        if y.ndim == 2:
            if type_of_target(y) != "multilabel-indicator":
                raise ValueError(
                    "y with several columns must be multi-label, holding 0 and 1 only. For several targets with more "
                    "classes wrap the estimator in sklearn.multioutput.MultiOutputClassifier."
                )
            return cls(None, y.shape[1])
        found = np.unique(y) if classes is None else np.unique(classes)
        if len(found) < 2:
            raise ValueError(f"y must have at least 2 classes, got 1 class: {found.tolist()[0]!r}.")
        return cls(found)

    @property
    def kind(self) -> str:
        """ "binary", "multiclass" or "multilabel"."""
        if self.classes is None:
            return "multilabel"
        return "binary" if len(self.classes) == 2 else "multiclass"

    def transform(self, y: NDArray[Any]) -> Array:
        """Codes [N, 1] of classes or [N, T] of labels, as floats."""
        if self.classes is None:
            if y.ndim != 2 or y.shape[1] != self.n_targets:
                raise ValueError(f"y must have {self.n_targets} columns of 0 and 1, got shape {y.shape}.")
            return np.asarray(y, dtype=np.float64)
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(f"y must hold the classes {self.classes.tolist()}, got also {unknown.tolist()}.")
        return np.searchsorted(self.classes, y)[:, None].astype(np.float64)


def class_factors(class_weight: Any, rows: RawRows, classes: NDArray[Any] | None) -> dict[Any, float]:
    """Return the factor of each class: 1, "balanced" by the weights of `rows`, or the user's own.

    "balanced" is n / (C n_c), as in scikit-learn, with n counted in weights, so that a row of weight 2 is two rows.
    """
    if class_weight is None:
        return {}
    if classes is None:
        raise ValueError("class_weight must be None for multi-label targets. Use sample_weight.")
    names = classes.tolist()
    if isinstance(class_weight, str) and class_weight == "balanced":
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        totals = np.bincount(np.searchsorted(classes, rows.y), weights=weight, minlength=len(classes))
        return {name: total and weight.sum() / (len(names) * total) for name, total in zip(names, totals, strict=True)}
    if not isinstance(class_weight, Mapping):
        raise ValueError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}.")
    factors = {(key.item() if isinstance(key, np.generic) else key): value for key, value in class_weight.items()}
    unknown = [key for key in factors if key not in names]
    if unknown:
        raise ValueError(f"class_weight must name classes out of {names}, got {unknown}.")
    return {key: check_number(f"class_weight of {key!r}", value) for key, value in factors.items()}


def with_class_factors(rows: RawRows, factors: dict[Any, float]) -> RawRows:
    """Multiply the factors of the classes into the row weights; classes of factor 0 are left out."""
    if not factors:
        return rows
    factor = np.array([factors.get(label, 1.0) for label in rows.y.tolist()])
    if not factor.any():
        raise ValueError("class_weight must be positive for at least one class, got zero for all.")
    return _weighted(rows.x, rows.y, factor if rows.weight is None else factor * rows.weight)


def check_validation_rows(estimator: Any, x: Any, y: Any, sample_weight: Any, *, numeric_y: bool) -> RawRows | None:
    """Validate the user's own validation rows, or return None when there are none."""
    if x is None and y is None:
        if sample_weight is not None:
            raise ValueError("sample_weight_val must come with X_val and y_val, got it alone.")
        return None
    if x is None or y is None:
        raise ValueError("X_val and y_val must be given together, got only one of them.")
    y = check_array(y, ensure_2d=False, dtype=None if not numeric_y else "numeric")
    return check_rows(estimator, x, y, sample_weight, reset=False, numeric_y=numeric_y)
