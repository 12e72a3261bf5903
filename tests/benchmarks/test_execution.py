"""What is planned, what is read instead of run, and what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import execution
from benchmarks.execution import execute, in_order, look_up, plan_runs
from benchmarks.method import Method
from benchmarks.store import StoreError, load_records, record_path
from benchmarks.suites import SUITES

from .conftest import FakeClassifier, FakeRegressor

QUICK = SUITES["quick"]


class CountingRegressor(FakeRegressor):
    """Counts its fits."""

    n_fits = 0

    def fit(self, X: Any, y: Any) -> CountingRegressor:
        CountingRegressor.n_fits += 1
        super().fit(X, y)
        return self


@pytest.fixture
def methods() -> dict[str, Method]:
    CountingRegressor.n_fits = 0
    return {
        "a": Method("a", "ours", CountingRegressor, None),
        "b": Method("b", "baseline", FakeRegressor, FakeClassifier),
    }


def test_runs_are_of_the_methods_that_exist_for_the_task(methods: dict[str, Method]) -> None:
    runs = plan_runs(QUICK, ["wine", "diabetes"], methods)
    assert [(run.dataset, run.split, run.method) for run in runs] == [
        ("wine", 0, "b"), ("wine", 1, "b"),
        ("diabetes", 0, "a"), ("diabetes", 0, "b"), ("diabetes", 1, "a"), ("diabetes", 1, "b"),
    ]  # fmt: skip
    assert len(plan_runs(QUICK, ["wine"], methods, n_splits=7)) == 7


def test_a_finished_run_is_read_and_not_run_again(methods: dict[str, Method], tmp_path: Path) -> None:
    runs = plan_runs(QUICK, ["diabetes"], methods)
    plan = look_up(runs[:2], tmp_path)
    assert (plan.stored, plan.missing) == ([], runs[:2])
    new, failures = execute(QUICK, plan.missing, tmp_path, 1)
    assert (len(new), failures, CountingRegressor.n_fits) == (2, [], 1)

    plan = look_up(runs, tmp_path)
    assert [(run.split, run.method) for run in plan.missing] == [(1, "a"), (1, "b")]
    assert [record["scores"]["nll"] for record in plan.stored] == [record["scores"]["nll"] for record in new]
    execute(QUICK, plan.missing, tmp_path, 1)
    assert CountingRegressor.n_fits == 2
    assert look_up(runs, tmp_path).missing == []
    assert len(load_records(tmp_path)) == 4


def test_a_record_says_what_it_takes_to_repeat_the_run(methods: dict[str, Method], tmp_path: Path) -> None:
    runs = plan_runs(QUICK, ["diabetes"], {"b": methods["b"]})
    execute(QUICK, runs[1:], tmp_path, 1)
    (record,) = load_records(tmp_path)
    assert {name: record[name] for name in ("format", "suite", "dataset", "task", "method", "split", "seed")} == {
        "format": 2, "suite": "quick", "dataset": "diabetes", "task": "regression", "method": "b", "split": 1,
        "seed": 1,
    }  # fmt: skip
    assert (record["n_train"], record["n_test"]) == (398, 44)
    assert record["parameters"] == "FakeRegressor(random_state=1)"
    assert {"python", "uncertainty", "torch", "numpy", "scipy", "scikit-learn"} <= set(record["versions"])
    assert record["machine"]["n_cores"] >= 1
    assert record["scores"]["error_std_correlation"] is None
    assert record["warnings"] == []


def test_each_run_is_stored_the_moment_it_ends(
    methods: dict[str, Method], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_after_one(runs: Any, load: Any, n_jobs: int) -> Any:
        results = execution_runs(runs, load, n_jobs)
        yield next(results)
        raise KeyboardInterrupt

    execution_runs = execution.evaluate_runs
    monkeypatch.setattr(execution, "evaluate_runs", stop_after_one)
    runs = plan_runs(QUICK, ["diabetes"], methods)
    with pytest.raises(KeyboardInterrupt):
        execute(QUICK, runs, tmp_path, 1)
    assert len(load_records(tmp_path)) == 1
    assert len(look_up(runs, tmp_path).missing) == 3


def test_runs_of_another_estimator_are_refused(methods: dict[str, Method], tmp_path: Path) -> None:
    execute(QUICK, plan_runs(QUICK, ["diabetes"], {"b": methods["b"]}, 1), tmp_path, 1)
    changed = {"b": Method("b", "baseline", CountingRegressor, None)}
    CountingRegressor.__repr__ = lambda self: "CountingRegressor()"  # type: ignore[method-assign]
    try:
        with pytest.raises(StoreError, match=r"b/000.json .* CountingRegressor\(\), got FakeRegressor"):
            look_up(plan_runs(QUICK, ["diabetes"], changed, 1), tmp_path)
    finally:
        del CountingRegressor.__repr__


def test_runs_of_another_state_of_the_source_are_counted_and_run_again_on_request(
    methods: dict[str, Method], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = plan_runs(QUICK, ["diabetes"], methods, 1)
    execute(QUICK, runs, tmp_path, 1)
    assert look_up(runs, tmp_path).n_changed == 0
    monkeypatch.setattr(execution, "source_digest", lambda: "another")
    assert look_up(runs, tmp_path).n_changed == 2
    assert look_up(runs, tmp_path, rerun_changed=True).missing == runs
    methods["b"] = Method("b", "baseline", CountingRegressor, None)  # no matter what it was: it is run again
    assert len(look_up(plan_runs(QUICK, ["diabetes"], methods, 1), tmp_path, rerun_changed=True).missing) == 2


def test_failures_leave_no_file_and_are_told(
    methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    methods["a"] = Method("a", "ours", partial_failure, None)
    runs = plan_runs(QUICK, ["diabetes"], methods, 1)
    new, failures = execute(QUICK, runs, tmp_path, 1)
    assert [record["method"] for record in new] == ["b"]
    assert [failure.run.method for failure in failures] == ["a"]
    assert not record_path(tmp_path, "diabetes", "a", 0).exists()
    assert "diabetes, a, split 0 failed:\nTraceback" in capsys.readouterr().err
    assert in_order(runs, new) == new


def partial_failure(random_state: int) -> Any:
    class Failing(FakeRegressor):
        def fit(self, X: Any, y: Any) -> Any:
            raise ArithmeticError("no")

    return Failing(random_state)


def test_records_come_in_the_order_of_the_runs(methods: dict[str, Method], tmp_path: Path) -> None:
    runs = plan_runs(QUICK, ["diabetes"], methods)
    new, _ = execute(QUICK, runs, tmp_path, 1)
    ordered = in_order(runs, list(reversed(new)))
    assert [(r["split"], r["method"]) for r in ordered] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
