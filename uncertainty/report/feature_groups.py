"""Coverage, width and kind of uncertainty along each column of the table: in bins of numbers, and by category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics.bins import bins_of_rows
from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.classification_rows import ClassificationRows
from uncertainty.report.columns import CategoryColumn, Column, NumberColumn, is_identifier
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.numbers import column_number
from uncertainty.report.regression_rows import RegressionRows

Array = NDArray[np.float64]
Index = NDArray[np.intp]

N_BINS = 6
N_CATEGORIES = 6
MISSING = "missing"


@dataclass(frozen=True, eq=False)
class RowQuality:
    """What is averaged in a group: of each row (n,) whether it is held, what was promised, and its uncertainty.

    `held` is whether the 90 % interval holds y or the class is right, `promised` the probability of that by the model.
    `size` is what tells sure from unsure rows in the units of y (width of the 90 % interval) or as the probability of
    an error; `epistemic` and `total` are variances or entropies, None for models that do not split them.
    """

    held: NDArray[np.bool_]
    promised: Array
    size: Array
    epistemic: Array | None
    total: Array | None


@dataclass(frozen=True, eq=False)
class FeatureGroups:
    """A column in G groups of rows. `lower` and `upper` are 95 % limits of `observed`.

    `strict_lower` and `strict_upper` are limits that all groups of the report together leave by chance in 5 % of
    reports. `epistemic_share` is of the variance or entropy of the group. `spread` is the share of the variance of
    `size` that lies between the groups.
    """

    name: str
    labels: tuple[str, ...]
    count: Index
    observed: Array
    promised: Array
    lower: Array
    upper: Array
    strict_lower: Array
    strict_upper: Array
    size: Array
    epistemic_share: Array | None
    spread: float


def regression_quality(rows: RegressionRows) -> RowQuality:
    """Return the quality of a regressor's rows at the headline level."""
    lower, upper = rows.interval[:, 0, HEADLINE], rows.interval[:, 1, HEADLINE]
    parts = rows.parts
    return RowQuality(
        (lower <= rows.y) & (rows.y <= upper),
        np.full(len(rows.y), LEVELS[HEADLINE]),
        upper - lower,
        None if parts is None else parts.epistemic,
        None if parts is None else parts.total(),
    )


def classification_quality(rows: ClassificationRows) -> RowQuality:
    """Return the quality of a classifier's rows."""
    parts = rows.parts
    return RowQuality(
        ~rows.is_wrong(),
        rows.confidence(),
        rows.uncertainty(),
        None if parts is None else parts.mutual_information,
        None if parts is None else parts.total(),
    )


def feature_groups(columns: tuple[Column, ...], quality: RowQuality) -> tuple[FeatureGroups, ...]:
    """Return the groups of every column with at least two of them, those that tell most of the uncertainty first.

    Identifiers have none: five single rows beside all others would be named, and make the limits of all groups wider.
    """
    kinds = [column for column in columns if not is_identifier(column)]
    grouped = [(column.name, *groups_of(column)) for column in kinds]
    grouped = [entry for entry in grouped if len(entry[1]) > 1]
    n_groups = sum(len(labels) for _, labels, _ in grouped)
    found = [_summary(name, labels, group, quality, n_groups) for name, labels, group in grouped]
    return tuple(sorted(found, key=lambda groups: -groups.spread))


def groups_of(column: Column) -> tuple[tuple[str, ...], Index]:
    """Return the names of the groups of a column, and the number of each row's (n,)."""
    missing = column.missing()
    names, present = _categories(column) if isinstance(column, CategoryColumn) else _bins(column)
    group = np.full(len(missing), len(names), dtype=np.intp)
    group[~missing] = present
    return ((*names, MISSING) if missing.any() else tuple(names)), group


def _bins(column: NumberColumn) -> tuple[list[str], Index]:
    values = column.values[~column.missing()]
    if len(values) == 0:
        return [], np.zeros(0, dtype=np.intp)
    distinct, number = np.unique(values, return_inverse=True)
    if len(distinct) <= N_BINS:
        return [column_number(value, column) for value in distinct], number
    _, index = np.unique(bins_of_rows(values, np.ones_like(values), "quantile", N_BINS), return_inverse=True)
    ends = [(values[index == b].min(), values[index == b].max()) for b in range(index.max() + 1)]
    return [f"{column_number(low, column)} to {column_number(high, column)}" for low, high in ends], index


def _categories(column: CategoryColumn) -> tuple[list[str], Index]:
    """The most frequent categories, and the others together."""
    codes = column.codes[~column.missing()]
    count = np.bincount(codes, minlength=len(column.categories))
    if len(column.categories) <= N_CATEGORIES:
        return list(column.categories), codes
    kept = np.sort(np.argsort(-count, kind="stable")[: N_CATEGORIES - 1])
    number = np.full(len(column.categories), len(kept))
    number[kept] = np.arange(len(kept))
    return [*(column.categories[k] for k in kept), f"{len(column.categories) - len(kept)} others"], number[codes]


def _summary(
    name: str, labels: tuple[str, ...], group: Index, quality: RowQuality, n_groups_of_all: int
) -> FeatureGroups:
    count = np.bincount(group, minlength=len(labels))
    hits: Array = np.bincount(group[quality.held], minlength=len(labels)).astype(np.float64)
    misses: Array = count - hits
    lower, upper = clopper_pearson(hits, misses, 0.95)
    strict_lower, strict_upper = clopper_pearson(hits, misses, 1.0 - 0.05 / n_groups_of_all)
    share = None
    if quality.epistemic is not None and quality.total is not None:
        total, epistemic = _mean(quality.total, group), _mean(quality.epistemic, group)
        share = np.divide(epistemic, total, out=np.zeros_like(total), where=total > 0)
    return FeatureGroups(
        name,
        labels,
        count,
        hits / count,
        _mean(quality.promised, group),
        lower,
        upper,
        strict_lower,
        strict_upper,
        _mean(quality.size, group),
        share,
        _explained_share(quality.size, group),
    )


def _mean(values: Array, group: Index) -> Array:
    """The mean of the rows of each group, all of which have rows."""
    return np.bincount(group, weights=values) / np.bincount(group)


def _explained_share(values: Array, group: Index) -> float:
    """Between-group share of the variance (the correlation ratio), corrected for the number of groups."""
    if not np.isfinite(values).all() or np.ptp(values) == 0.0:
        return 0.0
    n, n_groups = len(values), len(np.unique(group))
    if n <= n_groups:
        return 0.0
    within = float(((values - _mean(values, group)[group]) ** 2).sum() / (n - n_groups))
    return max(0.0, 1.0 - within / float(values.var(ddof=1)))
