"""What a suite that writes one file leaves behind: the JSON record, and the lines printed beside the tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .environment import machine, versions
from .splits import UCI_SEED
from .store import without_nonfinite
from .tables import Summary

FORMAT_VERSION = 1


def print_progress(row: Mapping[str, Any]) -> None:
    """Say on the error stream that one run has ended."""
    text = f"{row['dataset']}, {row['method']}, split {row['split']}: NLL {row['nll']:.3f}, {row['fit_seconds']:.1f} s"
    print(text, file=sys.stderr, flush=True)


def warning_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one line for each kind of warning: how many fits of which method gave it."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        for kind in {text.split(":", 1)[0] for text in row["warnings"]}:
            counts[row["method"], kind] = counts.get((row["method"], kind), 0) + 1
    return [f"{count} runs of {method} gave a {kind}" for (method, kind), count in counts.items()]


def build_record(
    *, suite: str, command: str, n_jobs: int, rows: Sequence[Mapping[str, Any]], summary: Summary
) -> dict[str, Any]:
    """Return everything needed to read the result later, or to repeat it, as plain JSON values."""
    record = {
        **build_heading(suite=suite, command=command),
        "n_jobs": n_jobs,
        "seed": {"uci_splits": UCI_SEED, "stratified_splits": "number of the split", "models": "number of the split"},
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
