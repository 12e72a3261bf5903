"""In words: whether intervals and sets hold as many rows as promised."""

from __future__ import annotations

from typing import Literal

import numpy as np

from uncertainty.report.coverage import CoverageLevels
from uncertainty.report.numbers import percent

Regions = Literal["intervals", "conformal intervals", "sets", "conformal sets"]
Verdict = Literal["too narrow", "too wide", "in agreement"]

# A gap that is real but smaller than this is called slight; limits wider apart than the other say little.
SLIGHT_GAP = 0.02
WIDE_LIMITS = 0.2
# Shares of fewer rows are told in whole percents.
ROWS_FOR_DECIMALS = 500


def coverage_verdict(promised: float, lower: float, upper: float) -> Verdict:
    """Return whether the limits of the observed coverage exclude what was promised, and on which side."""
    if upper < promised - 1e-12:
        return "too narrow"
    return "too wide" if lower > promised + 1e-12 else "in agreement"


def coverage_reading(levels: CoverageLevels, level: int, regions: Regions) -> str:
    """Return what the observed coverage at one level says of the intervals, or sets, of that level."""
    n = len(levels.covered)
    observed, lower, upper = levels.observed[level], levels.lower[level], levels.upper[level]
    decimals = int(n >= ROWS_FOR_DECIMALS)
    rows = "the only row" if n == 1 else f"{n:,} rows"
    held = (
        f"The {percent(levels.asked[level])} {regions} held {percent(observed, decimals)} of {rows} "
        f"(95 % limits {percent(lower, decimals)} to {percent(upper, decimals)}){_account(levels, level, regions)}: "
    )
    if levels.out_of_reach[level]:
        return f"{held}too few calibration rows for this level, so that some hold everything. Calibrate with more."
    verdict = coverage_verdict(levels.promised[level], lower, upper)
    return held + _conclusion(verdict, abs(observed - levels.promised[level]), upper - lower, regions)


def all_levels_reading(levels: CoverageLevels, regions: Regions) -> str:
    """Return at which levels the rows contradict the promise, and on which side."""
    reached = np.flatnonzero(~levels.out_of_reach).tolist()
    at: dict[Verdict, list[str]] = {}
    for level in reached:
        verdict = coverage_verdict(levels.promised[level], levels.lower[level], levels.upper[level])
        at.setdefault(verdict, []).append(percent(levels.asked[level]))
    told = [f"{verdict} at {', '.join(asked)}" for verdict, asked in at.items() if verdict != "in agreement"]
    if not told:
        return f"At none of {len(reached)} levels do the rows contradict the promise."
    others = " Other levels agree with the rows." if "in agreement" in at else ""
    return f"The {regions} are {' and '.join(told)}.{others}"


def _account(levels: CoverageLevels, level: int, regions: Regions) -> str:
    """What the smallest sets promise: classes come whole, so that sets hold more probability than asked for."""
    return f", by the model's own probabilities {percent(levels.promised[level], 1)}" if regions == "sets" else ""


def _conclusion(verdict: Verdict, gap: float, between_limits: float, regions: Regions) -> str:
    slight = gap < SLIGHT_GAP
    told = f"{'slightly ' if slight else ''}{verdict}: {100 * gap:.1f} percentage points more rows than promised"
    if verdict == "too narrow":
        cause = " The probabilities are overconfident." if regions == "sets" else ""
        return f"{told} lie outside.{cause}{'' if slight else f' {_remedy(regions)}'}"
    if verdict == "too wide":
        return f"{told} lie inside{'.' if slight else ', so they could be smaller.'}"
    if between_limits > WIDE_LIMITS:
        return "no contradiction, but rows this few would hardly show one. Test on more rows."
    return "as promised, as far as these rows can tell."


def _remedy(regions: Regions) -> str:
    if regions == "intervals":
        return "Recalibrate, or wrap the model in a ConformalRegressor, on rows kept apart for it."
    if regions == "sets":
        return "Recalibrate, or wrap the model in a ConformalClassifier, on rows kept apart for it."
    return "The calibration rows were not like these: calibrate on rows that are."
