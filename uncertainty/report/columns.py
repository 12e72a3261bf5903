"""The columns of a test table, whatever kind of table it is: numbers, dates as numbers, or categories."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# In fewer rows than this, values that come once are no sign of an identifier.
FEWEST_NAMED = 20


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """A column of n numbers, NaN where one is missing; of dates if `is_date`, as milliseconds since 1970."""

    name: str
    values: Array
    is_date: bool = False

    def missing(self) -> NDArray[np.bool_]:
        """Return which rows (n,) have no value."""
        return np.isnan(self.values)


@dataclass(frozen=True, eq=False)
class CategoryColumn:
    """A column of n categories: the number of each row's in `categories`, -1 where it is missing."""

    name: str
    codes: Index
    categories: tuple[str, ...]

    def missing(self) -> NDArray[np.bool_]:
        """Return which rows (n,) have no value."""
        return self.codes < 0


Column = NumberColumn | CategoryColumn


def is_identifier(column: Column) -> bool:
    """Return whether the values of categories tell rows apart rather than kinds of rows: keys, names, free text."""
    if isinstance(column, NumberColumn):
        return False
    n_present = int((~column.missing()).sum())
    return n_present >= FEWEST_NAMED and len(column.categories) > 0.5 * n_present


def read_columns(X: Any) -> tuple[Column, ...]:
    """Return the columns of a pandas or polars frame, or of a matrix, whose columns are named by their number."""
    if hasattr(X, "iloc"):
        return tuple(_column(str(name), X.iloc[:, index]) for index, name in enumerate(X.columns))
    if hasattr(X, "get_columns"):
        return tuple(_column(series.name, _plain(series)) for series in X.get_columns())
    if hasattr(X, "toarray"):
        raise TypeError(f"X must be a frame or a dense array, got {type(X).__name__}. Pass X.toarray().")
    table = np.asarray(X)
    if table.ndim != 2:
        raise ValueError(f"X must have two dimensions, rows and columns, got {table.ndim}. Reshape it.")
    return tuple(_column(f"column {index}", table[:, index]) for index in range(table.shape[1]))


def row_labels(X: Any) -> tuple[str, ...] | None:
    """Return the index of a pandas frame where it says more than the number of the row."""
    if not hasattr(X, "iloc") or type(X.index).__name__ == "RangeIndex":
        return None
    return tuple(map(str, X.index))


def _plain(series: Any) -> Any:
    """A polars column as an array; text and categories as Python objects."""
    return series.to_numpy() if series.dtype.is_numeric() or series.dtype.is_temporal() else series.to_list()


def _column(name: str, values: Any) -> Column:
    if hasattr(getattr(values, "dtype", None), "categories"):
        values = values.astype(object)
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return _numbers(name, array.astype(np.float64))
    if array.dtype.kind == "M":
        return _dates(name, array)
    objects = array.astype(object)
    missing = np.fromiter((is_missing(value) for value in objects), dtype=bool, count=len(objects))
    present = objects[~missing]
    if len(present) and all(isinstance(value, Real) and not isinstance(value, (bool, np.bool_)) for value in present):
        numbers = np.full(len(objects), np.nan)
        numbers[~missing] = present.astype(np.float64)
        return _numbers(name, numbers)
    categories, codes = np.unique(np.array([str(value) for value in present], dtype=object), return_inverse=True)
    all_codes = np.full(len(objects), -1, dtype=np.intp)
    all_codes[~missing] = codes
    return CategoryColumn(name, all_codes, tuple(map(str, categories)))


def _numbers(name: str, values: Array) -> NumberColumn:
    """Infinite values count as missing: no bin and no scale has a place for them."""
    return NumberColumn(name, np.where(np.isfinite(values), values, np.nan))


def _dates(name: str, values: NDArray[Any]) -> NumberColumn:
    stamps = values.astype("datetime64[ms]")
    return NumberColumn(name, np.where(np.isnat(stamps), np.nan, stamps.astype(np.float64)), is_date=True)


def is_missing(value: Any) -> bool:
    """Return whether a cell says that there is no value: None, NaN, or the missing value of pandas."""
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )
