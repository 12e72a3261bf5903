"""What is gained by handing on the most uncertain rows to somebody else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics import rank_correlation, risk_coverage_curve

Array = NDArray[np.float64]

KEPT = 0.8
# Points of the curve that is drawn; fewer rows than this share of the table give a curve of noise.
N_POINTS = 60
SMALLEST_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Rejection:
    """The risk of the rows kept against their share, most certain first.

    `risk_name` says what the risk is, `is_share` whether it is a share of the rows. `noise` is the rank correlation of
    uncertainty with error that chance exceeds in 2.5 % of tables; `rank_correlation` is None where one of the two does
    not vary.
    """

    share: Array
    risk: Array
    risk_name: str
    is_share: bool
    risk_of_all: float
    risk_of_kept: float
    rank_correlation: float | None
    noise: float


def regression_rejection(error: Array, uncertainty: Array) -> Rejection:
    """Return the root mean squared error of the rows kept."""
    return _rejection(error**2, np.abs(error), uncertainty, "RMSE", root=True)


def classification_rejection(is_wrong: NDArray[np.bool_], uncertainty: Array) -> Rejection:
    """Return the share of errors among the rows kept."""
    wrong = is_wrong.astype(np.float64)
    return _rejection(wrong, wrong, uncertainty, "error rate", root=False)


def _rejection(loss: Array, error: Array, uncertainty: Array, name: str, *, root: bool) -> Rejection:
    ranked = np.where(np.isfinite(uncertainty), uncertainty, np.finfo(np.float64).max)
    curve = risk_coverage_curve(loss, ranked)
    risk = np.sqrt(curve.risk) if root else curve.risk
    kept = min(int(np.searchsorted(curve.coverage, KEPT - 1e-12)), len(risk) - 1)
    first = min(int(np.searchsorted(curve.coverage, SMALLEST_SHARE)), len(risk) - 1)
    drawn = np.unique(np.linspace(first, len(risk) - 1, N_POINTS).round().astype(np.intp))
    correlation = rank_correlation(error, ranked) if len(error) > 1 else np.nan
    return Rejection(
        curve.coverage[drawn],
        risk[drawn],
        name,
        not root,
        float(risk[-1]),
        float(risk[kept]),
        float(correlation) if np.isfinite(correlation) else None,
        float(1.96 / np.sqrt(max(len(error) - 1, 1))),
    )
