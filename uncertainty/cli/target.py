"""The column that is to be predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.cli.column_types import guess_kind, typed
from uncertainty.cli.errors import DataError
from uncertainty.cli.training_plan import CLASSIFICATION, REGRESSION
from uncertainty.tables.column_kinds import CATEGORY, NUMBER

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
    kind = classes.dtype.kind
    labels = [_text(label, kind) for label in typed(column, CATEGORY, name).filter(known).to_pylist()]
    by_text = {_text(label, kind): label for label in classes.tolist()}
    unknown = sorted(set(labels) - set(by_text))
    if unknown:
        names = ", ".join(list(by_text)[:8])
        raise DataError(f"the target {name!r} has the class {unknown[0]!r}, which the model does not know: {names}.")
    return np.array([by_text[label] for label in labels], dtype=classes.dtype)


def _text(label: Any, kind: str) -> str:
    """Return a label in the one way that labels of its kind are written: 3.0 and "3.00" as "3", TRUE as "True"."""
    if kind == "b":
        return str(label).capitalize()
    if kind in "iuf" and isinstance(label, str):
        label = _number(label)
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _number(text: str) -> int | float | str:
    """Return the number that a text says, or the text itself."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


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
