"""Two numbers of every row: how wrong the prediction is, and how unsure the estimator was."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from uncertainty.calibration.row_uncertainty import classifier_uncertainty, regressor_uncertainty
from uncertainty.plotting import responses
from uncertainty.plotting.columns import one_target

Array = NDArray[np.float64]


def row_loss(y_true: NDArray[Any], y_pred: NDArray[Any], loss: str, target_name: str) -> tuple[Array, str]:
    """Return the loss (n,) of predictions of one target, and its name with the unit."""
    if loss == "zero_one":
        return (y_true != y_pred).astype(np.float64), "zero-one loss"
    if loss not in ("absolute", "squared"):
        raise ValueError(f"loss must be 'auto', 'zero_one', 'absolute' or 'squared', got {loss!r}.")
    try:
        error = np.abs(np.asarray(y_true, dtype=np.float64) - np.asarray(y_pred, dtype=np.float64))
    except ValueError as failure:
        raise ValueError(f"loss must be 'zero_one' for labels, got {loss!r}.") from failure
    return (error if loss == "absolute" else error**2), f"{loss} error of {target_name}"


def row_uncertainty(estimator: Any, X: Any, kind: str, column: int | None) -> Array:
    """Return (n,) of an entropy in nats or of one minus the largest probability; a standard deviation in units of y.

    With several targets it is that of `column` alone.
    """
    is_multi_label = is_classifier(estimator) and column is not None
    kinds = ["total", "aleatoric", "epistemic"]
    if is_classifier(estimator) and not is_multi_label:
        kinds.append("max_probability")
    if kind not in kinds:
        raise ValueError(f"uncertainty must be one of {', '.join(map(repr, kinds))}, got {kind!r}.")
    model, rows = responses.innermost(estimator, X)
    if is_multi_label and kind == "total":
        return one_target(responses.uncertainty_parts(model, rows)["total_entropy"], column)
    if is_classifier(estimator):
        return one_target(classifier_uncertainty(model, rows, kind), column)
    return one_target(regressor_uncertainty(model, rows, kind, tolerance=np.nan), column)
