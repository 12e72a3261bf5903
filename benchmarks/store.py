"""Where finished runs are kept: one JSON file each, written the moment the run ends and never computed again.

The file of a run is ``DATASET/METHOD/SPLIT.json`` below the folder of its suite. One record holds

- ``format`` (2), ``suite, dataset, task, method, split, seed, n_train, n_test, created`` (UTC);
- ``versions, machine``: see `benchmarks.environment`; ``parameters``: the estimator as it prints itself;
- ``scores``: name -> number, null where a score is not defined for the method;
- ``curves``: name -> plain lists, see `benchmarks.regression_scores` and `benchmarks.classification_scores`;
- ``warnings``: the texts of the warnings that the run gave.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMAT = 2

Record = dict[str, Any]


class StoreError(RuntimeError):
    """A stored run is not the one that is wanted, or cannot be read; the message says what to do."""


def default_folder(suite: str) -> Path:
    """Return ``benchmarks/results/SUITE``, which git ignores."""
    return Path(__file__).parent / "results" / suite


def record_path(folder: Path, dataset: str, method: str, split: int) -> Path:
    """Return the file of one run."""
    return folder / dataset / method / f"{split:03d}.json"


def save_record(record: Mapping[str, Any], folder: Path) -> Path:
    """Write a record to its file and return the path.

    It is written under another name first and renamed: an interrupted run leaves a whole file or none. NaN and
    infinities become null.
    """
    path = record_path(folder, record["dataset"], record["method"], record["split"])
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(without_nonfinite(dict(record)), allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def find_record(folder: Path, dataset: str, method: str, split: int, *, parameters: str, version: str) -> Record | None:
    """Return the stored record of a run, or None where it has not been run.

    Parameters
    ----------
    folder, dataset, method, split
        Which run.
    parameters : str
        The estimator that would be run now, as it prints itself.
    version : str
        The version of `uncertainty` that would run it.

    Raises
    ------
    StoreError
        If the stored run was of another estimator or version: results of two kinds must not mix in one table.
    """
    path = record_path(folder, dataset, method, split)
    if not path.is_file():
        return None
    record = read_record(path)
    stored = {"parameters": record["parameters"], "the version of uncertainty": record["versions"]["uncertainty"]}
    for what, wanted in (("parameters", parameters), ("the version of uncertainty", version)):
        if stored[what] != wanted:
            raise StoreError(
                f"{path} must hold a run with {what} {wanted}, got {stored[what]}. "
                "Choose another --output, or delete the file to run it again."
            )
    return record


def read_record(path: Path) -> Record:
    """Read the record in a file.

    Raises
    ------
    StoreError
        If the file is no record of this format.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise StoreError(f"{path} must hold a record in JSON, got {error}. Delete it to run it again.") from error
    found = record.get("format") if isinstance(record, dict) else None
    if found != FORMAT:
        raise StoreError(f"{path} must hold a record of format {FORMAT}, got {found}. Delete it to run it again.")
    return dict(record)


def load_records(folder: Path) -> list[Record]:
    """Return every record in the folder of a suite, ordered by data set, method and split."""
    records = [read_record(path) for path in folder.glob("*/*/[0-9][0-9][0-9].json")]
    return sorted(records, key=lambda r: (r["dataset"], r["method"], r["split"]))


def without_nonfinite(value: Any) -> Any:
    """Replace NaN and infinities by None: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: without_nonfinite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nonfinite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
