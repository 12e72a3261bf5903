"""The report of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.report import blocks, figures, model_facts
from uncertainty.report.classification_rows import ClassificationRows, classification_rows
from uncertainty.report.content import ClassLine, Content, FigureBlock, NamedRow, Words
from uncertainty.report.coverage import CoverageLevels, set_coverage
from uncertainty.report.feature_groups import classification_quality, feature_groups
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.numbers import percent, short
from uncertainty.report.reading_calibration import rejection_reading, reliability_reading
from uncertainty.report.reading_coverage import Regions, all_levels_reading
from uncertainty.report.reading_groups import coverage_by_feature_reading, uncertainty_by_feature_reading
from uncertainty.report.reading_rows import differences_reading, kind_reading, oddities_reading
from uncertainty.report.reading_scores import confidence_reading, scores_reading
from uncertainty.report.rejection import classification_rejection
from uncertainty.report.reliability import reliability_bins
from uncertainty.report.row_data import classification_columns, covered_bits, feature_columns, table_rows
from uncertainty.report.scores import classification_scores
from uncertainty.report.tested_table import TestedTable
from uncertainty.report.uncertain_rows import UncertainRows, uncertain_rows

WORDS = Words(
    "set", "mean number of classes", "right", "confidence", "probability of an error", "probability of an error"
)
# Classes that have a line of their own.
MAX_CLASSES = 20
SETS_NOTE = (
    "The sets are the smallest ones whose probabilities, by the model, add up to the coverage chosen; since a class is "
    "in or out as a whole they promise a little more. ConformalClassifier makes sets that keep their promise."
)
CONFORMAL_NOTE = (
    "The sets are conformal. The scores, the confidence and the split of the entropy are of the probabilities of the "
    "model inside, which conformal calibration leaves as they are."
)
NO_PARTS_NOTE = "The model does not say how the entropy of its predictions splits."


def classification_content(table: TestedTable, title: str | None) -> Content:
    """Return the report of a classifier on a test table."""
    rows = classification_rows(table.estimator, table.X, table.y, LEVELS)
    regions: Regions = "conformal sets" if rows.promised_sets else "sets"
    levels, scores, parts = set_coverage(rows), classification_scores(rows), rows.parts
    uncertain = uncertain_rows(
        rows.uncertainty(),
        None if parts is None else parts.mutual_information,
        None if parts is None else parts.total(),
        table.columns,
    )
    features = feature_groups(table.columns, classification_quality(rows))
    rejection = classification_rejection(rows.is_wrong(), rows.uncertainty())
    score_reading = scores_reading(scores, len(rows.codes))
    lines = blocks.level_lines(levels, regions, short)
    kind = kind_reading(uncertain, model_facts.number_of_members(table.estimator), "entropy")
    data, table_note = _table_data(table, rows, levels, uncertain, features)
    by_feature = coverage_by_feature_reading(features, is_classifier=True)
    classes, classes_note = _classes(rows)
    return Content(
        title=title or f"How far to trust the predictions of {table.target}",
        facts=table.facts(),
        parameters=repr(table.estimator),
        words=WORDS,
        highlights=(score_reading, confidence_reading(scores[-1]), by_feature, kind),
        scores=blocks.score_lines(scores, table.target),
        scores_reading=score_reading,
        levels=lines,
        headline=HEADLINE,
        levels_reading=all_levels_reading(levels, regions),
        coverage_figure=FigureBlock(
            "Coverage of sets",
            figures.coverage_figure(levels, "probability promised"),
            all_levels_reading(levels, regions),
        ),
        calibration_figures=(_reliability(rows, confidence_reading(scores[-1])),),
        classes=classes,
        classes_note=classes_note,
        kind_reading=kind,
        differences_reading=differences_reading(uncertain, len(rows.codes)),
        named_rows=_named_rows(table, rows, uncertain),
        rejection_figure=FigureBlock(
            "Without the most uncertain rows",
            figures.rejection_figure(rejection),
            rejection_reading(rejection),
        ),
        features=blocks.feature_blocks(features, lambda size: percent(size, 1)),
        features_note=blocks.features_note(features, table.columns),
        features_readings=(by_feature, uncertainty_by_feature_reading(features, is_classifier=True)),
        has_parts=parts is not None,
        table_note=table_note,
        notes=_notes(rows),
        data=data | {"levels": blocks.level_data(lines)},
    )


def _reliability(rows: ClassificationRows, confidence: str) -> FigureBlock:
    bins = reliability_bins(rows)
    error = (
        f"The calibration error over {len(bins.count)} bins is {percent(bins.calibration_error, 1)}; few rows raise it."
    )
    return FigureBlock(
        "Confidence and accuracy",
        figures.reliability_figure(bins),
        f"{confidence} {reliability_reading(bins)} {error}",
    )


def _classes(rows: ClassificationRows) -> tuple[tuple[ClassLine, ...], str]:
    """The most frequent classes, and what is said of the others."""
    count = np.bincount(rows.codes, minlength=len(rows.classes))
    predicted = np.bincount(rows.predicted(), minlength=len(rows.classes))
    right = np.bincount(rows.codes[~rows.is_wrong()], minlength=len(rows.classes))
    shown = np.sort(np.argsort(-count, kind="stable")[:MAX_CLASSES]).tolist()
    lines = tuple(
        ClassLine(
            rows.classes[k],
            f"{count[k]:,}",
            percent(right[k] / count[k]) if count[k] else "—",
            percent(right[k] / predicted[k]) if predicted[k] else "—",
            percent(float(rows.proba[:, k].mean()), 1),
            percent(count[k] / len(rows.codes), 1),
        )
        for k in shown
    )
    rest = [name for k, name in enumerate(rows.classes) if k not in shown]
    note = f"Shown are the {MAX_CLASSES} most frequent classes. Not shown: {blocks.names(rest)}." if rest else ""
    return lines, note


def _named_rows(table: TestedTable, rows: ClassificationRows, uncertain: UncertainRows) -> tuple[NamedRow, ...]:
    named, predicted = [], rows.predicted()
    for row, oddities in zip(uncertain.order[: len(uncertain.oddities)].tolist(), uncertain.oddities, strict=True):
        members = np.flatnonzero(rows.sets[row, :, HEADLINE])
        members = members[np.argsort(-rows.proba[row, members], kind="stable")]
        total = 0.0 if rows.parts is None else float(rows.parts.total()[row])
        named.append(
            NamedRow(
                table.label(row),
                rows.classes[rows.codes[row]],
                rows.classes[predicted[row]],
                ", ".join(rows.classes[k] for k in members[:5]) + (" …" if len(members) > 5 else "") or "none",
                percent(float(rows.uncertainty()[row]), 1),
                "—" if rows.parts is None or not total else percent(float(rows.parts.mutual_information[row]) / total),
                oddities_reading(oddities),
            )
        )
    return tuple(named)


def _table_data(
    table: TestedTable, rows: ClassificationRows, levels: CoverageLevels, uncertain: UncertainRows, features: Any
) -> tuple[dict[str, Any], str]:
    kept = table_rows(uncertain.order)
    own, sets = classification_columns(rows, kept.rows, table.target)
    chosen = tuple(f.name for f in features[: blocks.MAX_FEATURES])
    shown, left_out = feature_columns(table.columns, chosen, kept.rows)
    data = {
        "task": "classification",
        "headline": HEADLINE,
        "rows": kept.rows.tolist(),
        "labels": None if table.labels is None else [table.labels[row] for row in kept.rows.tolist()],
        "columns": own + shown,
        "covered": covered_bits(levels, kept.rows),
        **sets,
    }
    return data, blocks.table_note(kept, left_out)


def _notes(rows: ClassificationRows) -> tuple[str, ...]:
    return (CONFORMAL_NOTE if rows.promised_sets else SETS_NOTE, *(() if rows.parts else (NO_PARTS_NOTE,)))
