"""Flat rows of scores, one for each run, kept in memory until all runs have ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import joblib
import numpy as np

from ..datasets import Arrays
from ..runner import Fitted, Problem, Run, evaluate_run, no_extra_scores
from ..splits import Split

Row = dict[str, Any]


def evaluate_runs(
    runs: Sequence[Run],
    arrays: Mapping[str, Arrays],
    splits: Mapping[str, Sequence[Split]],
    *,
    n_jobs: int,
    on_done: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Evaluate every run, `n_jobs` at a time and each on one thread, and return the rows in the order of `runs`."""
    rows = []
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
            joblib.delayed(_row)(run, make_problem(run, arrays[run.dataset], splits[run.dataset][run.split]))
            for run in runs
        )
        for row in results:
            on_done(row)
            rows.append(row)
    return rows


def make_problem(run: Run, arrays: Arrays, split: Split) -> Problem:
    """Return the rows of a split; a classifier is asked for variances too, as a regressor is."""
    (X, y), (train, test) = arrays, split
    extra_scores = class_variances if run.task == "classification" else no_extra_scores
    return Problem(run.task, X[train], y[train], X[test], y[test], extra_scores)


def class_variances(fitted: Fitted) -> dict[str, float]:
    """Return the two variances of the class indicators, summed over the classes and averaged over the rows."""
    parts = fitted.estimator.predict_uncertainty(fitted.problem.X_test)
    names = ("aleatoric_variance", "epistemic_variance")
    return {name: float(np.mean(np.sum(parts[name], axis=1))) for name in names}


def _row(run: Run, problem: Problem) -> Row:
    try:
        outcome = evaluate_run(run, problem)
    except Exception as error:
        error.add_note(f"while running {run.method} on split {run.split} of {run.dataset}")
        raise
    names = ("dataset", "task", "method", "split", "n_train", "n_test", "warnings")
    return {name: outcome[name] for name in names} | outcome["scores"]
