"""Observations of one target and their predicted distributions, as the metrics take them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from uncertainty.plotting import responses
from uncertainty.plotting.columns import one_target, target_column


def target_distributions(estimator: Any, X: Any, y: Any, target: int | None) -> tuple[NDArray[Any], Any]:
    """Return observations (n,) and the distribution that a regressor predicts for each; of one of several targets."""
    responses.require_regressor(estimator, "ReliabilityDisplay")
    column = target_column(y, target)
    return one_target(y, column), responses.predictive(estimator, X, column)
