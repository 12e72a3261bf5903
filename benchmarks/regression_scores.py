"""Scores and curves of predictive distributions on test rows, in the units of the target.

A distribution has ``mean() std() logpdf(y) cdf(y) interval(level) crps(y)``; what it lacks, it gives as NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import uniform

from uncertainty import metrics

from .selective import risk_coverage_area, risk_coverage_curve

LEVELS = (0.5, 0.8, 0.9, 0.95)
CALIBRATION_LEVELS = np.arange(1, 20) / 20
N_PIT_BINS = 100

Array = NDArray[np.float64]
Scores = dict[str, float]


def regression_scores(y: Array, dist: Any) -> Scores:
    """Return every score of a regression that its predictive distribution alone determines.

    ``rmse, nll`` (of the whole distribution, in nats per row), ``nll_moment_matched`` (of the Gaussian with the same
    mean and variance), ``crps``, ``coverage_50`` ... ``width_95`` of central intervals, ``calibration_error``,
    ``error_std_correlation`` (Spearman's, of the absolute error with the standard deviation) and
    ``risk_coverage_area`` (of the squared error, most certain first, in squared units of the target).
    """
    mean, std = dist.mean(), dist.std()
    error = y - mean
    intervals = {f"{100 * level:.0f}": dist.interval(level) for level in LEVELS}
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "nll": float(-np.mean(dist.logpdf(y))),
        "nll_moment_matched": float(metrics.nll_normal(y, mean, std)),
        "crps": float(np.mean(dist.crps(y))),
        **{f"coverage_{name}": float(metrics.coverage_score(y, ends)) for name, ends in intervals.items()},
        **{f"width_{name}": float(metrics.mean_width(ends)) for name, ends in intervals.items()},
        "calibration_error": calibration_error(y, dist),
        "error_std_correlation": metrics.rank_correlation(np.abs(error), std),
        "risk_coverage_area": risk_coverage_area(error**2, std),
    }


def regression_curves(y: Array, dist: Any) -> dict[str, Any]:
    """Return ``pit``, the counts of the cdf at y in 100 equal bins, and the ``risk_coverage`` curve of squared error.

    The coverage of any central interval whose ends are hundredths follows from ``pit``.
    """
    counts = np.histogram(dist.cdf(y), N_PIT_BINS, (0.0, 1.0))[0]
    return {"pit": counts.tolist(), "risk_coverage": risk_coverage_curve((y - dist.mean()) ** 2, dist.std())}


def calibration_error(y: Array, dist: Any) -> float:
    """Return the mean distance of observed from nominal coverage of central intervals of 5, 10, ... 95 %."""
    pit = dist.cdf(y)
    if np.isnan(pit).any():
        return float("nan")
    # An observation lies in the same central intervals as its transform does in those of the uniform distribution.
    return metrics.mean_absolute_calibration_error(pit, uniform(), levels=CALIBRATION_LEVELS)
