"""What `fit` does: read the rows, say what they are, train on them."""

from __future__ import annotations

import shlex
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from uncertainty.cli.column_roles import ColumnRoles
from uncertainty.cli.column_types import guess_kind
from uncertainty.cli.columns import frame_of, whole_table
from uncertainty.cli.input_table import InputTable
from uncertainty.cli.target import guess_task, known_rows, read_weights, target_values, training_labels
from uncertainty.cli.training_plan import CLASSIFICATION
from uncertainty.tables.column_kinds import CATEGORY, DATE, NUMBER, kind_of, reads_as_dates

MOST_LINES = 60
# A column of text is taken for names of rows if so large a share of its values differ, of at least so many.
MOSTLY_DIFFERENT, FEWEST_NAMED = 0.5, 20


@dataclass(frozen=True)
class TrainingRows:
    """Rows to train on: `frame` of features, named `y`, `weight` or None; and what is said of them."""

    frame: Any
    y: Any
    weight: Any | None
    task: str
    summary: str


def read_training_rows(table: InputTable, roles: ColumnRoles, task: str | None) -> TrainingRows:
    """Read a file and find out what its columns hold.

    Raises
    ------
    DataError
        If a column is not there, there are no rows, or a value is not of its column's kind.
    """
    import pandas

    from uncertainty.tables import TableColumns

    features, target = roles.features(table), roles.target
    rows = whole_table(table, [*features, target, *([roles.weights] if roles.weights else [])])
    column = rows[target].combine_chunks()
    known = known_rows(column, target)
    guessed, reason = guess_task(column, known, target)
    task = task or guessed
    values = (
        training_labels(column, known, target) if task == CLASSIFICATION else target_values(column, known, target, None)
    )
    frame = _features(rows, features, roles.category, known.to_numpy(zero_copy_only=False))
    kinds = TableColumns().fit(frame).kinds_
    n_unknown = rows.num_rows - len(frame)
    lines = [
        f"Read {rows.num_rows} rows of {table.path}"
        + (f"; {n_unknown} without a target are left out." * bool(n_unknown)),
        f"Target {target!r}: {task}" + (f", as {reason} (--task says otherwise)." if task == guessed else "."),
        *_described(frame, kinds),
        *_doubted(frame, kinds, roles.category),
    ]
    y = pandas.Series(values, name=target, index=frame.index)
    return TrainingRows(frame, y, read_weights(rows, known, roles.weights), task, "\n".join(lines))


def _features(rows: Any, names: list[str], category: tuple[str, ...], known: Any) -> Any:
    """A frame of the features in the `known` rows, of kinds that are guessed but for the columns of codes.

    What is text is said to be categories: of all else, such as dates in other forms, `_doubted` speaks.
    """
    kinds = {name: CATEGORY if name in category else guess_kind(rows[name].combine_chunks(), name) for name in names}
    frame = frame_of(rows, kinds)[known]
    text = [name for name in names if kind_of(frame[name]) == CATEGORY]
    return frame.astype(dict.fromkeys([*category, *text], "category"))


def _described(frame: Any, kinds: dict[str, str]) -> list[str]:
    """A line for each column: its kind, gaps and values."""
    width = min(max(len(name) for name in [*kinds, "column"]), 40)
    lines = [f"  {'column':{width}}  kind      missing  values"]
    for name, kind in list(kinds.items())[:MOST_LINES]:
        missing = int(frame[name].isna().sum())
        lines.append(f"  {name:{width}}  {kind:8}  {missing:7}  {_values(frame[name].dropna(), kind)}")
    if len(kinds) > MOST_LINES:
        lines.append(f"  and {len(kinds) - MOST_LINES} more columns")
    return lines


def _doubted(frame: Any, kinds: dict[str, str], chosen: tuple[str, ...]) -> list[str]:
    """Say which columns of text, not chosen to be so, are dates in another form, or tell rows apart."""
    texts = {name: frame[name].dropna() for name, kind in kinds.items() if kind == CATEGORY and name not in chosen}
    dates = [name for name, values in texts.items() if reads_as_dates(values.astype(object))]
    identifiers = _identifiers({name: values for name, values in texts.items() if name not in dates})
    lines = []
    for name in dates:
        lines.append(f"{name!r} is text, since {_misdated(texts[name])!r} is no date in the form 2020-01-31.")
    if identifiers:
        options = " ".join(f"--drop {shlex.quote(name)}" for name in identifiers)
        lines.append(
            f"Nearly every row has its own value of {', '.join(map(repr, identifiers))}, so little can be learned from "
            f"it. Of an identifier: {options}. Dates have to be written 2020-01-31."
        )
    return lines


def _misdated(values: Any) -> str:
    """The first value that is no date in the form that is read."""
    import pandas

    parsed = pandas.to_datetime(values.astype(object), errors="coerce", format="ISO8601", utc=True)
    return str(values[parsed.isna()].iloc[0] if parsed.isna().any() else values.iloc[0])


def _identifiers(texts: dict[str, Any]) -> list[str]:
    return [
        name
        for name, values in texts.items()
        if len(values) >= FEWEST_NAMED and values.nunique() > MOSTLY_DIFFERENT * len(values)
    ]


def _values(column: Any, kind: str) -> str:
    if len(column) == 0:
        return "none"
    if kind == NUMBER:
        return f"{column.min():g} to {column.max():g}"
    if kind == DATE:
        return f"{column.min():%Y-%m-%d} to {column.max():%Y-%m-%d}"
    distinct = column.value_counts()
    first = ", ".join(str(value)[:20] for value in distinct.index[:3])
    return f"{len(distinct)} different: {first}" + (", ..." if len(distinct) > 3 else "")


def train(model: Any, rows: TrainingRows) -> str | None:
    """Fit a pipeline with a progress bar; return what there is to say of Ctrl-C, if it has ended the training early.

    Raises
    ------
    KeyboardInterrupt
        By Ctrl-C before there is a model.
    """
    from uncertainty.training import TrainingInterrupted

    show_progress(model)
    weight = {} if rows.weight is None else {"estimator__sample_weight": rows.weight}
    try:
        with warnings.catch_warnings():  # of the steps before the last one: they are quick
            warnings.filterwarnings("ignore", "The estimator .* does not support callbacks", UserWarning)
            model.fit(rows.frame, rows.y, **weight)
    except TrainingInterrupted as interrupt:
        if not hasattr(model[-1], "members_"):  # a wrapper, which has not calibrated anything yet
            raise
        return " ".join(interrupt.__notes__)
    return None


def show_progress(model: Any) -> None:
    """Have the fit of a pipeline draw a progress bar, where there is somebody to see it."""
    if sys.stdout.isatty() and hasattr(model[-1], "set_callbacks"):
        from sklearn.callback import ProgressBar

        model.set_callbacks(ProgressBar())


def held_out_score(model: Any) -> str:
    """Say how well the members did on the rows that stopped their training, if that is known."""
    predictor = model[-1]
    fitted_model = getattr(predictor, "estimator_", predictor)
    if not hasattr(fitted_model, "validation_curve_"):
        return "How good is it? `uncertainty evaluate` tells, on rows that it has not seen."
    loss = float(np.mean(fitted_model.best_loss_))
    if hasattr(fitted_model, "target_scaler_"):  # from standardised y to its units
        loss += float(np.log(fitted_model.target_scaler_.scale_).sum())
    return f"NLL of a member on rows held out to stop its training: {loss:.3f} nats a row, a little optimistic."
