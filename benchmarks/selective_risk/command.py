"""``python -m benchmarks selective_risk``: the arguments, the runs, and what is printed and written down."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .. import report
from ..datasets import SUITE_DATASETS, DatasetError
from ..methods import METHODS
from .predictions import held_out_predictions
from .resampling import Outcome, most_failures, resample

SUITE = "selective_risk"
HELP = "errors among the rows that a selective classifier accepts, beside the target, and how many rows it keeps"
DESCRIPTION = (
    "Fit classifiers to one half of a data set. Draw calibration rows from the other half many times, let "
    "SelectiveClassifier choose a threshold by them, and count the errors among the other rows that it accepts."
)
DEFAULT_DATASETS = ("magic", "adult")
DEFAULT_METHODS = ("deep_ensemble", "sklearn_mlp")
BASELINE = "sklearn_mlp"

Row = dict[str, Any]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the suite understands."""
    classifiers = [name for name, method in METHODS.items() if method.supports("classification")]
    command.add_argument("--datasets", nargs="+", choices=list(SUITE_DATASETS["classification"]),
                         default=list(DEFAULT_DATASETS), metavar="NAME", help="classification sets (default: "
                         f"{', '.join(DEFAULT_DATASETS)})")  # fmt: skip
    command.add_argument("--methods", nargs="+", choices=classifiers, default=list(DEFAULT_METHODS), metavar="NAME",
                         help=f"any of: {', '.join(classifiers)} (default: {', '.join(DEFAULT_METHODS)})")  # fmt: skip
    command.add_argument("--target-risk", type=float, default=0.02, metavar="R", help="default: 0.02")
    command.add_argument("--delta", type=float, default=0.1, metavar="D", help="default: 0.1")
    command.add_argument("--fits", type=int, default=3, metavar="N", help="fits of each method (default: 3)")
    command.add_argument("--draws", type=int, default=200, metavar="N",
                         help="draws of calibration rows for each fit (default: 200)")  # fmt: skip
    command.add_argument("--calibration-share", type=float, default=0.2, metavar="S",
                         help="share of the held-out rows to calibrate on (default: 0.2)")  # fmt: skip
    command.add_argument("--rows", type=int, metavar="N", help="use N rows of each set alone (default: all)")
    command.add_argument("--predictions", type=Path, default=Path("benchmarks/results/selective_risk"),
                         metavar="FOLDER", help="folder with the predictions of each fit; what it holds of this state "
                         "of the source is not fitted again (default: benchmarks/results/selective_risk)")  # fmt: skip


def run(options: argparse.Namespace, command: str) -> int:
    """Fit, draw, print, write the record, and return the exit status."""
    output = options.output or report.default_output(SUITE)
    rows: list[Row] = []
    try:
        report.check_output(output, force=options.force)  # now rather than after minutes of work
        for dataset in dict.fromkeys(options.datasets):
            for name in dict.fromkeys(options.methods):
                rows.append(summary(options, dataset, name, outcome_of(options, dataset, name)))
                print(line(rows[-1]))
    except (DatasetError, FileExistsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for text in verdicts(rows):
        print(text)
    record = report.build_record(suite=SUITE, command=command, n_jobs=1, rows=rows, summary={})
    report.write_record(record, output, force=options.force)
    print(f"Written to {output}")
    return 0


def outcome_of(options: argparse.Namespace, dataset: str, name: str) -> Outcome:
    """Return the draws of all fits of a method; every method has the same splits and the same draws."""
    outcomes = []
    for seed in range(options.fits):
        predictions = held_out_predictions(options.predictions, dataset, METHODS[name], seed, options.rows)
        outcomes.append(
            resample(
                predictions,
                target_risk=options.target_risk,
                delta=options.delta,
                calibration_share=options.calibration_share,
                n_draws=options.draws,
                seed=seed,
            )
        )
    return Outcome.joined(outcomes)


def summary(options: argparse.Namespace, dataset: str, name: str, outcome: Outcome) -> Row:
    """Return the numbers of one method on one set."""
    return {
        "dataset": dataset,
        "method": name,
        "kept": float(outcome.kept.mean()),
        "risk": float(outcome.risk.mean()),
        "n_draws": len(outcome.kept),
        "n_accepting_nothing": int((outcome.kept == 0.0).sum()),
        "n_above_target": int((outcome.risk > options.target_risk).sum()),
        "n_pool_above_target": int((outcome.pool_risk > options.target_risk).sum()),
        "most_above_target": most_failures(len(outcome.kept), options.delta),
        "kept_each": np.round(outcome.kept, 5).tolist(),
    }


def line(row: Row) -> str:
    """Return the summary as a line of text."""
    return (
        f"{row['dataset']:6} {row['method']:17} keeps {100 * row['kept']:5.1f} %, "
        f"mean risk {100 * row['risk']:5.2f} %; "
        f"of {row['n_draws']} draws {row['n_above_target']} above the target on test rows, "
        f"{row['n_pool_above_target']} on all held-out rows (at most {row['most_above_target']:.1f}), "
        f"{row['n_accepting_nothing']} accept nothing"
    )


def verdicts(rows: list[Row]) -> list[str]:
    """Return who keeps the promise, and how many more rows than the baseline each keeps on the same draws."""
    texts = []
    for row in rows:
        held = max(row["n_above_target"], row["n_pool_above_target"]) <= row["most_above_target"]
        text = f"{row['dataset']}: {row['method']} {'keeps' if held else 'BREAKS'} the promise"
        baseline = [r for r in rows if (r["dataset"], r["method"]) == (row["dataset"], BASELINE)]
        if baseline and row["method"] != BASELINE:
            more = np.subtract(row["kept_each"], baseline[0]["kept_each"])
            text += f"; {100 * more.mean():+.1f} points of rows kept beside {BASELINE}"
        texts.append(text)
    return texts
