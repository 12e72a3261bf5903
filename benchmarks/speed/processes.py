"""What can only be measured in a process of its own: the time of an import, and the memory of a call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

IMPORT_PROGRAM = """
import json, time
start = time.perf_counter()
import torch, sklearn
needed = time.perf_counter() - start
import uncertainty
uncertainty.DeepEnsembleRegressor
print(json.dumps([needed, time.perf_counter() - start]))
"""


def measure_import() -> tuple[float, float]:
    """Return the seconds that torch and scikit-learn take to import, and those with an estimator of ours as well.

    Both in the same new interpreter: the first varies from process to process by more than the second adds.
    """
    needed, all_together = json.loads(_run("-c", IMPORT_PROGRAM))
    return float(needed), float(all_together)


def measure_memory() -> tuple[float, float]:
    """Return the resident set before `predict_interval` of 1e6 rows and at its peak during the call, in MB."""
    before, peak = json.loads(_run("-m", "benchmarks.speed.processes"))
    return float(before), float(peak)


def _run(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def resident_megabytes() -> tuple[float, float]:
    """Return the resident set now and at its peak.

    From Linux, for this program alone: what `getrusage` gives there has in it the peak of the parent that started the
    process, and would hide everything below that. Elsewhere the peak stands for both.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        fields = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return tuple(int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]
    import resource  # not on every system

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return peak, peak


def _predict_and_measure(n_rows: int = 1_000_000) -> tuple[float, float]:
    import numpy as np

    from . import ours
    from .problems import Problem

    problem = Problem(n_features=10, n_rows=1000)
    X, y = problem.arrays()
    model = ours.make_ensemble(problem, 2).fit(X, y)
    model.predict_interval(X)
    many = np.random.default_rng(0).standard_normal((n_rows, problem.n_features))
    before, _ = resident_megabytes()
    model.predict_interval(many)
    return before, resident_megabytes()[1]


if __name__ == "__main__":
    print(json.dumps(_predict_and_measure()))
