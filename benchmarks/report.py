"""What a run leaves behind: plain-text tables for the reader and one JSON file for the record."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .datasets import Task
from .environment import machine, versions
from .protocols import INTERVAL_COVERAGE, UCI_SEED, Row
from .published import COMPARED_METRICS, REFERENCE_METHOD, Published, verdict
from .statistics import Estimate, estimate_mean
from .store import without_nonfinite

FORMAT_VERSION = 1

# task -> (metric, column heading) of each column, in order
Columns = dict[Task, tuple[tuple[str, str], ...]]
COLUMNS: Columns = {
    "regression": (
        ("rmse", "RMSE"),
        ("nll", "NLL"),
        ("crps", "CRPS"),
        ("coverage_90", "cover 90"),
        ("width_90", "width 90"),
        ("aleatoric_variance", "aleat. var"),
        ("epistemic_variance", "epist. var"),
        ("fit_seconds", "fit s"),
        ("predict_seconds", "pred s"),
    ),
    "classification": (
        ("error", "error"),
        ("nll", "NLL"),
        ("brier", "Brier"),
        ("ece", "ECE"),
        ("aleatoric_entropy", "aleat. entr"),
        ("mutual_information", "mutual inf"),
        ("aleatoric_variance", "aleat. var"),
        ("epistemic_variance", "epist. var"),
        ("fit_seconds", "fit s"),
        ("predict_seconds", "pred s"),
    ),
}

UNITS_NOTE = (
    "NLL and entropies in nats per row; RMSE, CRPS and width in the units of the target, regression variances in "
    "those units squared; seconds on one thread."
)
VERDICT_NOTE = (
    "better, worse: the means differ by more than the standard error of their difference; within error: by no more. "
    "The published errors are over 20 splits. NLL is that of the whole mixture, NLL Gaussian that of the one Gaussian "
    f"with the same mean and variance, which is what {REFERENCE_METHOD} reports."
)

# data set -> method -> metric -> estimate
Summary = dict[str, dict[str, dict[str, Estimate]]]


def summarize(rows: Iterable[Row]) -> Summary:
    """Return mean and standard error over the splits of every number in the rows, in the order of the rows."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["method"]), []).append(row)
    summary: Summary = {}
    for (dataset, method), group in groups.items():
        metrics = [name for name, value in group[0].items() if isinstance(value, float)]
        summary.setdefault(dataset, {})[method] = {
            metric: estimate_mean([row[metric] for row in group]) for metric in metrics
        }
    return summary


def format_estimate(estimate: Estimate) -> str:
    """Write ``mean +- standard error`` in as many digits as a reader needs, or the mean alone without an error.

    >>> format_estimate(Estimate(2.4143, 0.0559))
    '2.414 +- 0.056'
    >>> format_estimate(Estimate(0.00012345, float("nan")))
    '0.000123'
    """
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


def task_table(summary: Summary, task: Task, datasets: Sequence[str], columns: Columns = COLUMNS) -> str:
    """Return one table with a row for each data set and method."""
    header = ["data set", "method", *(heading for _, heading in columns[task])]
    rows = [
        [dataset, method, *(format_estimate(estimates[metric]) for metric, _ in columns[task])]
        for dataset in datasets
        for method, estimates in summary[dataset].items()
    ]
    return format_table(header, rows, n_left=2)


def published_table(summary: Summary, dataset: str, published: Published) -> str:
    """Return our rows and the published ones under each other, and a verdict for each of ours."""
    theirs = published.get(dataset, {})
    header = ["method", *(heading for _, heading, _ in COMPARED_METRICS)]
    rows = [_compared_row(method, estimates) for method, estimates in summary[dataset].items()]
    rows += [_compared_row(f"  {method} (published)", estimates) for method, estimates in theirs.items()]
    lines = [format_table(header, rows)]
    reference = theirs.get(REFERENCE_METHOD)
    if reference is None:
        return "\n".join([*lines, f"{REFERENCE_METHOD} has no published row for {dataset}."])
    for method, estimates in summary[dataset].items():
        verdicts = (
            f"{heading} {verdict(estimates[metric], reference[published_metric])}"
            for metric, heading, published_metric in COMPARED_METRICS
            if published_metric in reference
        )
        lines.append(f"{method} against {REFERENCE_METHOD}: {', '.join(verdicts)}")
    return "\n".join(lines)


def _compared_row(method: str, estimates: dict[str, Estimate]) -> list[str]:
    return [
        method,
        *(format_estimate(estimates[metric]) if metric in estimates else "-" for metric, _, _ in COMPARED_METRICS),
    ]


def print_progress(row: Row) -> None:
    """Say on the error stream that one run has ended."""
    text = f"{row['dataset']}, {row['method']}, split {row['split']}: NLL {row['nll']:.3f}, {row['fit_seconds']:.1f} s"
    print(text, file=sys.stderr, flush=True)


def warning_lines(rows: Iterable[Row]) -> list[str]:
    """Return one line for each kind of warning: how many fits of which method gave it."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        for kind in {text.split(":", 1)[0] for text in row["warnings"]}:
            counts[row["method"], kind] = counts.get((row["method"], kind), 0) + 1
    return [f"{count} runs of {method} gave a {kind}" for (method, kind), count in counts.items()]


def build_record(*, suite: str, command: str, n_jobs: int, rows: Sequence[Row], summary: Summary) -> dict[str, Any]:
    """Return everything needed to read the result later, or to repeat it, as plain JSON values."""
    record = {
        **build_heading(suite=suite, command=command),
        "n_jobs": n_jobs,
        "seed": {"uci_splits": UCI_SEED, "stratified_splits": "number of the split", "models": "number of the split"},
        "interval_coverage": INTERVAL_COVERAGE,
        "rows": list(rows),
        "summary": {
            dataset: {
                method: {metric: asdict(estimate) for metric, estimate in estimates.items()}
                for method, estimates in methods.items()
            }
            for dataset, methods in summary.items()
        },
    }
    return without_nonfinite(record)


def build_heading(*, suite: str, command: str, packages: Sequence[str] = ()) -> dict[str, Any]:
    """Return what every record begins with: what was run, when, where, and with which versions.

    `packages` are those whose versions matter beside the ones that every suite uses.
    """
    return {
        "format": FORMAT_VERSION,
        "suite": suite,
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(packages),
        "machine": machine(),
    }


def default_output(suite: str) -> Path:
    """Return a new file name in ``benchmarks/results``, made from the suite and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return Path(__file__).parent / "results" / f"{suite}-{stamp}.json"


def check_output(path: Path, *, force: bool) -> None:
    """Raise FileExistsError if the file is there already and may not be replaced."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists already. Choose another --output, or replace it with --force.")


def write_record(record: dict[str, Any], path: Path, *, force: bool = False) -> None:
    """Write the record as JSON; an existing file is replaced only with `force`."""
    check_output(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if force else "x", encoding="utf-8") as file:
        json.dump(record, file, indent=1, allow_nan=False)
        file.write("\n")
