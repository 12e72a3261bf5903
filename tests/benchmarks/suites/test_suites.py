"""What the suites have in common."""

from __future__ import annotations

import pytest

from benchmarks.method import Method
from benchmarks.suites import SUITES
from benchmarks.suites.mnist import METHODS as MNIST_METHODS

from ..conftest import FakeClassifier, FakeRegressor


def test_the_suites() -> None:
    assert list(SUITES) == ["quick", "uci", "uci_gap", "classification", "mnist", "shift", "noise"]
    for name, suite in SUITES.items():
        assert suite.name == name
        assert set(suite.n_splits) == set(suite.tasks)
    assert set(SUITES["uci"].n_splits.values()) == {20}
    assert set(SUITES["classification"].n_splits.values()) == {10}
    repeats = {name: suite.repeats for name, suite in SUITES.items() if suite.repeats != "splits"}
    assert repeats == {"mnist": "seeds", "shift": "seeds", "noise": "draws"}


def test_splits_are_the_first_of_those_there_are() -> None:
    assert SUITES["quick"].splits("wine", None) == range(2)
    assert SUITES["quick"].splits("wine", 5) == range(5)
    assert SUITES["uci_gap"].splits("power", None) == range(4)
    assert SUITES["uci_gap"].splits("power", 6) == range(4)
    assert SUITES["uci_gap"].splits("boston", 6) == range(6)


def test_methods_are_those_for_one_of_the_tasks_or_the_suites_own() -> None:
    methods = {
        "regressor": Method("regressor", "baseline", FakeRegressor, None),
        "classifier": Method("classifier", "baseline", None, FakeClassifier),
    }
    assert list(SUITES["uci"].methods(methods)) == ["regressor"]
    assert list(SUITES["classification"].methods(methods)) == ["classifier"]
    assert list(SUITES["quick"].methods(methods)) == ["regressor", "classifier"]
    assert list(SUITES["mnist"].methods(methods)) == list(MNIST_METHODS)


@pytest.mark.data
@pytest.mark.parametrize("suite", ["uci", "uci_gap", "shift", "classification"])
def test_problems_of_real_tables(suite: str) -> None:
    dataset = "yeast" if suite == "classification" else "yacht"
    problem = SUITES[suite].load(dataset, 1)
    n_rows, share = {"yeast": (1479, 0.2), "yacht": (308, 0.1)}[dataset]
    share = {"uci_gap": 1 / 3, "shift": 1 / 3}.get(suite, share)
    assert problem.task == SUITES[suite].tasks[dataset]
    assert len(problem.X_train) == len(problem.y_train) == n_rows - len(problem.y_test)
    assert len(problem.y_test) == pytest.approx(share * n_rows, abs=2)
