"""`uncertainty fit`: what it understands, says and trains."""

from __future__ import annotations

from itertools import count

import numpy as np
import pandas as pd
import pytest

import uncertainty
from uncertainty import DeepEnsembleRegressor, MCDropoutRegressor, ProbabilisticMLPRegressor, tabular_pipeline
from uncertainty.cli.training import show_progress
from uncertainty.training.whole import WholeStack

from .conftest import QUICK


def test_it_says_what_it_understood(run, folder, frame, tmp_path):
    frame = frame.copy()
    frame.loc[:6, "price"] = np.nan
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    options = ["--target", "price", "--drop", "class", "--category", "code", *QUICK]
    said = run("fit", tmp_path / "gaps.csv", *options, "-o", tmp_path / "model.uq").stdout
    assert "Read 300 rows" in said
    assert "7 without a target are left out" in said
    assert "'price': regression, as its values are numbers" in said
    lines = {line.split()[0]: line.split()[1:3] for line in said.splitlines() if line.startswith("  ")}
    assert lines == {
        "column": ["kind", "missing"],
        "id": ["number", "0"],
        "size": ["number", "14"],
        "code": ["category", "0"],
        "place": ["category", "11"],
        "flag": ["boolean", "0"],
        "day": ["date", "6"],
    }
    assert "3 different" in said
    assert "nats a row" in said
    assert "2023-03-" in said


def test_the_model_is_that_of_python(regressor, frame):
    loaded = uncertainty.load(regressor)
    own = frame.drop(columns=["id", "class", "price"]).astype({"code": str, "day": "datetime64[us]"})
    network = ProbabilisticMLPRegressor(max_iter=3)
    expected = tabular_pipeline(DeepEnsembleRegressor(network, n_estimators=2, random_state=0))
    expected.fit(own, frame["price"].rename("price"))
    np.testing.assert_allclose(loaded.predict(own), expected.predict(own), rtol=1e-12)
    assert loaded[0].target_name_ == "price"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--method", "mc-dropout", "--members", "7"], ("MCDropoutRegressor", "n_mc_samples", 7)),
        (["--method", "snapshot-ensemble", "--members", "2"], ("SnapshotEnsembleRegressor", "n_snapshots", 2)),
        (["--method", "mlp", "--head", "gaussian"], ("ProbabilisticMLPRegressor", "head", "gaussian")),
        (["--method", "mlp", "--seed", "5"], ("ProbabilisticMLPRegressor", "random_state", 5)),
        (["--method", "mlp", "--conformal"], ("ConformalRegressor", "estimator__max_iter", 4)),
        (["--method", "mlp", "--task", "classification"], ("ProbabilisticMLPClassifier", "max_iter", 4)),
    ],
)
def test_options_become_arguments(run, frame, tmp_path, options, expected):
    frame[["size", "code"]].to_csv(tmp_path / "data.csv", index=False)
    target = ["--target", "code", "--task", "regression"]
    run("fit", tmp_path / "data.csv", *target, "--max-iter", 4, *options, "-o", tmp_path / "model.uq")
    model = uncertainty.load(tmp_path / "model.uq")[-1]
    name, parameter, value = expected
    assert type(model).__name__ == name
    assert model.get_params()[parameter] == value


def test_the_base_network_of_a_method_keeps_its_own_defaults(run, frame, tmp_path):
    frame[["size", "price"]].to_csv(tmp_path / "data.csv", index=False)
    options = ["--method", "mc-dropout", "--head", "gaussian", "--max-iter", 2, "--members", 3]
    run("fit", tmp_path / "data.csv", "--target", "price", *options, "-o", tmp_path / "model.uq")
    network = uncertainty.load(tmp_path / "model.uq")[-1].estimator
    assert (network.head, network.max_iter, network.dropout) == ("gaussian", 2, MCDropoutRegressor()._network().dropout)


@pytest.mark.filterwarnings("ignore:max_time=0.5 seconds were over:sklearn.exceptions.ConvergenceWarning")
def test_a_time_budget(run, folder, tmp_path):
    options = ["--target", "price", "--max-time", 1e6, "--members", 2, "--max-iter", 3]
    run("fit", folder / "data.csv", *options, "-o", tmp_path / "model.uq")
    assert uncertainty.load(tmp_path / "model.uq")[-1].max_time == 1e6


@pytest.mark.parametrize(
    ("values", "task", "kind"),
    [
        (["a", "b", "c"], "classification", "OU"),
        (["true", "false", "true"], "classification", "b"),
        ([0, 1, 2], "classification", "i"),
        ([0.0, 1.0, 2.0], "classification", "i"),
        ([0.5, 1.0, 2.0], "regression", None),
    ],
)
def test_the_task_is_guessed(run, tmp_path, values, task, kind):
    table = pd.DataFrame({"x": np.linspace(0, 1, 60), "y": values * 20})
    table.to_csv(tmp_path / "data.csv", index=False)
    said = run("fit", tmp_path / "data.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq").stdout
    assert f"'y': {task}, as" in said
    model = uncertainty.load(tmp_path / "model.uq")
    assert hasattr(model, "classes_") == (task == "classification")
    if kind is not None:
        assert model.classes_.dtype.kind in kind


def test_many_whole_numbers_are_no_classes(run, tmp_path):
    pd.DataFrame({"x": np.linspace(0, 1, 60), "y": np.arange(60)}).to_csv(tmp_path / "data.csv", index=False)
    said = run("fit", tmp_path / "data.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq").stdout
    assert "'y': regression" in said


def test_weights_reach_the_fit_and_are_no_feature(run, frame, tmp_path):
    weight = np.r_[np.zeros(100), np.ones(200)]
    frame.assign(w=weight)[["size", "price", "w"]].to_csv(tmp_path / "all.csv", index=False)
    frame[["size", "price"]][100:].to_csv(tmp_path / "some.csv", index=False)
    options = ["--target", "price", *QUICK]
    run("fit", tmp_path / "all.csv", *options, "--weights", "w", "-o", tmp_path / "all.uq")
    run("fit", tmp_path / "all.csv", *options, "--drop", "w", "-o", tmp_path / "unweighted.uq")
    weighted, unweighted = (uncertainty.load(tmp_path / f"{name}.uq") for name in ("all", "unweighted"))
    assert list(weighted[0].kinds_) == ["size"]
    assert np.abs(weighted.predict(frame) - unweighted.predict(frame)).max() > 1e-6


def test_the_same_seed_gives_the_same_file(run, folder, tmp_path):
    for name in ("one", "other"):
        run("fit", folder / "data.csv", "--target", "price", *QUICK, "-o", tmp_path / f"{name}.uq")
    assert (tmp_path / "one.uq").read_bytes() == (tmp_path / "other.uq").read_bytes()


def test_a_fit_on_parquet_is_that_on_csv(run, folder, frame, regressor, tmp_path):
    options = ["--drop", "id", "--drop", "class", "--category", "code", "--max-iter", 3, "--members", 2]
    run("fit", folder / "data.parquet", "--target", "price", *options, "-o", tmp_path / "model.uq")
    model, other = uncertainty.load(tmp_path / "model.uq"), uncertainty.load(regressor)
    assert model[0].kinds_ == other[0].kinds_
    np.testing.assert_allclose(model.predict(frame), other.predict(frame), rtol=1e-12)


def test_other_separators_and_quirks_of_csv(run, tmp_path):
    text = "﻿;size;place;price\r\n" + "".join(f"{i};{i % 7};a b ;{i * 0.5}\r\n\r\n" for i in range(40))
    (tmp_path / "data.csv").write_text(text, encoding="utf-8", newline="")
    run("fit", tmp_path / "data.csv", "--target", "price", *QUICK, "-o", tmp_path / "model.uq")
    assert uncertainty.load(tmp_path / "model.uq")[0].kinds_ == {"size": "number", "place": "category"}


def test_columns_that_name_rows_are_pointed_out(run, tmp_path):
    days = pd.date_range("2024-01-01", periods=30).strftime("%d.%m.%Y")
    table = pd.DataFrame(
        {"row id": [f"a{i}" for i in range(30)], "x": range(30), "day": days, "z": ["u", "v", "w"] * 10}
    )
    table.assign(y=table["x"] + 0.5).to_csv(tmp_path / "data.csv", index=False)
    command = ["fit", tmp_path / "data.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq", "--force"]
    said = run(*command).stdout
    assert "'day' is text, since '01.01.2024' is no date in the form 2020-01-31." in said
    assert "own value of 'row id'," in said
    assert "Of an identifier: --drop 'row id'." in said
    said = run(*command, "--drop", "row id", "--category", "day").stdout
    assert "own value" not in said
    assert "is text" not in said


def test_an_impossible_date_is_named(run, tmp_path):
    days = ["2024-02-28", "2024-02-30", "2024-03-01"] * 10
    pd.DataFrame({"day": days, "y": np.arange(30.0)}).to_csv(tmp_path / "data.csv", index=False)
    said = run("fit", tmp_path / "data.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq").stdout
    assert "'day' is text, since '2024-02-30' is no date in the form 2020-01-31." in said


def test_values_of_rows_without_a_target_are_not_counted(run, tmp_path):
    table = pd.DataFrame({"c": ["u", "v"] * 15 + ["alone"] * 10, "y": [*np.arange(30.0), *[np.nan] * 10]})
    table.to_csv(tmp_path / "data.csv", index=False)
    said = run("fit", tmp_path / "data.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq").stdout
    assert "2 different: u, v" in said


class Model(list):
    """A pipeline whose last step tells callbacks of its progress."""

    callbacks = ()

    def set_callbacks(self, *callbacks):
        self.callbacks = callbacks


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_drawn_on_terminals(monkeypatch, is_terminal):
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    model = Model([Model()])
    show_progress(model)
    assert [type(callback).__name__ for callback in model.callbacks] == ["ProgressBar"] * is_terminal


@pytest.mark.parametrize("epoch", [0, 2])
def test_ctrl_c_keeps_the_epochs_before_it(run, folder, tmp_path, monkeypatch, epoch):
    run_epoch, epochs = WholeStack.run_epoch, count()

    def pressed(stack):
        if next(epochs) == epoch:
            raise KeyboardInterrupt
        return run_epoch(stack)

    monkeypatch.setattr(WholeStack, "run_epoch", pressed)
    call = ["fit", folder / "data.csv", "--target", "price", "--method", "mlp", "--max-iter", "9"]
    if epoch == 0:
        assert run(*call, "-o", tmp_path / "m.uq", code=1).output.endswith("Aborted!\n")
        assert not list(tmp_path.iterdir())
        return
    said = run(*call, "-o", tmp_path / "m.uq", code=130).stderr
    assert "training was interrupted after 2 of 9 epochs" in said
    assert uncertainty.load(tmp_path / "m.uq")[-1].n_iter_ == 2
