"""A model file, as the commands that use one need it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uncertainty.cli.columns import check_named, frame_of, whole_table
from uncertainty.cli.errors import DataError
from uncertainty.cli.input_table import InputTable


@dataclass(frozen=True)
class FittedModel:
    """A model with the kinds of its input columns, by name, and the name of its target if that is known.

    `estimator` takes frames of these columns; `encoder` makes numbers of them for `predictor`, the last step.
    """

    estimator: Any
    encoder: Any
    predictor: Any
    kinds: dict[str, str]
    target: str | None

    @property
    def classes(self) -> Any | None:
        """The classes, or None for a regressor."""
        return getattr(self.estimator, "classes_", None)

    def encode(self, columns: Any, first_row: int = 0) -> Any:
        """Return the numbers (n, D) that `predictor` takes, from a batch or table of pyarrow."""
        return self.encoder.transform(frame_of(columns, self.kinds, first_row))


def load_model(path: Path) -> FittedModel:
    """Read a model file.

    Raises
    ------
    ModelFileError
        If the file is damaged or no model.
    DataError
        If the model is not fitted, or does not know the names of its columns.
    """
    from uncertainty.persistence import load
    from uncertainty.tables import TableColumns
    from uncertainty.tables.column_kinds import NUMBER

    estimator = load(path)
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        raise DataError(
            f"{str(path)!r} does not know the names of its columns. Fit the model on a data frame, or by `uncertainty "
            f"fit`."
        )
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise DataError(
            f"{str(path)!r} predicts {estimator.n_outputs_} targets. The command line is for one; use Python."
        )
    table = estimator[0] if hasattr(estimator, "steps") and isinstance(estimator[0], TableColumns) else None
    if table is None:
        return FittedModel(estimator, _Unchanged(), estimator, dict.fromkeys(map(str, names), NUMBER), None)
    return FittedModel(estimator, estimator[:-1], estimator[-1], dict(table.kinds_), table.target_name_)


class _Unchanged:
    """The encoder of a model that was fitted on a frame of numbers itself."""

    def transform(self, frame: Any) -> Any:
        return frame


@dataclass(frozen=True)
class TestRows:
    """Rows with known targets: `frame` as the model takes it, `y` (n,), `weight` (n,) or None."""

    frame: Any
    y: Any
    weight: Any | None


def read_test_rows(model: FittedModel, path: Path, target: str | None, weights: str | None = None) -> TestRows:
    """Read a file with the columns of a model and its target; rows without a target are left out.

    Raises
    ------
    DataError
        If a column or the name of the target is missing, no row has a target, or a class is unknown to the model.
    """
    from uncertainty.cli.target import known_rows, read_weights, target_values

    name = target or model.target
    if name is None:
        raise DataError("the model does not know the name of its target. Say it with --target COLUMN.")
    table = InputTable(path)
    columns = [*model.kinds, name, *([weights] if weights else [])]
    check_named(table, columns)
    rows = whole_table(table, list(dict.fromkeys(columns)))
    column = rows[name].combine_chunks()
    known = known_rows(column, name)
    frame = frame_of(rows, model.kinds)[known.to_numpy(zero_copy_only=False)]
    return TestRows(frame, target_values(column, known, name, model.classes), read_weights(rows, known, weights))
