"""What is left of the loss when the least certain rows are handed to somebody else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

N_POINTS = 20


def kept_risk(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean loss of the k most certain rows, for k = 1 ... n.

    Rows of equal uncertainty stand in no order: where some of them are kept, it is the mean over all their orders.
    """
    order = np.argsort(uncertainty, kind="stable")
    _, group, size = np.unique(uncertainty[order], return_inverse=True, return_counts=True)
    shared = (np.bincount(group, loss[order]) / size)[group]
    return np.cumsum(shared) / np.arange(1, len(loss) + 1)


def risk_coverage_area(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> float:
    """Return the area under the curve of mean loss over the fraction of rows kept, in units of the loss.

    ``1 / n sum_k (mean loss of the k most certain rows)``: the mean loss itself where certainty says nothing of it,
    less where the certain rows are the better ones (Geifman & El-Yaniv 2017).
    """
    return float(kept_risk(loss, uncertainty).mean())


def risk_coverage_curve(loss: NDArray[np.float64], uncertainty: NDArray[np.float64]) -> dict[str, Any]:
    """Return 20 points of the curve: fractions ``kept`` = 0.05 ... 1 and the mean loss ``risk`` of the rows kept."""
    points = np.arange(1, N_POINTS + 1)
    n_kept = -(-points * len(loss) // N_POINTS)  # rounded up, in whole numbers
    return {"kept": (points / N_POINTS).tolist(), "risk": kept_risk(loss, uncertainty)[n_kept - 1].tolist()}
