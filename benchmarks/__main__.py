"""Command line of the benchmarks: ``python -m benchmarks SUITE``."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import joblib

from . import report
from .components import command as components
from .datasets import DATASETS, SUITES, DatasetError, Task, load_dataset
from .methods import METHODS, Method
from .protocols import N_STRATIFIED_SPLITS, N_UCI_SPLITS, Row, Run, evaluate_runs, make_splits
from .published import find_published, missing_note
from .snapshot import command as snapshot
from .speed import command as speed

# suite -> (what it is, splits by default, splits at most)
_SUITE_OPTIONS = {
    "quick": ("scikit-learn's bundled data sets, two splits each; needs no download", 2, N_STRATIFIED_SPLITS),
    "uci": ("UCI regression on the 20 standard splits, beside the published results", N_UCI_SPLITS, N_UCI_SPLITS),
    "classification": ("14 tables, 10 stratified splits each", N_STRATIFIED_SPLITS, N_STRATIFIED_SPLITS),
}

# suite -> the module of a suite that is a package of its own, with its own arguments and its own way to run
_PACKAGES: dict[str, ModuleType] = {package.SUITE: package for package in (speed, components, snapshot)}


def build_parser(methods: Iterable[str]) -> argparse.ArgumentParser:
    """Return the parser; `methods` are the names that ``--methods`` accepts."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare the methods on real data, with their default arguments, or their speed with other tools'.",
    )
    suites = parser.add_subparsers(dest="suite", required=True, metavar="SUITE")
    for suite, (text, n_splits, n_available) in _SUITE_OPTIONS.items():
        command = suites.add_parser(suite, help=text, description=f"{text[0].upper()}{text[1:]}.")
        names = SUITES[suite]
        command.add_argument("--datasets", nargs="+", choices=names, default=list(names), metavar="NAME",
                             help=f"any of: {', '.join(names)} (default: all)")  # fmt: skip
        command.add_argument("--methods", nargs="+", choices=list(methods), default=list(methods), metavar="NAME",
                             help=f"any of: {', '.join(methods)} (default: all)")  # fmt: skip
        command.add_argument("--splits", type=int, choices=range(1, n_available + 1), default=n_splits, metavar="N",
                             help=f"use the first N of {n_available} splits (default: {n_splits})")  # fmt: skip
        command.add_argument("--n-jobs", type=int, default=joblib.cpu_count(), metavar="N",
                             help="runs at a time, each on one thread (default: the number of cores)")  # fmt: skip
        add_output_arguments(command)
    for suite, package in _PACKAGES.items():
        command = suites.add_parser(suite, help=package.HELP, description=package.DESCRIPTION)
        package.add_arguments(command)
        add_output_arguments(command)
    return parser


def add_output_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say where the record goes."""
    command.add_argument("--output", type=Path, metavar="FILE",
                         help="JSON file to write (default: a new file in benchmarks/results)")  # fmt: skip
    command.add_argument("--force", action="store_true", help="replace the output file if it exists")


def print_tables(suite: str, datasets: Sequence[str], summary: report.Summary) -> None:
    """Print one table for each task (``quick``, ``classification``) or for each data set (``uci``)."""
    if suite != "uci":
        for task in report.COLUMNS:
            names = [name for name in datasets if DATASETS[name].task == task]
            if names:
                print(f"\n{task}\n{report.task_table(summary, task, names)}")
        return
    published = find_published()
    for name in datasets:
        print(f"\n{report.task_table(summary, 'regression', [name])}")
        if published is not None:
            print(f"\n{report.published_table(summary, name, published)}")
    print(f"\n{missing_note() if published is None else report.VERDICT_NOTE}")


def print_notes(rows: Sequence[Row], n_splits: int) -> None:
    """Print what the numbers are, and the warnings the fits gave."""
    print("\n" + ("Mean +- standard error over the splits. " if n_splits > 1 else "One split. ") + report.UNITS_NOTE)
    for line in report.warning_lines(rows):
        print(f"Note: {line}.")


def plan_runs(options: argparse.Namespace, methods: Mapping[str, Method]) -> list[Run]:
    """Return every run asked for, data set by data set."""

    def run(dataset: str, method: str, split: int) -> Run:
        task: Task = DATASETS[dataset].task
        return Run(dataset, task, method, split, methods[method].make)

    return [
        run(dataset, method, split)
        for dataset in options.datasets
        for method in options.methods
        for split in range(options.splits)
    ]


def main(arguments: Sequence[str] | None = None, methods: Mapping[str, Method] = METHODS) -> int:
    """Run the suite named on the command line and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = build_parser(list(methods)).parse_args(arguments)
    command = shlex.join(["python", "-m", "benchmarks", *arguments])
    if options.suite in _PACKAGES:
        return int(_PACKAGES[options.suite].run(options, command))
    options.datasets, options.methods = list(dict.fromkeys(options.datasets)), list(dict.fromkeys(options.methods))
    output = options.output or report.default_output(options.suite)
    try:
        report.check_output(output, force=options.force)  # now rather than after minutes of work
        arrays = {name: load_dataset(name) for name in options.datasets}
        find_published()
    except (DatasetError, FileExistsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    start = time.perf_counter()
    splits = {name: make_splits(DATASETS[name].task, y, options.splits) for name, (_, y) in arrays.items()}
    rows = evaluate_runs(
        plan_runs(options, methods), arrays, splits, n_jobs=options.n_jobs, on_done=report.print_progress
    )
    summary = report.summarize(rows)
    print_tables(options.suite, options.datasets, summary)
    print_notes(rows, options.splits)
    record = report.build_record(
        suite=options.suite, command=command, n_jobs=options.n_jobs, rows=rows, summary=summary
    )
    report.write_record(record, output, force=options.force)
    print(f"{len(rows)} runs in {time.perf_counter() - start:.0f} s. Written to {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
