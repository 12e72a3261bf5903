"""Splits and scores of one run."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.model_selection import StratifiedShuffleSplit

from benchmarks.datasets import load_dataset
from benchmarks.methods import METHODS, Method
from benchmarks.protocols import (
    Run,
    evaluate_run,
    evaluate_runs,
    make_splits,
    stratified_splits,
    uci_splits,
)

from .conftest import FakeClassifier, FakeRegressor


def test_uci_splits_are_those_of_the_published_tables() -> None:
    state = np.random.RandomState(1)  # the recipe that comes with the data, written out once more
    expected = []
    for _ in range(20):
        order = state.choice(range(308), 308, replace=False)
        expected.append((order[: round(0.9 * 308)], order[round(0.9 * 308) :]))
    splits = uci_splits(308)
    assert len(splits) == 20
    for (train, test), (expected_train, expected_test) in zip(splits, expected, strict=True):
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)
    # Written down once, so that a change of both generators cannot pass unseen.
    np.testing.assert_array_equal(splits[0][1][:5], [121, 115, 286, 216, 264])


def test_stratified_splits_are_those_of_an_independent_splitter() -> None:
    _, y = load_dataset("wine")
    for split, (train, test) in enumerate(stratified_splits(y)):
        splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=split)
        expected_train, expected_test = next(splitter.split(np.zeros((len(y), 1)), y))
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_splits_share_out_the_rows_and_do_not_depend_on_their_number(task: str) -> None:
    y = np.arange(200) % 2
    few, many = make_splits(task, y, 2), make_splits(task, y, 10)
    for (train, test), (same_train, same_test) in zip(few, many, strict=False):
        np.testing.assert_array_equal(train, same_train)
        np.testing.assert_array_equal(test, same_test)
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(200))
    assert not np.array_equal(few[0][1], few[1][1])


@pytest.mark.parametrize("n_splits", [0, 21])
def test_number_of_splits_is_checked(n_splits: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 20"):
        uci_splits(100, n_splits)


def test_regression_scores() -> None:
    X, y = load_dataset("diabetes")
    split = uci_splits(len(y))[3]
    method = Method("fake", FakeRegressor, FakeClassifier)
    row = evaluate_run(Run("diabetes", "regression", "fake", 3, method.make), (X, y), split)

    model = FakeRegressor(3).fit(X[split[0]], y[split[0]])
    error, std = y[split[1]] - model.predict_dist(X[split[1]]).mean(), np.sqrt(model.variance_)
    nll = -np.mean(norm.logpdf(error, scale=std))
    assert row["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)))
    assert row["nll"] == pytest.approx(nll)
    assert row["nll_moment_matched"] == pytest.approx(nll)
    assert row["coverage_90"] == pytest.approx(np.mean(np.abs(error) <= norm.ppf(0.95) * std))
    assert row["width_90"] == pytest.approx(2 * norm.ppf(0.95) * std)
    assert row["aleatoric_variance"] == pytest.approx(0.9 * std**2)
    assert row["epistemic_variance"] == pytest.approx(0.1 * std**2)
    assert 0.1 * std < row["crps"] < std
    assert row["fit_seconds"] > 0
    assert row["predict_seconds"] > 0
    assert (row["n_train"], row["n_test"], row["split"], row["warnings"]) == (398, 44, 3, [])


def test_classification_scores() -> None:
    X, y = load_dataset("wine")
    split = stratified_splits(y)[0]
    method = Method("fake", FakeRegressor, FakeClassifier)
    row = evaluate_run(Run("wine", "classification", "fake", 0, method.make), (X, y), split)

    model, y_test = FakeClassifier(0).fit(X[split[0]], y[split[0]]), y[split[1]]
    frequencies = model.frequencies_
    wrong = np.mean(y_test != np.argmax(frequencies))
    assert row["error"] == pytest.approx(wrong)
    assert row["nll"] == pytest.approx(-np.mean(np.log(frequencies[y_test])))
    assert row["brier"] == pytest.approx(np.mean(np.sum((np.eye(3)[y_test] - frequencies) ** 2, axis=1)))
    assert row["ece"] == pytest.approx(abs(1 - wrong - frequencies.max()))
    assert row["aleatoric_entropy"] == pytest.approx(-np.sum(frequencies * np.log(frequencies)))
    assert row["mutual_information"] == 0.0
    assert row["aleatoric_variance"] == pytest.approx(np.sum(frequencies * (1 - frequencies)))


class WarningRegressor(FakeRegressor):
    def fit(self, X: np.ndarray, y: np.ndarray) -> WarningRegressor:
        warnings.warn("not there yet", UserWarning, stacklevel=1)
        super().fit(X, y)
        return self


class FailingRegressor(FakeRegressor):
    def fit(self, X: np.ndarray, y: np.ndarray) -> FailingRegressor:
        raise ValueError("cannot")


def test_warnings_are_kept_and_failures_say_where() -> None:
    X, y = load_dataset("diabetes")
    split = uci_splits(len(y), 1)[0]
    warning = Method("w", WarningRegressor, FakeClassifier)
    row = evaluate_run(Run("diabetes", "regression", "w", 0, warning.make), (X, y), split)
    assert row["warnings"] == ["UserWarning: not there yet"]
    failing = Method("f", FailingRegressor, FakeClassifier)
    with pytest.raises(ValueError, match="cannot") as caught:
        evaluate_run(Run("diabetes", "regression", "f", 0, failing.make), (X, y), split)
    assert caught.value.__notes__ == ["while running f on split 0 of diabetes"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_come_in_the_order_of_the_runs(n_jobs: int, fake_methods: dict[str, Method]) -> None:
    arrays = {"diabetes": load_dataset("diabetes")}
    splits = {"diabetes": uci_splits(442, 3)}
    runs = [Run("diabetes", "regression", name, s, fake_methods[name].make) for name in fake_methods for s in range(3)]
    seen: list[int] = []
    rows = evaluate_runs(runs, arrays, splits, n_jobs=n_jobs, on_done=lambda row: seen.append(row["split"]))
    assert [(row["method"], row["split"]) for row in rows] == [(run.method, run.split) for run in runs]
    assert seen == [0, 1, 2, 0, 1, 2]
    assert rows[0]["rmse"] == rows[3]["rmse"]


def test_every_method_has_an_estimator_for_both_tasks() -> None:
    assert sorted(METHODS) == ["deep_ensemble", "mc_dropout", "probabilistic_mlp", "snapshot_ensemble"]
    for method in METHODS.values():
        for task in ("regression", "classification"):
            estimator = method.make(task, 7)
            assert estimator.random_state == 7
            assert type(estimator).__name__.endswith("Regressor" if task == "regression" else "Classifier")
