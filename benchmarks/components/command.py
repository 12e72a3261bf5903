"""``python -m benchmarks components``: the arguments, the families in order, and what is written down."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .. import report
from ..datasets import DATASETS, Arrays, DatasetError, load_dataset
from ..speed.comparison import Comparison
from ..splits import N_STRATIFIED_SPLITS, make_splits
from ..store import without_nonfinite
from .families import FAMILIES
from .family import Family
from .fits import Trial, target_kind
from .rounds import N_MEMBERS, Result, Settings, compare_options
from .tables import family_table, notes, option_warning_lines, ratio_lines

SUITE = "components"
HELP = "the options of each family side by side at equal epochs: loss, NLL, seconds"
DESCRIPTION = (
    "Compare the options of each family (activations, optimizers, ...) on one data set, at equal epochs, splits and "
    "seeds, and what a fit of several members costs beside a fit of one."
)
DEFAULT_EPOCHS, DEFAULT_SEEDS = 20, 3


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the suite understands."""
    command.add_argument("--data", choices=list(DATASETS), default="concrete", metavar="NAME",
                         help=f"one of: {', '.join(DATASETS)} (default: concrete)")  # fmt: skip
    command.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES), metavar="NAME",
                         help=f"any of: {', '.join(FAMILIES)} (default: all)")  # fmt: skip
    command.add_argument("--epochs", type=_positive, default=DEFAULT_EPOCHS, metavar="N",
                         help=f"epochs of every fit (default: {DEFAULT_EPOCHS})")  # fmt: skip
    command.add_argument("--seeds", type=int, choices=range(1, N_STRATIFIED_SPLITS + 1), default=DEFAULT_SEEDS,
                         metavar="N", help="splits, each with its own seed, and rounds of timing (default: "
                         f"{DEFAULT_SEEDS}, at most {N_STRATIFIED_SPLITS})")  # fmt: skip
    command.add_argument("--members", type=_positive, default=N_MEMBERS, metavar="N",
                         help=f"networks trained side by side in a fit (default: {N_MEMBERS})")  # fmt: skip
    command.add_argument("--threads", type=_positive, metavar="N",
                         help="torch threads (default: as many as torch takes)")  # fmt: skip


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value


def run(options: argparse.Namespace, command: str, families: Mapping[str, Callable[[int], Family]] = FAMILIES) -> int:
    """Compare, print, write the record, and return the exit status."""
    output = options.output or report.default_output(SUITE)
    try:
        report.check_output(output, force=options.force)  # now rather than after minutes of work
        arrays = load_dataset(options.data)
    except (DatasetError, FileExistsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    start, threads = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(options.threads or threads)
    gc.freeze()  # each timing begins with a collection, which would look through all that is imported
    try:
        chosen = {name: families[name](options.epochs) for name in dict.fromkeys(options.families)}
        results = compare_families(options, chosen, arrays)
        record = build_record(options, command, arrays, results)
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
    print_notes(options, record, results)
    report.write_record(record, output, force=options.force)
    print(f"{time.perf_counter() - start:.0f} s. Written to {output}")
    return 0


def compare_families(
    options: argparse.Namespace, families: Mapping[str, Family], arrays: Arrays
) -> dict[str, list[Result]]:
    """Return the results of each family that has several options for the target, and print its table."""
    task, target = DATASETS[options.data].task, target_kind(DATASETS[options.data].task, arrays[1])
    splits = make_splits(task, arrays[1], options.seeds)
    trials = [Trial.of_split(task, arrays, split, seed) for seed, split in enumerate(splits)]
    settings = Settings(options.epochs, options.members, lambda line: print(line, file=sys.stderr, flush=True))
    results = {}
    for name, family in families.items():
        results[name] = compare_options(name, family, target, trials, settings)
        print(f"\n{name}\n{family_table(results[name], family, task, options.members)}\n{family.note}", flush=True)
    return results


def compare_times(options: argparse.Namespace, results: Mapping[str, Sequence[Result]]) -> list[Comparison]:
    """Return the fits of all members beside those of one."""
    every = (result.comparison(family, options.members) for family, group in results.items() for result in group)
    return [comparison for comparison in every if comparison is not None]


def build_record(
    options: argparse.Namespace, command: str, arrays: Arrays, results: Mapping[str, Sequence[Result]]
) -> dict[str, Any]:
    """Return everything needed to read the result later, or to repeat it, as plain JSON values."""
    train, test = make_splits(DATASETS[options.data].task, arrays[1], 1)[0]
    record = {
        **report.build_heading(suite=SUITE, command=command),
        "threads": torch.get_num_threads(),
        "data": options.data,
        "n_train": len(train),
        "n_test": len(test),
        "epochs": options.epochs,
        "seeds": options.seeds,
        "members": options.members,
        "options": {family: {result.name: result.describe() for result in group} for family, group in results.items()},
        "rows": [row for group in results.values() for result in group for row in result.rows],
        "ratios": [comparison.record() for comparison in compare_times(options, results)],
    }
    return without_nonfinite(record)


def print_notes(
    options: argparse.Namespace, record: Mapping[str, Any], results: Mapping[str, Sequence[Result]]
) -> None:
    """Print what the columns are, the warnings, and which ratios are beyond the limit."""
    print("\n" + "\n".join(notes(record, DATASETS[options.data].task)))
    for line in (*option_warning_lines(results), *ratio_lines(compare_times(options, results))):
        print(f"{line}.")
