"""One run, one method on one split of one data set, and how many of them are spread over the cores."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .classification_scores import classification_curves, classification_scores
from .datasets import Task
from .memory import PeakMemory
from .regression_scores import regression_curves, regression_scores

Array = NDArray[np.float64]
Outcome = dict[str, Any]
MakeEstimator = Callable[[Task, int], Any]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator, a fresh one like it, and the rows."""

    estimator: Any
    make_fresh: Callable[[], Any]
    problem: Problem
    seed: int


ExtraScores = Callable[[Fitted], dict[str, float]]


def no_extra_scores(fitted: Fitted) -> dict[str, float]:
    """Return no scores: for suites that have none of their own."""
    return {}


@dataclass(frozen=True, eq=False)
class Problem:
    """The rows of one split of one data set; `extra_scores` are those of the suite alone."""

    task: Task
    X_train: Array
    y_train: NDArray[Any]
    X_test: Array
    y_test: NDArray[Any]
    extra_scores: ExtraScores = no_extra_scores


@dataclass(frozen=True)
class Run:
    """One method on one split of one data set; the number of the split is the seed of the estimator."""

    dataset: str
    task: Task
    method: str
    split: int
    make_estimator: MakeEstimator

    @property
    def seed(self) -> int:
        """The estimator's ``random_state``."""
        return self.split


def evaluate_run(run: Run, problem: Problem) -> Outcome:
    """Fit on the training rows, score on the test rows, and return what came out of it.

    Seconds are wall-clock on one thread: of ``fit``, and of the distribution, mean and standard deviation
    (probabilities) of all test rows. Memory is sampled over these two, see `benchmarks.memory`. Warnings do not stop a
    benchmark, but they are part of the result.
    """
    estimator = run.make_estimator(problem.task, run.seed)
    parameters = repr(estimator)
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with PeakMemory() as memory:
            start = time.perf_counter()
            estimator.fit(problem.X_train, problem.y_train)
            fit_seconds = time.perf_counter() - start
            prediction, predict_seconds = _predict(estimator, problem)
        scores, curves = _score(estimator, prediction, problem)
        fitted = Fitted(estimator, lambda: run.make_estimator(problem.task, run.seed), problem, run.seed)
        scores |= problem.extra_scores(fitted)
    costs = {"fit_seconds": fit_seconds, "predict_seconds": predict_seconds, "peak_memory_mb": memory.peak_mb}
    return {
        "dataset": run.dataset,
        "task": problem.task,
        "method": run.method,
        "split": run.split,
        "seed": run.seed,
        "n_train": len(problem.y_train),
        "n_test": len(problem.y_test),
        "parameters": parameters,
        "scores": scores | costs,
        "curves": curves,
        "warnings": sorted({f"{warning.category.__name__}: {warning.message}" for warning in caught}),
    }


def _predict(estimator: Any, problem: Problem) -> tuple[Any, float]:
    """Return the predictive distribution (probabilities) of the test rows, and the seconds it took."""
    start = time.perf_counter()
    if problem.task == "classification":
        return estimator.predict_proba(problem.X_test), time.perf_counter() - start
    dist = estimator.predict_dist(problem.X_test)
    dist.mean(), dist.std()  # a distribution may leave its work to its first use
    return dist, time.perf_counter() - start


def _score(estimator: Any, prediction: Any, problem: Problem) -> tuple[dict[str, float], dict[str, Any]]:
    """Return scores and curves; the parts of the uncertainty are NaN where a method does not tell them apart."""
    y = problem.y_test
    if problem.task == "classification":
        scores = classification_scores(y, prediction, estimator.classes_)
        curves = classification_curves(y, prediction, estimator.classes_)
        names = ("aleatoric_entropy", "mutual_information")
    else:
        scores, curves = regression_scores(y, prediction), regression_curves(y, prediction)
        names = ("aleatoric_variance", "epistemic_variance")
    parts = split_uncertainty(estimator, problem.X_test)
    return scores | {name: np.nan if parts is None else float(np.mean(parts[name])) for name in names}, curves


def split_uncertainty(estimator: Any, X: Array) -> Any:
    """Return the aleatoric and epistemic parts as `predict_uncertainty` gives them, None where there is no such."""
    return estimator.predict_uncertainty(X) if hasattr(estimator, "predict_uncertainty") else None


@dataclass(frozen=True)
class Failure:
    """A run that ended in an error, and its traceback."""

    run: Run
    text: str


def evaluate_runs(runs: Iterable[Run], load: Callable[[str, int], Problem], n_jobs: int) -> Iterator[Outcome | Failure]:
    """Evaluate runs, `n_jobs` at a time, and yield what comes out of each as soon as it ends, in no order.

    A run that fails does not stop the others. `load` gives the problem of a data set and split; it is called where the
    run is.
    """
    yield from in_parallel(partial(_attempt, load=load), runs, n_jobs)


def in_parallel(function: Callable[[Item], Answer], items: Iterable[Item], n_jobs: int) -> Iterator[Answer]:
    """Call a function for each item in other processes, and yield each answer as soon as it is there, in no order.

    Each call computes with one thread, whatever `n_jobs` is: the calls share the cores without competing for them, and
    their seconds can be compared.
    """
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
        yield from parallel(joblib.delayed(function)(item) for item in items)


def _attempt(run: Run, load: Callable[[str, int], Problem]) -> Outcome | Failure:
    try:
        return evaluate_run(run, load(run.dataset, run.split))
    except Exception:
        return Failure(run, traceback.format_exc())
