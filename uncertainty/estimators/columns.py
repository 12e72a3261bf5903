"""What is wrong with a table that cannot be computed with: its columns by name, and what to do about them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

NUMBERS_FIRST = (
    "Make them numbers first: `uncertainty.tabular_pipeline(estimator)` does so for a whole table, or put a "
    "sklearn.compose.ColumnTransformer with a OneHotEncoder(sparse_output=False) before the estimator in a Pipeline."
)
DENSE_FIRST = (
    "Pass `X.toarray()`, ask the transformer before for an array (OneHotEncoder(sparse_output=False), "
    "ColumnTransformer(sparse_threshold=0)), or, of very many columns, put a sklearn.decomposition.TruncatedSVD before "
    "the estimator in a Pipeline."
)
# What scikit-learn finds in its input: the remedy.
REMEDIES = {
    "Input X contains NaN": "Fill them in: `uncertainty.tabular_pipeline(estimator)` does so for a whole table, "
    "or put a sklearn.impute.SimpleImputer(add_indicator=True) before the estimator in a Pipeline.",
    "Input X contains infinity": "Replace these values, or leave out the rows.",
    "Input y contains NaN": "Leave out these rows: nothing can be learned from a row without an answer.",
    "Input y contains infinity": "Replace these values, or leave out the rows.",
    "could not convert string to float": f"X, and y of a regressor, must be numbers. {NUMBERS_FIRST}",
}

# What pandas finds in columns of objects that float64 can hold; of gaps alone, nothing.
NUMERIC_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "complex", "empty")


@contextmanager
def naming_columns(x: Any, y: Any = None) -> Iterator[None]:
    """Let scikit-learn's errors about gaps, text and sparse matrices say which columns, and what to do.

    Columns of dates and of text are refused before it sees them: it would take a table of dates, and text that happens
    to spell numbers, for numbers.
    """
    if type(x).__name__ == "LazyFrame":
        raise TypeError("X must be a table in memory, got a LazyFrame. Pass `X.collect()`.")
    _refuse_columns_without_numbers(x)
    _refuse_dates("X", x)
    _refuse_dates("y", y)
    _refuse_missing(y)
    try:
        yield
    except ValueError as error:
        # Of labels that are no numbers scikit-learn does not say that they are y.
        fault = str(error).replace("Input contains", "Input y contains").partition("\n")[0].rstrip(".")
        if not fault.startswith(tuple(REMEDIES)):
            raise
        raise ValueError(_with_columns(fault, {"Input X": x, "Input y": y}.get(fault[:7]))) from error
    except TypeError as error:
        if not str(error).startswith("Sparse data"):
            raise
        raise TypeError(f"X must be dense, got a sparse {type(x).__name__}. {DENSE_FIRST}") from error


def _refuse_columns_without_numbers(x: Any) -> None:
    types = enumerate(_types(x))
    others = [f"{name} ({dtype})" for place, (name, dtype) in types if not _is_numeric(dtype, x, place)]
    if others:
        raise ValueError(f"X must hold numbers, got others in the columns {others}. {NUMBERS_FIRST}")


def _refuse_dates(name: str, values: Any) -> None:
    """Refuse dates and durations, which numpy turns into numbers of an arbitrary unit without a word."""
    for dtype in [getattr(values, "dtype", None), *(dtype for _, dtype in _types(values))]:
        if str(dtype).lower().startswith(("date", "time", "duration", "period")):
            raise ValueError(
                f"{name} must hold numbers, got {dtype}. Make them numbers of a unit that you choose, such as days "
                f"since a date."
            )


def _refuse_missing(y: Any) -> None:
    """Refuse gaps in a Series or frame of targets or labels, of which scikit-learn stumbles over some kinds."""
    if _has_gaps(y):
        raise ValueError(_with_columns("Input y contains NaN", y))


def _has_gaps(values: Any) -> bool:
    gaps = getattr(values, "isna", None) or getattr(values, "is_null", None)  # pandas, polars
    return gaps is not None and bool(np.asarray(gaps()).any())


def _with_columns(fault: str, table: Any) -> str:
    """What is wrong, in which columns, and the remedy."""
    columns = _columns_not_finite(table)
    where = f" It is in the columns {columns}." if columns else ""
    return f"{fault}.{where} {next(remedy for start, remedy in REMEDIES.items() if fault.startswith(start))}"


def _types(table: Any) -> list[tuple[Any, Any]]:
    """Name and type of each column of a pandas or polars frame; of anything else, none."""
    return list(zip(table.columns, table.dtypes, strict=True)) if hasattr(table, "columns") else []


def _column(table: Any, place: int) -> Any:
    return table.iloc[:, place] if hasattr(table, "iloc") else table[:, place]


def _is_numeric(dtype: Any, table: Any, place: int) -> bool:
    """Whether a column of that type holds numbers or truth values; text that spells some does not."""
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(table, polars.DataFrame):
        return dtype.is_numeric() or dtype in (polars.Boolean, polars.Null)
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    if pd.api.types.is_object_dtype(dtype):
        return pd.api.types.infer_dtype(_column(table, place), skipna=True) in NUMERIC_OBJECTS
    return bool(pd.api.types.is_numeric_dtype(dtype))


def _columns_not_finite(table: Any) -> list[str]:
    """Names of the columns of a data frame that hold missing or infinite values."""
    names = []
    for place, (name, _) in enumerate(_types(table)):
        column = _column(table, place)
        try:
            finite = bool(np.isfinite(np.asarray(column, dtype=np.float64)).all())
        except (TypeError, ValueError):  # no numbers
            finite = not _has_gaps(column)
        if not finite:
            names.append(str(name))
    return names
