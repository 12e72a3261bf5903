"""Which rows are the most uncertain, and what sets them apart: the kind of their uncertainty, and their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from uncertainty.report.columns import CategoryColumn, Column, NumberColumn, is_identifier
from uncertainty.report.numbers import column_number, percent

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
FEWEST_TO_COMPARE = 3


@dataclass(frozen=True)
class Oddity:
    """A value of one row that few rows of the table share: `share` of them, in that column."""

    feature: str
    value: str
    share: float
    kind: Literal["high", "low", "rare", "missing"]


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
    gap = Oddity(column.name, "missing", share_missing, "missing") if share_missing <= UNUSUAL else None
    return [gap if missing[row] else _odd_value(column, row) for row in rows.tolist()]


def _odd_value(column: Column, row: int) -> Oddity | None:
    return _rare(column, row) if isinstance(column, CategoryColumn) else _outer(column, row)


def _rare(column: CategoryColumn, row: int) -> Oddity | None:
    if is_identifier(column):  # then all values are rare
        return None
    share = float((column.codes == column.codes[row]).mean())
    return Oddity(column.name, column.categories[column.codes[row]], share, "rare") if share <= UNUSUAL else None


def _outer(column: NumberColumn, row: int) -> Oddity | None:
    values = column.values[~column.missing()]
    above, below = float((values >= column.values[row]).mean()), float((values <= column.values[row]).mean())
    if min(above, below) > UNUSUAL:
        return None
    value = column_number(float(column.values[row]), column)
    return Oddity(column.name, value, min(above, below), "high" if above < below else "low")


def _differences(columns: tuple[Column, ...], is_top: Flags) -> tuple[Difference, ...]:
    """The columns in which the most uncertain rows differ beyond chance, the clearest first."""
    if min(int(is_top.sum()), int((~is_top).sum())) < FEWEST_TO_COMPARE:
        return ()
    found = [_difference(column, is_top) for column in columns]
    return tuple(sorted((d for d in found if d is not None), key=lambda d: -d.strength)[:N_REASONS])


def _difference(column: Column, is_top: Flags) -> Difference | None:
    if isinstance(column, CategoryColumn):
        return _category_difference(column, is_top)
    return _number_difference(column, is_top)


def _number_difference(column: NumberColumn, is_top: Flags) -> Difference | None:
    """Whether the most uncertain rows lie higher or lower, or farther from the middle, than the others.

    The strength is 2 |A - 1/2|, where A is the probability that a random uncertain row lies above a random other one
    (Mann and Whitney, 1947); three of its standard errors, and at least 0.3, are asked for.
    """
    known = ~column.missing()
    values, top = column.values[known], is_top[known]
    n_top, n_rest = int(top.sum()), int((~top).sum())
    if min(n_top, n_rest) < FEWEST_TO_COMPARE or np.ptp(values) == 0.0:
        return None
    middle = float(np.median(values))
    needed = max(0.3, 6.0 * np.sqrt((n_top + n_rest + 1) / (12.0 * n_top * n_rest)))
    level, distance = _separation(values, top), _separation(np.abs(values - middle), top)
    if max(abs(level), distance) < needed:
        return None
    say = _median if abs(level) >= distance else _range
    return Difference(column.name, say(column, values[top]), say(column, values[~top]), max(abs(level), distance))


def _median(column: NumberColumn, values: Array) -> str:
    return f"median {column_number(float(np.median(values)), column)}"


def _range(column: NumberColumn, values: Array) -> str:
    low, high = np.quantile(values, [0.1, 0.9])
    return f"middle 80 % from {column_number(float(low), column)} to {column_number(float(high), column)}"


def _separation(values: Array, top: Flags) -> float:
    """Return 2 A - 1: 1 if all of `top` lie above the others, -1 if below, 0 if they are mixed."""
    n_top = int(top.sum())
    above = (rankdata(values)[top].sum() - n_top * (n_top + 1) / 2) / (n_top * (len(values) - n_top))
    return float(2.0 * above - 1.0)


def _category_difference(column: CategoryColumn, is_top: Flags) -> Difference | None:
    """The category, or gap, whose share grows most among the most uncertain rows; the growth is the strength."""
    codes = np.where(column.missing(), len(column.categories), column.codes)
    n_top, n_rest = int(is_top.sum()), int((~is_top).sum())
    top, rest = (np.bincount(part, minlength=len(column.categories) + 1) for part in (codes[is_top], codes[~is_top]))
    growth = top / n_top - rest / n_rest
    best = int(growth.argmax())
    pooled = float((codes == best).mean())
    needed = max(0.15, 3.0 * np.sqrt(pooled * (1.0 - pooled) * (1.0 / n_top + 1.0 / n_rest)))
    if growth[best] < needed:
        return None
    name = (*column.categories, "missing")[best]
    told = [f"{percent(float(share))} are {name}" for share in (top[best] / n_top, rest[best] / n_rest)]
    return Difference(column.name, told[0], told[1], float(growth[best]))
