"""The first step from a table to numbers: the columns that the model knows, by name, each in the form of its kind."""

from __future__ import annotations

import warnings
from difflib import get_close_matches
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from uncertainty.tables.column_kinds import CATEGORY, kind_of, reads_as_dates
from uncertainty.tables.column_values import column_values
from uncertainty.tables.frames import pandas_frame


class TableColumns(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Learn the names and kinds of the columns of a frame, and give every later frame the same form.

    What comes back is a frame of pandas with the training columns in their order: numbers as float64 (missing: NaN),
    dates as datetime64[us] in UTC (missing: NaT), text, categories and booleans as strings (missing: None). Columns are
    found by name; their order does not matter, and further ones are ignored. A column keeps the kind that it had in
    training, whatever type it has later: whole numbers in a column of categories are read as their labels, text in a
    column of numbers is parsed or refused.

    Attributes
    ----------
    kinds_ : dict of name -> "number", "category", "boolean" or "date"
    target_name_ : str or None
        Name of y, if it was a Series with one.
    feature_names_in_, n_features_in_ : as in scikit-learn

    Examples
    --------
    >>> import pandas as pd
    >>> from uncertainty.tables import TableColumns
    >>> train = pd.DataFrame({"size": [1, 2, 3], "place": ["u", None, "v"]})
    >>> columns = TableColumns().fit(train)
    >>> columns.kinds_
    {'size': 'number', 'place': 'category'}
    >>> columns.transform(pd.DataFrame({"id": [7], "place": ["v"], "size": ["4.5"]})).to_dict("list")
    {'size': [4.5], 'place': ['v']}
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the columns of a frame of pandas or polars, and warn of text that reads as dates.

        Raises
        ------
        TypeError
            If X is no frame, or a column holds neither numbers, text, categories, booleans nor dates.
        ValueError
            If X has no columns, or two of the same name.
        """
        frame = pandas_frame(X)
        if frame.shape[1] == 0:
            raise ValueError("X must have at least one column, got none.")
        self.kinds_ = {name: kind_of(frame[name]) for name in frame.columns}
        _warn_of_written_dates(frame[[name for name, kind in self.kinds_.items() if kind == CATEGORY]])
        name = getattr(y, "name", None)
        self.target_name_ = name if isinstance(name, str) else None
        self.feature_names_in_ = np.array(list(self.kinds_), dtype=object)
        self.n_features_in_ = len(self.kinds_)
        return self

    def transform(self, X: Any) -> Any:
        """Return the training columns of X, a frame of pandas, each in the form of its kind.

        Raises
        ------
        ValueError
            If a column is missing, or a value is not of its column's kind; both are named.
        """
        check_is_fitted(self, "kinds_")
        import pandas

        frame = pandas_frame(X)
        check_columns(list(self.kinds_), list(frame.columns))
        columns = {
            name: pandas.Series(values, index=frame.index, dtype=values.dtype)
            for name, kind in self.kinds_.items()
            for values in [column_values(frame[name], kind)]
        }
        return pandas.DataFrame(columns, index=frame.index)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the training columns."""
        check_is_fitted(self, "kinds_")
        return self.feature_names_in_

    def set_output(self, *, transform: Any = None) -> Self:
        """Change nothing: the steps behind choose columns by their type, and need a frame of pandas."""
        return self


def _warn_of_written_dates(frame: Any) -> None:
    written = [name for name in frame.columns if reads_as_dates(frame[name])]
    if not written:
        return
    example = frame[written[0]].dropna().iloc[0]
    warnings.warn(
        f"columns of text that reads as dates are taken as categories, got {', '.join(map(repr, written))} with values "
        f"such as {example!r}. Make dates of them with pandas.to_datetime, or say that they are categories with "
        f"astype('category').",
        UserWarning,
        stacklevel=3,
    )


def check_columns(needed: list[str], found: list[str]) -> None:
    """Refuse a table without some of the columns needed, and name what is there with similar names."""
    missing = [name for name in needed if name not in found]
    if not missing:
        return
    spare = [name for name in found if name not in needed]
    hints = []
    for name in missing[:5]:
        close = get_close_matches(name, spare, n=1)
        hints.append(f"{name!r}" + (f" (there is {close[0]!r})" if close else ""))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    raise ValueError(
        f"X must have the columns that the model was fitted on, and lacks {', '.join(hints)}{more}. Add or rename them."
    )
