"""Which rows are the most uncertain, and what sets them apart: the kind of their uncertainty, and their columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from uncertainty.report.columns import CategoryColumn, Column
from uncertainty.report.numbers import column_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Flags = NDArray[np.bool_]

# The group that is called the most uncertain rows, as a share of the table, and how many of it are named one by one.
TOP_SHARE = 0.05
N_NAMED = 10
# A value is called unusual in the outer 5 % of its column on either side, or as a category of at most 5 % of the rows.
UNUSUAL = 0.05
N_REASONS = 3
# Fewer rows have no outer 5 %.
FEWEST_FOR_UNUSUAL = 40


@dataclass(frozen=True)
class Oddity:
    """A value of one row that few rows of the table share: `share` of them, in that column."""

    feature: str
    value: str
    share: float
    kind: str  # "high", "low", "rare" or "missing"


@dataclass(frozen=True)
class Difference:
    """How the most uncertain rows differ from the others in one column, both told in words; `strength` in 0 to 1."""

    feature: str
    top: str
    rest: str
    strength: float


@dataclass(frozen=True, eq=False)
class UncertainRows:
    """`order` (n,) has the most uncertain row first and `n_top` of it are the group of the most uncertain.

    `oddities` are those of the rows that are named. The shares of the epistemic part in the variance, or entropy, are
    None for models that do not split it.
    """

    order: Index
    n_top: int
    top_share: float | None
    all_share: float | None
    oddities: tuple[tuple[Oddity, ...], ...]
    differences: tuple[Difference, ...]


def uncertain_rows(
    uncertainty: Array, epistemic: Array | None, total: Array | None, columns: tuple[Column, ...]
) -> UncertainRows:
    """Return the rows with the largest `uncertainty` (n,), equal ones in the order of the table."""
    n = len(uncertainty)
    order = np.argsort(-uncertainty, kind="stable")
    n_top = max(1, round(TOP_SHARE * n))
    named = order[:N_NAMED]
    is_top = np.zeros(n, dtype=bool)
    is_top[order[:n_top]] = True
    unusual = [_unusual(column, named) for column in columns] if n >= FEWEST_FOR_UNUSUAL else []
    oddities = [sorted((o for column in unusual if (o := column[k])), key=lambda o: o.share) for k in range(len(named))]
    return UncertainRows(
        order,
        n_top,
        _share(epistemic, total, order[:n_top]),
        _share(epistemic, total, order),
        tuple(tuple(found[:N_REASONS]) for found in oddities),
        _differences(columns, is_top),
    )


def _share(epistemic: Array | None, total: Array | None, rows: Index) -> float | None:
    if epistemic is None or total is None:
        return None
    whole = float(total[rows].sum())
    return float(epistemic[rows].sum()) / whole if whole > 0 else 0.0


def _unusual(column: Column, rows: Index) -> list[Oddity | None]:
    """For each of the rows what is unusual about its value of the column, if anything."""
    missing = column.missing()
    share_missing = float(missing.mean())
    judge = _rare if isinstance(column, CategoryColumn) else _outer
    return [
        (Oddity(column.name, "missing", share_missing, "missing") if share_missing <= UNUSUAL else None)
        if missing[row]
        else judge(column, int(row))
        for row in rows
    ]


def _rare(column: Column, row: int) -> Oddity | None:
    assert isinstance(column, CategoryColumn)
    share = float((column.codes == column.codes[row]).mean())
    return Oddity(column.name, column.categories[column.codes[row]], share, "rare") if share <= UNUSUAL else None


def _outer(column: Column, row: int) -> Oddity | None:
    assert not isinstance(column, CategoryColumn)
    values = column.values[~column.missing()]
    above, below = float((values >= column.values[row]).mean()), float((values <= column.values[row]).mean())
    if min(above, below) > UNUSUAL:
        return None
    kind = "high" if above < below else "low"
    return Oddity(column.name, column_number(column.values[row], column), min(above, below), kind)


def _differences(columns: tuple[Column, ...], is_top: Flags) -> tuple[Difference, ...]:
    """The columns in which the most uncertain rows differ beyond chance, the clearest first."""
    found = [
        _category_difference(column, is_top)
        if isinstance(column, CategoryColumn)
        else _number_difference(column, is_top)
        for column in columns
    ]
    return tuple(sorted((d for d in found if d is not None), key=lambda d: -d.strength)[:N_REASONS])


def _number_difference(column: Column, is_top: Flags) -> Difference | None:
    """Whether the most uncertain rows lie higher or lower, or farther from the middle, than the others.

    The strength is 2 |A - 1/2|, where A is the probability that a random uncertain row lies above a random other one
    (Mann and Whitney, 1947); three of its standard errors, and at least 0.3, are asked for.
    """
    assert not isinstance(column, CategoryColumn)
    known = ~column.missing()
    values, top = column.values[known], is_top[known]
    n_top, n_rest = int(top.sum()), int((~top).sum())
    if n_top < 3 or n_rest < 3 or np.ptp(values) == 0.0:
        return None
    middle = float(np.median(values))
    needed = max(0.3, 6.0 * np.sqrt((n_top + n_rest + 1) / (12.0 * n_top * n_rest)))
    level, distance = _separation(values, top), _separation(np.abs(values - middle), top)
    if max(abs(level), distance) < needed:
        return None
    if abs(level) >= distance:
        medians = (column_number(float(np.median(values[rows])), column) for rows in (top, ~top))
        return Difference(column.name, *(f"median {median}" for median in medians), abs(level))
    quarters = (np.quantile(values[rows], [0.1, 0.9]) for rows in (top, ~top))
    spans = (f"10–90 % range {column_number(low, column)} to {column_number(high, column)}" for low, high in quarters)
    return Difference(column.name, *spans, distance)


def _separation(values: Array, top: Flags) -> float:
    """Return 2 A - 1: 1 if all of `top` lie above the others, -1 if below, 0 if they are mixed."""
    n_top = int(top.sum())
    above = (rankdata(values)[top].sum() - n_top * (n_top + 1) / 2) / (n_top * (len(values) - n_top))
    return float(2.0 * above - 1.0)


def _category_difference(column: CategoryColumn, is_top: Flags) -> Difference | None:
    """The category, or gap, whose share grows most among the most uncertain rows; the growth is the strength."""
    codes = np.where(column.codes < 0, len(column.categories), column.codes)
    top, rest = codes[is_top], codes[~is_top]
    if len(top) < 3 or len(rest) < 3:
        return None
    shares = [np.bincount(part, minlength=len(column.categories) + 1) / len(part) for part in (top, rest)]
    growth = shares[0] - shares[1]
    best = int(growth.argmax())
    pooled = float((codes == best).mean())
    needed = max(0.15, 3.0 * np.sqrt(pooled * (1.0 - pooled) * (1.0 / len(top) + 1.0 / len(rest))))
    if growth[best] < needed:
        return None
    name = (*column.categories, "missing")[best]
    told = (f"{share[best]:.0%} are {name}".replace("%", " %") for share in shares)
    return Difference(column.name, *told, float(growth[best]))
