"""The report of a regressor."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.metrics import pit_histogram
from uncertainty.report import blocks, figures, model_facts
from uncertainty.report.content import (
    Content,
    CoverageSection,
    FigureBlock,
    NamedRow,
    ScoreSection,
    TableSection,
    UncertainSection,
    Words,
)
from uncertainty.report.coverage import CoverageLevels, interval_coverage
from uncertainty.report.feature_groups import FeatureGroups, feature_groups, regression_quality
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.numbers import percent, short
from uncertainty.report.reading_calibration import pit_reading, rejection_reading
from uncertainty.report.reading_coverage import Regions, all_levels_reading
from uncertainty.report.reading_rows import differences_reading, kind_reading, oddities_reading
from uncertainty.report.reading_scores import scores_reading
from uncertainty.report.regression_rows import RegressionRows, regression_rows
from uncertainty.report.rejection import regression_rejection
from uncertainty.report.row_data import covered_bits, regression_columns, table_rows
from uncertainty.report.scores import regression_scores
from uncertainty.report.tested_table import TestedTable
from uncertainty.report.uncertain_rows import UncertainRows, uncertain_rows

WORDS = Words("interval", "mean width", "held", "promised", "standard deviation", "mean width")
CONFORMAL_NOTE = (
    "The intervals are conformal. CRPS, NLL, the PIT histogram and the split of the variance are of the distribution "
    "of the model inside, which conformal calibration leaves as it is."
)
NO_PARTS_NOTE = (
    "The model does not say how its variance splits, so rows are ordered by the width of their 90 % interval."
)
NO_DISTRIBUTION_NOTE = "The model has no predictive distribution, so there is no CRPS, NLL or PIT histogram."


def regression_content(table: TestedTable, title: str | None) -> Content:
    """Return the report of a regressor on a test table."""
    rows = regression_rows(table.estimator, table.X, table.y, LEVELS)
    regions: Regions = "conformal intervals" if model_facts.is_conformal(table.estimator) else "intervals"
    levels, scores = interval_coverage(rows), regression_scores(rows)
    uncertain = _uncertain(table, rows)
    groups = feature_groups(table.columns, regression_quality(rows))
    features = blocks.feature_section(groups, table.columns, short, is_classifier=False)
    score_section = ScoreSection(blocks.score_lines(scores, table.target), scores_reading(scores, len(rows.y)))
    coverage = _coverage(rows, levels, regions, table.target)
    uncertain_section = _uncertain_section(table, rows, uncertain)
    headline = coverage.levels[HEADLINE].reading
    return Content(
        title=title or f"How far to trust the predictions of {table.target}",
        facts=table.facts(),
        parameters=repr(table.estimator),
        words=WORDS,
        highlights=(score_section.reading, headline, features.readings[0], uncertain_section.kind_reading),
        scores=score_section,
        coverage=coverage,
        uncertain=uncertain_section,
        features=features,
        table=_table(table, rows, levels, uncertain, groups, coverage),
        has_parts=rows.parts is not None,
        notes=_notes(rows, regions),
    )


def _uncertain(table: TestedTable, rows: RegressionRows) -> UncertainRows:
    parts = rows.parts
    epistemic, total = (None, None) if parts is None else (parts.epistemic, parts.total())
    return uncertain_rows(rows.uncertainty(HEADLINE), epistemic, total, table.columns)


def _coverage(rows: RegressionRows, levels: CoverageLevels, regions: Regions, target: str) -> CoverageSection:
    figure = FigureBlock(
        "Coverage", figures.coverage_figure(levels, "coverage promised"), all_levels_reading(levels, regions)
    )
    return CoverageSection(
        blocks.level_lines(levels, regions, short), HEADLINE, (figure, *_calibration_figures(rows, target))
    )


def _uncertain_section(table: TestedTable, rows: RegressionRows, uncertain: UncertainRows) -> UncertainSection:
    rejection = regression_rejection(rows.y - rows.mean, rows.uncertainty(HEADLINE))
    return UncertainSection(
        kind_reading(uncertain, model_facts.number_of_members(table.estimator), "variance"),
        differences_reading(uncertain, len(rows.y)),
        _named_rows(table, rows, uncertain),
        FigureBlock(
            "Without the most uncertain rows", figures.rejection_figure(rejection), rejection_reading(rejection)
        ),
    )


def _calibration_figures(rows: RegressionRows, target: str) -> tuple[FigureBlock, ...]:
    error = rows.y - rows.mean
    bias = 1.96 * float(error.std(ddof=1)) / np.sqrt(len(error)) if len(error) > 1 else np.inf
    if abs(float(error.mean())) > bias:
        side = "above" if error.mean() > 0 else "below"
        reading = (
            f"On average observations lie {short(abs(float(error.mean())))} {side} their predictions (± {short(bias)})."
        )
    else:
        reading = "On average predictions are neither too high nor too low, as far as these rows can tell."
    agreement = FigureBlock("Observed against predicted", figures.agreement_figure(rows.y, rows.mean, target), reading)
    if rows.distribution is None:
        return (agreement,)
    # The values are known: the histogram of their own distribution, which is uniform.
    histogram = pit_histogram(rows.y, _KnownPIT(rows.distribution.pit))
    pit = FigureBlock("Shape of the distributions", figures.pit_figure(histogram), pit_reading(rows.distribution.pit))
    return (pit, agreement)


class _KnownPIT:
    """Stands for distributions whose probability integral transform is computed already."""

    def __init__(self, pit: Any) -> None:
        self.pit = pit

    def cdf(self, y: Any) -> Any:
        return self.pit


def _named_rows(table: TestedTable, rows: RegressionRows, uncertain: UncertainRows) -> tuple[NamedRow, ...]:
    named = []
    for row, oddities in zip(uncertain.order[: len(uncertain.oddities)].tolist(), uncertain.oddities, strict=True):
        total = None if rows.parts is None else float(rows.parts.total()[row])
        named.append(
            NamedRow(
                table.label(row),
                short(float(rows.y[row]), 4),
                short(float(rows.mean[row]), 4),
                " to ".join(short(float(end), 4) for end in rows.interval[row, :, HEADLINE]),
                short(float(rows.uncertainty(HEADLINE)[row])),
                "—" if not total or rows.parts is None else percent(float(rows.parts.epistemic[row]) / total),
                oddities_reading(oddities),
            )
        )
    return tuple(named)


def _table(
    table: TestedTable,
    rows: RegressionRows,
    levels: CoverageLevels,
    uncertain: UncertainRows,
    groups: tuple[FeatureGroups, ...],
    coverage: CoverageSection,
) -> TableSection:
    kept = table_rows(uncertain.order)
    own, ends = regression_columns(rows, kept.rows, table.target)
    return blocks.table_section(table, kept, own, covered_bits(levels, kept.rows), ends, groups, coverage)


def _notes(rows: RegressionRows, regions: Regions) -> tuple[str, ...]:
    found = []
    if regions == "conformal intervals" and rows.distribution is not None:
        found.append(CONFORMAL_NOTE)
    if rows.parts is None:
        found.append(NO_PARTS_NOTE)
    if rows.distribution is None:
        found.append(NO_DISTRIBUTION_NOTE)
    return tuple(found)
