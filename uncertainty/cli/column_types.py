"""Columns of text from a csv file as numbers, booleans and dates: guessed once, at the fit, and the same ever after."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any

from uncertainty.cli.errors import DataError
from uncertainty.tables.column_kinds import BOOLEAN, CATEGORY, DATE, NUMBER

# With so large a share of numbers, a column is one of numbers, and what is none is a mistake.
MOSTLY = 0.9
# 1,5 and 1.234,5, as much of Europe writes them, and 1,234.5.
WITH_COMMA = re.compile(r"[+-]?[\d.]*\d,\d[\d.,]*")
WHAT = {NUMBER: "a number", DATE: "a date such as 2020-01-31"}


def guess_kind(column: Any, name: str, remedy: str | None = None) -> str:
    """Return the kind of an array of strings of pyarrow; `remedy` is what to do with a value that does not fit in.

    Raises
    ------
    DataError
        If it is mostly numbers: the first row that is none, or is written with a comma, is named.
    """
    from pyarrow import compute

    if not _is_text(column.type):
        return CATEGORY
    values = _trimmed(column)
    if _parsed(values, NUMBER) is not None:
        return NUMBER
    counts = compute.value_counts(values.drop_null())
    distinct = counts.field(0).to_pylist()
    if {value.lower() for value in distinct} <= {"true", "false"}:
        return BOOLEAN
    if _parsed(values, DATE) is not None:
        return DATE
    rows = list(zip(distinct, counts.field(1).to_pylist(), strict=True))
    n_numbers = sum(n for value, n in rows if _is_one(value, NUMBER))
    n_with_comma = sum(n for value, n in rows if WITH_COMMA.fullmatch(value))
    if n_numbers + n_with_comma > MOSTLY * (len(values) - values.null_count):
        correct = "Write numbers with a point and no comma" if n_with_comma else "Correct it"
        remedy = remedy or f"let the column be text with --category {shlex.quote(name)}"
        raise _misfit(values, NUMBER, name, 0, f". {correct}, or {remedy}")
    return CATEGORY


def typed(column: Any, kind: str, name: str, first_row: int = 0) -> Any:
    """Return a column of pyarrow as its kind wants it: text is parsed, anything else is left to the model's pipeline.

    Raises
    ------
    DataError
        If a value is not of its kind: it is named with its row, counted from 1, where the first one here is the
        `first_row` + 1 st. If the column is of a type that no kind has, such as lists or spans of time.
    """
    from pyarrow import compute, types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _has_a_kind(column.type):
        raise DataError(
            f"column {name!r} must hold numbers, text, booleans or dates, got {column.type}. Make one of these of it, "
            f"or fit without it: --drop {name}."
        )
    values = _trimmed(column) if _is_text(column.type) else column
    if kind in (NUMBER, DATE) and _is_text(column.type):
        values = _parsed(values, kind)
        if values is None:
            raise _misfit(_trimmed(column), kind, name, first_row)
    if kind == BOOLEAN and _is_text(column.type):  # one that is neither true nor false is an unknown category
        parsed = _parsed(compute.utf8_lower(values), BOOLEAN)
        values = values if parsed is None else parsed
    if kind == NUMBER and types.is_floating(values.type):
        infinite = compute.is_inf(values)
        if compute.any(infinite).as_py():
            row = infinite.index(True).as_py()
            raise DataError(f"column {name!r} must be finite, got {values[row].as_py()} in row {first_row + row + 1}.")
    return values


def _has_a_kind(kind: Any) -> bool:
    from pyarrow import types

    is_a = (types.is_null, types.is_boolean, types.is_integer, types.is_floating, types.is_decimal)
    return _is_text(kind) or types.is_date(kind) or types.is_timestamp(kind) or any(test(kind) for test in is_a)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _trimmed(column: Any) -> Any:
    from pyarrow import compute

    return compute.utf8_trim_whitespace(column)


def _parsed(values: Any, kind: str) -> Any | None:
    """Strings as numbers, booleans or dates; None if one of them is none."""
    import pyarrow

    targets = {
        NUMBER: [pyarrow.float64()],
        BOOLEAN: [pyarrow.bool_()],
        DATE: [pyarrow.timestamp("us"), pyarrow.timestamp("us", tz="UTC")],
    }
    for target in targets[kind]:
        try:
            return values.cast(target)
        except pyarrow.ArrowInvalid:
            continue
    return None


def _is_one(value: str, kind: str) -> bool:
    import pyarrow

    return _parsed(pyarrow.array([value]), kind) is not None


def _misfit(values: Any, kind: str, name: str, first_row: int, remedy: str = "") -> DataError:
    """What is said of the first row that is none of its kind; dates with and without a time zone cannot be mixed."""
    rows: Iterable[tuple[int, str | None]] = enumerate(values.to_pylist())
    row, value = next(
        ((row, value) for row, value in rows if value is not None and not _is_one(value, kind)), (0, values[0].as_py())
    )
    return DataError(f"column {name!r} must be {WHAT[kind]}, got {value!r} in row {first_row + row + 1}{remedy}.")
