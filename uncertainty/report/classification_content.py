"""The report of a classifier."""

from __future__ import annotations

import numpy as np

from uncertainty.report import blocks, figures, model_facts
from uncertainty.report.classification_rows import ClassificationRows, classification_rows
from uncertainty.report.content import (
    ClassLine,
    Content,
    CoverageSection,
    FigureBlock,
    NamedRow,
    ScoreSection,
    TableSection,
    UncertainSection,
    Words,
)
from uncertainty.report.coverage import CoverageLevels, set_coverage
from uncertainty.report.feature_groups import FeatureGroups, classification_quality, feature_groups
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.numbers import percent, short
from uncertainty.report.reading_calibration import rejection_reading, reliability_reading
from uncertainty.report.reading_coverage import Regions, all_levels_reading
from uncertainty.report.reading_rows import differences_reading, kind_reading, oddities_reading
from uncertainty.report.reading_scores import confidence_reading, scores_reading
from uncertainty.report.rejection import classification_rejection
from uncertainty.report.reliability import reliability_bins
from uncertainty.report.row_data import classification_columns, covered_bits, table_rows
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
    levels, scores = set_coverage(rows), classification_scores(rows)
    uncertain = _uncertain(table, rows)
    groups = feature_groups(table.columns, classification_quality(rows))
    features = blocks.feature_section(groups, table.columns, lambda size: percent(size, 1), is_classifier=True)
    score_section = ScoreSection(blocks.score_lines(scores, table.target), scores_reading(scores, len(rows.codes)))
    confidence = confidence_reading(scores[-1])
    coverage = _coverage(rows, levels, confidence)
    uncertain_section = _uncertain_section(table, rows, uncertain)
    return Content(
        title=title or f"How far to trust the predictions of {table.target}",
        facts=table.facts(),
        parameters=repr(table.estimator),
        words=WORDS,
        highlights=(score_section.reading, confidence, features.readings[0], uncertain_section.kind_reading),
        scores=score_section,
        coverage=coverage,
        uncertain=uncertain_section,
        features=features,
        table=_table(table, rows, levels, uncertain, groups, coverage),
        has_parts=rows.parts is not None,
        notes=_notes(rows),
    )


def _uncertain(table: TestedTable, rows: ClassificationRows) -> UncertainRows:
    parts = rows.parts
    epistemic, total = (None, None) if parts is None else (parts.mutual_information, parts.total())
    return uncertain_rows(rows.uncertainty(), epistemic, total, table.columns)


def _coverage(rows: ClassificationRows, levels: CoverageLevels, confidence: str) -> CoverageSection:
    regions: Regions = "conformal sets" if rows.promised_sets else "sets"
    figure = FigureBlock(
        "Coverage of sets",
        figures.coverage_figure(levels, "probability promised"),
        all_levels_reading(levels, regions),
    )
    lines = blocks.level_lines(levels, regions, short)
    return CoverageSection(lines, HEADLINE, (figure, _reliability(rows, confidence)), *_classes(rows))


def _uncertain_section(table: TestedTable, rows: ClassificationRows, uncertain: UncertainRows) -> UncertainSection:
    rejection = classification_rejection(rows.is_wrong(), rows.uncertainty())
    return UncertainSection(
        kind_reading(uncertain, model_facts.number_of_members(table.estimator), "entropy"),
        differences_reading(uncertain, len(rows.codes)),
        _named_rows(table, rows, uncertain),
        FigureBlock(
            "Without the most uncertain rows", figures.rejection_figure(rejection), rejection_reading(rejection)
        ),
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


def _table(
    table: TestedTable,
    rows: ClassificationRows,
    levels: CoverageLevels,
    uncertain: UncertainRows,
    groups: tuple[FeatureGroups, ...],
    coverage: CoverageSection,
) -> TableSection:
    kept = table_rows(uncertain.order)
    own, sets = classification_columns(rows, kept.rows, table.target)
    return blocks.table_section(table, kept, own, covered_bits(levels, kept.rows), sets, groups, coverage)


def _notes(rows: ClassificationRows) -> tuple[str, ...]:
    return (CONFORMAL_NOTE if rows.promised_sets else SETS_NOTE, *(() if rows.parts else (NO_PARTS_NOTE,)))
