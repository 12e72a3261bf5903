"""What a regressor says of every row of a test table, and how right it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.row_chunks import ROWS_AT_A_TIME, row_chunks
from uncertainty.metrics.inner_estimator import reach
from uncertainty.report.calibration_rows import levels_out_of_reach

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VarianceParts:
    """Where the variance of each row (n,) comes from, in squared units of y."""

    aleatoric: Array
    epistemic: Array

    def total(self) -> Array:
        """Return the sum (n,)."""
        return self.aleatoric + self.epistemic


@dataclass(frozen=True, eq=False)
class DistributionScores:
    """How well each row's predictive distribution foresaw y: probability integral transform, CRPS and NLL, all (n,)."""

    pit: Array
    crps: Array
    nll: Array


@dataclass(frozen=True, eq=False)
class RegressionRows:
    """Observations and predictions of n rows, in units of y.

    `interval` is (n, 2, L) for the L levels `coverage`. `parts` and `distribution` are None for models that do not say.
    """

    y: Array
    mean: Array
    coverage: Array
    interval: Array
    parts: VarianceParts | None
    distribution: DistributionScores | None

    def width(self, level: int) -> Array:
        """Return the width (n,) of the intervals of level number `level`."""
        return self.interval[:, 1, level] - self.interval[:, 0, level]

    def uncertainty(self, level: int) -> Array:
        """Return the number (n,) rows are ordered by: the standard deviation, or for want of it the width."""
        return self.width(level) if self.parts is None else np.sqrt(self.parts.total())


def regression_rows(estimator: Any, X: Any, y: Array, coverage: Array) -> RegressionRows:
    """Return what a fitted regressor predicts for X, chunk by chunk; X passes through a Pipeline's transforms once."""
    model, rows = reach(estimator, X)
    if not hasattr(model, "predict_interval") and not hasattr(model, "predict_dist"):
        raise TypeError(
            f"estimator must have predict_interval or predict_dist, got {type(model).__name__}. Pass a model that says "
            f"how unsure it is, such as DeepEnsembleRegressor, or wrap this one in a ConformalRegressor."
        )
    with levels_out_of_reach():
        chunks = [_chunk(model, part, y[index], coverage) for index, part in row_chunks(rows, ROWS_AT_A_TIME)]
    mean, interval, parts, distribution = zip(*chunks, strict=True)
    return RegressionRows(
        y,
        np.concatenate(mean),
        coverage,
        np.concatenate(interval),
        None if parts[0] is None else VarianceParts(*map(np.concatenate, zip(*parts, strict=True))),
        None if distribution[0] is None else DistributionScores(*map(np.concatenate, zip(*distribution, strict=True))),
    )


def _chunk(model: Any, X: Any, y: Array, coverage: Array) -> tuple[Any, ...]:
    predictive = model.predict_dist(X) if hasattr(model, "predict_dist") else None
    mean = np.asarray(model.predict(X), dtype=np.float64).reshape(len(y))
    if hasattr(model, "predict_interval"):
        interval = model.predict_interval(X, coverage=coverage)
    else:
        assert predictive is not None
        interval = predictive.interval(coverage)
    parts = distribution = None
    if hasattr(model, "predict_uncertainty"):
        split = model.predict_uncertainty(X)
        parts = tuple(np.asarray(split[kind]).reshape(len(y)) for kind in ("aleatoric_variance", "epistemic_variance"))
    if predictive is not None:
        distribution = tuple(
            np.asarray(values).reshape(len(y))
            for values in (predictive.cdf(y), predictive.crps(y), -np.asarray(predictive.logpdf(y)))
        )
    return mean, np.asarray(interval, dtype=np.float64).reshape(len(y), 2, len(coverage)), parts, distribution
