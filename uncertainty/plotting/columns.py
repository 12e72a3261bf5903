"""The target and the feature that a picture is about, and what they are called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def target_column(values: Any, target: int | None) -> int | None:
    """Return the column of a two-dimensional y that is asked for, None for a one-dimensional one."""
    shape = np.shape(values)
    if len(shape) == 1:
        if target is not None:
            raise ValueError(f"target must be None for y of shape (n,), got {target!r}. Leave it out.")
        return None
    if target is None and shape[1] == 1:
        return 0
    if isinstance(target, bool) or not isinstance(target, (int, np.integer)) or not 0 <= target < shape[1]:
        raise ValueError(
            f"target must be the number of one of {shape[1]} targets, 0 to {shape[1] - 1}, got {target!r}. Draw one "
            f"target at a time."
        )
    return int(target)


def one_target(values: Any, column: int | None, ndim: int = 1) -> NDArray[Any]:
    """Return the target `column` of `values`, whose targets lie on axis 1; `ndim` is the dimension of one alone.

    Some regressors leave the axis out for a single target: then they are returned as they are.
    """
    array = np.asarray(values)
    return array if column is None or array.ndim == ndim else array[:, column]


def one_marginal(dist: Any, column: int | None) -> Any:
    """Return the distribution of one target."""
    if column is None:
        return dist
    if not hasattr(dist, "marginal"):
        raise TypeError(
            f"dist must have a method marginal(target) for several targets, got {type(dist).__name__}. Pass the "
            f"distribution and y of one target."
        )
    return dist.marginal(column)


def target_label(y: Any, column: int | None, given: str | None) -> str:
    """Return the name of the target: the one given, that of a pandas column, or "y"."""
    if given is not None:
        return given
    if column is None:
        name = getattr(y, "name", None)
        return "y" if name is None else str(name)
    names = getattr(y, "columns", None)
    return f"y[{column}]" if names is None else str(list(names)[column])


def feature_column(X: Any, feature: int | str | None) -> tuple[NDArray[Any], str]:
    """Return the values (n,) of a column of X, by number or name, and its name."""
    names = list(X.columns) if hasattr(X, "columns") else None
    n_columns = len(names) if names is not None else np.shape(X)[1]
    if feature is None and n_columns == 1:
        feature = 0
    if isinstance(feature, str):
        if names is None or feature not in names:
            raise ValueError(f"feature must be a column of X, got {feature!r}. X has {_choices(names, n_columns)}.")
        return np.asarray(X[feature]), feature
    if isinstance(feature, bool) or not isinstance(feature, (int, np.integer)) or not 0 <= feature < n_columns:
        raise ValueError(f"feature must name a column of X, got {feature!r}. X has {_choices(names, n_columns)}.")
    if names is not None:
        return np.asarray(X[names[feature]]), str(names[feature])
    return np.asarray(X)[:, feature], f"feature {feature}"


def _choices(names: list[Any] | None, n_columns: int) -> str:
    return f"the columns 0 to {n_columns - 1}" if names is None else f"the columns {', '.join(map(str, names))}"
