"""The values of one column in the form of its kind; one that does not fit is named with its row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.tables.column_kinds import BOOLEAN, DATE, NUMBER


def column_values(column: Any, kind: str) -> NDArray[Any]:
    """Return a Series of pandas as float64 (NaN is missing), datetime64[us] (NaT), or objects: strings and None.

    Raises
    ------
    ValueError
        If a value is not of this kind, or infinite.
    """
    if kind == NUMBER:
        return _numbers(column)
    if kind == DATE:
        return _dates(column)
    return _text(column, boolean=kind == BOOLEAN)


def _numbers(column: Any) -> NDArray[np.float64]:
    import pandas
    from pandas.api import types

    if types.is_datetime64_any_dtype(column.dtype) or types.is_timedelta64_dtype(column.dtype):
        _refuse(column, np.ones(len(column), dtype=bool), "a number")
    if not types.is_numeric_dtype(column.dtype):
        objects = column.astype(object)
        _refuse(column, (pandas.to_numeric(objects, errors="coerce").isna() & column.notna()).to_numpy(), "a number")
        column = objects.where(column.notna(), np.nan).astype(np.float64)  # to_numeric errs in the last bit
    values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse(column, np.isinf(values), "finite")
    return values


def _dates(column: Any) -> NDArray[np.datetime64]:
    import pandas
    from pandas.api import types

    if types.is_numeric_dtype(column.dtype):
        _refuse(column, column.notna().to_numpy(), "a date")
    parsed = column
    if not types.is_datetime64_any_dtype(column.dtype):
        parsed = pandas.to_datetime(column.astype(object), errors="coerce", format="ISO8601", utc=True)
        _refuse(column, (parsed.isna() & column.notna()).to_numpy(), "a date such as 2020-01-31")
    if parsed.dt.tz is not None:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(parsed.to_numpy(), dtype="datetime64[us]")


def _text(column: Any, *, boolean: bool) -> NDArray[np.object_]:
    import pandas

    codes, distinct = pandas.factorize(column)
    labels = np.empty(len(distinct) + 1, dtype=object)  # the last one is of gaps, whose code is -1
    for number, value in enumerate(distinct):
        labels[number] = _truth(_label(value)) if boolean else _label(value)
    result: NDArray[np.object_] = labels[codes]
    return result


def _label(value: Any) -> str:
    """A gap turns a column of integers into floats: 3.0 has the label of 3."""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)


def _truth(label: str) -> str:
    """Truth values are written in many ways, and a gap turns those of pandas into 1.0 and 0.0."""
    return {"1": "True", "0": "False"}.get(label, label.capitalize())


def _refuse(column: Any, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        value = column.iloc[row]
        shown = value.item() if isinstance(value, np.generic) else value
        raise ValueError(
            f"column {column.name!r} must be {what} in every row, got {shown!r} in row {row}. Correct it, or leave it "
            f"empty if it is unknown."
        )
