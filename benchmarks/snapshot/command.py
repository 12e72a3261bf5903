"""``python -m benchmarks snapshot``: the arguments, the runs, and what is printed and written down."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import joblib

from .. import report
from ..datasets import DATASETS, Arrays, DatasetError, load_dataset
from ..runner import Run
from ..splits import N_STRATIFIED_SPLITS, Split, make_splits
from ..store import without_nonfinite
from ..tables import Columns, Summary, summarize, task_table
from .contenders import CONTENDERS, Contender, describe
from .penalties import ALPHAS, N_TRIES, Penalties, choose_penalties
from .rows import Row, evaluate_runs
from .verdicts import NOTE, Difference, data_set_lines, find_differences, overall_lines

SUITE = "snapshot"
HELP = "one network, three kinds of snapshots and a deep ensemble at equal total epochs"
DESCRIPTION = (
    "Compare a single network, no-cycle, single-cycle and cyclic snapshots and a deep ensemble, each with the same "
    "number of epochs in total, on regression and classification sets."
)
DEFAULT_DATASETS = ("concrete", "energy", "vehicle", "segmentation")
JUDGED = "cyclic"

COLUMNS: Columns = {
    "regression": (
        ("nll", "NLL"),
        ("rmse", "RMSE"),
        ("coverage_90", "cover 90%"),
        ("epistemic_share", "epist. share"),
        ("fit_seconds", "fit s"),
    ),
    "classification": (
        ("nll", "NLL"),
        ("error", "error"),
        ("ece", "ECE"),
        ("epistemic_share", "epist. share"),
        ("fit_seconds", "fit s"),
    ),
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the suite understands."""
    command.add_argument("--datasets", nargs="+", choices=list(DATASETS), default=list(DEFAULT_DATASETS),
                         metavar="NAME", help=f"any of: {', '.join(DATASETS)} (default: "
                         f"{', '.join(DEFAULT_DATASETS)})")  # fmt: skip
    command.add_argument("--splits", type=int, choices=range(1, N_STRATIFIED_SPLITS + 1), metavar="N",
                         default=N_STRATIFIED_SPLITS, help="use the first N standard splits (default: "
                         f"{N_STRATIFIED_SPLITS}, and no more)")  # fmt: skip
    command.add_argument("--epochs", type=int, default=200, metavar="N",
                         help="epochs in total, a multiple of the members (default: 200)")  # fmt: skip
    command.add_argument("--members", type=int, default=5, metavar="N", help="members of each ensemble (default: 5)")
    command.add_argument("--alpha", type=float, metavar="A",
                         help="L2 penalty of all (default: for each the best of "
                         f"{_listed(ALPHAS)} on held-out training rows)")  # fmt: skip
    command.add_argument("--n-jobs", type=int, default=joblib.cpu_count(), metavar="N",
                         help="runs at a time, each on one thread (default: the number of cores)")  # fmt: skip


def run(options: argparse.Namespace, command: str) -> int:
    """Compare, print, write the record, and return the exit status."""
    output = options.output or report.default_output(SUITE)
    try:
        check_epochs(options.epochs, options.members)
        report.check_output(output, force=options.force)  # now rather than after minutes of work
        arrays = {name: load_dataset(name) for name in dict.fromkeys(options.datasets)}
    except (DatasetError, FileExistsError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    start = time.perf_counter()
    splits = {name: make_splits(DATASETS[name].task, y, options.splits) for name, (_, y) in arrays.items()}
    penalties = find_penalties(options, arrays, splits)
    rows = evaluate_runs(
        plan_runs(options, penalties), arrays, splits, n_jobs=options.n_jobs, on_done=report.print_progress
    )
    rows = [complete(row, penalties) for row in rows]
    summary, differences = summarize(rows), find_differences(rows, CONTENDERS)
    print_report(options, penalties, rows, summary, differences)
    record = report.build_record(suite=SUITE, command=command, n_jobs=options.n_jobs, rows=rows, summary=summary)
    record |= {
        "epochs": options.epochs,
        "members": options.members,
        "differences": without_nonfinite([difference.record() for difference in differences]),
    }
    report.write_record(record, output, force=options.force)
    print(f"{len(rows)} runs in {time.perf_counter() - start:.0f} s. Written to {output}")
    return 0


def check_epochs(n_epochs: int, n_members: int) -> None:
    """Raise ValueError unless the epochs can be shared equally by two members or more."""
    if n_members < 2:
        raise ValueError(f"--members must be at least 2, got {n_members}.")
    if n_epochs < n_members or n_epochs % n_members:
        raise ValueError(f"--epochs must be a multiple of the {n_members} members, got {n_epochs}.")


def find_penalties(options: argparse.Namespace, arrays: dict[str, Arrays], splits: dict[str, list[Split]]) -> Penalties:
    """Return the alpha that was asked for, or else the best for each contender and data set."""
    if options.alpha is not None:
        return {(dataset, name): options.alpha for dataset in arrays for name in CONTENDERS}
    return choose_penalties(
        arrays,
        splits,
        n_epochs=options.epochs,
        n_members=options.members,
        n_jobs=options.n_jobs,
        on_done=report.print_progress,
    )


def plan_runs(options: argparse.Namespace, penalties: Penalties) -> list[Run]:
    """Return every run, split by split, so that what is compared runs at about the same time."""
    contenders = {
        (dataset, name): Contender(name, options.epochs, options.members, alpha)
        for (dataset, name), alpha in penalties.items()
    }
    return [
        Run(dataset, DATASETS[dataset].task, name, split, contenders[dataset, name].make)
        for dataset in dict.fromkeys(dataset for dataset, _ in penalties)
        for split in range(options.splits)
        for name in CONTENDERS
    ]


def complete(row: Row, penalties: Penalties) -> Row:
    """Return the row with its alpha, and the share of the mean variance that is the spread between the members."""
    total = row["epistemic_variance"] + row["aleatoric_variance"]
    alpha = penalties[row["dataset"], row["method"]]
    return row | {"alpha": alpha, "epistemic_share": row["epistemic_variance"] / total}


def print_report(
    options: argparse.Namespace,
    penalties: Penalties,
    rows: Sequence[Row],
    summary: Summary,
    differences: Sequence[Difference],
) -> None:
    """Print the tables, who is told apart from whom, and what was done."""
    for task in COLUMNS:
        names = [name for name in summary if DATASETS[name].task == task]
        if names:
            print(f"\n{task}\n{task_table(summary, task, names, COLUMNS)}")
    print()
    lines = [*data_set_lines(differences), "", *overall_lines(differences, JUDGED), NOTE, "",
             *describe(options.epochs, options.members), *explain(options, penalties),
             *report.warning_lines(rows)]  # fmt: skip
    for line in lines:
        print(f"{line}." if line else "")


def explain(options: argparse.Namespace, penalties: Penalties) -> list[str]:
    """Return which penalties were taken, and what the numbers are."""
    if options.alpha is None:
        alphas = [f"alpha, the L2 penalty: of {_listed(ALPHAS)} the one with the lowest mean NLL in {N_TRIES} ways to "
                  "hold out training rows of the first split, for each method and data set"]  # fmt: skip
        for dataset in dict.fromkeys(dataset for dataset, _ in penalties):
            chosen = (f"{name} {penalties[dataset, name]:g}" for name in CONTENDERS)
            alphas.append(f"alpha on {dataset}: {', '.join(chosen)}")
    else:
        alphas = [f"alpha, the L2 penalty: {options.alpha:g} for all"]
    return [
        *alphas,
        "Mean +- standard error over the splits" if options.splits > 1 else "One split: nothing is told apart",
        "NLL in nats per row, RMSE in the units of the target; epist. share: the part of the mean variance that is the "
        "spread between members; seconds on one thread",
    ]


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
