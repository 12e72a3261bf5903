"""What is left of the loss when the least certain rows are handed to somebody else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty import metrics

N_POINTS = 20


def kept_risk(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean loss of the k most certain rows, for k = 1 ... n.

    Rows of equal uncertainty stand in no order: where some of them are kept, it is the mean over all their orders.
    """
    curve = metrics.risk_coverage_curve(loss, uncertainty)
    kept = np.arange(1, len(loss) + 1) / len(loss)
    # Straight between thresholds: the summed loss of the first of a group of equal rows grows evenly.
    summed = np.interp(kept, np.append(0.0, curve.coverage), np.append(0.0, curve.coverage * curve.risk))
    return np.asarray(summed / kept)


def risk_coverage_area(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> float:
    """Return the area under the curve of mean loss over the fraction of rows kept, in units of the loss.

    ``1 / n sum_k (mean loss of the k most certain rows)``: the mean loss itself where certainty says nothing of it,
    less where the certain rows are the better ones (Geifman & El-Yaniv 2017). It is the `risk_coverage_area` of
    `uncertainty.metrics` but for rows of equal uncertainty, which that keeps together or not at all.
    """
    return float(kept_risk(loss, uncertainty).mean())


def risk_coverage_curve(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> dict[str, Any]:
    """Return 20 points of the curve: fractions ``kept`` = 0.05 ... 1 and the mean loss ``risk`` of the rows kept."""
    points = np.arange(1, N_POINTS + 1)
    n_kept = -(-points * len(loss) // N_POINTS)  # rounded up, in whole numbers
    return {"kept": (points / N_POINTS).tolist(), "risk": kept_risk(loss, uncertainty)[n_kept - 1].tolist()}
