"""What the records say: one table of each data set, and whether intervals cover what they should."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..store import Record
from ..suite_tables import by_method, score_rows
from ..tables import Columns, Summary

# Groups with fewer test rows, over all splits, are too noisy to be called the worst.
MIN_GROUP_ROWS = 50
N_STANDARD_ERRORS = 2.0

COLUMNS: Columns = {
    "regression": (
        ("coverage", "coverage"),
        ("expected_coverage", "expected"),
        ("worst_group", "worst group"),
        ("width", "width"),
        ("interval_score", "interval score"),
        ("seconds", "s"),
    ),
    "classification": (
        ("coverage", "coverage"),
        ("expected_coverage", "expected"),
        ("worst_group", "worst class"),
        ("set_size", "set size"),
        ("empty", "empty"),
        ("seconds", "s"),
    ),
}
NOTE = (
    "expected: of split conformal intervals or sets, ceil(coverage (n + 1)) / (n + 1) for n calibration rows. Worst "
    f"group: lowest coverage over all splits among the thirds of each feature with at least {MIN_GROUP_ROWS} test "
    "rows. Width and interval score in units of y. Seconds on one thread, from the first fit to the last prediction."
)


def summarize_records(records: Sequence[Record]) -> Summary:
    """Return mean and standard error over the splits of each score, and the coverage of the worst group."""
    return score_rows([_with_worst_group(record, records) for record in records])


def _with_worst_group(record: Record, records: Sequence[Record]) -> Record:
    group = by_method(records, record["dataset"])[record["method"]]
    return {**record, "scores": {**record["scores"], "worst_group": worst_group_coverage(group)}}


def worst_group_coverage(records: Sequence[Record]) -> float:
    """Return the lowest coverage of a group, its test rows of all splits taken together; NaN where all are small."""
    covered, count = (
        np.sum([record["curves"]["groups"][name] for record in records], axis=0) for name in ("covered", "count")
    )
    large = count >= MIN_GROUP_ROWS
    return float(np.min(covered[large] / count[large])) if large.any() else math.nan


def coverage_lines(summary: Summary, methods: Sequence[str]) -> list[str]:
    """Say of each data set whether the mean coverage of methods is within two standard errors of the expected."""
    lines = []
    for dataset, scores in summary.items():
        for method in (name for name in methods if name in scores):
            coverage, expected = scores[method]["coverage"], scores[method]["expected_coverage"].mean
            inside = abs(coverage.mean - expected) <= N_STANDARD_ERRORS * coverage.standard_error
            lines.append(
                f"{dataset}: {method} covers {100 * coverage.mean:.1f} +- {100 * coverage.standard_error:.1f} %, "
                f"{'as' if inside else 'NOT as'} expected: {100 * expected:.1f} %"
            )
    return lines


def best_lines(summary: Summary, ours: str, rivals: Sequence[str]) -> list[str]:
    """Say of each data set whether our mean interval score is lower than that of every rival."""
    lines, n_better = [], 0
    compared = {name: scores for name, scores in summary.items() if ours in scores and set(rivals) & set(scores)}
    for dataset, scores in compared.items():
        found = {name: scores[name]["interval_score"].mean for name in rivals if name in scores}
        best = min(found, key=lambda name: found[name])
        score = scores[ours]["interval_score"].mean
        n_better += score < found[best]
        word = "lower" if score < found[best] else "NOT lower"
        lines.append(f"{dataset}: interval score of {ours} {score:.4g}, {word} than the best of {len(found)} "
                     f"rivals, {best} {found[best]:.4g}")  # fmt: skip
    if compared:
        lines.append(f"{ours} is lower on {n_better} of {len(compared)} data sets")
    return lines
