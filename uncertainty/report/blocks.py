"""From numbers to the blocks of the page that regression and classification share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from uncertainty.report.columns import Column, is_identifier
from uncertainty.report.content import (
    CoverageSection,
    FeatureBlock,
    FeatureSection,
    GroupLine,
    LevelLine,
    ScoreLine,
    TableSection,
)
from uncertainty.report.coverage import CoverageLevels
from uncertainty.report.feature_groups import FeatureGroups
from uncertainty.report.figures import group_bar, size_bar
from uncertainty.report.numbers import percent, short
from uncertainty.report.reading_coverage import Regions, coverage_reading
from uncertainty.report.reading_groups import coverage_by_feature_reading, uncertainty_by_feature_reading
from uncertainty.report.row_data import JsonColumn, TableRows, feature_columns
from uncertainty.report.scores import Score
from uncertainty.report.tested_table import TestedTable

# Columns of the test table that are shown one by one, those that tell most of the uncertainty.
MAX_FEATURES = 8
# Names in a note of what is not shown.
MAX_NAMES = 60
VERDICTS = {"better": "better", "worse": "worse", "open": "no clear difference"}


def score_lines(scores: tuple[Score, ...], target: str) -> tuple[ScoreLine, ...]:
    """Return the table of scores as text."""
    return tuple(_score_line(score, target) for score in scores)


def level_lines(levels: CoverageLevels, regions: Regions, show_size: Callable[[float], str]) -> tuple[LevelLine, ...]:
    """Return what is told of every level."""
    decimals = 1 if len(levels.covered) >= 100 else 0
    return tuple(
        LevelLine(
            percent(levels.asked[level]),
            percent(levels.promised[level], 0 if levels.promised[level] == levels.asked[level] else 1),
            percent(levels.observed[level], decimals),
            f"{percent(levels.lower[level], decimals)} to {percent(levels.upper[level], decimals)}",
            show_size(float(levels.size[level])),
            coverage_reading(levels, level, regions),
        )
        for level in range(len(levels.asked))
    )


def feature_section(
    features: tuple[FeatureGroups, ...],
    columns: tuple[Column, ...],
    show_size: Callable[[float], str],
    *,
    is_classifier: bool,
) -> FeatureSection:
    """Return the columns that tell most of the uncertainty, and what is said of all of them."""
    readings = (
        coverage_by_feature_reading(features, is_classifier=is_classifier),
        uncertainty_by_feature_reading(features, is_classifier=is_classifier),
    )
    return FeatureSection(_feature_blocks(features, show_size), readings, _features_note(features, columns))


def table_section(
    table: TestedTable,
    kept: TableRows,
    own_columns: list[JsonColumn],
    covered: list[int],
    of_levels: dict[str, Any],
    features: tuple[FeatureGroups, ...],
    coverage: CoverageSection,
) -> TableSection:
    """Return the table of rows: the model's own columns, and those of the test table that are shown."""
    identifiers = tuple(column.name for column in table.columns if is_identifier(column))
    chosen = (*identifiers, *(f.name for f in features[:MAX_FEATURES]))
    shown, left_out = feature_columns(table.columns, chosen, kept.rows)
    rows = kept.rows.tolist()
    data = {
        "headline": coverage.headline,
        "levels": [vars(line) for line in coverage.levels],
        "rows": rows,
        "labels": None if table.labels is None else [table.labels[row] for row in rows],
        "columns": own_columns + shown,
        "covered": covered,
        **of_levels,
    }
    return TableSection(_table_note(kept, left_out), data)


def _feature_blocks(features: tuple[FeatureGroups, ...], show_size: Callable[[float], str]) -> tuple[FeatureBlock, ...]:
    """Return the columns that tell most of the uncertainty, on common scales."""
    shown = features[:MAX_FEATURES]
    if not shown:
        return ()
    lowest = min(float(min(f.lower.min(), f.promised.min())) for f in shown)
    largest = max(float(f.size[np.isfinite(f.size)].max(initial=0.0)) for f in shown)
    return tuple(
        FeatureBlock(f.name, tuple(_group_line(f, g, lowest, largest, show_size) for g in range(len(f.labels))))
        for f in shown
    )


def _features_note(features: tuple[FeatureGroups, ...], columns: tuple[Column, ...]) -> str:
    """Return which columns are not shown, and why."""
    rest = [f.name for f in features[MAX_FEATURES:]]
    identifiers = [column.name for column in columns if is_identifier(column)]
    uniform = [c.name for c in columns if c.name not in {*identifiers, *(f.name for f in features)}]
    told = []
    if rest:
        told.append(
            f"Shown are the {MAX_FEATURES} columns that go most with the uncertainty. Not shown: {names(rest)}."
        )
    if identifiers:
        told.append(f"Without groups, as nearly every row has a value of its own: {names(identifiers)}.")
    if uniform:
        told.append(f"One value in every row: {names(uniform)}.")
    return " ".join(told)


def _table_note(table: TableRows, left_out: tuple[str, ...]) -> str:
    """Return which rows and columns of the test table are not in the table."""
    told = []
    if len(table.rows) < table.n_all:
        told.append(
            f"The table holds {len(table.rows):,} of {table.n_all:,} rows: the most uncertain ones, and others drawn "
            f"at random. Scores and figures are of all rows."
        )
    if left_out:
        told.append(f"Columns not in it: {names(list(left_out))}.")
    return " ".join(told)


def names(listed: list[str]) -> str:
    """Return names with commas, the number of those beyond the first few."""
    more = f" and {len(listed) - MAX_NAMES} more" if len(listed) > MAX_NAMES else ""
    return ", ".join(listed[:MAX_NAMES]) + more


def _score_line(score: Score, target: str) -> ScoreLine:
    show = (lambda value: percent(value, 1)) if score.unit == "share" else short
    return ScoreLine(
        score.name,
        score.meaning,
        {"y": f"units of {target}", "nats": "nats"}.get(score.unit, "—"),
        show(score.value),
        "—" if score.limits is None else " to ".join(map(show, score.limits)),
        "—" if score.baseline is None else show(score.baseline),
        "—" if score.verdict is None else VERDICTS[score.verdict],
    )


def _group_line(
    feature: FeatureGroups, group: int, lowest: float, largest: float, show_size: Callable[[float], str]
) -> GroupLine:
    share = None if feature.epistemic_share is None else float(feature.epistemic_share[group])
    promised = feature.promised[group]
    return GroupLine(
        feature.labels[group],
        f"{feature.count[group]:,}",
        f"{percent(feature.observed[group])} ({percent(feature.lower[group])} to {percent(feature.upper[group])})",
        percent(promised),
        group_bar(feature, group, min(lowest, 0.98)),
        show_size(float(feature.size[group])),
        size_bar(float(feature.size[group]), largest, share),
        "—" if share is None else percent(share),
        bool(feature.strict_upper[group] < promised or feature.strict_lower[group] > promised),
    )
