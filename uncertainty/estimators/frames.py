"""Predictions as data frames: of the kind that X is, with columns that say what they are.

An array of predictions has the rows first, then the targets if there are several, then axes of its own, such as the
two ends of an interval and the levels. Each column is named by its place on all of these: ``price_lower_90``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Frame: TypeAlias = Any  # a pandas or polars DataFrame


def target_names(y: Any, n_targets: int) -> Array:
    """Return the names (T,) of the targets: the columns of y, or the name of a Series, else y0, y1, ... or y."""
    names = list(getattr(y, "columns", [getattr(y, "name", None)]))
    if len(names) != n_targets or not all(isinstance(name, str) and name for name in names):
        names = [f"y{number}" for number in range(n_targets)] if n_targets > 1 else ["y"]
    return np.array(names, dtype=object)


def value_frame(estimator: Any, X: Any, **fields: ArrayLike) -> Frame:
    """Return fields of one value for each row and target, (n,) or (n, T), as columns of their names."""
    arrays = [np.asarray(values) for values in fields.values()]
    names = [_spelt_out(name) for name in fields]
    if arrays[0].ndim == 1:
        return frame_like(X, dict(zip(names, arrays, strict=True)))
    return _frame(estimator, X, np.stack(arrays, axis=-1), names)


def interval_frame(estimator: Any, X: Any, interval: Array, coverage: ArrayLike) -> Frame:
    """Return intervals (n, [T,] 2[, L]) as columns ``lower_90``, ``upper_90``, named by their coverage in percent."""
    levels = [in_percent(level) for level in np.ravel(coverage)]
    values = interval if np.ndim(coverage) else interval[..., None]
    return _frame(estimator, X, values, ["lower", "upper"], levels)


def quantile_frame(estimator: Any, X: Any, values: Array, quantiles: ArrayLike) -> Frame:
    """Return quantiles (n, [T,] Q) as columns ``quantile_0.05``, ..."""
    return _frame(estimator, X, values, [f"quantile_{float(level)!r}" for level in np.ravel(quantiles)])


def numbered_frame(estimator: Any, X: Any, values: Array, name: str) -> Frame:
    """Return values (n, [T,] J) as columns ``name_0``, ``name_1``, ..."""
    return _frame(estimator, X, values, _numbered(name, values.shape[-1]))


def class_frame(X: Any, classes: Array, fields: Mapping[str, ArrayLike]) -> Frame:
    """Return fields (n, C) as a column for each class, ``probability_ash``, and fields (n,) as a column each."""
    columns: dict[str, Array] = {}
    for field, values in fields.items():
        array, name = np.asarray(values), _spelt_out(field)
        of_classes = [f"{name}_{label}" for label in classes] if array.ndim == 2 else [name]
        columns |= _columns(array, of_classes)
    return frame_like(X, columns)


def set_frame(X: Any, classes: Array, sets: Array, coverage: ArrayLike) -> Frame:
    """Return sets of classes (n, C[, L]) as columns of truth values ``in_set_90_ash``, ..."""
    values = sets if np.ndim(coverage) else sets[..., None]
    levels = [f"in_set_{in_percent(level)}" for level in np.ravel(coverage)]
    return frame_like(X, _columns(np.moveaxis(values, -1, 1), levels, list(classes)))


def member_class_frame(X: Any, classes: Array, proba: Array) -> Frame:
    """Return the members' probabilities (M, n, C) as columns ``member_0_probability_ash``, ..."""
    members = _numbered("member", len(proba))
    return frame_like(X, _columns(np.moveaxis(proba, 0, 1), members, [f"probability_{label}" for label in classes]))


def frame_like(X: Any, columns: Mapping[str, Array]) -> Frame:
    """Return columns (n,) as a polars frame if X is one, else as a pandas frame with the index of X."""
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(X, polars.DataFrame):
        return polars.DataFrame({name: _plain(column) for name, column in columns.items()})
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame must be False without pandas, unless X is a polars frame. Install it by `pip install "
            "'uncertainty[frames]'`."
        ) from error
    return pd.DataFrame(dict(columns), index=X.index if isinstance(X, pd.DataFrame) else None)


def _frame(estimator: Any, X: Any, values: Array, *labels: Sequence[str]) -> Frame:
    """The frame of values [n, (T,) *labels]."""
    if values.ndim > 1 + len(labels):
        labels = (_names_of_targets(estimator, values.shape[1]), *labels)
    return frame_like(X, _columns(values, *labels))


def _columns(values: Array, *labels: Sequence[Any]) -> dict[str, Array]:
    """The columns of values [n, *labels] by name; names must differ, or one column would replace the other."""
    names = ["_".join(map(str, parts)) for parts in product(*labels)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"as_frame must be False where columns have the same name, got {repeated} twice.")
    return dict(zip(names, values.reshape(len(values), -1).T, strict=True))


def _names_of_targets(estimator: Any, n_targets: int) -> Sequence[str]:
    """The names of the fit; a model that was saved before there were any has none."""
    return list(getattr(estimator, "target_names_", target_names(None, n_targets)))


def _plain(column: Array) -> Any:
    """A column as polars takes it: numbers as an array, labels of any type one by one."""
    return np.ascontiguousarray(column) if column.dtype.kind in "biuf" else column.tolist()


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name}_{number}" for number in range(count)]


def _spelt_out(field: str) -> str:
    """The name of a column for a field of a prediction: the method is `predict_proba`, the column "probability"."""
    return field.replace("proba", "probability") if field.endswith("proba") else field


def in_percent(level: float) -> str:
    """A level in percent as people write it: 0.29 is "29" and 0.999 is "99.9"."""
    return f"{(Decimal(repr(float(level))) * 100).normalize():f}"
