"""One table a family, and what is to be said about all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from ..datasets import Task
from ..report import warning_lines
from ..speed.comparison import Comparison, format_number
from ..statistics import estimate_mean
from ..tables import format_estimate, format_table
from .family import Family
from .rounds import Result

SCORES: dict[Task, tuple[str, str]] = {"regression": ("rmse", "RMSE"), "classification": ("accuracy", "accuracy")}


def family_table(results: Sequence[Result], family: Family, task: Task, n_members: int) -> str:
    """Return the table of a family: a line for each option, the first one first."""
    first = results[0]
    metric, heading = SCORES[task]
    header = ["option", *(["rate"] if family.rates else []), "loss", "train NLL", "NLL", f"NLL - {first.name}", heading,
              f"NLL of {n_members}", f"s, {n_members}", "s, 1", "ratio"]  # fmt: skip
    lines = []
    for result in results:
        rate = [f"{result.rate:g}"] if family.rates else []
        scores = [_mean(result, name) for name in ("loss", "train_nll")]
        scores += [_estimate(result, "nll"), _difference(result, first), _estimate(result, metric)]
        lines.append([result.name, *rate, *scores, _mean(result, "ensemble_nll"), *_times(result, n_members)])
    return format_table(header, lines)


def _values(result: Result, metric: str) -> list[float]:
    return [row[metric] for row in result.rows]


def _mean(result: Result, metric: str) -> str:
    values = _values(result, metric)
    if None in values:
        return "-"
    mean = estimate_mean(values).mean
    return f"{mean:.3f}" if abs(mean) < 1e4 else f"{mean:.2e}"


def _estimate(result: Result, metric: str) -> str:
    return format_estimate(estimate_mean(_values(result, metric)))


def _difference(result: Result, first: Result) -> str:
    """Return the mean of the differences seed by seed: what the splits have in common drops out."""
    if result is first:
        return ""
    pairs = zip(_values(result, "nll"), _values(first, "nll"), strict=True)
    return format_estimate(estimate_mean([one - other for one, other in pairs]))


def _times(result: Result, n_members: int) -> list[str]:
    one, comparison = format_number(median(result.seconds_one)), result.comparison("", n_members)
    if comparison is None:
        return ["-", one, "-"]
    mark = " !" if comparison.is_met is False else ""
    return [format_number(median(result.seconds_many)), one, f"{comparison.value:.2f}{mark}"]


def notes(record: Mapping[str, Any], task: Task) -> list[str]:
    """Return what the columns are, and under which conditions they were measured."""
    n, metric = record["members"], SCORES[task][1]
    units = (" of the standardized target", " and in its units") if task == "regression" else ("", "")
    return [
        f"{record['data']}: {record['n_train']} rows to train on, {record['n_test']} to test. {record['epochs']} "
        f"epochs for all, no early stopping; {record['seeds']} seeds, each with its own split and start.",
        f"loss: nats{units[0]}, as training saw them in its last epoch. train NLL: of the training rows; NLL, "
        f"{metric}: of the test rows; the mean over {n} networks one at a time{units[1]}.",
        f"NLL of {n}: of the ensemble. +-: standard error over the seeds; differences are taken seed by seed.",
        f"s: median seconds of a fit of {n} members and of 1, in interleaved rounds, with at most {record['threads']} "
        "threads; ratio: one over the other.",
    ]


def ratio_lines(comparisons: Sequence[Comparison]) -> list[str]:
    """Return one line for each ratio beyond its limit, and one that says what holds for all the others."""
    limited = [row for row in comparisons if row.limit is not None]
    if not limited:
        return []
    over = [row for row in limited if row.is_met is not True]
    lines = [f"Beyond the limit of {row.format_limit()}: {row.section}, {row.what}: {row.value:.2f}" for row in over]
    within = [row for row in limited if row.is_met]
    if within:
        worst = max(within, key=lambda row: row.value)
        lines.append(
            f"{len(within)} of {len(limited)} ratios are within the limit of {worst.format_limit()}; the largest of "
            f"them is {worst.value:.2f} ({worst.section}, {worst.what})"
        )
    return lines


def option_warning_lines(results: Mapping[str, Sequence[Result]]) -> list[str]:
    """Return one line for each kind of warning that an option's fits gave."""
    rows = [
        row | {"method": f"{family}, {result.name}"}
        for family, of_family in results.items()
        for result in of_family
        for row in result.rows
    ]
    return warning_lines(rows)
