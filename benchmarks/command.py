"""``python -m benchmarks SUITE`` for the suites whose runs are kept one by one: arguments, runs and what is printed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import joblib

from .baselines import missing_peers_note
from .datasets import DatasetError
from .differences import TESTS
from .execution import Plan, execute, in_order, look_up, plan_runs
from .method import Method
from .published import PUBLISHED_FILES, REFERENCE_METHODS, Published, find_published, missing_note
from .report import warning_lines
from .runner import Failure
from .store import Record, StoreError, default_folder
from .suite_tables import (
    COLUMNS,
    UNITS_NOTE,
    VERDICT_NOTE,
    difference_table,
    published_table,
    rank_lines,
    score_rows,
)
from .suites import Suite
from .tables import task_table

# Against which the others are held where it runs and nothing else is asked for.
DEFAULT_BASELINE = "sklearn_mlp"


def add_arguments(parser: argparse.ArgumentParser, suite: Suite, methods: Mapping[str, Method]) -> None:
    """Add what the suite understands."""
    available = suite.methods(methods)
    default = [name for name, method in available.items() if suite.default_group in (None, method.group)]
    n_splits = max(suite.n_splits.values())
    usual = suite.default_splits or "all there are"
    which = "all" if len(default) == len(available) else ", ".join(default)
    parser.add_argument("--datasets", nargs="+", choices=list(suite.tasks), default=list(suite.tasks), metavar="NAME",
                        help=f"any of: {', '.join(suite.tasks)} (default: all)")  # fmt: skip
    parser.add_argument("--methods", nargs="+", choices=list(available), default=default, metavar="NAME",
                        help=f"any of: {', '.join(available)} (default: {which})")  # fmt: skip
    parser.add_argument("--splits", type=int, choices=range(1, n_splits + 1), metavar="N",
                        help=f"use the first N of up to {n_splits} splits (default: {usual})")  # fmt: skip
    parser.add_argument("--baseline", choices=list(available), metavar="NAME",
                        help=f"method that the others are held against (default: {DEFAULT_BASELINE} where it runs, "
                        "else the first)")  # fmt: skip
    parser.add_argument("--n-jobs", type=int, default=joblib.cpu_count(), metavar="N",
                        help="runs at a time, each on one thread (default: the number of cores)")  # fmt: skip
    parser.add_argument("--output", type=Path, default=default_folder(suite.name), metavar="FOLDER",
                        help="folder with one JSON file for each run; what it holds is not run again (default: "
                        f"benchmarks/results/{suite.name})")  # fmt: skip
    parser.add_argument("--rerun-changed", action="store_true",
                        help="run again what was made with another state of the source of uncertainty"
                        + (" (always so in this suite)" if suite.rerun_changed else ""))  # fmt: skip


def run(suite: Suite, options: argparse.Namespace, methods: Mapping[str, Method]) -> int:
    """Run what is missing, print the tables of all that was asked for, and return the exit status."""
    start = time.perf_counter()
    datasets = list(dict.fromkeys(options.datasets))
    chosen = {name: suite.methods(methods)[name] for name in dict.fromkeys(options.methods)}
    runs = plan_runs(suite, datasets, chosen, options.splits)
    try:
        plan = look_up(runs, options.output, rerun_changed=options.rerun_changed or suite.rerun_changed)
        for dataset in dict.fromkeys(run.dataset for run in plan.missing):
            suite.load(dataset, 0)  # a missing file should be known now rather than after hours
        published = find_published(suite.name)
    except (DatasetError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    new, failures = execute(suite, plan.missing, options.output, options.n_jobs)
    records = in_order(runs, [*plan.stored, *new])
    print_tables(suite, records, options.baseline, published)
    print_notes(suite, plan, records, failures)
    print(f"{len(new)} runs in {time.perf_counter() - start:.0f} s, {len(plan.stored)} read. All in {options.output}")
    return 1 if failures else 0


def print_tables(suite: Suite, records: Sequence[Record], baseline: str | None, published: Published) -> None:
    """Print scores, published results, differences to the baseline and ranks, for each task of the suite."""
    for task in dict.fromkeys(suite.tasks.values()):
        own = [record for record in records if record["task"] == task]
        if not own:
            continue
        summary = score_rows(own)
        names, methods = list(summary), list(dict.fromkeys(record["method"] for record in own))
        print(f"\n{task}\n{task_table(summary, task, names, COLUMNS)}")
        if suite.scores:
            print(f"\n{task_table(summary, task, names, {task: suite.scores})}")
        if suite.name in PUBLISHED_FILES:
            for name in names if published else ():
                print(f"\n{name}\n{published_table(summary, name, published, REFERENCE_METHODS[suite.name])}")
            print(f"\n{VERDICT_NOTE if published else missing_note(suite.name)}")
        if len(methods) > 1:
            against = next((name for name in methods if name == (baseline or DEFAULT_BASELINE)), methods[0])
            print(f"\n{difference_table(own, task, against, suite.repeats)}")
            print("\n" + "\n".join(rank_lines(summary, task, names)))


def print_notes(suite: Suite, plan: Plan, records: Sequence[Record], failures: Sequence[Failure]) -> None:
    """Print what the numbers are, the warnings the runs gave, and what is wrong with them."""
    print(f"\nMean +- standard error over the splits. {UNITS_NOTE}")
    print(f"p: {TESTS[suite.repeats]}; no correction for the number of tests.")
    for line in warning_lines(records):
        print(f"Note: {line}.")
    if plan.n_changed:
        print(f"Note: {plan.n_changed} of the runs read were made with another state of the source of uncertainty. "
              "Run them again with --rerun-changed if it matters.")  # fmt: skip
    if note := missing_peers_note():
        print(f"Note: {note}")
    for failure in failures:
        run, reason = failure.run, failure.text.strip().splitlines()[-1]
        print(f"Failed: {run.dataset}, {run.method}, split {run.split}: {reason}")
