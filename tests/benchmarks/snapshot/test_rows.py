"""Flat rows in the order of the runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.datasets import load_dataset
from benchmarks.runner import Run
from benchmarks.snapshot.rows import evaluate_runs
from benchmarks.splits import make_splits
from uncertainty import DeepEnsembleClassifier, ProbabilisticMLPClassifier


def make(task: str, random_state: int) -> Any:
    network = ProbabilisticMLPClassifier((4,), max_iter=2, early_stopping=False)
    return DeepEnsembleClassifier(network, n_estimators=2, random_state=random_state)


def fail(task: str, random_state: int) -> Any:
    raise ValueError("cannot")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_come_in_the_order_of_the_runs_with_all_scores(n_jobs: int) -> None:
    X, y = load_dataset("wine")
    splits = make_splits("classification", y, 3)
    runs = [Run("wine", "classification", "ensemble", split, make) for split in (2, 0, 1)]
    seen: list[int] = []
    rows = evaluate_runs(
        runs, {"wine": (X, y)}, {"wine": splits}, n_jobs=n_jobs, on_done=lambda row: seen.append(row["split"])
    )
    assert [row["split"] for row in rows] == seen == [2, 0, 1]
    parts = make("classification", 2).fit(X[splits[2][0]], y[splits[2][0]]).predict_uncertainty(X[splits[2][1]])
    assert rows[0]["epistemic_variance"] == pytest.approx(np.mean(parts.epistemic_variance.sum(axis=1)))
    assert rows[0]["aleatoric_variance"] == pytest.approx(np.mean(parts.aleatoric_variance.sum(axis=1)))
    assert {"nll", "error", "ece", "fit_seconds"} <= set(rows[0])


def test_a_failure_says_where() -> None:
    X, y = load_dataset("wine")
    run = Run("wine", "classification", "f", 0, fail)
    with pytest.raises(ValueError, match="cannot") as caught:
        evaluate_runs([run], {"wine": (X, y)}, {"wine": make_splits("classification", y, 1)}, n_jobs=1)
    assert caught.value.__notes__ == ["while running f on split 0 of wine"]
