"""What the columns of a training table are for."""

from __future__ import annotations

from dataclasses import dataclass

import click

from uncertainty.cli.columns import check_named
from uncertainty.cli.errors import DataError
from uncertainty.cli.input_table import InputTable


@dataclass(frozen=True)
class ColumnRoles:
    """Names of columns: what is predicted, what weights rows or None, what is no feature, what is codes."""

    target: str
    weights: str | None
    drop: tuple[str, ...]
    category: tuple[str, ...]

    def features(self, table: InputTable) -> list[str]:
        """Return the columns to predict from.

        Raises
        ------
        click.UsageError
            If the target has another role, too.
        DataError
            If a column is not in the file, or no feature is left.
        """
        weights = [self.weights] if self.weights else []
        if self.target in (*self.drop, *self.category, *weights):
            raise click.UsageError(f"--target {self.target!r} is named by another option, too.")
        check_named(table, [self.target, *self.drop, *self.category, *weights])
        features = [name for name in table.names if name not in (self.target, *self.drop, *weights)]
        if not features:
            raise DataError("there is no column to predict from: the target is the only one that is left.")
        return features
