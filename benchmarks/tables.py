"""Plain-text tables: means with their standard errors, in columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .datasets import Task
from .statistics import Estimate, estimate_mean

# task -> (score, column heading) of each column, in order
Columns = Mapping[Task, tuple[tuple[str, str], ...]]

# data set -> method -> score -> estimate
Summary = dict[str, dict[str, dict[str, Estimate]]]


def summarize(rows: Iterable[Mapping[str, Any]]) -> Summary:
    """Return mean and standard error over the splits of every number in the rows, in the order of the rows.

    A row has ``dataset``, ``method`` and scores; a score that is None in one of the splits has no mean, but NaN.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["method"]), []).append(row)
    summary: Summary = {}
    for (dataset, method), group in groups.items():
        names = [name for name, value in group[0].items() if value is None or isinstance(value, float)]
        summary.setdefault(dataset, {})[method] = {
            name: estimate_mean([math.nan if row[name] is None else row[name] for row in group]) for name in names
        }
    return summary


def format_estimate(estimate: Estimate) -> str:
    """Write ``mean +- standard error`` in as many digits as a reader needs, the mean alone without an error.

    NaN, a score that is not defined, is "-".

    >>> format_estimate(Estimate(2.4143, 0.0559))
    '2.414 +- 0.056'
    >>> format_estimate(Estimate(0.00012345, float("nan")))
    '0.000123'
    """
    if math.isnan(estimate.mean):
        return "-"
    error = estimate.standard_error if math.isfinite(estimate.standard_error) else 0.0
    style = _number_style(max(abs(estimate.mean), error))  # a mean near 0 needs no more digits than its error
    if not math.isfinite(estimate.standard_error):
        return f"{estimate.mean:{style}}"
    return f"{estimate.mean:{style}} +- {estimate.standard_error:{style}}"


def _number_style(size: float) -> str:
    """Three decimals around 1, fewer for large numbers, three significant digits for small ones."""
    if not math.isfinite(size) or size == 0.0:
        return ".3f"
    if not 1e-4 <= size < 1e6:
        return ".2e"
    magnitude = math.floor(math.log10(size))
    return f".{2 - magnitude if size < 0.1 else min(3, max(1, 3 - magnitude))}f"


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], n_left: int = 1) -> str:
    """Align cells in columns two blanks apart: the first `n_left` to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if index < n_left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), "  ".join("-" * width for width in widths), *map(line, rows)])


def task_table(summary: Summary, task: Task, datasets: Sequence[str], columns: Columns) -> str:
    """Return one table with a row for each data set and method."""
    header = ["data set", "method", *(heading for _, heading in columns[task])]
    missing = Estimate(math.nan, math.nan)
    rows = [
        [dataset, method, *(format_estimate(estimates.get(score, missing)) for score, _ in columns[task])]
        for dataset in datasets
        for method, estimates in summary[dataset].items()
    ]
    return format_table(header, rows, n_left=2)
