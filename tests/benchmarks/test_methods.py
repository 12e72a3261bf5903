"""The methods that meet in the suites."""

from __future__ import annotations

import pytest

from benchmarks.method import Method
from benchmarks.methods import CONTROLS, METHODS, OURS
from uncertainty import Gaussian, SnapshotEnsembleClassifier

from .conftest import FakeRegressor


def test_each_of_ours_has_an_estimator_for_both_tasks() -> None:
    assert [method.name for method in OURS] == [
        "probabilistic_mlp", "deep_ensemble", "mc_dropout", "snapshot_ensemble"
    ]  # fmt: skip
    for method in OURS:
        assert METHODS[method.name] is method
        for task in ("regression", "classification"):
            estimator = method.make(task, 7)
            assert repr(estimator) == f"{type(estimator).__name__}(random_state=7)"
            assert type(estimator).__name__.endswith("Regressor" if task == "regression" else "Classifier")


def test_names_are_unique_and_groups_known() -> None:
    assert all(name == method.name for name, method in METHODS.items())
    assert {method.group for method in METHODS.values()} <= {"ours", "control", "baseline", "peer"}
    assert {method.group for method in CONTROLS} == {"control"}


def test_controls_change_one_thing() -> None:
    squared, same_epochs = CONTROLS
    head = squared.make("regression", 3).head
    assert isinstance(head, Gaussian)
    assert head.variance == "constant"
    assert not squared.supports("classification")
    one = same_epochs.make("classification", 3)
    assert isinstance(one, SnapshotEnsembleClassifier)
    assert (one.n_snapshots, one.random_state) == (1, 3)


def test_a_method_without_the_task_says_so() -> None:
    method = Method("only", "baseline", FakeRegressor, None)
    assert method.supports("regression")
    with pytest.raises(ValueError, match="only exists for, got 'classification'"):
        method.make("classification", 0)
