"""The report of a regressor."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.metrics import pit_histogram
from uncertainty.report import blocks, figures, model_facts
from uncertainty.report.content import Content, FigureBlock, NamedRow, Words
from uncertainty.report.coverage import CoverageLevels, interval_coverage
from uncertainty.report.feature_groups import feature_groups, regression_quality
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.numbers import percent, short
from uncertainty.report.reading_calibration import pit_reading, rejection_reading
from uncertainty.report.reading_coverage import Regions, all_levels_reading, coverage_reading
from uncertainty.report.reading_groups import coverage_by_feature_reading, uncertainty_by_feature_reading
from uncertainty.report.reading_rows import differences_reading, kind_reading, oddities_reading
from uncertainty.report.reading_scores import scores_reading
from uncertainty.report.regression_rows import RegressionRows, regression_rows
from uncertainty.report.rejection import regression_rejection
from uncertainty.report.row_data import covered_bits, feature_columns, regression_columns, table_rows
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
    regions: Regions = "intervals"
    levels, scores, parts = interval_coverage(rows), regression_scores(rows), rows.parts
    uncertain = uncertain_rows(
        rows.uncertainty(HEADLINE),
        None if parts is None else parts.epistemic,
        None if parts is None else parts.total(),
        table.columns,
    )
    features = feature_groups(table.columns, regression_quality(rows))
    rejection = regression_rejection(rows.y - rows.mean, rows.uncertainty(HEADLINE))
    score_reading = scores_reading(scores, len(rows.y))
    lines = blocks.level_lines(levels, regions, short)
    kind = kind_reading(uncertain, model_facts.number_of_members(table.estimator), "variance")
    data, table_note = _table_data(table, rows, levels, uncertain, features)
    by_feature = coverage_by_feature_reading(features, is_classifier=False)
    return Content(
        title=title or f"How far to trust the predictions of {table.target}",
        facts=table.facts(),
        parameters=repr(table.estimator),
        words=WORDS,
        highlights=(score_reading, coverage_reading(levels, HEADLINE, regions), by_feature, kind),
        scores=blocks.score_lines(scores, table.target),
        scores_reading=score_reading,
        levels=lines,
        headline=HEADLINE,
        levels_reading=all_levels_reading(levels, regions),
        coverage_figure=FigureBlock(
            "Coverage", figures.coverage_figure(levels, "coverage promised"), all_levels_reading(levels, regions)
        ),
        calibration_figures=_calibration_figures(rows, table.target),
        classes=(),
        classes_note="",
        kind_reading=kind,
        differences_reading=differences_reading(uncertain, len(rows.y)),
        named_rows=_named_rows(table, rows, uncertain),
        rejection_figure=FigureBlock(
            "Without the most uncertain rows",
            figures.rejection_figure(rejection),
            rejection_reading(rejection),
        ),
        features=blocks.feature_blocks(features, short),
        features_note=blocks.features_note(features, table.columns),
        features_readings=(by_feature, uncertainty_by_feature_reading(features, is_classifier=False)),
        has_parts=parts is not None,
        table_note=table_note,
        notes=_notes(table, rows),
        data=data | {"levels": blocks.level_data(lines)},
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


def _table_data(
    table: TestedTable, rows: RegressionRows, levels: CoverageLevels, uncertain: UncertainRows, features: Any
) -> tuple[dict[str, Any], str]:
    kept = table_rows(uncertain.order)
    own, ends = regression_columns(rows, kept.rows, table.target)
    chosen = tuple(f.name for f in features[: blocks.MAX_FEATURES])
    shown, left_out = feature_columns(table.columns, chosen, kept.rows)
    data = {
        "task": "regression",
        "headline": HEADLINE,
        "rows": kept.rows.tolist(),
        "labels": None if table.labels is None else [table.labels[row] for row in kept.rows.tolist()],
        "columns": own + shown,
        "covered": covered_bits(levels, kept.rows),
        **ends,
    }
    return data, blocks.table_note(kept, left_out)


def _notes(table: TestedTable, rows: RegressionRows) -> tuple[str, ...]:
    found = []
    if model_facts.is_conformal(table.estimator) and rows.distribution is not None:
        found.append(CONFORMAL_NOTE)
    if rows.parts is None:
        found.append(NO_PARTS_NOTE)
    if rows.distribution is None:
        found.append(NO_DISTRIBUTION_NOTE)
    return tuple(found)
