"""What `fit` does: read the rows, say what they are, train on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from uncertainty.cli.column_types import guess_kind
from uncertainty.cli.columns import frame_of, whole_table
from uncertainty.cli.errors import DataError
from uncertainty.cli.input_table import InputTable
from uncertainty.cli.target import CLASSIFICATION, guess_task, known_rows, read_weights, target_values, training_labels
from uncertainty.tables.column_kinds import CATEGORY, DATE, NUMBER

MOST_LINES = 60


@dataclass(frozen=True)
class TrainingRows:
    """Rows to train on: `frame` of features, named `y`, `weight` or None; and what is said of them."""

    frame: Any
    y: Any
    weight: Any | None
    task: str
    summary: str


def read_training_rows(
    table: InputTable,
    features: list[str],
    target: str,
    weights: str | None,
    category: frozenset[str],
    task: str | None,
) -> TrainingRows:
    """Read a file and find out what its columns hold.

    Raises
    ------
    DataError
        If there are no features or rows, or a value is not of its column's kind.
    """
    import pandas

    if not features:
        raise DataError("there is no column to predict from: the target is the only one that is left.")
    everything = whole_table(table, [*features, target, *([weights] if weights else [])])
    rows = known_rows(everything, target)
    n_unknown = everything.num_rows - rows.num_rows
    column = rows[target].combine_chunks()
    guessed, reason = guess_task(column, target)
    task = task or guessed
    labels = training_labels(column, target) if task == CLASSIFICATION else target_values(column, target, None)
    kinds = {name: CATEGORY if name in category else guess_kind(rows[name].combine_chunks(), name) for name in features}
    frame = frame_of(rows, kinds)
    for name in category:
        frame[name] = frame[name].astype("category")
    lines = [
        f"Read {everything.num_rows} rows of {table.path}"
        + (f"; {n_unknown} without a target are left out." * bool(n_unknown)),
        f"Target {target!r}: {task}" + (f", as {reason} (--task says otherwise)." if task == guessed else "."),
        *_described(frame),
    ]
    y = pandas.Series(labels, name=target)
    return TrainingRows(frame, y, read_weights(rows, weights), task, "\n".join(lines))


def _described(frame: Any) -> list[str]:
    """A line for each column: its kind, gaps and values."""
    from uncertainty.tables import TableColumns

    kinds = TableColumns().fit(frame).kinds_
    width = min(max(len(name) for name in [*kinds, "column"]), 40)
    lines = [f"  {'column':{width}}  kind      missing  values"]
    for name, kind in list(kinds.items())[:MOST_LINES]:
        missing = int(frame[name].isna().sum())
        lines.append(f"  {name:{width}}  {kind:8}  {missing:7}  {_values(frame[name].dropna(), kind)}")
    if len(kinds) > MOST_LINES:
        lines.append(f"  and {len(kinds) - MOST_LINES} more columns")
    return lines


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


def fitted(estimator: Any, rows: TrainingRows) -> Any:
    """Return the pipeline around `estimator`, fitted with a progress bar."""
    from uncertainty.tables import tabular_pipeline

    model = tabular_pipeline(estimator)
    show_progress(model)
    weight = {} if rows.weight is None else {"estimator__sample_weight": rows.weight}
    return model.fit(rows.frame, rows.y, **weight)


def show_progress(model: Any) -> None:
    """Have the fit of a pipeline draw a progress bar, where its estimator reports progress."""
    if hasattr(model[-1], "set_callbacks"):
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
