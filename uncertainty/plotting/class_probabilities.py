"""Labels and predicted probabilities of a classifier, as the metrics take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.plotting import responses
from uncertainty.plotting.columns import one_target, target_column

Array = NDArray[np.float64]


def class_probabilities(estimator: Any, X: Any, y: Any, target: int | None) -> tuple[NDArray[Any], Array, NDArray[Any]]:
    """Return labels (n,), probabilities (n, C) and the class of each column; of one label of multi-label data."""
    responses.require_classifier(estimator, "CalibrationCurveDisplay, PITHistogramDisplay or ErrorStdDisplay")
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"estimator must have predict_proba, got {type(estimator).__name__}. Wrap it in sklearn.calibration."
            f"CalibratedClassifierCV."
        )
    proba = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    if np.ndim(y) == 1 or np.shape(y)[1] == 1:
        return np.ravel(y), proba, np.asarray(estimator.classes_)
    column = target_column(y, target)
    present = proba[:, column]
    return one_target(y, column), np.column_stack([1.0 - present, present]), np.array([0, 1])
