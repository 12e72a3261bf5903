"""Dates as numbers: how long after the first one, and where in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

Array = NDArray[np.float64]

DAYS = "days"
FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday, and Monday is 0.


def _days(dates: NDArray[np.datetime64]) -> Array:
    result: Array = (dates - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    return result


def _year_fraction(dates: NDArray[np.datetime64]) -> Array:
    years = dates.astype("datetime64[Y]")
    first, next_first = years.astype("datetime64[D]"), (years + 1).astype("datetime64[D]")
    result: Array = (dates.astype("datetime64[D]") - first) / (next_first - first)
    return result


def _weekday(dates: NDArray[np.datetime64]) -> Array:
    return np.mod(np.floor(_days(dates)) + FIRST_WEEKDAY, 7.0)


def _hour(dates: NDArray[np.datetime64]) -> Array:
    return 24.0 * np.mod(_days(dates), 1.0)


PARTS: dict[str, Callable[[NDArray[np.datetime64]], Array]] = {
    DAYS: _days,
    "year_fraction": _year_fraction,
    "weekday": _weekday,
    "hour": _hour,
}


class DateParts(TransformerMixin, BaseEstimator):
    """Turn columns of dates into numbers.

    Each gives up to four columns, NaN where the date is missing: `days` since the first training date, with fractions;
    `year_fraction`, the share of the year's days that have passed, in [0, 1); `weekday`, 0 (Monday) to 6; `hour`, in
    [0, 24). The last three are left out where they do not vary over the training rows.

    Attributes
    ----------
    first_days_ : (D,) first training date of each column, in days since 1970-01-01
    parts_ : list of the names of the parts of each column

    Examples
    --------
    >>> import pandas as pd
    >>> from uncertainty.tables import DateParts
    >>> dates = pd.DataFrame({"sold": pd.to_datetime(["2024-01-01", "2024-07-01", None])})
    >>> DateParts().fit_transform(dates).round(2).tolist()
    [[0.0, 0.0], [182.0, 0.5], [nan, nan]]
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the first date of each column of a frame of datetime64, and which parts vary."""
        columns = _columns(X)
        self.feature_names_in_ = np.array(list(columns), dtype=object)
        self.n_features_in_ = len(columns)
        self.first_days_ = np.array([_earliest(_days(dates)) for dates in columns.values()])
        self.parts_ = [
            [name for name, part in PARTS.items() if name == DAYS or _varies(part(dates))] for dates in columns.values()
        ]
        return self

    def transform(self, X: Any) -> Array:
        """Return the parts (n, P), those of one column side by side."""
        check_is_fitted(self, "parts_")
        parts = []
        for dates, first, names in zip(_columns(X).values(), self.first_days_, self.parts_, strict=True):
            parts += [PARTS[name](dates) - (first if name == DAYS else 0.0) for name in names]
        return np.column_stack(parts)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return names such as "sold_weekday"."""
        check_is_fitted(self, "parts_")
        named = zip(self.feature_names_in_, self.parts_, strict=True)
        return np.array([f"{column}_{part}" for column, parts in named for part in parts], dtype=object)


def _columns(X: Any) -> dict[str, NDArray[np.datetime64]]:
    return {name: np.asarray(X[name].to_numpy(), dtype="datetime64[us]") for name in X.columns}


def _earliest(days: Array) -> float:
    known = days[np.isfinite(days)]
    return float(known.min()) if len(known) else 0.0


def _varies(part: Array) -> bool:
    known = part[np.isfinite(part)]
    return len(known) > 0 and bool(known.min() < known.max())
