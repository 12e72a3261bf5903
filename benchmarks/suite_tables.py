"""The tables of a suite, made from its records: scores, published results, paired differences and ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .datasets import Task
from .differences import Repeats, find_difference
from .published import COMPARED_METRICS, Published, verdict
from .statistics import Estimate, PairedDifference, RankComparison, compare_ranks
from .store import Record
from .tables import Columns, Summary, format_estimate, format_table, summarize

COLUMNS: Columns = {
    "regression": (
        ("rmse", "RMSE"),
        ("nll", "NLL"),
        ("nll_moment_matched", "NLL Gaussian"),
        ("crps", "CRPS"),
        ("coverage_90", "cover 90"),
        ("width_90", "width 90"),
        ("calibration_error", "calib. error"),
        ("error_std_correlation", "err-std corr"),
        ("fit_seconds", "fit s"),
        ("predict_seconds", "pred s"),
        ("peak_memory_mb", "MB"),
    ),
    "classification": (
        ("error", "error"),
        ("nll", "NLL"),
        ("brier", "Brier"),
        ("ece", "ECE"),
        ("ece_debiased", "ECE debiased"),
        ("aleatoric_entropy", "aleat. entr"),
        ("mutual_information", "mutual inf"),
        ("fit_seconds", "fit s"),
        ("predict_seconds", "pred s"),
        ("peak_memory_mb", "MB"),
    ),
}

# task -> scores by which methods are compared; the lower, the better
COMPARED: Columns = {
    "regression": (("nll", "NLL"), ("rmse", "RMSE")),
    "classification": (("nll", "NLL"), ("error", "error")),
}

UNITS_NOTE = (
    "NLL and entropies in nats per row; RMSE, CRPS and width in the units of the target; seconds on one thread; MB: "
    "growth of resident memory while fitting and predicting, sampled (a lower bound). -: not defined for the method."
)
VERDICT_NOTE = (
    "better, worse: the means differ by more than the standard error of their difference; within error: by no more. "
    "The published errors are over all splits. NLL is that of the whole mixture, NLL Gaussian that of the one Gaussian "
    "with the same mean and variance, which is what deep_ensemble_2017 reports."
)


def score_rows(records: Sequence[Record]) -> Summary:
    """Return the mean and standard error over the splits of every score in the records."""
    rows = ({"dataset": r["dataset"], "method": r["method"], **r["scores"]} for r in records)
    return summarize(rows)


def published_table(summary: Summary, dataset: str, published: Published, reference_method: str) -> str:
    """Return our rows and the published ones under each other, and a verdict for each of ours."""
    theirs = published.get(dataset, {})
    header = ["method", *(heading for _, heading, _ in COMPARED_METRICS)]
    rows = [_compared_row(method, estimates) for method, estimates in summary[dataset].items()]
    rows += [_compared_row(f"  {method} (published)", estimates) for method, estimates in theirs.items()]
    lines = [format_table(header, rows)]
    reference = theirs.get(reference_method)
    if reference is None:
        return "\n".join([*lines, f"{reference_method} has no published row for {dataset}."])
    for method, estimates in summary[dataset].items():
        verdicts = (
            f"{heading} {verdict(estimates[metric], reference[published_metric])}"
            for metric, heading, published_metric in COMPARED_METRICS
            if published_metric in reference
        )
        lines.append(f"{method} against {reference_method}: {', '.join(verdicts)}")
    return "\n".join(lines)


def _compared_row(method: str, estimates: dict[str, Estimate]) -> list[str]:
    return [
        method,
        *(format_estimate(estimates[metric]) if metric in estimates else "-" for metric, _, _ in COMPARED_METRICS),
    ]


def difference_table(records: Sequence[Record], task: Task, baseline: str, repeats: Repeats) -> str:
    """Return a table of every method's paired difference to the baseline on each data set."""
    header = ["data set", "method", *(f"{heading} - {baseline}'s" for _, heading in COMPARED[task])]
    rows = []
    for dataset in dict.fromkeys(record["dataset"] for record in records):
        groups = by_method(records, dataset)
        for method, group in groups.items():
            if method == baseline or baseline not in groups:
                continue
            differences = (find_difference(group, groups[baseline], score, repeats) for score, _ in COMPARED[task])
            rows.append([dataset, method, *map(format_difference, differences)])
    return format_table(header, rows, n_left=2)


def by_method(records: Sequence[Record], dataset: str) -> dict[str, list[Record]]:
    """Return the records of a data set, method by method."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record["dataset"] == dataset:
            groups.setdefault(record["method"], []).append(record)
    return groups


def format_difference(difference: PairedDifference | None) -> str:
    """Write mean, standard error and p-value; the mean alone for a single split."""
    if difference is None:
        return "-"
    text = format_estimate(Estimate(difference.mean, difference.standard_error))
    return text if math.isnan(difference.standard_error) else f"{text} (p {difference.p_value:.3f})"


def rank_lines(summary: Summary, task: Task, datasets: Sequence[str]) -> list[str]:
    """Return, for each compared score, the average rank of every method over the data sets."""
    lines = []
    for score, heading in COMPARED[task]:
        comparison = compare_ranks(
            {dataset: {name: scores[score].mean for name, scores in summary[dataset].items()} for dataset in datasets}
        )
        if len(comparison.ranks) > 1:
            lines.append(f"Average rank by {heading}: {describe_ranks(comparison)}")
    return lines


def describe_ranks(comparison: RankComparison) -> str:
    """Write the ranks, best first, and what difference between them counts."""
    ranks = ", ".join(f"{method} {rank:.2f}" for method, rank in comparison.ranks.items())
    if not math.isfinite(comparison.critical_difference):
        return f"{ranks} (one data set)"
    return (
        f"{ranks} ({len(comparison.datasets)} data sets; all equal: p {comparison.p_value:.3f}; critical difference "
        f"{comparison.critical_difference:.2f})"
    )
