"""What a column holds: the kinds that are told apart, and how."""

from __future__ import annotations

from typing import Any

NUMBER, CATEGORY, BOOLEAN, DATE = "number", "category", "boolean", "date"

# What pandas says of a column of Python objects, gaps left out -> the kind. An empty one is a number that is missing.
KIND_OF_OBJECTS = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal", "empty"), NUMBER),
    **dict.fromkeys(("string", "categorical", "mixed", "mixed-integer"), CATEGORY),
    **dict.fromkeys(("date", "datetime", "datetime64"), DATE),
    "boolean": BOOLEAN,
}


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
