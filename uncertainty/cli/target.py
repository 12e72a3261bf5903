"""The column that is to be predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.cli.column_types import guess_kind, typed
from uncertainty.cli.errors import DataError
from uncertainty.tables.column_kinds import CATEGORY, NUMBER

REGRESSION, CLASSIFICATION = "regression", "classification"
# Whole numbers of so few values are taken for classes.
MOST_CLASSES = 10


def known_rows(table: Any, target: str) -> Any:
    """Return the rows of a table of pyarrow whose target is known.

    Raises
    ------
    DataError
        If there are none.
    """
    from pyarrow import compute

    known = table.filter(compute.invert(compute.is_null(table[target], nan_is_null=True)))
    if known.num_rows == 0:
        raise DataError(f"the target {target!r} is missing in every row.")
    return known


def guess_task(column: Any, target: str) -> tuple[str, str]:
    """Return "regression" or "classification" and the reason, for a column without gaps."""
    values = _as_guessed(column, target)
    if values.dtype.kind not in "iuf":
        return CLASSIFICATION, "its values are labels"
    distinct = np.unique(values)
    if len(distinct) <= MOST_CLASSES and (distinct == np.round(distinct)).all():
        return CLASSIFICATION, f"it has {len(distinct)} values, all whole"
    return REGRESSION, "its values are numbers"


def training_labels(column: Any, name: str) -> Any:
    """Return the labels (n,) of a column without gaps: whole numbers, booleans or text."""
    values = _as_guessed(column, name)
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        return values.astype(np.int64)
    return values.astype(str) if values.dtype == object else values


def _as_guessed(column: Any, name: str) -> Any:
    kind = guess_kind(column, name)
    values = typed(column, kind, name).to_numpy(zero_copy_only=False)
    if values.dtype.kind in "Mm":
        raise DataError(f"the target {name!r} must be numbers or labels, got dates.")
    return values


def target_values(column: Any, name: str, classes: Any | None) -> Any:
    """Return a column without gaps as floats, or as labels of the type of `classes`.

    Raises
    ------
    DataError
        If a number is expected and there is none, or a label is not one of `classes`.
    """
    if classes is None:
        return typed(column, NUMBER, name).to_numpy(zero_copy_only=False).astype(np.float64)
    labels = _texts(typed(column, CATEGORY, name))
    by_text = {str(label): label for label in classes.tolist()}
    unknown = sorted(set(labels) - set(by_text))
    if unknown:
        known = ", ".join(list(by_text)[:8])
        raise DataError(f"the target {name!r} has the class {unknown[0]!r}, which the model does not know: {known}.")
    return np.array([by_text[label] for label in labels], dtype=classes.dtype)


def _texts(column: Any) -> list[str]:
    """Return the labels of an array of pyarrow as text: 3.0 is "3"."""
    values = column.to_pylist()
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]


def read_weights(table: Any, name: str | None) -> Any | None:
    """Return the weights of the rows, (n,), or None if no column is named.

    Raises
    ------
    DataError
        If a weight is missing or negative.
    """
    if name is None:
        return None
    weights = typed(table[name].combine_chunks(), NUMBER, name).to_numpy(zero_copy_only=False).astype(np.float64)
    wrong = ~(weights >= 0.0)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"the weights {name!r} must be 0 or more, got {weights[row]} in row {row + 1}.")
    return weights
