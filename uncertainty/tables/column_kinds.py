"""What a column holds: the kinds that are told apart, and how."""

from __future__ import annotations

import re
from typing import Any

NUMBER, CATEGORY, BOOLEAN, DATE = "number", "category", "boolean", "date"

# What pandas says of a column of Python objects, gaps left out -> the kind. An empty one is a number that is missing.
KIND_OF_OBJECTS = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal", "empty"), NUMBER),
    **dict.fromkeys(("string", "categorical", "mixed", "mixed-integer"), CATEGORY),
    **dict.fromkeys(("date", "datetime", "datetime64"), DATE),
    "boolean": BOOLEAN,
}

# 2020-01-31, 31.1.2020, 1/31/2020 and the like, with or without a time.
_YEAR, _PART = r"(1[89]|20|21)\d\d", r"(0?[1-9]|[12]\d|3[01])"
WRITTEN_DATE = re.compile(
    rf"({_YEAR}(?P<a>[-/.]){_PART}(?P=a){_PART}|{_PART}(?P<b>[-/.]){_PART}(?P=b){_YEAR})([T ]\d{{1,2}}:\d{{2}}.*)?"
)
# Values looked at before text is said to be dates.
MOST_LOOKED_AT = 100


def kind_of(column: Any) -> str:
    """Return the kind of a column, a Series of pandas.

    Raises
    ------
    TypeError
        If it holds something else, such as spans of time or complex numbers.
    """
    from pandas import CategoricalDtype
    from pandas.api import types

    if isinstance(column.dtype, CategoricalDtype):
        return CATEGORY
    if types.is_bool_dtype(column.dtype):
        return BOOLEAN
    if types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype):
        return NUMBER
    if types.is_datetime64_any_dtype(column.dtype):
        return DATE
    content = types.infer_dtype(column, skipna=True)
    if content not in KIND_OF_OBJECTS:
        raise TypeError(
            f"column {column.name!r} must hold numbers, text, categories, booleans or dates, got {content} "
            f"({column.dtype}). Make a number of it, or leave it out."
        )
    return KIND_OF_OBJECTS[content]


def reads_as_dates(column: Any) -> bool:
    """Whether a column of text, a Series of pandas, holds dates as far as its first values show.

    One of the type `category` was made so on purpose, and does not.
    """
    from pandas import CategoricalDtype

    if isinstance(column.dtype, CategoricalDtype):
        return False
    values = column.dropna().iloc[:MOST_LOOKED_AT]
    return len(values) > 0 and all(WRITTEN_DATE.fullmatch(str(value).strip()) for value in values)
