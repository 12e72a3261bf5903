"""The risk of accepted rows: predictions are kept, draws are what they say, and the verdict follows from the counts."""

import argparse
import json

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.selective_risk import command, predictions
from benchmarks.selective_risk.command import summary, verdicts
from benchmarks.selective_risk.predictions import KnownProbabilities, Predictions, held_out_predictions
from benchmarks.selective_risk.resampling import Outcome, most_failures, resample


@pytest.fixture
def two_classes():
    """2000 rows whose classes are drawn from the probabilities given."""
    rng = np.random.default_rng(0)
    first = rng.beta(0.4, 0.4, size=2000)
    y = np.where(rng.random(2000) < first, "a", "b")
    return Predictions(np.column_stack([first, 1 - first]), np.array(["a", "b"]), y)


def test_a_table_of_probabilities_is_a_classifier(two_classes):
    model = KnownProbabilities(two_classes).fit()
    rows = np.array([[5], [3]])
    np.testing.assert_array_equal(model.predict_proba(rows), two_classes.proba[[5, 3]])
    np.testing.assert_array_equal(model.predict(rows) != two_classes.y[[5, 3]], two_classes.wrong[[5, 3]])


def test_draws_keep_the_promise_and_are_reproducible(two_classes):
    def draw():
        return resample(two_classes, target_risk=0.05, delta=0.1, calibration_share=0.3, n_draws=60, seed=0)

    outcome = draw()
    assert (outcome.pool_risk > 0.05).sum() <= most_failures(60, 0.1)
    assert outcome.kept.mean() > 0.2
    assert two_classes.wrong.mean() > 0.05
    assert (outcome.risk != outcome.pool_risk).any()
    np.testing.assert_array_equal(draw().kept, outcome.kept)


def test_counting_noise_is_two_standard_errors():
    assert most_failures(100, 0.1) == pytest.approx(10 + 2 * 3)


def test_a_broken_promise_is_named():
    options = argparse.Namespace(target_risk=0.02, delta=0.1)
    good = Outcome(np.full(50, 0.4), np.full(50, 0.01), np.full(50, 0.01))
    bad = Outcome(np.full(50, 0.5), np.full(50, 0.01), np.linspace(0.0, 0.03, 50))
    rows = [summary(options, "magic", "deep_ensemble", bad), summary(options, "magic", "sklearn_mlp", good)]
    assert verdicts(rows) == [
        "magic: deep_ensemble BREAKS the promise; +10.0 points of rows kept beside sklearn_mlp",
        "magic: sklearn_mlp keeps the promise",
    ]


def test_the_command_fits_once_and_writes_what_it_found(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    X = rng.standard_normal((600, 2)) + 2.5 * y[:, None]
    monkeypatch.setattr(predictions, "load_dataset", lambda name: (X, y))
    arguments = ["selective_risk", "--datasets", "magic", "--methods", "logistic_regression", "--fits", "2", "--draws"]
    arguments += ["5", "--target-risk", "0.05", "--predictions", str(tmp_path), "--output", str(tmp_path / "one.json")]
    assert main(arguments) == 0
    assert "of 10 draws" in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "one.json").read_text())["rows"]
    assert row["method"] == "logistic_regression"
    assert len(row["kept_each"]) == 10
    assert len(list(tmp_path.glob("magic-logistic_regression-*-all.npz"))) == 2

    def refuse(name):
        raise AssertionError("the predictions are at hand")

    monkeypatch.setattr(predictions, "load_dataset", refuse)
    again = held_out_predictions(tmp_path, "magic", command.METHODS["logistic_regression"], 1)
    assert again.proba.shape == (300, 2)
    assert main(arguments) == 2  # the record exists
