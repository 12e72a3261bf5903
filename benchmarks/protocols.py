"""What one benchmark run is: which rows train and which test, what is measured, and how the runs are spread out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from uncertainty import metrics

from .datasets import Arrays, Task

INTERVAL_COVERAGE = 0.9
N_UCI_SPLITS = 20
N_STRATIFIED_SPLITS = 10
UCI_SEED = 1

Split = tuple[NDArray[np.int64], NDArray[np.int64]]
Row = dict[str, Any]
MakeEstimator = Callable[[Task, int], Any]


def uci_splits(n_rows: int, n_splits: int = N_UCI_SPLITS) -> list[Split]:
    """Return the first of the 20 random 90/10 splits on which the published UCI results were measured.

    Parameters
    ----------
    n_rows : int
        Rows of the table; the splits depend on nothing else.
    n_splits : int
        How many of the 20.

    Returns
    -------
    list of (train, test)
        Row numbers.

    References
    ----------
    Hernandez-Lobato and Adams, "Probabilistic backpropagation for scalable learning of Bayesian neural networks",
    2015: the protocol and its seed.
    """
    _check_n_splits(n_splits, N_UCI_SPLITS)
    generator = np.random.RandomState(UCI_SEED)  # the published splits come from this old generator
    cut = round(0.9 * n_rows)
    orders = [generator.choice(range(n_rows), n_rows, replace=False) for _ in range(n_splits)]
    return [(order[:cut], order[cut:]) for order in orders]


def stratified_splits(y: NDArray[Any], n_splits: int = N_STRATIFIED_SPLITS) -> list[Split]:
    """Return 80/20 splits that keep the shares of the classes; split number s is made with seed s.

    Parameters
    ----------
    y : array of shape (n_rows,)
        Class labels.
    n_splits : int
        How many of the 10.

    Returns
    -------
    list of (train, test)
        Row numbers.
    """
    _check_n_splits(n_splits, N_STRATIFIED_SPLITS)
    rows = np.arange(len(y))
    return [tuple(train_test_split(rows, test_size=0.2, stratify=y, random_state=split)) for split in range(n_splits)]


def _check_n_splits(n_splits: int, n_available: int) -> None:
    if not 1 <= n_splits <= n_available:
        raise ValueError(f"n_splits must be between 1 and {n_available}, got {n_splits}.")


def make_splits(task: Task, y: NDArray[Any], n_splits: int) -> list[Split]:
    """Return the task's standard splits of a data set with targets `y`."""
    return uci_splits(len(y), n_splits) if task == "regression" else stratified_splits(y, n_splits)


def evaluate_regressor(estimator: Any, X: NDArray[np.float64], y: NDArray[Any]) -> dict[str, float]:
    """Return the scores of a fitted regressor on test rows, in the units of `y`.

    ``predict_seconds`` is the time of ``predict_uncertainty``: the mean and both variances of every row.
    """
    start = time.perf_counter()
    uncertainty = estimator.predict_uncertainty(X)
    predict_seconds = time.perf_counter() - start
    dist = estimator.predict_dist(X)
    interval = estimator.predict_interval(X, coverage=INTERVAL_COVERAGE)
    return {
        "rmse": float(np.sqrt(np.mean((y - uncertainty.mean) ** 2))),
        "nll": float(metrics.negative_log_likelihood(y, dist)),
        "nll_moment_matched": float(metrics.moment_matched_nll(y, dist)),
        "crps": float(metrics.crps_score(y, dist)),
        "coverage_90": float(metrics.coverage_score(y, interval)),
        "width_90": float(metrics.mean_width(interval)),
        "aleatoric_variance": float(np.mean(uncertainty.aleatoric_variance)),
        "epistemic_variance": float(np.mean(uncertainty.epistemic_variance)),
        "predict_seconds": predict_seconds,
    }


def evaluate_classifier(estimator: Any, X: NDArray[np.float64], y: NDArray[Any]) -> dict[str, float]:
    """Return the scores of a fitted classifier on test rows; entropies in nats.

    The variances are those of the class indicators, summed over the classes and averaged over the rows.
    """
    start = time.perf_counter()
    uncertainty = estimator.predict_uncertainty(X)
    predict_seconds = time.perf_counter() - start
    proba, labels = uncertainty.proba, estimator.classes_
    return {
        "error": float(np.mean(labels[np.argmax(proba, axis=1)] != y)),
        "nll": float(metrics.log_loss(y, proba, labels=labels)),
        "brier": float(metrics.brier_score(y, proba, labels=labels)),
        "ece": float(metrics.expected_calibration_error(y, proba, kind="top_label", labels=labels)),
        "aleatoric_entropy": float(np.mean(uncertainty.aleatoric_entropy)),
        "mutual_information": float(np.mean(uncertainty.mutual_information)),
        "aleatoric_variance": float(np.mean(np.sum(uncertainty.aleatoric_variance, axis=1))),
        "epistemic_variance": float(np.mean(np.sum(uncertainty.epistemic_variance, axis=1))),
        "predict_seconds": predict_seconds,
    }


@dataclass(frozen=True)
class Run:
    """One method on one split of one data set."""

    dataset: str
    task: Task
    method: str
    split: int
    make_estimator: MakeEstimator


def evaluate_run(run: Run, arrays: Arrays, split: Split) -> Row:
    """Fit on the training rows, score on the test rows, and return one flat row.

    The estimator's ``random_state`` is the number of the split. Warnings do not stop a benchmark, but they are part of
    the result: their texts are kept under ``warnings``.
    """
    (X, y), (train, test) = arrays, split
    evaluate = evaluate_regressor if run.task == "regression" else evaluate_classifier
    estimator = run.make_estimator(run.task, run.split)
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            start = time.perf_counter()
            estimator.fit(X[train], y[train])
            fit_seconds = time.perf_counter() - start
            scores = evaluate(estimator, X[test], y[test])
        except Exception as error:
            error.add_note(f"while running {run.method} on split {run.split} of {run.dataset}")
            raise
    return {
        "dataset": run.dataset,
        "task": run.task,
        "method": run.method,
        "split": run.split,
        "n_train": len(train),
        "n_test": len(test),
        **scores,
        "fit_seconds": fit_seconds,
        "warnings": sorted({f"{warning.category.__name__}: {warning.message}" for warning in caught}),
    }


def evaluate_runs(
    runs: Sequence[Run],
    arrays: dict[str, Arrays],
    splits: dict[str, list[Split]],
    *,
    n_jobs: int,
    on_done: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Evaluate every run, `n_jobs` at a time, and return the rows in the order of `runs`.

    Each run computes with one thread, whatever `n_jobs` is: the runs share the cores without competing for them, and
    their seconds can be compared.
    """
    rows = []
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
            joblib.delayed(evaluate_run)(run, arrays[run.dataset], splits[run.dataset][run.split]) for run in runs
        )
        for row in results:
            on_done(row)
            rows.append(row)
    return rows
