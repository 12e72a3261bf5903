"""Confidence against accuracy of a classifier, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics import calibration_bins, expected_calibration_error
from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.classification_rows import ClassificationRows

Array = NDArray[np.float64]
N_BINS = 10


@dataclass(frozen=True, eq=False)
class ReliabilityBins:
    """The bins of top-label confidence that hold rows, 95 % limits of their accuracy, and the calibration error."""

    confidence: Array
    accuracy: Array
    lower: Array
    upper: Array
    count: NDArray[np.intp]
    calibration_error: float


def reliability_bins(rows: ClassificationRows) -> ReliabilityBins:
    """Return confidence and accuracy in bins of equal width."""
    labels = np.arange(len(rows.classes))
    bins = calibration_bins(rows.codes, rows.proba, labels=labels, n_bins=N_BINS)
    used = bins.count > 0
    count, accuracy = bins.count[used], bins.observed_frequency[used]
    lower, upper = clopper_pearson(count * accuracy, count * (1.0 - accuracy), 0.95)
    error = expected_calibration_error(rows.codes, rows.proba, labels=labels, n_bins=N_BINS)
    return ReliabilityBins(bins.mean_confidence[used], accuracy, lower, upper, count, error)
