"""The column that is to be predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.cli.column_types import guess_kind, typed
from uncertainty.cli.errors import DataError
from uncertainty.cli.training_plan import CLASSIFICATION, REGRESSION
from uncertainty.tables.column_kinds import BOOLEAN, CATEGORY, NUMBER

# Whole numbers of so few values are taken for classes.
MOST_CLASSES = 10
UNKNOWN_TARGET = "leave it empty where it is unknown"


def known_rows(column: Any, target: str) -> Any:
    """Return which values of a column are there, as an array of booleans of pyarrow.

    Raises
    ------
    DataError
        If there are none.
    """
    from pyarrow import compute

    known = compute.invert(compute.is_null(column, nan_is_null=True))
    if not compute.any(known).as_py():
        raise DataError(f"the target {target!r} is missing in every row.")
    return known


def guess_task(column: Any, known: Any, target: str) -> tuple[str, str]:
    """Return "regression" or "classification" and the reason."""
    values = _as_guessed(column, known, target)
    if values.dtype.kind not in "iuf":
        return CLASSIFICATION, "its values are labels"
    distinct = np.unique(values)
    if len(distinct) <= MOST_CLASSES and (distinct == np.round(distinct)).all():
        return CLASSIFICATION, f"it has {len(distinct)} values, all whole"
    return REGRESSION, "its values are numbers"


def training_labels(column: Any, known: Any, name: str) -> Any:
    """Return the labels (n,) of the known rows: whole numbers, booleans or text."""
    values = _as_guessed(column, known, name)
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        return values.astype(np.int64)
    return values.astype(str) if values.dtype == object else values


def _as_guessed(column: Any, known: Any, name: str) -> Any:
    values = typed(column, guess_kind(column, name, UNKNOWN_TARGET), name).filter(known).to_numpy(zero_copy_only=False)
    if values.dtype.kind in "Mm":
        raise DataError(f"the target {name!r} must be numbers or labels, got dates.")
    return values


def target_values(column: Any, known: Any, name: str, classes: Any | None) -> Any:
    """Return the known rows of a column as floats, or as labels of the type of `classes`.

    Raises
    ------
    DataError
        If a number is expected and there is none, or a label is not one of `classes`.
    """
    if classes is None:
        numbers = typed(column, NUMBER, name).filter(known)
        return numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    labels = _texts(typed(column, BOOLEAN if classes.dtype.kind == "b" else CATEGORY, name).filter(known))
    if classes.dtype.kind in "iu":
        labels = [_whole(label) for label in labels]
    by_text = {str(label): label for label in classes.tolist()}
    unknown = sorted(set(labels) - set(by_text))
    if unknown:
        names = ", ".join(list(by_text)[:8])
        raise DataError(f"the target {name!r} has the class {unknown[0]!r}, which the model does not know: {names}.")
    return np.array([by_text[label] for label in labels], dtype=classes.dtype)


def _texts(column: Any) -> list[str]:
    """Return the labels of an array of pyarrow as text: 3.0 is "3"."""
    values = column.to_pylist()
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]


def _whole(text: str) -> str:
    """Return "1.0" as "1": so are whole numbers written by whoever has a gap among them."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text


def read_weights(table: Any, known: Any, name: str | None) -> Any | None:
    """Return the weights of the known rows, (n,), or None if no column is named.

    Raises
    ------
    DataError
        If a weight is missing or negative, or all are 0.
    """
    if name is None:
        return None
    numbers = typed(table[name].combine_chunks(), NUMBER, name).to_numpy(zero_copy_only=False).astype(np.float64)
    used = known.to_numpy(zero_copy_only=False)
    wrong = used & ~(numbers >= 0.0)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"the weights {name!r} must be 0 or more, got {numbers[row]} in row {row + 1}.")
    if not numbers[used].any():
        raise DataError(f"the weights {name!r} must be above 0 in some row with a target, and are 0 in all of them.")
    return numbers[used]
