"""Scores and curves of class probabilities on test rows; entropies in nats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty import metrics

from .selective import risk_coverage_area, risk_coverage_curve

N_BINS = 15

Array = NDArray[np.float64]
Scores = dict[str, float]


def classification_scores(y: NDArray[Any], proba: Array, classes: NDArray[Any]) -> Scores:
    """Return every score of a classifier that its probabilities alone determine.

    ``error`` (share of wrong rows), ``nll, brier, ece`` (top label, 15 bins), ``ece_debiased`` and
    ``risk_coverage_area`` (of the error, rows with the highest largest probability first).
    """
    wrong = _wrong(y, proba, classes)
    return {
        "error": float(wrong.mean()),
        "nll": float(metrics.log_loss(y, proba, labels=classes)),
        "brier": float(metrics.brier_score(y, proba, labels=classes)),
        "ece": float(metrics.expected_calibration_error(y, proba, n_bins=N_BINS, labels=classes)),
        "ece_debiased": float(metrics.expected_calibration_error(y, proba, n_bins=N_BINS, labels=classes, debias=True)),
        "risk_coverage_area": risk_coverage_area(wrong, -proba.max(axis=1)),
    }


def classification_curves(y: NDArray[Any], proba: Array, classes: NDArray[Any]) -> dict[str, Any]:
    """Return ``reliability``, of the most probable class, and the ``risk_coverage`` curve of the error.

    Reliability has ``count, confidence, accuracy`` of 15 equal bins of confidence, the latter two NaN in empty ones.
    """
    bins = metrics.calibration_bins(y, proba, n_bins=N_BINS, labels=classes)
    return {
        "reliability": {
            "count": bins.count.tolist(),
            "confidence": bins.mean_confidence.tolist(),
            "accuracy": bins.observed_frequency.tolist(),
        },
        "risk_coverage": risk_coverage_curve(_wrong(y, proba, classes), -proba.max(axis=1)),
    }


def _wrong(y: NDArray[Any], proba: Array, classes: NDArray[Any]) -> Array:
    """1.0 where the most probable class is not the true one, else 0.0, (n,)."""
    return (classes[proba.argmax(axis=1)] != y).astype(float)
