"""Predictions for rows that the predicting model has not seen, and a final model that has seen all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import BaseCrossValidator, KFold, StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d, indexable
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_array, has_fit_parameter, validate_data

from uncertainty.estimators.options import draw_seed

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class CalibrationRows:
    """Rows as the user gave them, with checked targets, weights and groups; X may be a data frame.

    `weight` [n] is None where none was given; zero leaves a row out.
    """

    X: Any
    y: NDArray[Any]
    weight: Array | None
    groups: Any = None

    def __len__(self) -> int:
        return len(self.y)

    def used(self, index: Index) -> Index:
        """Those of the rows `index` that do not have weight zero."""
        return index if self.weight is None else index[self.weight[index] > 0.0]

    def weight_of(self, index: Index) -> Array:
        """Weights of the rows `index`; ones where none were given."""
        return np.ones(len(index)) if self.weight is None else self.weight[index]


def check_calibration_rows(
    wrapper: Any, X: Any, y: Any, sample_weight: Any, groups: Any, *, numeric_y: bool
) -> CalibrationRows:
    """Validate what does not depend on the wrapped estimator, which validates X itself."""
    validate_data(wrapper, X, y, skip_check_array=True)
    (X,) = indexable(X)
    y = check_array(y, ensure_2d=False, dtype="numeric" if numeric_y else None, input_name="y")
    y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
    check_consistent_length(X, y, groups)
    if sample_weight is None:
        return CalibrationRows(X, y, None, groups)
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, allow_all_zero_weights=False
    )
    return CalibrationRows(X, y, weight, groups)


def splits(cv: Any, rows: CalibrationRows, random_state: Any, *, classifier: bool) -> list[tuple[Index, Index]]:
    """Rows to fit on and rows to calibrate on, for each split that `cv` makes.

    An integer makes that many folds of rows in random order, with the shares of the classes for classifiers.
    """
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        folds: type[BaseCrossValidator] = StratifiedKFold if classifier else KFold
        cv = folds(int(cv), shuffle=True, random_state=draw_seed(random_state))
    splitter = check_cv(cv, rows.y, classifier=classifier)
    made = []
    for train, test in splitter.split(rows.X, rows.y, rows.groups):
        if len(np.intersect1d(train, test)):
            raise ValueError("cv must keep the rows it calibrates on out of those it fits on, got rows in both.")
        train, test = rows.used(np.asarray(train)), rows.used(np.asarray(test))
        if len(test):  # rows of weight zero are no rows
            made.append((train, test))
    return made


def fit_on(estimator: Any, rows: CalibrationRows, index: Index | None = None) -> Any:
    """Return a clone of `estimator` fitted on the rows `index`, or on all."""
    X, y, weight = rows.X, rows.y, rows.weight
    if index is not None:
        X, y = _safe_indexing(X, index), y[index]
        weight = None if weight is None else weight[index]
    if weight is None:
        return clone(estimator).fit(X, y)
    if not has_fit_parameter(estimator, "sample_weight"):
        raise ValueError(
            f"sample_weight must be None, because {type(estimator).__name__}.fit takes none. Pass an estimator that "
            f"does."
        )
    return clone(estimator).fit(X, y, sample_weight=weight)


def cross_fit(
    estimator: Any, rows: CalibrationRows, cv: Any, random_state: Any, predict: Callable[[Any, Any], Any]
) -> tuple[Any, list[Index], list[Any]]:
    """Return the final model, the rows of each split, and what `predict(model, X)` gave for these.

    The model of a split has seen none of its rows. The final one is fitted on all rows, or is the one inside a
    FrozenEstimator, for which all rows are new.
    """
    if isinstance(estimator, FrozenEstimator):
        model = estimator.estimator
        index = rows.used(np.arange(len(rows)))
        return model, [index], [predict(model, _take(rows.X, index))]
    indices, predictions = [], []
    for train, test in splits(cv, rows, random_state, classifier=is_classifier(estimator)):
        model = fit_on(estimator, rows, train)
        indices.append(test)
        predictions.append(predict(model, _safe_indexing(rows.X, test)))
    return fit_on(estimator, rows), indices, predictions


def _take(X: Any, index: Index) -> Any:
    """Rows `index`; all of them without a copy."""
    return X if len(index) == _num_samples(X) else _safe_indexing(X, index)


def in_chunks(X: Any, size: int) -> Iterator[Any]:
    """X in chunks of `size` rows, so that whole predictive distributions of many rows need not exist at once."""
    n = _num_samples(X)
    if n <= size:
        yield X
        return
    (X,) = indexable(X)
    for start in range(0, n, size):
        yield _safe_indexing(X, np.arange(start, min(start + size, n)))
