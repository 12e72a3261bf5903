"""What a report is written of: a fitted estimator and a test table, checked, with the columns by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.validation import _num_samples

from uncertainty.plotting.columns import target_label
from uncertainty.report.columns import Column, read_columns, row_labels
from uncertainty.report.model_facts import check_fitted, model_name, number_of_members, versions
from uncertainty.report.targets import check_observations


@dataclass(frozen=True, eq=False)
class TestedTable:
    """n rows: what the estimator predicts from, the observations (n,), and the columns as they are shown."""

    estimator: Any
    X: Any
    y: NDArray[Any]
    target: str
    columns: tuple[Column, ...]
    labels: tuple[str, ...] | None

    def label(self, row: int) -> str:
        """Return what a row is called: its index in the frame, or its number from 0."""
        return str(row) if self.labels is None else self.labels[row]

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return what is known of the model and of the table."""
        kind = "one of several classes" if is_classifier(self.estimator) else "a number, in the units of y"
        members = number_of_members(self.estimator)
        told = "not known" if members is None else f"{members:,}" + (" (a single network)" if members == 1 else "")
        return (
            ("Predicts", f"{self.target} ({kind})"),
            ("Model", model_name(self.estimator)),
            ("Members", told),
            ("Test rows", f"{len(self.y):,}"),
            ("Columns", f"{len(self.columns):,}"),
            ("Written", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")),
            ("Versions", versions()),
        )


def check_test_table(estimator: Any, X: Any, y: Any, target_name: str | None) -> TestedTable:
    """Return the table, after refusing what no report can be written of."""
    is_estimator = hasattr(estimator, "__sklearn_tags__") and not isinstance(estimator, type)
    if not is_estimator or not (is_classifier(estimator) or is_regressor(estimator)):
        raise TypeError(
            f"estimator must be a fitted regressor or classifier, got {type(estimator).__name__}. Pass an estimator of "
            f"this package, or a Pipeline that ends in one."
        )
    check_fitted(estimator)
    columns = read_columns(X)
    observations = check_observations(y, _num_samples(X), numeric=is_regressor(estimator))
    column = 0 if np.ndim(y) == 2 else None
    return TestedTable(estimator, X, observations, target_label(y, column, target_name) or "y", columns, row_labels(X))
