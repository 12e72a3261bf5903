"""From what is asked for to its records: those that are stored already, and the rest, stored as the runs end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uncertainty

from .baselines import PEERS
from .environment import machine, source_digest, versions
from .method import Method
from .runner import Failure, Outcome, Run, evaluate_runs
from .store import FORMAT, Record, find_record, read_record, record_path, save_record
from .suites import Suite


@dataclass(frozen=True)
class Plan:
    """The runs of a suite, those that the folder holds already (in the same order), and those that it does not."""

    runs: list[Run]
    stored: list[Record]
    missing: list[Run]

    @property
    def n_changed(self) -> int:
        """Stored runs that another state of the source has made."""
        return sum(map(is_changed, self.stored))


def is_changed(record: Record) -> bool:
    """Say whether another state of the package's source has made a record."""
    return bool(record["versions"].get("uncertainty_source") != source_digest())


def plan_runs(
    suite: Suite, datasets: Sequence[str], methods: Mapping[str, Method], n_splits: int | None = None
) -> list[Run]:
    """Return every run of a suite, split by split, so that what is compared runs at about the same time."""
    return [
        Run(dataset, suite.tasks[dataset], method.name, split, method.make)
        for dataset in datasets
        for split in suite.splits(dataset, n_splits)
        for method in methods.values()
        if method.supports(suite.tasks[dataset])
    ]


def look_up(runs: Sequence[Run], folder: Path, *, rerun_changed: bool = False) -> Plan:
    """Divide runs into those that the folder holds and those that are to be run.

    With `rerun_changed` a run that another state of the source has made counts as missing, whatever else it was.

    Raises
    ------
    StoreError
        If a stored run is of another estimator or version than would be run now.
    """
    stored, missing = [], []
    for run in runs:
        path = record_path(folder, run.dataset, run.method, run.split)
        if rerun_changed and path.is_file() and is_changed(read_record(path)):
            missing.append(run)
            continue
        parameters = repr(run.make_estimator(run.task, run.seed))
        record = find_record(
            folder, run.dataset, run.method, run.split, parameters=parameters, version=uncertainty.__version__
        )
        if record is None:
            missing.append(run)
        else:
            stored.append(record)
    return Plan(list(runs), stored, missing)


def execute(suite: Suite, runs: Sequence[Run], folder: Path, n_jobs: int) -> tuple[list[Record], list[Failure]]:
    """Run what is missing, store each record the moment its run ends, and return them and the runs that failed.

    Progress goes to the error stream.
    """
    records, failures = [], []
    for number, outcome in enumerate(evaluate_runs(runs, suite.load, n_jobs), start=1):
        if isinstance(outcome, Failure):
            failures.append(outcome)
            run = outcome.run
            text = f"{run.dataset}, {run.method}, split {run.split} failed:\n{outcome.text}"
        else:
            record = make_record(suite.name, outcome)
            save_record(record, folder)
            records.append(record)
            text = progress_text(record)
        print(f"{number}/{len(runs)} {text}", file=sys.stderr, flush=True)
    return records, failures


def make_record(suite: str, outcome: Outcome, packages: Sequence[str] = tuple(PEERS)) -> Record:
    """Return an outcome with everything needed to read it later, or to repeat it; versions are also of `packages`."""
    return {
        "format": FORMAT,
        "suite": suite,
        **outcome,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(packages),
        "machine": machine(),
    }


def progress_text(record: Record) -> str:
    """Say which run has ended, how well and how fast."""
    scores = record["scores"]
    return (
        f"{record['dataset']}, {record['method']}, split {record['split']}: NLL {scores['nll']:.3f}, "
        f"{scores['fit_seconds']:.1f} s"
    )


def in_order(runs: Sequence[Run], records: Sequence[Record]) -> list[Record]:
    """Return the records of the runs, method by method as the tables have them; runs that failed have none."""
    found = {(record["dataset"], record["method"], record["split"]): record for record in records}
    keys = [(run.dataset, run.method, run.split) for run in runs]
    return [found[key] for key in keys if key in found]
