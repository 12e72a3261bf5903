"""Figures of curves and the tables that belong to them, as blocks of a section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .columns import INTERVALS
from .curves import central_coverage, pooled_reliability, relative_risk
from .figures.curves import draw_coverage, draw_epistemic_std, draw_reliability, draw_risk_coverage
from .page import Block, Figure, Table
from .results import Results
from .tables import coverage_table, score_table

CURVE_NOTE = "Grey: all other methods."


def coverage_blocks(results: Results, datasets: Sequence[str], named: str) -> list[Block]:
    """Return coverage curves, how far coverage is off on average, and coverage and width for each data set."""
    curves = _collect(results, datasets, "pit", central_coverage)
    shown = {
        dataset: {method: (levels, 100.0 * (inside - levels)) for method, (levels, inside) in lines.items()}
        for dataset, lines in curves.items()
    }
    caption = (
        "Observed minus nominal coverage of central intervals, all splits together; above zero the intervals are too "
        f"wide, below too narrow. {CURVE_NOTE}"
    )
    blocks: list[Block] = [Figure(f"{file_name(named)}_coverage", draw_coverage(shown), caption)] if shown else []
    table = coverage_table(results, datasets)
    intervals = [score_table(results, dataset, INTERVALS) for dataset in datasets]
    return [*blocks, *([table] if table.rows else []), *present(intervals)]


def reliability_blocks(results: Results, datasets: Sequence[str], named: str) -> list[Block]:
    """Return the reliability curves."""
    curves = _collect(results, datasets, "reliability", pooled_reliability)
    shown = {
        dataset: {method: (x, 100.0 * (accuracy - x)) for method, (x, accuracy, _) in lines.items()}
        for dataset, lines in curves.items()
    }
    caption = (
        "Accuracy minus confidence of the predicted class in bins of confidence, all splits together, bins with at "
        f"least 20 rows; below zero the method is too sure of itself. {CURVE_NOTE}"
    )
    return [Figure(f"{file_name(named)}_reliability", draw_reliability(shown), caption)] if shown else []


def selection_blocks(results: Results, datasets: Sequence[str], named: str) -> list[Block]:
    """Return the risk-coverage curves, normalised to the risk of all rows."""
    curves = _collect(results, datasets, "risk_coverage", relative_risk)
    if not curves:
        return []
    caption = (
        "Risk (mean squared error, or error rate) of the rows a method is most certain of, over its risk on all rows, "
        f"against the share of rows kept; mean over the splits. Lower is a better order. {CURVE_NOTE}"
    )
    return [Figure(f"{file_name(named)}_risk_coverage", draw_risk_coverage(curves), caption)]


def _collect(
    results: Results, datasets: Sequence[str], curve: str, merge: Callable[[list[Any]], Any]
) -> dict[str, dict[str, Any]]:
    """Return data set -> method -> the curve over all splits, where there is one."""
    found: dict[str, dict[str, Any]] = {}
    for dataset in datasets:
        for method in results.methods_of(dataset):
            curves = results.curves(dataset, method, curve)
            if curves:
                found.setdefault(dataset, {})[method] = merge(curves)
    return found


def epistemic_blocks(results: Results, named: str) -> list[Block]:
    """Draw epistemic std against training rows for every kind of made data that comes in several sizes."""
    points: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for dataset in results.datasets:
        kind = dataset.rstrip("0123456789").rstrip("_")
        for method in results.methods_of(dataset):
            std = results.mean(dataset, method, "epistemic_std")
            if std is not None and std > 0.0:
                n_train = int(results.records(dataset, method)[0]["n_train"])
                points.setdefault(kind, {}).setdefault(method, []).append((n_train, std))
    curves = {
        kind: {
            method: (np.array(sorted(p))[:, 0], np.array(sorted(p))[:, 1]) for method, p in lines.items() if len(p) > 1
        }
        for kind, lines in points.items()
    }
    curves = {kind: lines for kind, lines in curves.items() if lines}
    if not curves:
        return []
    caption = "Mean epistemic standard deviation against the number of training rows, both axes logarithmic."
    return [Figure(f"{file_name(named)}_epistemic", draw_epistemic_std(curves), caption)]


def present(tables: Iterable[Table | None]) -> tuple[Table, ...]:
    """Return the tables that there are."""
    return tuple(table for table in tables if table is not None)


def file_name(named: str) -> str:
    """Return the name of a part of the page as it stands in the names of files."""
    return named.replace(", ", "_")
