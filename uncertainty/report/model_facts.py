"""What a model is: its class, its members, the steps before it, and the versions that made the report."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration import ConformalClassifier, ConformalRegressor
from uncertainty.metrics.inner_estimator import reach

LIBRARIES = ("uncertainty", "scikit-learn", "torch", "numpy")


def check_fitted(estimator: Any) -> None:
    """Raise unless the estimator, or the last step of a Pipeline, is fitted."""
    model, _ = reach(estimator, None)
    check_is_fitted(model)


def model_name(estimator: Any) -> str:
    """Return the class of the model, the models it wraps, and the steps of a Pipeline before it."""
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", [])[:-1]]
    model, _ = reach(estimator, None)
    names = [type(model).__name__]
    while (inner := getattr(model, "estimator_", None)) is not None:
        model, _ = reach(inner, None)
        names.append(type(model).__name__)
    return " → ".join([*steps, " of ".join(names)])


def number_of_members(estimator: Any) -> int | None:
    """Return how many members the model averages, None if it has none that are known of."""
    model, _ = reach(estimator, None)
    while not hasattr(model, "members_"):
        if not hasattr(model, "estimator_"):
            return None
        model, _ = reach(model.estimator_, None)
    return len(model.members_)


def is_conformal(estimator: Any) -> bool:
    """Return whether the intervals or sets are conformal ones, beside the model's own distribution."""
    return isinstance(reach(estimator, None)[0], ConformalRegressor | ConformalClassifier)


def versions() -> str:
    """Return the versions of Python and of the libraries that predictions depend on."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in LIBRARIES)])
