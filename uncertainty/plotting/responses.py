"""What the Displays ask of an estimator, and what they say where it has no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.base import is_classifier, is_regressor

from uncertainty.metrics.inner_estimator import reach
from uncertainty.plotting.columns import one_marginal, one_target

Array = NDArray[np.float64]


def innermost(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the model at the end of pipelines and searches, which alone has our methods, and X as it sees it."""
    return reach(estimator, X)


def innermost_model(estimator: Any) -> Any:
    """Return the model at the end of pipelines and searches."""
    return reach(estimator, None)[0]


def has_method(estimator: Any, method: str) -> bool:
    """Return whether the model at the end of pipelines and searches has the method."""
    return hasattr(innermost_model(estimator), method)


def name_of(estimator: Any) -> str:
    """Return the name of that model's class, for a legend."""
    return type(innermost_model(estimator)).__name__


def require_regressor(estimator: Any, instead: str) -> None:
    """Raise for a classifier, naming the Display for it."""
    if is_classifier(estimator):
        raise TypeError(f"estimator must be a regressor, got {type(estimator).__name__}. Use {instead} instead.")


def require_classifier(estimator: Any, instead: str) -> None:
    """Raise for a regressor, naming the Display for it."""
    if is_regressor(estimator):
        raise TypeError(f"estimator must be a classifier, got {type(estimator).__name__}. Use {instead} instead.")


def mean_and_std(estimator: Any, X: Any) -> tuple[Array, Array]:
    """Return what `predict(X, return_std=True)` of a regressor says, in units of y."""
    model, rows = innermost(estimator, X)
    try:
        mean, std = model.predict(rows, return_std=True)
    except TypeError as error:
        if "return_std" not in str(error):
            raise
        raise TypeError(
            f"estimator must have predict_dist, or predict(X, return_std=True), got {type(model).__name__}. Pass a "
            f"regressor that says how unsure it is, such as DeepEnsembleRegressor."
        ) from error
    return np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)


def predictive(estimator: Any, X: Any, column: int | None = None) -> Any:
    """Return `predict_dist(X)`, or normal distributions of the predicted mean and standard deviation.

    With `column` it is the distribution of that target alone.
    """
    model, rows = innermost(estimator, X)
    if hasattr(model, "predict_dist"):
        return one_marginal(model.predict_dist(rows), column)
    mean, std = mean_and_std(model, rows)
    return norm(one_target(mean, column), one_target(std, column))


def prediction_interval(estimator: Any, X: Any, coverage: float) -> Array:
    """Return `predict_interval(X, coverage)`, or intervals of normal distributions, (n, 2) or (n, T, 2)."""
    model, rows = innermost(estimator, X)
    if hasattr(model, "predict_interval"):
        return np.asarray(model.predict_interval(rows, coverage=coverage), dtype=np.float64)
    return np.stack(norm(*mean_and_std(model, rows)).interval(coverage), axis=-1)


def uncertainty_parts(estimator: Any, X: Any) -> Any:
    """Return the Bunch of `predict_uncertainty`."""
    suggestion = "a model with members, such as DeepEnsembleRegressor or DeepEnsembleClassifier"
    return ask(estimator, "predict_uncertainty", X, suggestion)


def ask(estimator: Any, method: str, X: Any, suggestion: str) -> Any:
    """Return what a method of the innermost model says of X."""
    model, rows = innermost(estimator, X)
    if not hasattr(model, method):
        raise TypeError(f"estimator must have {method}, got {type(model).__name__}. Pass {suggestion}.")
    return getattr(model, method)(rows)
