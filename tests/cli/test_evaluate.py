"""`uncertainty evaluate`, `report` and `demo`."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, r2_score, root_mean_squared_error

import uncertainty
from uncertainty.cli import demo as demo_command
from uncertainty.metrics import coverage_report, crps_score, negative_log_likelihood
from uncertainty.persistence import load

from .conftest import QUICK


@pytest.fixture(scope="module")
def regression(run, regressor, folder):
    return json.loads(run("evaluate", regressor, folder / "data.csv", "--json").stdout)


def test_scores_of_a_regressor(regression, regressor, frame):
    model, scores, y = uncertainty.load(regressor), regression["scores"], frame["price"].to_numpy()
    X, last = model[:-1].transform(frame), model[-1]
    assert regression["rows"] == len(frame)
    expected = {
        "NLL": negative_log_likelihood(y, last.predict_dist(X)),
        "CRPS": crps_score(y, last.predict_dist(X)),
        "RMSE": root_mean_squared_error(y, last.predict(X)),
        "MAE": np.abs(y - last.predict(X)).mean(),
        "R2": r2_score(y, last.predict(X)),
    }
    for name, value in expected.items():
        assert scores[name]["value"] == pytest.approx(value)
        assert scores[name]["low"] < scores[name]["value"] < scores[name]["high"]
    report = coverage_report(last, X, y, coverage=[0.9])
    assert scores["coverage 90"] == {"value": report.observed[0], "low": report.lower[0], "high": report.upper[0]}
    ends = last.predict_interval(X, coverage=0.95)
    assert scores["width 95"] == {"value": pytest.approx(np.diff(ends).mean()), "low": None, "high": None}


def test_weights_count_as_repetition(run, regressor, frame, tmp_path):
    doubled = pd.concat([frame, frame[:50]])
    doubled.to_csv(tmp_path / "doubled.csv", index=False)
    frame.assign(w=np.where(np.arange(len(frame)) < 50, 2, 1)).to_csv(tmp_path / "weighted.csv", index=False)
    one = json.loads(run("evaluate", regressor, tmp_path / "doubled.csv", "--json").stdout)["scores"]
    command = ["evaluate", regressor, tmp_path / "weighted.csv", "--weights", "w", "--json"]
    other = json.loads(run(*command).stdout)["scores"]
    for name in ("NLL", "RMSE", "R2", "coverage 80", "width 80"):
        assert one[name]["value"] == pytest.approx(other[name]["value"])


def test_scores_of_a_conformal_classifier(run, classifier, folder, frame):
    shown = json.loads(run("evaluate", classifier, folder / "data.parquet", "--json").stdout)["scores"]
    model = uncertainty.load(classifier)
    assert shown["accuracy"]["value"] == pytest.approx((model.predict(frame) == frame["class"]).mean())
    assert shown["log loss"]["value"] == pytest.approx(log_loss(frame["class"], model.predict_proba(frame)))
    assert {"Brier score", "ECE", "AUROC", "coverage 90", "set size 90"} <= set(shown)
    sets = model[-1].predict_set(model[:-1].transform(frame), coverage=0.9)
    assert shown["set size 90"]["value"] == pytest.approx(sets.sum(axis=1).mean())


def test_the_calibration_error_has_no_limits(run, classifier, folder):
    shown = json.loads(run("evaluate", classifier, folder / "data.csv", "--json").stdout)["scores"]
    assert shown["ECE"]["value"] > 0.0
    assert shown["ECE"]["low"] is shown["ECE"]["high"] is None


@pytest.mark.parametrize(
    ("in_training", "later"), [(["1", "2"], ["1.0", "2.0"]), (["True", "False"], ["true", "FALSE"])]
)
def test_other_ways_to_write_the_same_classes(run, tmp_path, in_training, later):
    for name, labels in (("train", in_training), ("same", in_training), ("later", later)):
        pd.DataFrame({"x": range(40), "y": labels * 20}).to_csv(tmp_path / f"{name}.csv", index=False)
    run("fit", tmp_path / "train.csv", "--target", "y", *QUICK, "-o", tmp_path / "model.uq")
    scores = [run("evaluate", tmp_path / "model.uq", tmp_path / f"{name}.csv").stdout for name in ("same", "later")]
    assert scores[0] == scores[1]


def test_the_table_is_for_people_and_rows_without_a_target_are_left_out(run, regressor, frame, tmp_path):
    frame.assign(price=frame["price"].where(frame.index >= 100)).to_csv(tmp_path / "gaps.csv", index=False)
    lines = run("evaluate", regressor, tmp_path / "gaps.csv").stdout.splitlines()
    assert lines[0] == "200 rows"
    assert [line.split("  ")[0].strip() for line in lines[2:5]] == ["NLL", "CRPS", "RMSE"]
    assert all(".." in line for line in lines[2:5])


def test_one_row_has_scores_without_limits(run, regressor, frame, tmp_path):
    frame[:1].to_csv(tmp_path / "one.csv", index=False)
    scores = json.loads(run("evaluate", regressor, tmp_path / "one.csv", "--json").stdout)["scores"]
    assert scores["R2"] == {"value": None, "low": None, "high": None}
    assert scores["RMSE"]["low"] is None


def test_a_class_that_the_model_does_not_know(run, classifier, frame, tmp_path):
    frame.assign(**{"class": "priceless"}).to_csv(tmp_path / "new.csv", index=False)
    said = run("evaluate", classifier, tmp_path / "new.csv", code=1).stderr
    assert "the class 'priceless', which the model does not know: cheap, dear" in said


@pytest.mark.parametrize(
    ("trained", "tested", "classes"),
    [
        (["true", "false"], ["TRUE", "False"], [False, True]),
        (["1.0", "0.0"], ["1", "0.00"], [0, 1]),
        (["b", "a"], ["b", "a"], ["a", "b"]),
    ],
)
def test_classes_are_known_however_they_are_written(run, tmp_path, trained, tested, classes):
    """A gap makes pandas write whole numbers as 1.0."""
    size = np.tile([2.0, 0.0], 30)
    for name, labels in {"train": trained, "test": tested}.items():
        pd.DataFrame({"size": size, "y": np.tile(labels, 30)}).to_csv(tmp_path / f"{name}.csv", index=False)
    options = ["--target", "y", "--task", "classification", *QUICK]
    run("fit", tmp_path / "train.csv", *options, "-o", tmp_path / "model.uq")
    model = load(tmp_path / "model.uq")
    assert model.classes_.tolist() == classes
    for name in ("train", "test"):
        scores = json.loads(run("evaluate", tmp_path / "model.uq", tmp_path / f"{name}.csv", "--json").stdout)["scores"]
        right = model.predict(pd.DataFrame({"size": size})) == np.tile(classes[::-1], 30)
        assert scores["accuracy"]["value"] == pytest.approx(right.mean())


@pytest.fixture
def reports(monkeypatch):
    """The calls of `write_report`, which has tests of its own."""
    calls = []

    def write(estimator, X, y, path, *, title=None, target_name=None, overwrite=False):
        path.write_text("<!DOCTYPE html>", encoding="utf-8")
        calls.append({"estimator": estimator, "X": X, "y": y, "title": title, "name": target_name, "over": overwrite})

    monkeypatch.setitem(sys.modules, "uncertainty.report", SimpleNamespace(write_report=write))
    return calls


def test_report_hands_over_the_model_and_the_rows(run, regressor, folder, frame, reports, tmp_path):
    said = run("report", regressor, folder / "data.csv", "--title", "Rents", "-o", tmp_path / "page.html").stdout
    assert "300 rows" in said
    (call,) = reports
    assert (call["title"], call["name"], call["over"]) == ("Rents", "price", False)
    np.testing.assert_array_equal(call["y"], frame["price"])
    np.testing.assert_allclose(call["estimator"].predict(call["X"]), uncertainty.load(regressor).predict(frame))
    run("report", regressor, folder / "data.csv", "-o", tmp_path / "page.html", code=2)
    run("report", regressor, folder / "data.csv", "-o", tmp_path / "page.html", "--force")
    assert reports[-1]["over"]


def test_demo_runs_every_command_and_replaces_nothing(run, reports, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_command, "N_ROWS", 120)
    monkeypatch.setattr(demo_command, "N_TEST", 40)
    shown = run("demo", tmp_path / "demo").stdout
    assert [line.split()[2] for line in shown.splitlines() if line.startswith("$ ")] == [
        *("fit", "predict", "evaluate", "report")
    ]
    files = {"train.csv", "test.csv", "model.uq", "predictions.csv", "report.html"}
    assert {path.name for path in (tmp_path / "demo").iterdir()} == files
    assert len(pd.read_csv(tmp_path / "demo" / "predictions.csv")) == 40
    assert "is there already" in run("demo", tmp_path / "demo", code=2).stderr
    assert len(reports) == 1
