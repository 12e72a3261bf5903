"""Any data frame as one of pandas."""

from __future__ import annotations

from typing import Any


def pandas_frame(X: Any) -> Any:
    """Return X, a frame of pandas, polars or pyarrow, as a frame of pandas.

    Raises
    ------
    TypeError
        If X is no frame, or its columns are not named by strings.
    ValueError
        If two columns have the same name.
    ImportError
        If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError('Tables need pandas. Install it with: pip install "uncertainty[frames]"') from error
    frame = X.to_pandas() if hasattr(X, "to_pandas") else X
    if not isinstance(frame, pandas.DataFrame):
        raise TypeError(
            f"X must be a data frame of pandas or polars, got {type(X).__module__}.{type(X).__qualname__}. Pass arrays "
            f"of numbers to the estimator itself, without tabular_pipeline."
        )
    names = list(frame.columns)
    unnamed = [name for name in names if not isinstance(name, str)]
    if unnamed:
        raise TypeError(
            f"X must have columns named by strings, got {unnamed[0]!r}. Rename them: X.columns = X.columns.astype(str)."
        )
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ValueError(f"X must have a name of its own for each column, got {twice[0]!r} twice. Rename one of them.")
    return frame
