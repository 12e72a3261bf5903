"""What comes out of one run, and of many."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from benchmarks.datasets import load_dataset
from benchmarks.method import Method
from benchmarks.runner import Failure, Fitted, Problem, Run, evaluate_run, evaluate_runs
from benchmarks.splits import make_splits

from .conftest import FakeClassifier, FakePredictive, FakeRegressor

DIABETES, WINE = load_dataset("diabetes"), load_dataset("wine")


def load(dataset: str, split: int) -> Problem:
    task, (X, y) = ("regression", DIABETES) if dataset == "diabetes" else ("classification", WINE)
    train, test = make_splits(task, y, split + 1)[split]
    return Problem(task, X[train], y[train], X[test], y[test])


def make_run(regressor: type = FakeRegressor, dataset: str = "diabetes", split: int = 3, name: str = "fake") -> Run:
    task = "regression" if dataset == "diabetes" else "classification"
    return Run(dataset, task, name, split, Method(name, "ours", regressor, FakeClassifier).make)


def test_a_regression() -> None:
    problem = load("diabetes", 3)
    outcome = evaluate_run(make_run(), problem)
    assert {name: outcome[name] for name in ("dataset", "task", "method", "split", "seed", "n_train", "n_test")} == {
        "dataset": "diabetes", "task": "regression", "method": "fake", "split": 3, "seed": 3, "n_train": 398,
        "n_test": 44,
    }  # fmt: skip
    assert outcome["parameters"] == "FakeRegressor(random_state=3)"
    model = FakeRegressor(3).fit(problem.X_train, problem.y_train)
    error = problem.y_test - model.predict_dist(problem.X_test).mean()
    scores = outcome["scores"]
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)))
    assert scores["aleatoric_variance"] == pytest.approx(0.9 * model.variance_)
    assert scores["epistemic_variance"] == pytest.approx(0.1 * model.variance_)
    assert math.isnan(scores["error_std_correlation"])  # the spread is the same everywhere
    assert min(scores["fit_seconds"], scores["predict_seconds"]) > 0.0
    assert scores["peak_memory_mb"] is None or scores["peak_memory_mb"] >= 0.0
    assert sum(outcome["curves"]["pit"]) == 44


def test_a_classification() -> None:
    problem = load("wine", 0)
    outcome = evaluate_run(make_run(dataset="wine", split=0), problem)
    model = FakeClassifier(0).fit(problem.X_train, problem.y_train)
    frequencies = model.frequencies_
    scores = outcome["scores"]
    assert scores["nll"] == pytest.approx(-np.mean(np.log(frequencies[problem.y_test])))
    assert scores["aleatoric_entropy"] == pytest.approx(-np.sum(frequencies * np.log(frequencies)))
    assert scores["mutual_information"] == 0.0
    assert set(outcome["curves"]) == {"reliability", "risk_coverage"}


class RidgeRegressor(BayesianRidge):
    """As a baseline is: a distribution, but no parts of its variance."""

    def __init__(self, random_state: int) -> None:
        super().__init__()
        self.random_state = random_state

    def predict_dist(self, X: np.ndarray) -> FakePredictive:
        return FakePredictive(*self.predict(X, return_std=True))


def test_a_method_that_does_not_split_its_uncertainty() -> None:
    scores = evaluate_run(make_run(RidgeRegressor), load("diabetes", 0))["scores"]
    assert {name for name, value in scores.items() if value is not None and math.isnan(value)} == {
        "aleatoric_variance", "epistemic_variance"
    }  # fmt: skip


def count_rows(fitted: Fitted, factor: int) -> dict[str, float]:
    assert fitted.make_fresh() is not fitted.estimator
    assert not hasattr(fitted.make_fresh(), "variance_")
    return {"extra": float(factor * len(fitted.problem.X_test) + fitted.make_fresh().random_state)}


def test_extra_scores_of_a_suite_see_the_fitted_estimator_and_a_fresh_one() -> None:
    problem = replace(load("diabetes", 3), extra_scores=partial(count_rows, factor=2))
    assert evaluate_run(make_run(), problem)["scores"]["extra"] == 2 * 44 + 3


class WarningRegressor(FakeRegressor):
    def fit(self, X: np.ndarray, y: np.ndarray) -> WarningRegressor:
        warnings.warn("not there yet", UserWarning, stacklevel=1)
        super().fit(X, y)
        return self


class FailingRegressor(FakeRegressor):
    def fit(self, X: np.ndarray, y: np.ndarray) -> FailingRegressor:
        raise ValueError("cannot")


def test_warnings_are_part_of_the_result() -> None:
    outcome = evaluate_run(make_run(WarningRegressor), load("diabetes", 0))
    assert outcome["warnings"] == ["UserWarning: not there yet"]


def test_a_failing_run_does_not_stop_the_others() -> None:
    runs = [make_run(FailingRegressor, split=0, name="failing"), make_run(split=1)]
    first, second = evaluate_runs(runs, load, 1)
    assert isinstance(first, Failure)
    assert first.run is runs[0]
    assert "ValueError: cannot" in first.text
    assert isinstance(second, dict)
    assert second["split"] == 1


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    runs = [make_run(split=split) for split in range(3)]
    one, two = (
        sorted((o["split"], o["scores"]["nll"]) for o in evaluate_runs(runs, load, n_jobs) if isinstance(o, dict))
        for n_jobs in (1, 2)
    )
    assert one == two
    assert len(one) == 3
