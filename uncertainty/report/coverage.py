"""Promised and observed coverage of intervals or sets at every level of the slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics import coverage_confidence_interval, coverage_score, mean_set_size, mean_width
from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.classification_rows import ClassificationRows
from uncertainty.report.regression_rows import RegressionRows

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CoverageLevels:
    """Coverage at L levels, with the 95 % limits of its binomial noise.

    `promised` is what the model itself expects of the regions: the level asked for, or for the smallest sets of a
    classifier, which have to overshoot it, the probability that they hold. `size` is the mean width in units of y, or
    the mean number of classes. `covered` (n, L) tells which rows are inside. `out_of_reach` are the levels for which
    conformal regions have too few calibration rows: then some intervals are infinite, or all sets hold every class.
    """

    asked: Array
    promised: Array
    observed: Array
    lower: Array
    upper: Array
    size: Array
    covered: Flags
    out_of_reach: Flags


def interval_coverage(rows: RegressionRows) -> CoverageLevels:
    """Return the coverage of a regressor's intervals, in closed intervals as the metrics count it."""
    inside = (rows.interval[:, 0] <= rows.y[:, None]) & (rows.y[:, None] <= rows.interval[:, 1])
    intervals = [rows.interval[:, :, level] for level in range(len(rows.coverage))]
    observed = np.array([coverage_score(rows.y, ends) for ends in intervals])
    limits = np.array([coverage_confidence_interval(rows.y, ends) for ends in intervals])
    size = np.array([mean_width(ends) for ends in intervals])
    return CoverageLevels(
        rows.coverage, rows.coverage, observed, limits[:, 0], limits[:, 1], size, inside, np.isinf(size)
    )


def set_coverage(rows: ClassificationRows) -> CoverageLevels:
    """Return the coverage of a classifier's sets."""
    inside = rows.sets[np.arange(len(rows.codes)), rows.codes]
    hits = inside.sum(axis=0).astype(np.float64)
    lower, upper = clopper_pearson(hits, len(inside) - hits, 0.95)
    levels = range(len(rows.coverage))
    mass = np.array([(rows.proba * rows.sets[:, :, level]).sum(axis=1).mean() for level in levels])
    promised = rows.coverage if rows.promised_sets else np.minimum(mass, 1.0)
    size = np.array([mean_set_size(rows.sets[:, :, level]) for level in levels])
    full = np.full(len(size), rows.promised_sets) & (size == len(rows.classes))
    return CoverageLevels(rows.coverage, promised, inside.mean(axis=0), lower, upper, size, inside, full)
