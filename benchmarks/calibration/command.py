"""``python -m benchmarks calibration``: the arguments, the runs, and what is printed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import joblib

from ..datasets import DATASETS, SUITE_DATASETS, DatasetError
from ..execution import is_changed
from ..report import warning_lines
from ..runner import in_parallel
from ..splits import N_STRATIFIED_SPLITS
from ..store import Record, StoreError, default_folder
from ..suites.tables import load_standard
from ..tables import task_table
from .execution import SUITE, Run, evaluate, stored_records
from .families import CLASSIFICATION, FAMILY_NAMES, REGRESSION, installed, missing_note
from .summary import COLUMNS, NOTE, best_lines, coverage_lines, summarize_records

HELP = "intervals and sets of one coverage: raw, recalibrated and conformal, ours beside MAPIE's and crepes'"
DESCRIPTION = (
    "Fit each model to 80 % of the training rows of the standard splits, calibrate on the others, and report coverage, "
    "worst-group coverage, width and interval score on the test rows. Methods that need no rows aside take them all."
)
NAMES = (*SUITE_DATASETS["uci"], *SUITE_DATASETS["classification"])
OURS = "deep_ensemble+conformal_normalized"
# Split conformal with scores that do not depend on the level and have no ties: their coverage is known exactly.
EXACT = tuple(f"deep_ensemble+conformal_{score}" for score in ("absolute", "normalized", "pit"))
RIVALS = tuple(
    f"mapie_{model}+{way}"
    for model, ways in {
        "random_forest": ("split", "cv+", "normalized"),
        "quantile_forest": ("cqr",),
        "gradient_boosting": ("split", "cv+", "normalized", "cqr"),
    }.items()
    for way in ways
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the suite understands."""
    command.add_argument("--datasets", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME",
                         help=f"any of: {', '.join(NAMES)} (default: all)")  # fmt: skip
    command.add_argument("--families", nargs="+", choices=FAMILY_NAMES, default=list(FAMILY_NAMES), metavar="NAME",
                         help=f"any of: {', '.join(FAMILY_NAMES)} (default: all that are installed)")  # fmt: skip
    command.add_argument("--splits", type=int, choices=range(1, N_STRATIFIED_SPLITS + 1), default=N_STRATIFIED_SPLITS,
                         metavar="N", help="use the first N splits of each set (default: all ten)")  # fmt: skip
    command.add_argument("--coverage", type=float, default=0.9, metavar="C", help="default: 0.9")
    command.add_argument("--n-jobs", type=int, default=joblib.cpu_count(), metavar="N",
                         help="runs at a time, each on one thread (default: the number of cores)")  # fmt: skip
    command.add_argument("--output", type=Path, default=default_folder(SUITE), metavar="FOLDER",
                         help="folder with one JSON file for each variant and split; what it holds is not run again "
                         f"(default: benchmarks/results/{SUITE})")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run what is missing, print the tables of all that was asked for, and return the exit status."""
    start = time.perf_counter()
    runs = plan_runs(options)
    try:
        missing = [each for each in runs if not stored_records(each, options.output)]
        for dataset in dict.fromkeys(each.dataset for each in missing):
            load_standard(dataset, 0)  # a missing file should be known now rather than after hours
    except (DatasetError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    n_failures = 0
    answers = in_parallel(partial(evaluate, folder=options.output), missing, options.n_jobs)
    for number, answer in enumerate(answers, start=1):
        n_failures += answer.failure is not None
        print(f"{number}/{len(missing)} {answer.text()}", file=sys.stderr, flush=True)
    records = [record for each in runs for record in stored_records(each, options.output)]
    print_tables(records)
    if n_changed := sum(map(is_changed, records)):
        print(f"Note: {n_changed} of {len(records)} records were made with another state of the source of uncertainty. "
              "Choose another --output to make all of them anew.")  # fmt: skip
    if note := missing_note((*REGRESSION, *CLASSIFICATION)):
        print(f"Note: {note}")
    print(f"{len(missing)} runs in {time.perf_counter() - start:.0f} s, {n_failures} failed. All in {options.output}")
    return 1 if n_failures else 0


def plan_runs(options: argparse.Namespace) -> list[Run]:
    """Return every run asked for, split by split, so that what is compared runs at about the same time."""
    families = {"regression": REGRESSION, "classification": CLASSIFICATION}
    return [
        Run(dataset, split, family, options.coverage)
        for dataset in dict.fromkeys(options.datasets)
        for split in range(options.splits)
        for family in families[DATASETS[dataset].task]
        if family.name in options.families and installed(family)
    ]


def print_tables(records: Sequence[Record]) -> None:
    """Print the scores of each task, what becomes of the promises, and the warnings that the runs gave."""
    for task in dict.fromkeys(record["task"] for record in records):
        own = [record for record in records if record["task"] == task]
        summary = summarize_records(own)
        print(f"\n{task}\n{task_table(summary, task, list(summary), COLUMNS)}\n")
        for line in (*coverage_lines(summary, EXACT), *best_lines(summary, OURS, RIVALS)):
            print(line)
    print(f"\nMean +- standard error over the splits. {NOTE}")
    for line in warning_lines(records):
        print(f"Note: {line}.")
